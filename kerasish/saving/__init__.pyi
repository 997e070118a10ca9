# Written by scripts/make_names.py.
from kerasish.budget import allowance as allowance
from kerasish.saving.file_editor import KerasFileEditor as KerasFileEditor
from kerasish.saving.weights import load_weights as load_weights
from kerasish.saving.weights import save_weights as save_weights
from kerasish.saving.whole_model import load_model as load_model
from kerasish.saving.whole_model import load_state as load_state
from kerasish.saving.whole_model import model_from_json as model_from_json
from kerasish.saving.whole_model import restore as restore
from kerasish.saving.whole_model import save_model as save_model
from kerasish.serialization import custom_object_scope as custom_object_scope
from kerasish.serialization import deserialize_keras_object as deserialize_keras_object
from kerasish.serialization import get_custom_objects as get_custom_objects
from kerasish.serialization import get_registered_name as get_registered_name
from kerasish.serialization import get_registered_object as get_registered_object
from kerasish.serialization import register_keras_serializable as register_keras_serializable
from kerasish.serialization import serialize_keras_object as serialize_keras_object

__all__: list[str]
CustomObjectScope = custom_object_scope
