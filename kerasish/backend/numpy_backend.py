"""The numpy backend: host memory, always available."""

from __future__ import annotations

import ctypes
import functools
import platform
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.backend.base import Call
from kerasish.spec import np_dtype

ALIGN = 64  # one cache line, and the widest vector register


@functools.cache
def _trim() -> Any:
    """glibc's malloc_trim, where the process runs on glibc."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None


def give_back() -> None:
    """Let the allocator return free memory to the system; it keeps most of it otherwise."""
    if (trim := _trim()) is not None:
        trim(0)


class NumpyBackend:
    """Arrays in host memory."""

    name = "numpy"
    host = True
    xp = np

    def asarray(self, value: Any, dtype: str) -> np.ndarray:
        wanted = np_dtype(dtype)
        if type(value) is np.ndarray and value.dtype is wanted and value.flags.c_contiguous:
            return value
        return np.ascontiguousarray(value, wanted).reshape(np.shape(value))

    def to_numpy(self, array: np.ndarray) -> np.ndarray:
        return np.asarray(array)

    def owns(self, value: Any) -> bool:
        return isinstance(value, (np.ndarray, np.generic))

    def empty(self, nbytes: int) -> np.ndarray:
        raw = np.empty(nbytes + ALIGN, np.uint8)
        start = -raw.ctypes.data % ALIGN
        return raw[start : start + nbytes]

    def fill(self, target: np.ndarray, host: np.ndarray) -> None:
        target[...] = host

    def address(self, array: np.ndarray) -> int:
        return array.ctypes.data

    def stream(self) -> int:
        return 0

    def recorded(self, calls: Sequence[Call]) -> list[Call]:
        return list(calls)

    def synchronize(self) -> None:
        """numpy has finished whenever it returns."""

    def describe(self) -> str:
        return f"cpu ({platform.machine()}, numpy {np.__version__})"


def make() -> NumpyBackend:
    """The backend, for `kerasish.backend.get`."""
    return NumpyBackend()
