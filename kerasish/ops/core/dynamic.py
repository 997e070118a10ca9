"""Slices whose start is a value: slice and slice_update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish import tables
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.batching import Batch
from kerasish.graph.op import case, op
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.elementwise import cast, cast_like, where
from kerasish.ops.basic.indexing import as_indices, integral, take_along
from kerasish.ops.numpy.axes import as_shape
from kerasish.ops.numpy.creation import filled
from kerasish.ops.operation import public
from kerasish.spec import Shape, TensorSpec


def _one_per_axis(x: Any, starts: Any, sizes: Sequence[Any]) -> None:
    """Raise ShapeError unless there are a start and a size for each axis of x."""
    if len(sizes) != x.ndim or starts.shape != (x.ndim,):
        raise ShapeError(
            "slice",
            expected=f"{x.ndim} starts and sizes for a tensor of shape {x.shape}",
            received=f"starts of shape {starts.shape} and {len(sizes)} sizes",
        )


def _slice_infer(x: TensorSpec, starts: TensorSpec, *, sizes: Shape) -> TensorSpec:
    integral("slice", starts)
    _one_per_axis(x, starts, sizes)
    pairs = zip(sizes, x.shape, strict=True)
    if any(n is not None and d is not None and n > d for n, d in pairs):
        raise ShapeError("slice", expected=f"sizes of at most {x.shape}", received=sizes)
    return TensorSpec(sizes, x.dtype)


def _window(x: Any, starts: Any, sizes: Any) -> tuple[Any, ...]:
    """numpy slices of a block; raises ArgumentError where it reaches out of x."""
    firsts = [int(s) for s in starts]
    if any(not 0 <= a <= d - n for a, d, n in zip(firsts, x.shape, sizes, strict=True)):
        raise ArgumentError(
            "slice",
            expected=f"a block of shape {tuple(sizes)} inside a tensor of shape {x.shape}",
            received=f"a block that begins at {firsts}",
        )
    return tuple(np.s_[a : a + n] for a, n in zip(firsts, sizes, strict=True))


_STARTS = np.array([1, 2], "int32")


@op("dynamic_slice", infer=_slice_infer, cases=(case((4, 5), _STARTS, sizes=(2, 3)),))
def dynamic_slice(xp: Any, x: Any, starts: Any, *, sizes: Any) -> Any:
    """A block of x that begins where `starts` says."""
    return x[_window(x, starts, sizes)].copy()


def _update_infer(x: TensorSpec, updates: TensorSpec, starts: TensorSpec) -> TensorSpec:
    _slice_infer(x, starts, sizes=updates.shape)
    return x


@op("dynamic_update", infer=_update_infer, out=True, cases=(case((4, 5), (2, 3), _STARTS),))
def dynamic_update(xp: Any, x: Any, updates: Any, starts: Any, *, out: Any = None) -> Any:
    """x with a block replaced by updates."""
    y = xp.empty_like(x) if out is None else out
    y[...] = x
    y[_window(x, starts, updates.shape)] = updates
    return y


@dynamic_slice.gradient
def _(g: Any, y: Any, x: Any, starts: Any, *, sizes: Any) -> Any:
    return dynamic_update(filled(0, x.shape, g.dtype), g, starts), None


@dynamic_update.gradient
def _(g: Any, y: Any, x: Any, updates: Any, starts: Any) -> Any:
    blank = filled(0, updates.shape, g.dtype)
    return dynamic_update(g, blank, starts), dynamic_slice(g, starts, sizes=updates.shape), None


def _firsts(starts: Any, axis: int, size: int, count: int) -> Any:
    """(rows, 1): where blocks of `count` elements begin along an axis of `size`."""
    part = _s.slice_(starts, parts=(None, (axis, 1, 1)))
    return _e.minimum(_e.maximum(cast(part, "int32"), 0), size - count)


def _laid(x: Any, axis: int, rank: int) -> Any:
    """(rows, n) as positions along the axis of tensors (rows, ...) of a rank."""
    shape = [1] * rank
    shape[0], shape[axis + 1] = x.shape
    return _s.reshape(x, shape=tuple(shape))


def _shared(starts: Any) -> Any:
    """The starts of blocks that take in all rows."""
    return _s.concatenate(cast_like(tables.zeros(1), starts), starts, axis=0)


@dynamic_slice.batching
def _(b: Batch, x: Any, starts: Any, *, sizes: Any) -> Any:
    if not b.stacked[1]:
        return dynamic_slice(x, _shared(starts), sizes=(b.rows, *sizes))
    x, starts = b.full(x, starts)
    for axis, (size, count) in enumerate(zip(x.shape[1:], sizes, strict=True)):
        at = _firsts(starts, axis, size, count) + tables.arange(count, dtype=np.int32)
        x = take_along(x, _laid(at, axis, x.ndim), axis=axis + 1)
    return x


@dynamic_update.batching
def _(b: Batch, x: Any, updates: Any, starts: Any) -> Any:
    if not b.stacked[2]:
        return dynamic_update(*b.full(x, updates, starts)[:2], _shared(starts))
    x, updates, starts = b.full(x, updates, starts)
    covered: Any = True
    for axis, (size, count) in enumerate(zip(x.shape[1:], updates.shape[1:], strict=True)):
        # Which update stands where, and whether one does.
        at = tables.arange(size, dtype=np.int32) - _firsts(starts, axis, size, count)
        inside = _e.logical_and(at >= 0, at < count)
        near = _e.minimum(_e.maximum(at, 0), count - 1)
        updates = take_along(updates, _laid(near, axis, x.ndim), axis=axis + 1)
        covered = _e.logical_and(covered, _laid(inside, axis, x.ndim))
    return where(covered, updates, x)


def _starts(what: str, start_indices: Any) -> Any:
    return cast(as_indices(what, start_indices), "int32")


@public
def slice(inputs: TensorLike, start_indices: TensorLike, shape: Any) -> Tensor:
    """The block of `inputs` of a shape that begins at `start_indices`.

    Args:
        inputs: tensor.
        start_indices: one integer per axis, values or tensors.
        shape: of the block; -1 takes the rest of an axis (from a known start).

    Raises:
        ShapeError, ArgumentError: the block reaches out of `inputs`.
    """
    x = convert_to_tensor(inputs)
    starts = _starts("slice", start_indices)
    sizes = list(as_shape(shape, -1))
    _one_per_axis(x, starts, sizes)
    if starts.value is None and -1 in sizes:
        raise ArgumentError("slice", expected="sizes that are known", received=shape)
    if starts.value is None:
        return dynamic_slice(x, starts, sizes=tuple(sizes))
    firsts = [int(i) for i in starts.numpy()]
    for axis, (size, total, first) in enumerate(zip(sizes, x.shape, firsts, strict=True)):
        if size == -1:
            sizes[axis] = None if total is None else total - first
    parts = tuple((first, size, 1) for first, size in zip(firsts, sizes, strict=True))
    return _s.slice_(x, parts=parts)


@public
def slice_update(inputs: TensorLike, start_indices: Any, updates: TensorLike) -> Tensor:
    """`inputs` with the block that begins at `start_indices` replaced by `updates`.

    Raises:
        ArgumentError: the block reaches out of `inputs`.
    """
    x = convert_to_tensor(inputs)
    return dynamic_update(x, cast(updates, x.dtype), _starts("slice_update", start_indices))
