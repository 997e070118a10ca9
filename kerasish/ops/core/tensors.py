"""keras.ops, tensors as such: conversion, casting, complex pairs, distances, rearrange."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from kerasish import tables
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, promoted
from kerasish.graph.tensor import convert_to_tensor as _convert
from kerasish.hints import whole
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic import reduction as _r
from kerasish.ops.basic.elementwise import cast as _cast
from kerasish.ops.basic.elementwise import where
from kerasish.ops.basic.indexing import gather
from kerasish.ops.declare import complexes, composite
from kerasish.ops.numpy.axes import product
from kerasish.ops.numpy.join import slices, stack
from kerasish.ops.operation import public
from kerasish.spec import TEXT, Dim, dtype_name, is_float, largest
from kerasish.texts import is_text


@public
def convert_to_tensor(
    x: TensorLike, dtype: Any = None, sparse: Any = None, ragged: Any = None
) -> Tensor:
    """x as a tensor.

    Args:
        x: number, text, nested list, numpy array, DLPack object, variable or tensor.
        dtype: of the result; floats of Python become floatx, texts "string", which layers that
            read text take and no op, everything else keeps its own.
        sparse, ragged: must not be True; there are no sparse or ragged tensors.
    """
    if sparse or ragged:
        raise ArgumentError(
            "convert_to_tensor",
            expected="sparse and ragged None or False",
            received=f"sparse={sparse}, ragged={ragged}",
        )
    if dtype is None:
        text = isinstance(x, (str, bytes)) or is_text(list(x) if isinstance(x, tuple) else x)
        dtype = TEXT if text else None
    return _convert(x, dtype)


def convert_to_numpy(x: TensorLike) -> np.ndarray:
    """The value of x as a numpy array of its own, which may be written to."""
    return np.array(_convert(x))


def dtype(x: TensorLike) -> str:
    """The name of the dtype of x."""
    return _convert(x).dtype


@public
def cast(x: TensorLike, dtype: Any) -> Tensor:
    """x in another dtype."""
    return _cast(x, dtype)


@public
def stop_gradient(variable: TensorLike) -> Tensor:
    """The same values, through which no gradient flows."""
    return _e.stop_gradient(variable)


@composite(case((3, 4), dtype="uint8", domain=(-300.0, 300.0), differentiate=()))
def saturate_cast(x: TensorLike, dtype: Any) -> Tensor:
    """x in another dtype, values beyond its range becoming the nearest in range."""
    x = _convert(x)
    name = dtype_name(dtype)
    low, high = _range(name)
    if is_float(x.dtype) and is_float(name):
        own = _range(x.dtype)[1]
        inside = x if own <= high else _e.minimum(_e.maximum(x, low), high)
        return _cast(inside, name)
    if name == "bool":
        return _cast(_e.maximum(x, 0), name)
    if is_float(name):
        return _cast(x, name)
    # Bounds of integers are not always floats, so the cast comes first and is then replaced.
    wide = x if is_float(x.dtype) or x.dtype == "uint64" else _cast(x, "int64")
    above, below = _beyond(wide, high, low)
    return where(above, _cast(high, name), where(below, _cast(low, name), _cast(x, name)))


def _beyond(x: Any, high: Any, low: Any) -> tuple[Any, Any]:
    """Where x lies at or beyond the bounds of a dtype, as far as x can be there at all."""
    if is_float(x.dtype):
        return x >= float(high), x <= float(low)
    least, most = _range(x.dtype)
    above = x > min(high, most)
    return above, x < max(low, least)


def _range(name: str) -> tuple[Any, Any]:
    if name == "bool":
        return 0, 1
    if is_float(name):
        return -largest(name), largest(name)
    return int(np.iinfo(name).min), int(np.iinfo(name).max)


# --- complex pairs ----------


@composite(case((3, 2)), case((2, 4, 2)))
def view_as_complex(x: TensorLike) -> Tensor:
    """The complex numbers whose real and imaginary parts lie along the last axis."""
    x = _convert(x)
    if not x.shape or x.shape[-1] != 2:
        raise ShapeError("view_as_complex", expected="a last axis of 2", received=x.shape)
    return _e.complex_(*slices(x, x.ndim - 1, 2))


@composite(case(complexes((3,))))
def view_as_real(x: TensorLike) -> Tensor:
    """The real and imaginary parts of x along a new last axis."""
    return stack([_e.real(x), _e.imag(x)], axis=-1)


# --- distances, sums, sequences ----------


@composite(case((3, 4), (5, 4)), case((2, 3, 4), (2, 2, 4)))
def cdist(x: TensorLike, y: TensorLike) -> Tensor:
    """The Euclidean distance of every row of x from every row of y: (..., m, n)."""
    a, b = promoted((x, y), "float")
    if a.ndim < 2 or b.ndim < 2 or a.shape[-1] != b.shape[-1]:
        raise ShapeError(
            "cdist",
            expected="shapes (..., m, d) and (..., n, d)",
            received=f"{a.shape} and {b.shape}",
        )
    apart = _s.expand_dims(a, axis=a.ndim - 1) - _s.expand_dims(b, axis=b.ndim - 2)
    return _e.root(_r.sum(_e.square(apart), axis=-1))


@composite(case((3, 4)), case((2, 3, 4), axis=(0, 2)), case((3, 4), axis=-1, keepdims=True))
def logsumexp(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))) over `axis`, without overflow."""
    x = _e.as_float(x)
    if 0 in x.shape:
        return _e.log(_r.sum(_e.exp(x), axis=axis, keepdims=keepdims))
    top = _e.stop_gradient(_r.max(x, axis=axis, keepdims=True))
    top = where(_e.isfinite(top), top, _e.zero_like(x))
    total = _e.log(_r.sum(_e.exp(x - top), axis=axis, keepdims=keepdims))
    return total + (top if keepdims else _s.reshape(top, shape=total.shape))


@composite(case((2, 7), sequence_length=3, sequence_stride=2))
def extract_sequences(x: TensorLike, sequence_length: int, sequence_stride: int) -> Tensor:
    """Windows of the last axis, one every `sequence_stride`: (..., windows, sequence_length)."""
    x = _convert(x)
    sequence_length = whole("extract_sequences, sequence_length", sequence_length, 1)
    sequence_stride = whole("extract_sequences, sequence_stride", sequence_stride, 1)
    size = x.shape[-1]
    if size is None:
        return _s.broadcast_to(
            _s.expand_dims(x, axis=-1), shape=(*x.shape[:-1], None, sequence_length)
        )
    if size < sequence_length:
        raise ShapeError(
            "extract_sequences",
            expected=f"at least {sequence_length} elements on the last axis",
            received=f"shape {x.shape}",
        )
    starts = tables.arange(0, size - sequence_length + 1, sequence_stride)
    at = tables.outer(np.add, starts, tables.arange(sequence_length)).astype(np.int32)
    return gather(x, at, axis=x.ndim - 1)


# --- rearrange ----------

_TOKEN = re.compile(r"\(|\)|[A-Za-z_][A-Za-z_0-9]*|1|\.\.\.")


def _groups(text: str, pattern: str) -> list[list[str]]:
    """The axes of one side of a pattern, each a list of the names it is made of."""
    found: list[list[str]] = []
    inside = False
    for token in _TOKEN.findall(text):
        if token in "()":
            if (token == "(") == inside:
                raise ArgumentError(
                    "rearrange", expected="paired parentheses", received=repr(pattern)
                )
            inside = token == "("
            if inside:
                found.append([])
        elif inside:
            found[-1].append(token)
        else:
            found.append([] if token == "1" else [token])
    if inside or _TOKEN.sub("", text).strip():
        raise ArgumentError(
            "rearrange",
            expected="names, 1, ... and paired parentheses on both sides of '->'",
            received=repr(pattern),
        )
    return found


def _spelled_out(groups: list[list[str]], dots: list[str]) -> list[list[str]]:
    out: list[list[str]] = []
    for group in groups:
        if group == ["..."]:
            out.extend([name] for name in dots)
        else:
            out.append([n for name in group for n in (dots if name == "..." else [name])])
    return out


def _lengths(
    groups: list[list[str]], shape: tuple[Dim, ...], given: dict[str, int], pattern: str
) -> dict[str, Dim]:
    """The length of every name, at most one of each group inferred from the shape."""
    sizes: dict[str, Dim] = dict(given)
    for group, size in zip(groups, shape, strict=True):
        missing = [n for n in group if n not in sizes]
        rest = product([sizes[n] for n in group if n in sizes]) or 1
        if len(missing) > 1 or (
            size is not None and (size % rest or (not missing and size != rest))
        ):
            raise ShapeError(
                f"rearrange {pattern!r}",
                expected=f"lengths of {' '.join(group)} that make an axis of {size}",
                received=given,
            )
        for name in missing:
            sizes[name] = None if size is None else size // rest
    return sizes


@public
def rearrange(tensor: TensorLike, pattern: str, **axes_lengths: int) -> Tensor:
    """Axes split, reordered and merged as a pattern says (the notation of einops).

    Args:
        tensor: tensor.
        pattern: such as "b (h p) c -> b h (p c)": a name per axis; parentheses hold the names
            that one axis is split into, or merged from.
        axes_lengths: the lengths of names that cannot be told from the shape.

    Example:
        >>> rearrange(images, "b h w c -> b (h w) c").shape
    """
    x = _convert(tensor)
    left, arrow, right = pattern.partition("->")
    sides = [_groups(side, pattern) for side in (left, right)]
    dots = [f"...{i}" for i in range(x.ndim - len(sides[0]) + 1)] if ["..."] in sides[0] else []
    source, target = (_spelled_out(side, dots) for side in sides)
    names = [n for group in source for n in group]
    wanted = [n for group in target for n in group]
    if not arrow or len(source) != x.ndim or sorted(names) != sorted(wanted):
        raise ArgumentError(
            "rearrange",
            expected=f"the same names on both sides of '->', {x.ndim} axes on the left",
            received=repr(pattern),
        )
    if len(set(names)) != len(names):
        raise ArgumentError("rearrange", expected="distinct names", received=repr(pattern))
    sizes = _lengths(source, x.shape, axes_lengths, pattern)
    x = _s.reshape(x, shape=tuple(sizes[n] for n in names))
    x = _s.transpose(x, axes=tuple(names.index(n) for n in wanted))
    return _s.reshape(x, shape=tuple(product([sizes[n] for n in group]) for group in target))
