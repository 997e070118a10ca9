"""Finds and loads NVIDIA's libraries, and the settings that their bindings share."""

from __future__ import annotations

import ctypes
import functools
import importlib
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerasish.backend import base
from kerasish.backend.base import Call
from kerasish.compiler.codegen import cuda_jit
from kerasish.compiler.codegen.cuda_jit import BACKEND as BACKEND
from kerasish.errors import BackendError

lock = threading.RLock()
"""Held while a library is told its stream and then called."""

SCRATCH = 256 << 20
"""Bytes of `scratch` that a step may ask for."""

TYPES = {"float32": 0, "float64": 1, "float16": 2, "bfloat16": 14}  # cudaDataType_t


@functools.cache
def _load(name: str) -> ctypes.CDLL | str:
    try:
        pathfinder = importlib.import_module("cuda.pathfinder")
    except ImportError:
        return "needs the package cuda-pathfinder, which comes with cupy"
    try:
        return ctypes.CDLL(pathfinder.load_nvidia_dynamic_lib(name).abs_path)
    except (pathfinder.DynamicLibNotFoundError, OSError) as error:
        return f"lib{name} was not found: {str(error).splitlines()[0]}"


def unavailable(name: str) -> str | None:
    """Why a library cannot be used here, or None where it can."""
    found = cuda_jit.unavailable() or _load(name)
    return found if isinstance(found, str) else None


def load(name: str) -> ctypes.CDLL:
    """A loaded library.

    Raises:
        BackendError: it is absent.
    """
    found = _load(name)
    if isinstance(found, str):
        raise BackendError(name, expected="the library", received=found)
    return found


class Library:
    """A library's functions and one handle, which follows the current stream.

    Args:
        functions: what has them, by name.
        signatures: the argument types of each.
        create: which of them makes the handle.
        set_stream: which of them gives the handle a stream.
    """

    def __init__(
        self, functions: Any, signatures: Mapping[str, Sequence[Any]], create: str, set_stream: str
    ) -> None:
        self._functions: dict[str, Callable[..., int]] = {}
        for name, arguments in signatures.items():
            found = getattr(functions, name)
            found.argtypes, found.restype = arguments, ctypes.c_int
            self._functions[name] = found
        self._set_stream = set_stream
        self._stream: int | None = None
        self.handle = ctypes.c_void_p()
        self.call(create, ctypes.byref(self.handle))

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function of the library.

        Raises:
            BackendError: it gave an error.
        """
        status = self._functions[name](*arguments)
        if status:
            raise BackendError(name, expected="status 0", received=status)

    def follow(self) -> None:
        """Let the next call go to the current stream."""
        stream = base.current().stream()
        if stream != self._stream:
            self.call(self._set_stream, self.handle, stream)
            self._stream = stream
            self.moved()

    def moved(self) -> None:
        """Called when the stream has changed."""


def pointer(array: Any) -> ctypes.c_void_p:
    """The address of an array's first element."""
    return ctypes.c_void_p(base.current().address(array))


def room(shape: tuple[int, ...], like: Any) -> Any:
    """A new contiguous array of a shape, with another's dtype."""
    count = math.prod(shape) * like.itemsize
    return base.current().empty(count).view(like.dtype).reshape(shape)


_shared: list[Any] = []


def scratch(nbytes: int) -> Any:
    """Memory for what a step keeps while it runs, shared by all steps of all plans.

    Who launches work on it holds `lock` meanwhile: plans run one after the other on one stream.
    """
    if not _shared or _shared[0].size < nbytes:
        # Twice as much each time: what earlier plans hold is then less than the last block.
        _shared[:] = [base.current().empty(1 << max(nbytes - 1, 1).bit_length())]
    return _shared[0]


def copy(target: Any, source: Any) -> Call:
    """A call that copies an array into another of its shape, or that it broadcasts to."""
    return functools.partial(base.current().xp.copyto, target, source)


def contiguous(array: Any, before: list[Call]) -> Any:
    """`array`, or a contiguous copy that a call added to `before` brings up to date."""
    if array.flags.c_contiguous:
        return array
    plain = room(array.shape, array)
    before.append(copy(plain, array))
    return plain
