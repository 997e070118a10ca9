# Written by scripts/make_names.py.
from kerasish.saving.legacy_objects import deserialize_keras_object as deserialize_keras_object
from kerasish.saving.legacy_objects import serialize_keras_object as serialize_keras_object

__all__: list[str]
