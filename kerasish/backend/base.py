"""The Backend protocol and the choice of the current backend."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from kerasish.config import settings
from kerasish.errors import BackendError

Array = Any  # numpy.ndarray or cupy.ndarray
Call = Callable[[], Any]


class Backend(Protocol):
    """What the rest of kerasish may ask of the hardware."""

    name: str
    xp: Any  # the array module that reference kernels are written against
    host: bool  # whether arrays are numpy's, in host memory

    def asarray(self, value: Any, dtype: str) -> Array:
        """`value` as a C-contiguous array of this device; no copy where none is needed."""
        ...

    def to_numpy(self, array: Array) -> np.ndarray:
        """`array` in host memory."""
        ...

    def owns(self, value: Any) -> bool:
        """Whether `value` is an array of this backend."""
        ...

    def empty(self, nbytes: int) -> Array:
        """A 64-byte aligned flat uint8 array, uninitialised."""
        ...

    def fill(self, target: Array, host: np.ndarray) -> None:
        """Copy an array in host memory, of the same shape and dtype, into a contiguous one."""
        ...

    def address(self, array: Array) -> int:
        """Where the first element of `array` lies, for libraries."""
        ...

    def stream(self) -> int:
        """The handle of the stream that work goes to now, for libraries; 0 is the default one."""
        ...

    def recorded(self, calls: Sequence[Call]) -> list[Call]:
        """The same work as fewer calls: runs of them become work that the device repeats alone.

        What a call launches must be the same at every run, on the same memory, and it must have
        run once. A call of which `decides` is true chooses on the host, so it is left as it is;
        so are calls that turn out to wait for the device.
        """
        ...

    def synchronize(self) -> None:
        """Wait until all work given to the device is done."""
        ...

    def describe(self) -> str:
        """The device, in words."""
        ...


BACKENDS = {"numpy": "kerasish.backend.numpy_backend", "cupy": "kerasish.backend.cupy_backend"}
_made: dict[str, Backend] = {}


def get(name: str) -> Backend:
    """The backend called `name`: "numpy", "cupy", or "auto" (cupy where a GPU answers).

    Raises:
        BackendError: unknown name, or the backend cannot run on this machine.
    """
    if name == "auto":
        try:
            return get("cupy")
        except BackendError:
            return get("numpy")
    if name not in BACKENDS:
        raise BackendError(
            "Unknown backend",
            expected=f"one of {', '.join([*BACKENDS, 'auto'])}",
            received=repr(name),
            fix="KERASISH_BACKEND in the environment and set_backend name it.",
        )
    if name not in _made:
        _made[name] = importlib.import_module(BACKENDS[name]).make()
    return _made[name]


def current() -> Backend:
    """The backend in use."""
    made = _made.get(settings.backend)
    return made if made is not None else get(settings.backend)


def backend() -> str:
    """The name of the backend in use."""
    return current().name


def set_backend(name: str) -> None:
    """Use another backend for everything made from now on.

    Raises:
        BackendError: the backend cannot run here; the setting is unchanged then.
    """
    chosen = get(name)
    settings.backend = chosen.name
    settings.generation += 1


def locked(array: Any) -> Any:
    """A view that cannot be written to; on a device, whose arrays know no such thing, itself."""
    if not on_host(array):
        return array
    view = array.view()
    view.flags.writeable = False
    return view


def on_host(array: Any) -> bool:
    """Whether an array is numpy's."""
    return isinstance(array, np.ndarray)
