"""The cupy backend: the same reference kernels on one NVIDIA GPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.backend.base import Call
from kerasish.backend.cupy_graphs import Recorder
from kerasish.errors import BackendError
from kerasish.spec import np_dtype


class _Cupy:
    """The module cupy, with what it lacks or gets wrong."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        setattr(self, name, found)
        return found

    def matmul(self, a: Any, b: Any, out: Any = None) -> Any:
        """a @ b; stacks of 16-bit matrices, which cupy 14 refuses, as float32 and rounded."""
        if max(a.ndim, b.ndim) <= 2 or a.dtype.itemsize != 2 or a.dtype.kind in "iu":
            return self._module.matmul(a, b, out=out)
        wide = self._module.matmul(a.astype(np.float32), b.astype(np.float32))
        if out is None:
            return wide.astype(a.dtype)
        out[...] = wide
        return out

    def min(self, a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        """The least elements; cupy 14 takes `out` for a dtype where CUB could compute them."""
        found = self._module.min(a, axis=axis, keepdims=keepdims)
        if out is None:
            return found
        out[...] = found
        return out


class CupyBackend:
    """Arrays in GPU memory, work on the current stream."""

    name = "cupy"
    host = False

    def __init__(self, xp: Any) -> None:
        self.xp = _Cupy(xp)
        self._recorder = Recorder(xp)

    def asarray(self, value: Any, dtype: str) -> Any:
        if not self.owns(value):
            host = np.asarray(value, np_dtype(dtype))
            # By way of one axis: cupy fills arrays of rank 0 with zeros where they equal zero, -0.0
            # included, and its ascontiguousarray would make them rank 1.
            return self.xp.asarray(host.reshape(-1)).reshape(host.shape)
        array = value.astype(np_dtype(dtype), copy=False)
        return self.xp.ascontiguousarray(array).reshape(array.shape)

    def to_numpy(self, array: Any) -> np.ndarray:
        return self.xp.asnumpy(array)

    def owns(self, value: Any) -> bool:
        return isinstance(value, self.xp.ndarray)

    def empty(self, nbytes: int) -> Any:
        return self.xp.empty(nbytes, np.uint8)  # cupy's pool aligns to 512 bytes

    def fill(self, target: Any, host: np.ndarray) -> None:
        target.set(host)

    def address(self, array: Any) -> int:
        return array.data.ptr

    def stream(self) -> int:
        return self.xp.cuda.get_current_stream().ptr

    def recorded(self, calls: Sequence[Call]) -> list[Call]:
        return self._recorder.recorded(calls)

    def synchronize(self) -> None:
        self.xp.cuda.get_current_stream().synchronize()

    def describe(self) -> str:
        properties = self.xp.cuda.runtime.getDeviceProperties(self.xp.cuda.Device().id)
        return f"gpu ({properties['name'].decode()}, cupy {self.xp.__version__})"


def make() -> CupyBackend:
    """The backend, for `kerasish.backend.get`.

    Raises:
        BackendError: cupy is not installed, or no GPU answers.
    """
    try:
        import cupy
    except ImportError:
        raise BackendError(
            "The cupy backend needs the package cupy. Install the extra that fits the driver, "
            "pip install 'kerasish[cuda12]' or 'kerasish[cuda13]', or use the numpy backend."
        ) from None
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise BackendError(
            f"The cupy backend found no usable GPU ({error}). Use the numpy backend."
        ) from None
    if count == 0:
        raise BackendError("The cupy backend found no GPU. Use the numpy backend.")
    return CupyBackend(cupy)
