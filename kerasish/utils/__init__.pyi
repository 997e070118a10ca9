# Written by scripts/make_names.py.
from typing import Any

from kerasish.utils import legacy as legacy
from kerasish.backend.settings import clear_session as clear_session
from kerasish.config import disable_interactive_logging as disable_interactive_logging
from kerasish.config import enable_interactive_logging as enable_interactive_logging
from kerasish.config import is_interactive_logging_enabled as is_interactive_logging_enabled
from kerasish.data.audio import audio_dataset_from_directory as audio_dataset_from_directory
from kerasish.data.batch import pack_x_y_sample_weight as pack_x_y_sample_weight
from kerasish.data.batch import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from kerasish.data.fetch import get_file as get_file
from kerasish.data.halves import split_dataset as split_dataset
from kerasish.data.image_folders import image_dataset_from_directory as image_dataset_from_directory
from kerasish.data.image_folders import text_dataset_from_directory as text_dataset_from_directory
from kerasish.data.images import array_to_img as array_to_img
from kerasish.data.images import img_to_array as img_to_array
from kerasish.data.images import load_img as load_img
from kerasish.data.images import save_img as save_img
from kerasish.data.numeric import normalize as normalize
from kerasish.data.numeric import to_categorical as to_categorical
from kerasish.data.py_dataset import PyDataset as PyDataset
from kerasish.data.sequence import pad_sequences as pad_sequences
from kerasish.data.sequence import timeseries_dataset_from_array as timeseries_dataset_from_array
from kerasish.inspect.pictures import model_to_dot as model_to_dot
from kerasish.inspect.pictures import plot_model as plot_model
from kerasish.models.feature_space import FeatureSpace as FeatureSpace
from kerasish.ops.image import boxes as bounding_boxes
from kerasish.random.seed_generator import set_random_seed as set_random_seed
from kerasish.serialization import custom_object_scope as custom_object_scope
from kerasish.serialization import deserialize_keras_object as deserialize_keras_object
from kerasish.serialization import get_custom_objects as get_custom_objects
from kerasish.serialization import get_registered_name as get_registered_name
from kerasish.serialization import get_registered_object as get_registered_object
from kerasish.serialization import register_keras_serializable as register_keras_serializable
from kerasish.serialization import serialize_keras_object as serialize_keras_object
from kerasish.showing.progress import Progbar as Progbar
from kerasish.spec import dtype_name
from kerasish.utils.config import Config as Config

__all__: list[str]
Sequence = PyDataset
CustomObjectScope = custom_object_scope
standardize_dtype = dtype_name
def get_source_inputs(tensor: Any) -> Any: ...
def is_keras_tensor(x: Any) -> Any: ...
