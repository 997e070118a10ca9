"""keras.ops.numpy, joining and parting: stack, split, pad, tile, repeat, slices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kerasish import tables
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.op import case
from kerasish.graph.primitives import broadcasts
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.hints import one_of, whole
from kerasish.ops.basic.indexing import along, gather
from kerasish.ops.declare import composite
from kerasish.ops.numpy.axes import product, slice_axis
from kerasish.ops.operation import public
from kerasish.spec import Dim, normalize_axis


def _several(what: str, xs: Any) -> list[Any]:
    """The tensors to join, one at least."""
    tensors = list(xs) if isinstance(xs, Iterable) else []
    if not tensors:
        raise ArgumentError(what, expected="a list of one tensor or more", received=repr(xs))
    return tensors


@public
def concatenate(xs: TensorLike, axis: int | None = 0) -> Tensor:
    """Tensors after one another along `axis`; None joins the flat tensors."""
    tensors = [convert_to_tensor(x) for x in _several("concatenate", xs)]
    if axis is None:
        return _s.concatenate(*(_s.reshape(t, shape=(-1,)) for t in tensors), axis=0)
    return _s.concatenate(*tensors, axis=normalize_axis(axis, tensors[0].ndim))


@composite(case((3, 4), (3, 4), axis=1), case((3,), (3,), axis=-1), name="stack")
def _stack(*xs: Any, axis: int = 0) -> Any:
    tensors = [convert_to_tensor(x) for x in xs]
    for t in tensors:
        if len(t.shape) != len(tensors[0].shape):
            raise ShapeError(
                "stack",
                expected="tensors of one shape",
                received=", ".join(str(t.shape) for t in tensors),
            )
    at = normalize_axis(axis, tensors[0].ndim + 1)
    return _s.concatenate(*(_s.expand_dims(t, axis=at) for t in tensors), axis=at)


@public
def stack(x: TensorLike, axis: int = 0) -> Tensor:
    """Tensors of one shape along a new axis."""
    x = _several("stack", x)
    return _stack(*x, axis=axis)


def _at_least(x: Any, rank: int) -> Any:
    """x with axes added as numpy's atleast_1d, 2d and 3d add them."""
    x = convert_to_tensor(x)
    if x.ndim >= rank:
        return x
    lead = 1 if rank > 1 and x.ndim < 2 else 0
    shape = ((1,) * lead + x.shape + (1,) * rank)[:rank]
    return _s.reshape(x, shape=shape)


@public
def hstack(xs: TensorLike) -> Tensor:
    """Tensors side by side: along axis 1, or axis 0 where they have one axis."""
    tensors = [_at_least(x, 1) for x in _several("hstack", xs)]
    return _s.concatenate(*tensors, axis=0 if tensors[0].ndim == 1 else 1)


@public
def vstack(xs: TensorLike) -> Tensor:
    """Tensors on top of one another, along axis 0."""
    return _s.concatenate(*(_at_least(x, 2) for x in _several("vstack", xs)), axis=0)


@public
def dstack(xs: TensorLike) -> Tensor:
    """Tensors behind one another, along axis 2."""
    return _s.concatenate(*(_at_least(x, 3) for x in _several("dstack", xs)), axis=2)


@public
def append(x1: TensorLike, x2: TensorLike, axis: int | None = None) -> Tensor:
    """x2 after x1 along `axis`; None joins the flat tensors."""
    return concatenate([x1, x2], axis=axis)


# --- parting --------------------------------------------------------------------------------


def _cuts(what: str, size: Dim, parts: Any, even: bool) -> list[tuple[int, Dim]]:
    """(start, count) of each part of an axis."""
    if np.ndim(parts) == 0:
        parts = whole(f"{what}, the number of parts", parts, 1)
        if size is None:
            tables.numbers(int(parts))
            return [(0, None)] * int(parts)
        if even and size % parts:
            raise ArgumentError(
                what, expected=f"a number of parts that divides {size}", received=parts
            )
        base, extra = divmod(size, int(parts))
        tables.numbers(int(parts))
        return [(i * base + min(i, extra), base + (i < extra)) for i in range(parts)]
    points = [int(p) for p in np.asarray(parts)]
    if size is None:
        return [(0, None)] * (len(points) + 1)
    spans = [slice(a, b).indices(size) for a, b in zip([0, *points], [*points, size], strict=True)]
    return [(start, max(stop - start, 0)) for start, stop, _ in spans]


def _parted(what: str, x: Any, parts: Any, axis: int, even: bool) -> list[Any]:
    x, at = along(x, axis)
    return [slice_axis(x, at, *cut) for cut in _cuts(what, x.shape[at], parts, even)]


@composite(case((4, 6), indices_or_sections=3, axis=1), case((5, 2), indices_or_sections=[1, 3]))
def split(x: TensorLike, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """The parts of x along `axis`.

    Args:
        x: tensor.
        indices_or_sections: number of equal parts, or the positions where parts begin.
        axis: which axis.

    Raises:
        ArgumentError: the number of parts does not divide the axis.
    """
    return _parted("split", x, indices_or_sections, axis, even=True)


@composite(case((5, 2), indices_or_sections=3))
def array_split(x: TensorLike, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """The parts of x along `axis`, the first ones larger where they cannot be equal."""
    return _parted("array_split", x, indices_or_sections, axis, even=False)


@public
def hsplit(x: TensorLike, indices_or_sections: Any) -> list[Tensor]:
    """The parts of x along axis 1, or axis 0 where it has one axis."""
    x = convert_to_tensor(x)
    return split(x, indices_or_sections, axis=0 if x.ndim == 1 else 1)


@public
def vsplit(x: TensorLike, indices_or_sections: Any) -> list[Tensor]:
    """The parts of x along axis 0."""
    return split(x, indices_or_sections, axis=0)


@public
def dsplit(x: TensorLike, indices_or_sections: Any) -> list[Tensor]:
    """The parts of x along axis 2."""
    return split(x, indices_or_sections, axis=2)


@composite(case((3, 4), axis=1), case((2, 3, 2), axis=-1))
def unstack(x: TensorLike, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """The slices of x along `axis`, without that axis.

    Args:
        x: tensor.
        num: how many; needed only where the axis has unknown size.
        axis: which axis.
    """
    x, at = along(x, axis)
    count = x.shape[at] if num is None else whole("unstack, num", num)
    if count is None:
        raise ShapeError(
            "unstack", expected=f"num, since axis {axis} has unknown size", received="None"
        )
    return slices(x, at, count)


def slices(x: Any, axis: int, count: int) -> list[Any]:
    """The first `count` slices of a tensor along an axis counted from the front, without it."""
    shape = (*x.shape[:axis], *x.shape[axis + 1 :])
    return [_s.reshape(slice_axis(x, axis, i, 1), shape=shape) for i in range(count)]


# --- repeating ------------------------------------------------------------------------------


@composite(case((3, 4), repeats=(2, 1)), case((3,), repeats=(2, 2)), case((2, 3), repeats=2))
def tile(x: TensorLike, repeats: Any) -> Tensor:
    """x repeated as a whole, `repeats` times per axis; missing axes are added in front."""
    x = convert_to_tensor(x)
    times = [whole("tile, repeats", r) for r in np.atleast_1d(np.asarray(repeats))]
    rank = max(x.ndim, len(times))
    times = [1] * (rank - len(times)) + times
    shape = (1,) * (rank - x.ndim) + x.shape
    rows = _s.reshape(x, shape=tuple(d for size in shape for d in (1, size)))
    pairs = list(zip(times, shape, strict=True))
    spread = _s.broadcast_to(rows, shape=tuple(d for pair in pairs for d in pair))
    return _s.reshape(spread, shape=tuple(map(product, pairs)))


@composite(
    case((3, 4), repeats=2),
    case((3, 4), repeats=3, axis=1),
    case((3, 4), repeats=[1, 0, 2], axis=0),
)
def repeat(x: TensorLike, repeats: TensorLike, axis: int | None = None) -> Tensor:
    """Each element repeated in its place along `axis`; None works on the flat tensor.

    Args:
        x: tensor.
        repeats: int, or one per element of the axis (their values must be known).
        axis: which axis.
    """
    x = convert_to_tensor(x)
    if axis is None or x.ndim == 0:  # a scalar counts as one element
        one: Tensor = _s.reshape(x, shape=(-1,))
        x, axis = one, axis or 0
    at = normalize_axis(axis, x.ndim)
    counts = np.asarray(repeats)
    if counts.dtype.kind not in "iub" or (counts < 0).any():
        raise ArgumentError(
            "repeat, repeats", expected="integers of 0 or more", received=repr(repeats)
        )
    if counts.ndim > 1 or (counts.size != 1 and x.shape[at] not in (None, counts.size)):
        raise ShapeError(
            "repeat, repeats", expected=f"one number, or {x.shape[at]}", received=repr(repeats)
        )
    if counts.size != 1:
        return gather(x, tables.repeat(tables.arange(counts.size), counts).astype("int32"), axis=at)
    by = int(counts.reshape(()))
    rows = _s.expand_dims(x, axis=at + 1)
    spread = _s.broadcast_to(rows, shape=(*x.shape[: at + 1], by, *x.shape[at + 1 :]))
    return _s.reshape(spread, shape=(*x.shape[:at], product((x.shape[at], by)), *x.shape[at + 1 :]))


# --- padding --------------------------------------------------------------------------------


def _widths(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    """(before, after) per axis from an int, a pair, or one pair per axis."""
    array = np.asarray(pad_width)
    if array.dtype.kind not in "iu" or (array < 0).any():
        raise ArgumentError(
            "pad, pad_width",
            expected="integers of 0 or more, one, a pair, or a pair per axis",
            received=repr(pad_width),
        )
    if array.ndim == 1 and array.size == 2 and ndim != 1:
        array = array[None]
    if not broadcasts(array.shape, (ndim, 2)):
        raise ShapeError(
            "pad, pad_width", expected=f"a pair for each of {ndim} axes", received=repr(pad_width)
        )
    return [(int(a), int(b)) for a, b in np.broadcast_to(array, (ndim, 2))]


_MODES = ("constant", "reflect", "symmetric", "edge", "wrap")


@composite(
    case((3, 4), pad_width=1),
    case((3, 4), pad_width=((1, 2), (0, 3)), constant_values=2.5),
    case((3, 4), pad_width=((2, 1), (1, 3)), mode="reflect"),
    case((3, 4), pad_width=((2, 1), (1, 3)), mode="symmetric"),
    case((3, 4), pad_width=((0, 1), (2, 0)), mode="edge"),
)
def pad(
    x: TensorLike, pad_width: Any, mode: str = "constant", constant_values: Any = None
) -> Tensor:
    """x with elements added at the ends of its axes.

    Args:
        x: tensor.
        pad_width: (before, after) per axis, one such pair for all, or one int.
        mode: "constant", "reflect" (mirrored, the edge not repeated), "symmetric" (mirrored, the
            edge repeated), "edge" or "wrap" (the elements of the other end).
        constant_values: the number to add in mode "constant"; 0 by default.
    """
    one_of("pad, mode", mode, _MODES)
    x = convert_to_tensor(x)
    widths = _widths(pad_width, x.ndim)
    if mode != "constant":
        if constant_values is not None:
            raise ArgumentError(
                "pad",
                expected="constant_values only with mode='constant'",
                received=f"mode={mode!r}, constant_values={constant_values!r}",
            )
        return _moving_pad(x, widths, mode)
    return _constant_pad(x, widths, 0.0 if constant_values is None else float(constant_values))


def _constant_pad(x: Any, widths: Sequence[tuple[int, int]], value: float) -> Any:
    if not any(a or b for a, b in widths):
        return x
    pairs = list(zip(widths, x.shape, strict=True))
    shape = tuple(None if d is None else d + a + b for (a, b), d in pairs)
    parts = tuple((a, d, 1) if a or b else None for (a, b), d in pairs)
    return _s.unslice(x, parts=parts, shape=shape, value=value)


def _moving_pad(x: Any, widths: Sequence[tuple[int, int]], mode: Any) -> Any:
    for axis, (before, after) in enumerate(widths):
        size = x.shape[axis]
        if not (before or after):
            continue
        if size is None:  # only the spec of the result is wanted then
            ends = [(before, after) if i == axis else (0, 0) for i in range(x.ndim)]
            x = _constant_pad(x, ends, 0.0)
            continue
        if size == 0:
            raise ShapeError("pad", expected=f"elements on axis {axis} to repeat", received="none")
        order = tables.pad(tables.arange(size, dtype=np.int32), (before, after), mode=mode)
        x = gather(x, order, axis=axis)
    return x
