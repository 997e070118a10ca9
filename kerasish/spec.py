"""Shapes and dtypes: the only copy of the promotion, broadcasting and convolution size rules.

Dtypes are strings, as in Keras. A dimension is an int, or None where it is not known yet.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish.config import floatx
from kerasish.errors import ArgumentError, DTypeError, ShapeError
from kerasish.extras import command

Dim = int | None
Shape = tuple[Dim, ...]


class TensorSpec(NamedTuple):
    """The shape and dtype of a tensor."""

    shape: Shape
    dtype: str

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements; raises where a dimension is unknown."""
        return math.prod(known(self.shape))

    @property
    def nbytes(self) -> int:
        """Bytes of a dense array of this spec."""
        return self.size * np_dtype(self.dtype).itemsize

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join('?' if d is None else str(d) for d in self.shape)}]"


def known(shape: Shape) -> tuple[int, ...]:
    """`shape` if it has no unknown dimension."""
    if None in shape:
        raise ShapeError("", expected="a shape without unknown dimensions", received=shape)
    return shape  # type: ignore[return-value]


def cut(shape: tuple[int, ...], limit: int) -> Iterator[tuple[slice, ...]]:
    """Index tuples of stretches of an array, of at most `limit` elements or one innermost element.

    Axes are cut from the first on, so a stretch of a dense array is dense; none is larger than the
    first.
    """
    axis, inner = len(shape), 1
    while axis and inner * shape[axis - 1] <= limit:
        axis -= 1
        inner *= shape[axis]
    if not axis or not math.prod(shape):
        yield (slice(None),) * len(shape)
        return
    size = shape[axis - 1]
    count = -(-size // max(limit // inner, 1))
    ends = [-(-i * size // count) for i in range(count + 1)]
    spans = [slice(a, b) for a, b in itertools.pairwise(ends)]
    rest = (slice(None),) * (len(shape) - axis)
    for outer in itertools.product(*map(range, shape[: axis - 1])):
        for span in spans:
            yield (*(slice(i, i + 1) for i in outer), span, *rest)


# --- dtypes -----------------------------------------------------------------------------------

BOOL = ("bool",)
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
SIGNED = ("int8", "int16", "int32", "int64")
INTS = UNSIGNED + SIGNED
FLOAT8 = ("float8_e4m3fn", "float8_e5m2")
HALVES = ("float16", "bfloat16")
FLOATS = ("float16", "bfloat16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
REALS = BOOL + INTS + FLOATS + FLOAT8
NUMBERS = INTS + FLOATS + COMPLEX + FLOAT8
DTYPES = BOOL + NUMBERS
TEXT = "string"  # of symbols and specs of texts, which are on the host only
_EXTENDED = ("bfloat16", *FLOAT8)


@functools.cache
def np_dtype(name: str) -> np.dtype[Any]:
    """numpy's dtype of a dtype name; bfloat16 and float8 need the package ml_dtypes."""
    if name in _EXTENDED:
        try:
            import ml_dtypes
        except ImportError:
            raise DTypeError(
                f"The dtype {name} needs the package ml_dtypes: {command('ml_dtypes')}."
            ) from None
        return np.dtype(getattr(ml_dtypes, name))
    return np.dtype(object if name == TEXT else name)


def dtype_name(dtype: Any) -> str:
    """The canonical name of any dtype-like: a name, a Python type, a numpy dtype.

    None, "float" and float mean floatx.

    Raises:
        DTypeError: nothing kerasish computes with.
    """
    try:
        return _fixed_name(dtype) or floatx()
    except TypeError:  # a list or a dict, which is no key
        raise _unknown(dtype) from None


@functools.lru_cache(512)
def _fixed_name(dtype: Any) -> str:
    """The name of a dtype-like, empty for what follows floatx and so cannot be remembered."""
    if dtype is None or dtype is float or (isinstance(dtype, str) and dtype == "float"):
        return ""
    if isinstance(dtype, str) and dtype in DTYPES:
        return dtype
    if dtype is int or (isinstance(dtype, str) and dtype == "int"):
        return "int32"
    if dtype is bool:
        return "bool"
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = str(getattr(dtype, "name", dtype))
    if name not in DTYPES:
        raise _unknown(dtype)
    return name


def input_dtype(dtype: Any) -> str:
    """`dtype_name`, or "string" for texts: what an input, a symbol or a spec may be of."""
    if dtype is str or (isinstance(dtype, str) and dtype == TEXT):
        return TEXT
    return TEXT if isinstance(dtype, np.dtype) and dtype.kind in "OUST" else dtype_name(dtype)


def _unknown(dtype: Any) -> DTypeError:
    known = ", ".join(DTYPES)
    return DTypeError("Unknown dtype", expected=f"one of {known}", received=repr(dtype))


def no_numbers(what: str) -> DTypeError:
    """The error of what was given text and computes with numbers."""
    return DTypeError(
        what,
        expected="numbers",
        received="text",
        fix="Make numbers of it first, with a layer that reads text, such as StringLookup, "
        "TextVectorization or Hashing.",
    )


def is_float(dtype: str) -> bool:
    """Whether a dtype is real floating point."""
    return dtype in FLOATS or dtype in FLOAT8


def is_int(dtype: str) -> bool:
    """Whether a dtype is integer (bool is not)."""
    return dtype in INTS


def is_differentiable(dtype: str) -> bool:
    """Whether gradients flow through values of this dtype."""
    return is_float(dtype) or dtype in COMPLEX


def real_dtype(dtype: str) -> str:
    """The dtype of the real part of a number; real dtypes are their own."""
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def complex_dtype(dtype: str) -> str:
    """The complex dtype whose parts hold numbers of a real dtype."""
    return dtype if dtype in COMPLEX else "complex128" if dtype == "float64" else "complex64"


@functools.cache
def largest(dtype: str) -> float:
    """The largest finite number of a real floating dtype."""
    if dtype in _EXTENDED:
        name = np_dtype(dtype)
        import ml_dtypes

        return float(ml_dtypes.finfo(name).max)
    return float(np.finfo(dtype).max)


def accumulator(dtype: str) -> str:
    """The dtype in which many numbers are added up: float32 for floats of 16 bits."""
    return "float32" if dtype in HALVES else dtype


def bits(dtype: str) -> int:
    """Width of a dtype in bits."""
    return np_dtype(dtype).itemsize * 8


def promote(*dtypes: str) -> str:
    """The dtype in which values of `dtypes` meet: Keras's lattice (`keras.backend.result_type`).

    "int" and "float" stand for weakly typed Python scalars. Integers never widen a float; unlike
    numpy, int32 with float32 is float32, and int64 never reaches float64. Signed with unsigned
    takes the next wider signed type of up to 32 bits; uint64 with a signed type is floatx.

    Raises:
        DTypeError: a float8 meets another dtype.
    """
    if not dtypes:
        return floatx()
    return _strong(functools.reduce(_promote_pair, dtypes))


def _strong(dtype: str) -> str:
    return {"int": "int32", "float": floatx()}.get(dtype, dtype)


@functools.lru_cache(4096)
def _promote_pair_cached(a: str, b: str, default: str) -> str:
    if a == b:
        return a
    if TEXT in (a, b):
        raise no_numbers("dtypes")
    weak = {a, b} & {"int", "float"}
    if weak == {"int", "float"}:
        return "float"
    if weak:
        scalar = "int" if "int" in weak else "float"
        strong = b if a == scalar else a
        if strong == "bool":
            return "int32" if scalar == "int" else default
        if scalar == "float" and strong in INTS:
            return default
        return strong
    if a in FLOAT8 or b in FLOAT8:
        raise DTypeError(
            "Floats of 8 bits meet no other dtype by themselves",
            expected="a cast of one of both",
            received=f"{a} and {b}",
        )
    if a in COMPLEX or b in COMPLEX:
        wide = "complex128" in (a, b) or "float64" in (a, b)
        return "complex128" if wide else "complex64"
    floats = [d for d in (a, b) if is_float(d)]
    if len(floats) == 1:
        return floats[0]
    if len(floats) == 2:
        if {a, b} == {"float16", "bfloat16"}:
            return "float32"
        return max(floats, key=bits)
    if "bool" in (a, b):
        return b if a == "bool" else a
    if (a in SIGNED) == (b in SIGNED):
        return a if bits(a) >= bits(b) else b
    signed, unsigned = (a, b) if a in SIGNED else (b, a)
    if unsigned == "uint64":
        return default
    # 64 bits are kept where they are given, and not come to: uint32 with int32 is int32 in Keras.
    return f"int{max(bits(signed), min(2 * bits(unsigned), 32))}"


def _promote_pair(a: str, b: str) -> str:
    return _promote_pair_cached(a, b, floatx())


def promote_float(*dtypes: str) -> str:
    """`promote`, then floating: integers and bool become floatx."""
    dtype = promote(*dtypes)
    return dtype if is_differentiable(dtype) else floatx()


# --- shapes -----------------------------------------------------------------------------------


def broadcast(*shapes: Shape) -> Shape:
    """numpy's broadcasting rule; an unknown dimension takes the other side's unless that is 1.

    Raises:
        ShapeError: two dimensions differ and neither is 1.
    """
    if len(set(shapes)) == 1:
        return shapes[0]
    out: list[Dim] = []
    rank = max((len(s) for s in shapes), default=0)
    for axis in range(-rank, 0):
        dim: Dim = 1
        for shape in shapes:
            here = shape[axis] if -axis <= len(shape) else 1
            if here == 1 or here == dim:
                continue
            if dim == 1:
                dim = here
            elif here is None:
                continue
            elif dim is None:
                dim = here
            else:
                raise ShapeError(
                    "Shapes do not broadcast",
                    expected=f"equal dimensions, or 1, on axis {axis}",
                    received=" and ".join(map(str, shapes)),
                )
        out.append(dim)
    return tuple(out)


def fits(shape: Shape, into: Shape) -> bool:
    """Whether a shape broadcasts to another one, as far as its sizes are known."""
    pairs = zip(reversed(shape), reversed(into), strict=False)
    return len(shape) <= len(into) and all(d in (1, e, None) or e is None for d, e in pairs)


def alike(a: Shape, b: Shape) -> bool:
    """Whether two shapes are one, as far as their dimensions are known."""
    return len(a) == len(b) and all(
        m == n or m is None or n is None for m, n in zip(a, b, strict=True)
    )


def normalize_axis(axis: int, ndim: int) -> int:
    """`axis` counted from the front; raises `ArgumentError` when out of range."""
    if not isinstance(axis, (int, np.integer)):
        raise ArgumentError("axis", expected="an int", received=repr(axis))
    if not -ndim <= axis < ndim:
        raise ArgumentError(
            "axis",
            expected=f"an int in [{-ndim}, {ndim}) for a tensor of rank {ndim}",
            received=axis,
        )
    return int(axis) % ndim


def normalize_axes(axis: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """Sorted distinct axes; None means all."""
    if axis is None:
        return tuple(range(ndim))
    axes = (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    found = sorted(normalize_axis(a, ndim) for a in axes)
    if len(set(found)) != len(found):
        raise ArgumentError("axis", expected="distinct axes", received=axis)
    return tuple(found)


def inverse(axes: Sequence[int]) -> tuple[int, ...]:
    """The permutation that undoes the permutation `axes`."""
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


def reduce_shape(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    """The shape left after reducing `axes`."""
    if not isinstance(keepdims, (bool, int, np.bool_)) or keepdims not in (0, 1):
        raise ArgumentError("keepdims", expected="True or False", received=repr(keepdims))
    if keepdims:
        return tuple(1 if i in axes else d for i, d in enumerate(shape))
    return tuple(d for i, d in enumerate(shape) if i not in axes)


# --- windows (convolution and pooling) ----------------------------------------------------------

Padding = str | tuple[tuple[int, int], ...]


def window_padding(
    spatial: tuple[int, ...],
    window: tuple[int, ...],
    strides: tuple[int, ...],
    dilation: tuple[int, ...],
    padding: Padding,
) -> tuple[tuple[int, int], ...]:
    """Explicit (low, high) padding of every spatial axis; "same" puts the odd one high."""
    if padding == "valid":
        return ((0, 0),) * len(spatial)
    if padding == "same":
        pairs = []
        for size, k, s, d in zip(spatial, window, strides, dilation, strict=True):
            total = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
            pairs.append((total // 2, total - total // 2))
        return tuple(pairs)
    if isinstance(padding, str):
        raise ArgumentError("padding", expected="'valid' or 'same'", received=repr(padding))
    return padding


def window_output(
    spatial: Shape,
    window: tuple[int, ...],
    strides: tuple[int, ...],
    dilation: tuple[int, ...],
    padding: Padding,
) -> Shape:
    """Spatial sizes after a window slides: floor((n + pad - (k - 1) d - 1) / s) + 1."""
    out: list[Dim] = []
    for axis, (size, k, s, d) in enumerate(zip(spatial, window, strides, dilation, strict=True)):
        if size is None:
            out.append(None)
            continue
        here = padding if isinstance(padding, str) else (padding[axis],)
        lo, hi = window_padding((size,), (k,), (s,), (d,), here)[0]
        span = size + lo + hi - (k - 1) * d - 1
        if span < 0:
            raise ShapeError(
                f"A window of size {(k - 1) * d + 1} does not fit on spatial axis {axis}",
                expected="at least that many elements",
                received=size + lo + hi,
                fix="Use padding='same', a smaller kernel, or fewer pooling layers before.",
            )
        out.append(span // s + 1)
    return tuple(out)
