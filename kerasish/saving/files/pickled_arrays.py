"""What a pickle of a dataset may name, all of it written here: the making of numpy's arrays."""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Callable
from typing import Any

import numpy as np

_DTYPE = re.compile(r"[<>|=]?(b1|i[1248]|u[1248]|f[248]|c8|c16|O[48]?)")
_AXES = 32


class Name:
    """One of the names that a file may say, and what is done where it is called."""

    def __init__(self, make: Callable[..., Any] | None = None) -> None:
        self.make = make


class Unfinished:
    """An array or dtype between its making and its state. Places in the memo that show it are
    kept, and show the finished one later."""

    def __init__(self, finish: Callable[[Any], Any]) -> None:
        self.finish = finish
        self.places: list[int] = []


class DType:
    """A numpy dtype; a type of its own, since a file may not call one."""

    def __init__(self, held: np.dtype) -> None:
        self.held = held


class Damaged(ValueError):
    """What a file says makes no sense."""


def is_a(value: Any, kind: type) -> bool:
    """Whether a value is of a class and of none below it."""
    return type(value) is kind


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    """Bytes as Python 3 writes them for Python 2."""
    if not isinstance(text, str) or encoding not in ("latin1", b"latin1"):
        raise Damaged("bytes that are no latin1")
    return text.encode("latin1")


def _no_bytes(*args: Any) -> bytes:
    if args:
        raise Damaged("bytes made of something")
    return b""


def _dtype(code: Any, *_: Any) -> Unfinished:
    code = code.decode("ascii") if isinstance(code, bytes) else code
    if not isinstance(code, str) or not _DTYPE.fullmatch(code):
        raise Damaged(f"the dtype {reprlib.repr(code)}")
    made = np.dtype(object if "O" in code else code)

    def finish(state: Any) -> DType:
        if not is_a(state, tuple) or len(state) < 5 or state[2:5] != (None, None, None):
            raise Damaged("a dtype with fields")
        order = state[1].decode("ascii") if isinstance(state[1], bytes) else state[1]
        if order not in ("<", ">", "|", "="):
            raise Damaged(f"the byte order {reprlib.repr(order)}")
        return DType(made if order == "|" else made.newbyteorder(order))

    return Unfinished(finish)


def _reconstruct(cls: Any, *_: Any) -> Unfinished:
    if cls is not _ARRAY:
        raise Damaged("an array of another class")

    def finish(state: Any) -> np.ndarray:
        if not is_a(state, tuple) or len(state) != 5:
            raise Damaged("the state of no array")
        _, shape, dtype, fortran, content = state
        return _array(content, dtype, shape, "F" if fortran else "C")

    return Unfinished(finish)


def _array(content: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    if not isinstance(dtype, DType):
        raise Damaged("an array without a dtype")
    if not is_a(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise Damaged(f"the shape {reprlib.repr(shape)}")
    if len(shape) > _AXES or order not in ("C", "F", b"C", b"F"):
        raise Damaged(f"an array of more than {_AXES} axes or of an unknown order")
    count, held = math.prod(shape), dtype.held
    if held.hasobject:
        if not is_a(content, list) or len(content) != count:
            raise Damaged(f"an array of {count} objects without them")
        flat: np.ndarray = np.empty(count, object)
        for i, item in enumerate(content):
            flat[i] = item
    else:
        if not isinstance(content, (bytes, bytearray)) or len(content) != count * held.itemsize:
            raise Damaged(f"an array of {count} numbers without them")
        flat = np.frombuffer(content, held)
    return flat.reshape(shape, order="F" if order in ("F", b"F") else "C")


_ARRAY = Name()
NAMES: dict[tuple[str, str], Name] = {
    ("numpy", "ndarray"): _ARRAY,
    ("numpy", "dtype"): Name(_dtype),
    ("_codecs", "encode"): Name(_encode),
    ("__builtin__", "bytes"): Name(_no_bytes),
    ("builtins", "bytes"): Name(_no_bytes),
    **{
        (f"numpy.{core}.multiarray", "_reconstruct"): Name(_reconstruct)
        for core in ("core", "_core")
    },
    **{(f"numpy.{core}.numeric", "_frombuffer"): Name(_array) for core in ("core", "_core")},
}
