"""keras.utils: helpers for data, names, seeds and configs."""

from __future__ import annotations

from typing import Any

from kerasish import config as _config
from kerasish.backend import clear_session
from kerasish.data import (
    PyDataset,
    normalize,
    pack_x_y_sample_weight,
    pad_sequences,
    timeseries_dataset_from_array,
    to_categorical,
    unpack_x_y_sample_weight,
)
from kerasish.names import namespace
from kerasish.ops.symbol import KerasTensor
from kerasish.random import set_random_seed
from kerasish.serialization import (
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from kerasish.spec import dtype_name as standardize_dtype

CustomObjectScope = custom_object_scope
Sequence = PyDataset


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is a symbol of a functional model."""
    return isinstance(x, KerasTensor)


def enable_interactive_logging() -> None:
    """Let `fit` draw progress bars."""
    _config.set_interactive(True)


def disable_interactive_logging() -> None:
    """Let `fit` print plain lines."""
    _config.set_interactive(False)


def is_interactive_logging_enabled() -> bool:
    """Whether `fit` may draw progress bars."""
    return _config.settings.interactive


__all__ = [
    "CustomObjectScope",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "standardize_dtype",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]
__getattr__, __dir__ = namespace(__name__, __all__)
