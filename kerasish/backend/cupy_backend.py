"""The cupy backend: the same reference kernels on one NVIDIA GPU."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.errors import BackendError
from kerasish.spec import np_dtype


class CupyBackend:
    """Arrays in GPU memory, work on the current stream."""

    name = "cupy"
    host = False

    def __init__(self, xp: Any) -> None:
        self.xp = xp

    def asarray(self, value: Any, dtype: str) -> Any:
        array = self.xp.asarray(value, np_dtype(dtype))
        return self.xp.ascontiguousarray(array).reshape(array.shape)  # which makes 0-d arrays 1-d

    def to_numpy(self, array: Any) -> np.ndarray:
        return self.xp.asnumpy(array)

    def owns(self, value: Any) -> bool:
        return isinstance(value, self.xp.ndarray)

    def empty(self, nbytes: int) -> Any:
        return self.xp.empty(nbytes, np.uint8)  # cupy's pool aligns to 512 bytes

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
