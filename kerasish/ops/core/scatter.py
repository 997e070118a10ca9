"""Writing by position: scatter and scatter_update; sums, products and extremes over segments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasish import tables
from kerasish.errors import ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.batching import Batch, merged, split
from kerasish.graph.op import case, op
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.hints import one_of, whole
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.elementwise import cast, cast_like, where
from kerasish.ops.basic.indexing import (
    as_indices,
    flat_positions,
    gather,
    integral,
    row_positions,
    scatter_add,
    wrapped,
)
from kerasish.ops.basic.sorting import known_values
from kerasish.ops.declare import composite, ints
from kerasish.ops.numpy.axes import as_shape
from kerasish.ops.numpy.creation import filled
from kerasish.ops.numpy.join import unstack
from kerasish.ops.operation import public
from kerasish.spec import TensorSpec, alike, is_float, known

REDUCTIONS = ("add", "mul", "max", "min")


def _joined_rows(b: Batch, x: Any, indices: Any, updates: Any, **attrs: Any) -> Any:
    """The batching rule of what changes places of the first axis: all first axes as one."""
    if b.rows is None:
        return None
    rank = len(b.shape)
    updates = b.aligned(x, indices, updates, rank=rank)[2]
    x, indices, _ = b.full(x, indices, updates)
    size, count = x.shape[1], indices.shape[1]
    updates = _s.broadcast_to(updates, shape=(b.rows, count, *x.shape[2:]))
    at = merged(row_positions(indices, size, b.rows))
    return split(b.again(merged(x), at, merged(updates)), b.rows, b.shape)


# --- scatter_set: rows replaced -----------------------------------------------------------------


def _rows_infer(x: TensorSpec, indices: TensorSpec, updates: TensorSpec, **_: Any) -> TensorSpec:
    integral("scatter_update", indices)
    expected = (*indices.shape, *x.shape[1:])
    if indices.ndim != 1 or not _s.broadcasts(updates.shape, expected):
        raise ShapeError(
            "scatter_update", expected=f"updates of shape {expected}", received=updates.shape
        )
    return x


@op(
    "scatter_set",
    infer=_rows_infer,
    refuses=(1,),
    out=True,
    batch=_joined_rows,
    cases=(
        case((4, 3), np.array([2, 0], "int32"), (2, 3)),
        case((4,), np.array([2, -1, 2], "int32"), (3,)),
    ),
)
def scatter_set(xp: Any, x: Any, indices: Any, updates: Any, *, out: Any = None) -> Any:
    """x with rows replaced by updates; of several updates of one row the last one stays."""
    y = xp.empty_like(x) if out is None else out
    y[...] = x
    at = wrapped(xp, indices, x.shape[0])
    # A device writes in any order, so every update of a row is replaced by the last one.
    last = xp.full(x.shape[0], -1, np.int32)
    xp.maximum.at(last, at, xp.arange(at.size, dtype=np.int32))
    y[at] = xp.broadcast_to(updates, (at.size, *x.shape[1:]))[last[at]]
    return y


@scatter_set.gradient
def _(g: Any, y: Any, x: Any, indices: Any, updates: Any) -> Any:
    count = indices.shape[0]
    turn = tables.arange(count, dtype=np.int32)
    last = scatter_set(filled(-1, (x.shape[0],), "int32"), indices, turn)
    stays = _e.equal(gather(last, indices, axis=0), turn)
    stays = _s.reshape(stays, shape=(-1, *(1,) * (x.ndim - 1)))
    zero = _e.zero_like(g)
    return scatter_set(g, indices, zero), None, where(stays, gather(g, indices, axis=0), zero)


# --- scatter_reduce: rows combined --------------------------------------------------------------

_REPEATED = np.array([2, 0, 2, 2], "int32")


@op(
    "scatter_reduce",
    infer=_rows_infer,
    refuses=(1,),
    batch=_joined_rows,
    cases=(
        case((4, 3), _REPEATED, (4, 3), mode="max"),
        case((4,), _REPEATED, (4,), mode="min"),
        case((4, 2), _REPEATED, (4, 2), mode="mul"),
    ),
)
def scatter_reduce(xp: Any, x: Any, indices: Any, updates: Any, *, mode: str) -> Any:
    """x with rows combined with updates by "max", "min" or "mul"."""
    y = x.copy()
    at = wrapped(xp, indices, x.shape[0])
    if mode != "mul":
        (xp.maximum if mode == "max" else xp.minimum).at(y, at, updates)
        return y
    # Array modules differ in multiply.at: the k-th updates of all rows are multiplied at once.
    order = xp.argsort(at, kind="stable")
    ordered = at[order]
    starts = xp.searchsorted(ordered, ordered, side="left")
    turn = xp.arange(at.size) - starts
    for k in range(int(turn.max()) + 1 if at.size else 0):
        chosen = turn == k
        y[ordered[chosen]] *= updates[order[chosen]]
    return y


@scatter_reduce.gradient
def _(g: Any, y: Any, x: Any, indices: Any, updates: Any, *, mode: str) -> Any:
    def combined(a: Any, b: Any) -> Any:
        return a + scatter_add(indices, b, shape=x.shape, axis=0)

    if mode == "mul":
        # As for prod: the product of the others, by counting the zeros.
        one = cast_like(1.0, x)
        zero_x, zero_u = _e.equal(x, 0), _e.equal(updates, 0)
        count = combined(cast_like(zero_x, x), cast_like(zero_u, x))
        filled_x, filled_u = where(zero_x, one, x), where(zero_u, one, updates)
        rest = g * scatter_reduce(filled_x, indices, filled_u, mode="mul")
        rows, at = gather(rest, indices, axis=0), gather(count, indices, axis=0)
        alone_x = cast_like(_e.equal(count, cast_like(zero_x, x)), x)
        alone_u = cast_like(_e.equal(at, cast_like(zero_u, x)), x)
        return alone_x * rest / filled_x, None, alone_u * rows / filled_u
    # Equal extrema share the gradient.
    hit_x = cast_like(_e.equal(x, y), g)
    hit_u = cast_like(_e.equal(updates, gather(y, indices, axis=0)), g)
    share = g / combined(hit_x, hit_u)
    return share * hit_x, None, gather(share, indices, axis=0) * hit_u


@public
def scatter_update(
    inputs: TensorLike, indices: TensorLike, updates: TensorLike, reduction: str | None = None
) -> Tensor:
    """inputs with updates written at positions.

    Args:
        inputs: tensor of shape (d0, ..., dn).
        indices: (count, k) integers, positions along the first k axes.
        updates: (count, dk, ..., dn).
        reduction: None writes (the last of several stays); "add", "mul", "max" and "min" combine
            the update with what stands there.
    """
    one_of("scatter_update, reduction", reduction, (None, *REDUCTIONS))
    x = convert_to_tensor(inputs)
    indices = as_indices("scatter_update", indices)
    updates = cast(updates, x.dtype)
    depth = indices.shape[-1]
    rest = x.shape[depth:]
    flat = _s.reshape(x, shape=(-1, *rest))
    at = flat_positions(unstack(indices, axis=-1), x.shape[:depth])
    at = _s.reshape(at, shape=(-1,))
    rows = _s.reshape(updates, shape=(-1, *rest))
    if reduction is None:
        y = scatter_set(flat, at, rows)
    elif reduction == "add":
        y = flat + scatter_add(at, rows, shape=flat.shape, axis=0)
    else:
        y = scatter_reduce(flat, at, rows, mode=reduction)
    return _s.reshape(y, shape=x.shape)


@composite(case((3,), indices=np.array([[0, 1], [2, 1], [0, 1]]), shape=(3, 2)), name="scatter")
def _scatter(values: Any, indices: Any, shape: Any) -> Any:
    indices = as_indices("scatter", indices)
    values = convert_to_tensor(values)
    sizes = known(as_shape(shape))
    depth = indices.shape[-1]
    at = _s.reshape(flat_positions(unstack(indices, axis=-1), sizes[:depth]), shape=(-1,))
    rows = _s.reshape(values, shape=(-1, *sizes[depth:]))
    total = math.prod(sizes[:depth])
    return _s.reshape(scatter_add(at, rows, shape=(total, *sizes[depth:]), axis=0), shape=sizes)


@public
def scatter(indices: TensorLike, values: TensorLike, shape: Any) -> Tensor:
    """Zeros of a shape with values at positions; values at one position add up.

    Args:
        indices: (..., k) integers, positions along the first k axes of `shape`.
        values: (..., *shape[k:]).
        shape: of the result.
    """
    return _scatter(values, indices=indices, shape=shape)


# --- segments -------------------------------------------------------------------------------------


def _segmented(data: Any, ids: Any, count: int | None) -> tuple[Any, Any, int]:
    """(rows, their segment with one more for those outside, number of segments)."""
    data, ids = convert_to_tensor(data), as_indices("segment", ids)
    if not alike(data.shape[: ids.ndim], ids.shape):
        raise ShapeError(
            "Segments",
            expected=f"an id for each row of the data, {data.shape}",
            received=f"ids of shape {ids.shape}",
        )
    if count is None:
        count = int(known_values("a segment sum without num_segments", ids).max(initial=-1)) + 1
    count = whole("num_segments", count)
    rows = _s.reshape(data, shape=(-1, *data.shape[ids.ndim :]))
    ids = _s.reshape(ids, shape=(-1,))
    inside = _e.logical_and(ids >= 0, ids < count)
    return rows, where(inside, ids, count), count


def _first(y: Any, count: int) -> Any:
    return _s.slice_(y, parts=((0, count, 1), *(None,) * (y.ndim - 1)))


_SEGMENTS = [case((5, 2), segment_ids=np.array([0, 2, 0, 2, 2]), num_segments=4)]
_FULL = [case((5, 2), segment_ids=np.array([0, 1, 0, 2, 2]), num_segments=3)]


@composite(*_SEGMENTS, case(ints((4,)), segment_ids=np.array([1, -1, 3, 0]), num_segments=3))
def segment_sum(
    data: TensorLike, segment_ids: TensorLike, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """The sums of the rows of each segment.

    Args:
        data: (n, ...).
        segment_ids: (n,) the segment of each row; rows outside [0, num_segments) are left out.
        num_segments: how many; by default one more than the largest id, which must be known.
        sorted: accepted for compatibility.
    """
    rows, ids, count = _segmented(data, segment_ids, num_segments)
    return _first(scatter_add(ids, rows, shape=(count + 1, *rows.shape[1:]), axis=0), count)


def _reduced(data: Any, segment_ids: Any, num_segments: Any, mode: str, start: Any) -> Any:
    rows, ids, count = _segmented(data, segment_ids, num_segments)
    if mode != "mul" and not is_float(rows.dtype):
        start = np.iinfo(rows.dtype).min if mode == "max" else np.iinfo(rows.dtype).max
    blank = filled(start, (count + 1, *rows.shape[1:]), rows.dtype)
    return _first(scatter_reduce(blank, ids, rows, mode=mode), count)


@composite(*_FULL)
def segment_max(
    data: TensorLike, segment_ids: TensorLike, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """The maxima of the rows of each segment, -inf (or the least integer) for empty ones."""
    return _reduced(data, segment_ids, num_segments, "max", -math.inf)


@composite(*_FULL)
def segment_min(
    data: TensorLike, segment_ids: TensorLike, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """The minima of the rows of each segment, inf (or the largest integer) for empty ones."""
    return _reduced(data, segment_ids, num_segments, "min", math.inf)


@composite(*_SEGMENTS)
def segment_prod(
    data: TensorLike, segment_ids: TensorLike, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """The products of the rows of each segment, 1 for empty ones."""
    return _reduced(data, segment_ids, num_segments, "mul", 1)
