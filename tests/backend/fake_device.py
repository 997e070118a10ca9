"""A backend that is a device in all but speed: arrays that numpy cannot see, over host memory.

`xp` is numpy behind a wall: its functions take and give `DeviceArray`, refuse numpy arrays as cupy
does, and never give scalars. What runs on it mixes no host arrays into device work.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasish.backend import base
from kerasish.compiler.providers import _available
from kerasish.config import settings
from kerasish.spec import np_dtype
from tests.compiler.codegen import cuda_shim

_BOTH = ("shape", "dtype", "ndim", "size", "itemsize", "nbytes", "strides", "flags")
_INDEX_TYPES = (slice, int, np.integer, type(None), type(Ellipsis), list, np.ndarray)


def _inside(value: Any, what: str) -> Any:
    """The host arrays behind device arrays; numpy arrays are refused."""
    if isinstance(value, DeviceArray):
        return value.held
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {type(value)} in {what}")
    if isinstance(value, (list, tuple)):
        return type(value)(_inside(v, what) for v in value)
    return value


def _outside(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return DeviceArray(np.asarray(value))
    if isinstance(value, tuple):
        return tuple(map(_outside, value))
    return value


def _walled(name: str, func: Any) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        given = _inside(args, name)
        named = {k: _inside(v, name) for k, v in kwargs.items()}
        result = func(*given, **named)
        out = kwargs.get("out")
        return out if isinstance(out, DeviceArray) else _outside(result)

    return call


class DeviceArray:
    """An array in the memory of the pretended device."""

    __array_ufunc__ = None  # numpy operators refuse it

    def __init__(self, held: np.ndarray) -> None:
        self.held = held

    def __getattr__(self, name: str) -> Any:
        if name in _BOTH:
            return getattr(self.held, name)
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self.held, name)
        return _walled(name, found) if callable(found) else _outside(found)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __getitem__(self, key: Any) -> Any:
        found = self.held[_inside(key, "getitem")]
        return _outside(found)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.held[_inside(key, "setitem")] = _inside(value, "setitem")

    def __len__(self) -> int:
        return len(self.held)

    def __iter__(self) -> Iterator[Any]:
        return iter([_outside(v) for v in self.held])

    def __bool__(self) -> bool:
        return bool(self.held)

    def __int__(self) -> int:
        return int(self.held)

    def __float__(self) -> float:
        return float(self.held)

    def __index__(self) -> int:
        return self.held.__index__()

    def __repr__(self) -> str:
        return f"device {self.held!r}"

    def get(self) -> np.ndarray:
        """A copy in host memory."""
        return self.held.copy()

    def tobytes(self) -> bytes:
        return self.held.tobytes()

    def item(self) -> Any:
        return self.held.item()

    def tolist(self) -> Any:
        return self.held.tolist()

    __hash__ = None  # type: ignore[assignment]


def _operator(name: str) -> Any:
    def call(self: DeviceArray, *others: Any) -> Any:
        found = getattr(self.held, name)(*(_inside(o, name) for o in others))
        return self if name.startswith("__i") and name != "__invert__" else _outside(found)

    return call


_BINARY = "add sub mul truediv floordiv mod pow and or xor lshift rshift matmul".split()
for _name in _BINARY:
    for _kind in ("", "r", "i"):
        if hasattr(np.ndarray, f"__{_kind}{_name}__"):
            setattr(DeviceArray, f"__{_kind}{_name}__", _operator(f"__{_kind}{_name}__"))
for _name in ("eq", "ne", "lt", "le", "gt", "ge", "neg", "pos", "abs", "invert"):
    setattr(DeviceArray, f"__{_name}__", _operator(f"__{_name}__"))


class _Ufunc:
    def __init__(self, name: str, ufunc: Any) -> None:
        self.ufunc, self.name = ufunc, name
        self.at = _walled(f"{name}.at", ufunc.at)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _walled(self.name, self.ufunc)(*args, **kwargs)


class _Space:
    """A numpy module behind the wall."""

    ndarray = DeviceArray
    RawModule = cuda_shim.RawModule

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if isinstance(found, np.ufunc):
            return _Ufunc(name, found)
        if name in ("linalg", "fft", "random", "lib", "stride_tricks"):
            return _Space(found)
        if isinstance(found, type) or not callable(found):
            return found
        if name in ("asarray", "array", "ascontiguousarray"):
            return lambda x, *a, **k: _outside(found(_inside_or_host(x), *a, **k))
        return _walled(name, found)

    def asnumpy(self, array: Any) -> np.ndarray:
        return array.get() if isinstance(array, DeviceArray) else np.asarray(array)


def _inside_or_host(x: Any) -> Any:
    return x.held if isinstance(x, DeviceArray) else x


class FakeDevice:
    """The backend of `DeviceArray`."""

    name = "cupy"
    host = False

    def __init__(self) -> None:
        self.xp = _Space(np)

    def asarray(self, value: Any, dtype: str) -> DeviceArray:
        value = _inside_or_host(value)
        return DeviceArray(np.ascontiguousarray(value, np_dtype(dtype)).reshape(np.shape(value)))

    def to_numpy(self, array: DeviceArray) -> np.ndarray:
        return array.get()

    def owns(self, value: Any) -> bool:
        return isinstance(value, DeviceArray)

    def empty(self, nbytes: int) -> DeviceArray:
        return DeviceArray(np.empty(nbytes, np.uint8))

    def fill(self, target: DeviceArray, host: np.ndarray) -> None:
        target.held[...] = host

    def address(self, array: DeviceArray) -> int:
        return array.held.ctypes.data

    def stream(self) -> int:
        return 0

    def recorded(self, calls: Any) -> Any:
        return list(calls)

    def synchronize(self) -> None:
        """There is nothing to wait for."""

    def describe(self) -> str:
        return "a device that is not one"


@contextlib.contextmanager
def device() -> Iterator[FakeDevice]:
    """Context manager: everything made inside lives on the pretended device."""
    held, name = base._made.get("cupy"), settings.backend
    made = base._made["cupy"] = FakeDevice()
    settings.backend = "cupy"
    settings.generation += 1
    _available.clear()
    try:
        yield made
    finally:
        _available.clear()
        del base._made["cupy"]
        if held is not None:
            base._made["cupy"] = held
        settings.backend = name
        settings.generation += 1
