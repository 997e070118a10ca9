"""The hardware abstraction layer: arrays, devices and streams behind one small protocol."""

from kerasish import registry
from kerasish.backend.base import Backend, backend, get, set_backend
from kerasish.backend.settings import (
    clear_session,
    epsilon,
    floatx,
    get_uid,
    image_data_format,
    is_float_dtype,
    is_int_dtype,
    result_type,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    standardize_dtype,
)
from kerasish.names import namespace


def is_keras_tensor(x: object) -> bool:
    """`kerasish.utils.is_keras_tensor`, where older code looks for it."""
    return registry.above("utils.is_keras_tensor")(x)


__all__ = [
    "Backend",
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_backend",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]
__getattr__, __dir__ = namespace(__name__, __all__)
