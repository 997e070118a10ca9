"""The hardware abstraction layer: arrays, devices and streams behind one small protocol."""

from kerasish.backend.base import Backend, backend, get, set_backend
from kerasish.backend.settings import (
    epsilon,
    floatx,
    image_data_format,
    is_float_dtype,
    is_int_dtype,
    result_type,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    standardize_dtype,
)

__all__ = [
    "Backend",
    "backend",
    "epsilon",
    "floatx",
    "get",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "result_type",
    "set_backend",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]


def __dir__() -> list[str]:
    return sorted(__all__)
