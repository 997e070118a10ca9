"""keras.backend: dtypes and settings, under the names that Keras gives them there."""

from __future__ import annotations

import gc
from typing import Any

from kerasish import naming
from kerasish.config import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from kerasish.naming import get_uid
from kerasish.spec import dtype_name, is_float, is_int, promote

standardize_dtype = dtype_name
_WEAK = {int: "int", float: "float"}


def clear_session(free_memory: bool = True) -> None:
    """Begin to count automatic names anew, and free what is no longer used.

    Args:
        free_memory: whether to run the garbage collector.
    """
    naming.reset_names()
    if free_memory:
        gc.collect()


def is_float_dtype(dtype: Any) -> bool:
    """Whether a dtype is real floating point."""
    return is_float(dtype_name(dtype))


def is_int_dtype(dtype: Any) -> bool:
    """Whether a dtype is integer."""
    return is_int(dtype_name(dtype))


def result_type(*dtypes: Any) -> str:
    """The dtype in which values of `dtypes` meet; Python's int and float yield to the others."""
    return promote(*(_WEAK.get(d) or dtype_name(d) for d in dtypes))


__all__ = [
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]
