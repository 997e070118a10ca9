"""Reading by position: gather, its transpose scatter_add, and the same along an axis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasish import tables
from kerasish.errors import ArgumentError, DTypeError, ShapeError
from kerasish.graph.batching import Batch, merged
from kerasish.graph.op import case, op
from kerasish.graph.primitives import broadcasts, move_axis, reshape, shifted, transpose
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.ops.basic.elementwise import cast, less, logical_and, where
from kerasish.ops.declare import ints
from kerasish.ops.operation import public
from kerasish.spec import Shape, TensorSpec, accumulator, broadcast, is_int, known, normalize_axis

_LINES = ints((3,), 4, low=-4)
_GRID = ints((2, 2), 3)


def integral(what: str, indices: TensorSpec) -> None:
    """Raise DTypeError unless `indices` holds integers."""
    if not is_int(indices.dtype):
        raise DTypeError(what, expected="integer indices", received=indices.dtype)


def wrapped(xp: Any, indices: Any, size: int) -> Any:
    """Indices counted from the front; raises ArgumentError where one is out of range.

    A device array is not inspected, since that would wait for the device.
    """
    if isinstance(indices, np.ndarray) and indices.size:
        low, high = indices.min(), indices.max()
        if low < -size or high >= size:
            raise ArgumentError(
                "An index is out of range",
                expected=f"indices in [{-size}, {size}) for an axis of size {size}",
                received=low if low < -size else high,
            )
        if low >= 0:
            return indices
    return xp.where(indices < 0, indices + size, indices)


# Dtypes that cupy cannot scatter, and those of which it can that hold the same sums.
_SCATTERED = {"int64": "uint64", "int8": "int32", "int16": "int32", "uint8": "uint32"} | {
    "uint16": "uint32", "bfloat16": "float32",
}  # fmt: skip


def add_at(xp: Any, y: Any, at: Any, values: Any) -> None:
    """y[at] += values, where values for one position add up."""
    wide = None if isinstance(y, np.ndarray) else _SCATTERED.get(y.dtype.name)
    if wide is None:
        xp.add.at(y, at, values)
        return
    total = y.astype(wide)
    xp.add.at(total, at, values.astype(wide))
    y[...] = total.astype(y.dtype)


# --- gather and scatter_add -------------------------------------------------------------------


def _gather_infer(x: TensorSpec, indices: TensorSpec, *, axis: int) -> TensorSpec:
    integral("gather", indices)
    return TensorSpec((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), x.dtype)


@op(
    "gather",
    infer=_gather_infer,
    refuses=(1,),
    out=True,
    cases=(
        case((4, 3), _LINES, axis=0),
        case((2, 3, 4), _GRID, axis=1),
        case((4,), ints((), 4), axis=0),
        case(ints((4, 5), 9), _LINES, axis=1),
    ),
)
def gather(xp: Any, x: Any, indices: Any, *, axis: int, out: Any = None) -> Any:
    """The slices of x at integer positions along an axis; negative ones count from the end."""
    at = wrapped(xp, indices, x.shape[axis])
    # The positions are in range now; numpy's own check would copy `out` first and back after.
    checked = {"mode": "clip"} if isinstance(x, np.ndarray) else {}
    return xp.take(x, at, axis=axis, out=out, **checked)


@gather.gradient
def _(g: Any, y: Any, x: Any, indices: Any, *, axis: int) -> Any:
    return scatter_add(indices, g, shape=x.shape, axis=axis), None


def _scatter_infer(
    indices: TensorSpec, updates: TensorSpec, *, shape: Shape, axis: int
) -> TensorSpec:
    integral("scatter_add", indices)
    expected = (*shape[:axis], *indices.shape, *shape[axis + 1 :])
    if len(updates.shape) != len(expected) or not broadcasts(updates.shape, expected):
        raise ShapeError(
            "scatter_add", expected=f"updates of shape {expected}", received=updates.shape
        )
    return TensorSpec(shape, updates.dtype)


@op(
    "scatter_add",
    infer=_scatter_infer,
    refuses=(0,),
    out=True,
    cases=(
        case(_LINES, (3, 3), shape=(4, 3), axis=0),
        case(_GRID, (2, 2, 2, 4), shape=(2, 3, 4), axis=1),
        case(ints((6,), 4), (6,), shape=(4,), axis=0),
        case(ints((20,), 4), (20, 16), shape=(4, 16), axis=0),
    ),
)
def scatter_add(
    xp: Any, indices: Any, updates: Any, *, shape: Any, axis: int, out: Any = None
) -> Any:
    """Zeros of `shape` with updates added at positions along an axis; the transpose of gather."""
    size = shape[axis]
    lead, tail = math.prod(shape[:axis]), math.prod(shape[axis + 1 :])
    at = wrapped(xp, indices, size).reshape(-1).astype(np.int64)
    # numpy's add.at is fast for flat arrays only, so element positions are spelled out.
    flat = (xp.arange(lead)[:, None] * size + at)[..., None] * tail + xp.arange(tail)
    wide = accumulator(updates.dtype.name)
    y = out if wide == updates.dtype.name and out is not None else xp.empty(shape, wide)
    y[...] = 0
    full = xp.broadcast_to(updates, (*shape[:axis], *indices.shape, *shape[axis + 1 :]))
    add_at(xp, y.reshape(-1), flat.reshape(-1), full.reshape(-1).astype(wide, copy=False))
    if out is None or y is out:
        return y.astype(updates.dtype, copy=False)
    out[...] = y
    return out


@scatter_add.gradient
def _(g: Any, y: Any, indices: Any, updates: Any, *, shape: Shape, axis: int) -> Any:
    return None, gather(g, indices, axis=axis)


# --- many rows --------------------------------------------------------------------------------


def row_positions(indices: Any, size: int, rows: int) -> Any:
    """Positions (rows, ...) along axes of `size`, as positions along all of them joined.

    What is out of range stays out of range.
    """
    turn = tables.arange(rows, dtype=np.int32).reshape(-1, *(1,) * (indices.ndim - 1))
    inside = logical_and(indices >= -size, less(indices, size))
    front = where(indices < 0, indices + size, indices)
    return where(inside, front + turn * size, rows * size)


@gather.batching
def _(b: Batch, x: Any, indices: Any, *, axis: int) -> Any:
    if b.stacked == (True, False):
        return gather(x, indices, axis=axis + 1)
    if b.stacked == (False, True):
        return move_axis(gather(x, indices, axis=axis), axis, 0)
    if b.rows is None:
        return None
    # The rows of x after one another, and the others of its axes behind.
    joined = merged(move_axis(x, axis + 1, 1))
    y = gather(joined, row_positions(indices, x.shape[axis + 1], b.rows), axis=0)
    lead = range(indices.ndim, indices.ndim + axis)
    rest = [i for i in range(1, y.ndim) if i not in lead]
    return transpose(y, axes=(0, *lead, *rest))


@scatter_add.batching
def _(b: Batch, indices: Any, updates: Any, *, shape: Any, axis: int) -> Any:
    if b.stacked == (False, True):
        return scatter_add(indices, updates, shape=(b.rows, *shape), axis=axis + 1)
    if b.rows is None:
        return None
    # The transpose of the rule of gather.
    indices, updates = b.full(indices, updates)
    count = indices.ndim - 1
    at = [*range(1 + axis, 1 + axis + count)]
    lead = [*range(1, 1 + axis)]
    rest = [*range(1 + axis + count, updates.ndim)]
    updates = transpose(updates, axes=(0, *at, *lead, *rest))
    others = (*shape[:axis], *shape[axis + 1 :])
    place = row_positions(indices, shape[axis], b.rows)
    y = scatter_add(place, updates, shape=(b.rows * shape[axis], *others), axis=0)
    return move_axis(reshape(y, shape=(b.rows, shape[axis], *others)), 1, axis + 1)


# --- along an axis ------------------------------------------------------------------------------


def _others(shape: Shape, axis: int) -> Shape:
    return (*shape[:axis], 1, *shape[axis + 1 :])


def _along_infer(x: TensorSpec, indices: TensorSpec, *, axis: int) -> TensorSpec:
    integral("take_along_axis", indices)
    if x.ndim != indices.ndim:
        raise ShapeError(
            "take_along_axis", expected=f"indices of rank {x.ndim}", received=indices.shape
        )
    shape = list(broadcast(_others(x.shape, axis), _others(indices.shape, axis)))
    shape[axis] = indices.shape[axis]
    return TensorSpec(tuple(shape), x.dtype)


def positions(xp: Any, indices: Any, axis: int, size: int) -> tuple[Any, ...]:
    """Index arrays that address, along `axis`, what `indices` says."""
    grid = [
        xp.arange(d).reshape(tuple(-1 if k == i else 1 for k in range(indices.ndim)))
        for i, d in enumerate(indices.shape)
    ]
    grid[axis] = wrapped(xp, indices, size)
    return tuple(grid)


@op(
    "take_along_axis",
    infer=_along_infer,
    refuses=(1,),
    batch=shifted("axis"),
    cases=(
        case((3, 4), ints((3, 2), 4, low=-4), axis=1),
        case((2, 3, 4), ints((2, 5, 1), 3), axis=1),
        case((1, 4), ints((3, 2), 4), axis=1),
    ),
)
def take_along(xp: Any, x: Any, indices: Any, *, axis: int) -> Any:
    """x at one position along `axis` for every entry of indices; the other axes broadcast."""
    shape = known(broadcast(_others(x.shape, axis), _others(indices.shape, axis)))
    rows = xp.broadcast_to(x, (*shape[:axis], x.shape[axis], *shape[axis + 1 :]))
    at = xp.broadcast_to(indices, (*shape[:axis], indices.shape[axis], *shape[axis + 1 :]))
    return rows[positions(xp, at, axis, x.shape[axis])]


@take_along.gradient
def _(g: Any, y: Any, x: Any, indices: Any, *, axis: int) -> Any:
    shape = (*y.shape[:axis], x.shape[axis], *y.shape[axis + 1 :])
    return add_along(indices, g, shape=shape, axis=axis), None


def _add_along_infer(
    indices: TensorSpec, updates: TensorSpec, *, shape: Shape, axis: int
) -> TensorSpec:
    integral("add_along_axis", indices)
    return TensorSpec(shape, updates.dtype)


@op(
    "add_along_axis",
    infer=_add_along_infer,
    refuses=(0,),
    out=True,
    cases=(
        case(ints((3, 2), 4, low=-4), (3, 2), shape=(3, 4), axis=1),
        case(ints((2, 5, 1), 3), (2, 5, 4), shape=(2, 3, 4), axis=1),
    ),
)
def add_along(
    xp: Any, indices: Any, updates: Any, *, shape: Any, axis: int, out: Any = None
) -> Any:
    """Zeros of `shape` with updates added at positions along `axis`; take_along_axis' transpose."""
    y = xp.empty(shape, updates.dtype) if out is None else out
    y[...] = 0
    # numpy's add.at is fast for flat arrays only.
    places = positions(xp, xp.broadcast_to(indices, updates.shape), axis, shape[axis])
    flat = xp.zeros(updates.shape, np.int64)
    for place, size in zip(places, shape, strict=True):
        flat = flat * size + place
    add_at(xp, y.reshape(-1), flat.reshape(-1), updates.reshape(-1))
    return y


@add_along.gradient
def _(g: Any, y: Any, indices: Any, updates: Any, *, shape: Shape, axis: int) -> Any:
    return None, take_along(g, indices, axis=axis)


@add_along.batching
def _(b: Batch, indices: Any, updates: Any, *, shape: Shape, axis: int) -> Any:
    indices, updates = b.full(indices, updates)
    return add_along(indices, updates, shape=(b.rows, *shape), axis=axis + 1)


# --- the public functions -----------------------------------------------------------------------


def as_indices(what: str, indices: Any) -> Tensor:
    """`indices` as an integer tensor; an empty list counts as one."""
    found = convert_to_tensor(indices)
    if not is_int(found.dtype) and None not in found.shape and 0 in found.shape:
        return cast(found, "int32")
    integral(what, found.spec)
    return found


def along(x: Any, axis: int | None) -> tuple[Tensor, int]:
    """(`x`, `axis` counted from the front); None: the flat tensor and its only axis."""
    x = convert_to_tensor(x)
    return (reshape(x, shape=(-1,)), 0) if axis is None else (x, normalize_axis(axis, x.ndim))


@public
def take(x: TensorLike, indices: TensorLike, axis: int | None = None) -> Tensor:
    """The slices of `x` at `indices` along `axis`.

    Args:
        x: tensor.
        indices: integers, of any shape; negative ones count from the end.
        axis: which axis; None takes from the flat tensor.

    Raises:
        ArgumentError: an index is out of range.
    """
    x, at = along(x, axis)
    return gather(x, as_indices("take", indices), axis=at)


@public
def take_along_axis(x: TensorLike, indices: TensorLike, axis: int | None = None) -> Tensor:
    """`x` at one position along `axis` for every entry of `indices` (flat for None)."""
    x, at = along(x, axis)
    return take_along(x, as_indices("take_along_axis", indices), axis=at)


def flat_positions(parts: list[Any], sizes: Shape) -> Any:
    """One position in a flat C-order array for index tensors along several axes.

    Raises:
        ArgumentError: an index known now is out of range.
    """
    total: Any = None
    for part, size in zip(parts, known(sizes), strict=True):
        if part.value is not None:
            wrapped(np, np.asarray(part), size)
        front = (part + size) % size if size else part
        total = front if total is None else total * size + front
    return total
