"""The ops that the graph itself calls: those that move elements, sums, casts, + and *.

Differentiation, batching and tapes are written in these, so they stand below tensors. All other
ops are in `kerasish.ops`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.elementwise import elementwise, same_as_first
from kerasish.graph.op import case, no_gradient, op
from kerasish.spec import (
    COMPLEX,
    Dim,
    Shape,
    TensorSpec,
    accumulator,
    alike,
    inverse,
    np_dtype,
    promote,
    reduce_shape,
)

if TYPE_CHECKING:
    from kerasish.graph.batching import Batch


def shifted(*names: str) -> Callable[..., Any]:
    """The rule of an op whose attributes `names` are axes: the rows push them one up."""

    def moved(axes: int | Axes, rank: int) -> int | Axes:
        return tuple(a % rank + 1 for a in axes) if isinstance(axes, tuple) else axes % rank + 1

    def rule(b: Batch, *x: Any, **attrs: Any) -> Any:
        inputs = b.full(*x)
        rank = inputs[0].ndim - 1
        return b.again(*inputs, **{name: moved(attrs[name], rank) for name in names})

    return rule


def _reshape_infer(x: TensorSpec, *, shape: Shape) -> TensorSpec:
    out: list[Dim] = list(shape)
    if -1 in out:
        rest = [d for d in out if d not in (-1, None)]
        unknown = None in x.shape or None in out
        count = math.prod(rest)
        if not (unknown or count):
            raise ShapeError(
                "reshape",
                expected="no axis of size 0 beside -1, whose size it would leave open",
                received=f"{tuple(shape)} for a tensor of shape {x.shape}",
            )
        out[out.index(-1)] = None if unknown else x.size // count
    complete = None not in x.shape and None not in out
    if complete and TensorSpec(tuple(out), x.dtype).size != x.size:
        raise ShapeError(
            "reshape",
            expected=f"a shape of {x.size} elements, as the input {x.shape} has",
            received=tuple(shape),
        )
    return TensorSpec(tuple(out), x.dtype)


@op(
    "reshape",
    infer=_reshape_infer,
    view=True,
    cases=(case((3, 4), shape=(2, 6)), case((2, 3, 4), shape=(-1, 4)), case((3, 1), shape=(3,))),
)
def reshape(xp: Any, x: Any, *, shape: Shape) -> Any:
    """The same elements, in C order, in another shape; one dimension may be -1."""
    return x.reshape(shape)


@reshape.gradient
def _(g: Any, y: Any, x: Any, *, shape: Shape) -> Any:
    return reshape(g, shape=x.shape)


@reshape.batching
def _(b: Batch, x: Any, *, shape: Shape) -> Any:
    return reshape(x, shape=(b.rows, *b.shape))


def _transpose_infer(x: TensorSpec, *, axes: tuple[int, ...]) -> TensorSpec:
    if sorted(axes) != list(range(x.ndim)):
        raise ArgumentError(
            "transpose", expected=f"a permutation of the {x.ndim} axes", received=axes
        )
    return TensorSpec(tuple(x.shape[a] for a in axes), x.dtype)


@op(
    "transpose",
    infer=_transpose_infer,
    view=True,
    cases=(case((3, 4), axes=(1, 0)), case((2, 3, 4), axes=(2, 0, 1))),
)
def transpose(xp: Any, x: Any, *, axes: tuple[int, ...]) -> Any:
    """Axes in another order."""
    return x.transpose(axes)


@transpose.gradient
def _(g: Any, y: Any, x: Any, *, axes: tuple[int, ...]) -> Any:
    return transpose(g, axes=inverse(axes))


@transpose.batching
def _(b: Batch, x: Any, *, axes: tuple[int, ...]) -> Any:
    return transpose(x, axes=(0, *(a + 1 for a in axes)))


def move_axis(x: Any, axis: int, to: int) -> Any:
    """x with one axis moved to another place."""
    order = [i for i in range(x.ndim) if i != axis]
    order.insert(to, axis)
    return x if axis == to else transpose(x, axes=tuple(order))


def broadcasts(shape: Shape, target: Shape) -> bool:
    """Whether `shape` may broadcast to `target`, as far as both are known."""
    pairs = zip(shape[::-1], target[::-1], strict=False)
    return len(shape) <= len(target) and all(
        a == b or a == 1 or a is None or b is None for a, b in pairs
    )


def _broadcast_infer(x: TensorSpec, *, shape: Shape) -> TensorSpec:
    if not broadcasts(x.shape, shape):
        raise ShapeError("broadcast_to", expected=f"a shape {x.shape} grows to", received=shape)
    return TensorSpec(tuple(shape), x.dtype)


@op(
    "broadcast_to",
    infer=_broadcast_infer,
    view=True,
    cases=(case((1, 4), shape=(3, 4)), case((4,), shape=(2, 3, 4)), case((), shape=(2, 2))),
)
def broadcast_to(xp: Any, x: Any, *, shape: tuple[int, ...]) -> Any:
    """x repeated along new and along size-1 axes."""
    return xp.broadcast_to(x, shape)


@broadcast_to.gradient
def _(g: Any, y: Any, x: Any, *, shape: Shape) -> Any:
    return g  # autodiff sums over the broadcast axes


@broadcast_to.batching
def _(b: Batch, x: Any, *, shape: Shape) -> Any:
    return broadcast_to(*b.aligned(x), shape=(b.rows, *shape))


def _expand_infer(x: TensorSpec, *, axis: int) -> TensorSpec:
    at = axis % (x.ndim + 1)
    return TensorSpec((*x.shape[:at], 1, *x.shape[at:]), x.dtype)


@op(
    "expand_dims",
    infer=_expand_infer,
    view=True,
    cases=(case((3, 4), axis=1), case((3,), axis=-1)),
)
def expand_dims(xp: Any, x: Any, *, axis: int) -> Any:
    """A new axis of size 1."""
    return xp.expand_dims(x, axis)


@expand_dims.gradient
def _(g: Any, y: Any, x: Any, *, axis: int) -> Any:
    return reshape(g, shape=x.shape)


@expand_dims.batching
def _(b: Batch, x: Any, *, axis: int) -> Any:
    return expand_dims(x, axis=axis % x.ndim + 1)


# --- slicing, padding -----------------------------------------------------------------------

# start, number of elements (None where the axis has unknown size), step (may be negative)
Slice = tuple[int, Dim, int]


def _slice_infer(x: TensorSpec, *, parts: tuple[Slice | None, ...]) -> TensorSpec:
    pairs = tuple(zip(x.shape, parts, strict=True))
    for size, part in pairs:
        _fits(part, size, x.shape)
    return TensorSpec(tuple(d if p is None else p[1] for d, p in pairs), x.dtype)


def _fits(part: Slice | None, size: Dim, shape: Shape) -> None:
    """Raise ShapeError where a part reaches beyond an axis."""
    if part is None or size is None:
        return
    start, count, step = part
    if not count:
        return
    last = start + (count - 1) * step
    if not (0 <= start < size and 0 <= last < size):
        raise ShapeError(
            "slice",
            expected=f"elements 0 to {size - 1} of an axis of shape {shape}",
            received=f"{count} elements from {start} in steps of {step}",
        )


def as_slices(parts: tuple[Slice | None, ...]) -> tuple[slice, ...]:
    """numpy slices of the parts; None keeps the whole axis."""

    def one(part: Slice | None) -> slice:
        if part is None:
            return slice(None)
        start, count, step = part
        stop = start + (count or 0) * step
        return slice(start, stop if stop >= 0 else None, step) if count else slice(0, 0, 1)

    return tuple(map(one, parts))


@op(
    "slice",
    infer=_slice_infer,
    view=True,
    cases=(
        case((4, 5), parts=((1, 2, 1), None)),
        case((6, 5), parts=((5, 3, -2), (0, 2, 3))),
        case((3, 4), parts=((1, 0, 1), None)),
    ),
)
def slice_(xp: Any, x: Any, *, parts: tuple[Slice | None, ...]) -> Any:
    """A regular part of every axis."""
    return x[as_slices(parts)]


@slice_.gradient
def _(g: Any, y: Any, x: Any, *, parts: tuple[Slice | None, ...]) -> Any:
    return unslice(g, parts=parts, shape=x.shape)


@slice_.batching
def _(b: Batch, x: Any, *, parts: tuple[Slice | None, ...]) -> Any:
    return slice_(x, parts=(None, *parts))


def _unslice_infer(g: TensorSpec, *, parts: Any, shape: Shape, value: float = 0.0) -> TensorSpec:
    expected = _slice_infer(TensorSpec(shape, g.dtype), parts=parts).shape
    if not broadcasts(g.shape, expected):
        raise ShapeError("unslice", expected=f"a gradient of shape {expected}", received=g.shape)
    return TensorSpec(shape, g.dtype)


@op(
    "unslice",
    infer=_unslice_infer,
    out=True,
    cases=(
        case((2, 5), parts=((1, 2, 1), None), shape=(4, 5)),
        case((3, 2), parts=((5, 3, -2), (0, 2, 3)), shape=(6, 5), value=1.5),
    ),
)
def unslice(
    xp: Any, g: Any, *, parts: Any, shape: tuple[int, ...], value: float = 0.0, out: Any = None
) -> Any:
    """`shape` filled with `value`, but g in the place that `slice` takes from.

    With the value 0 it is the transpose of `slice`; with steps of 1 it pads.
    """
    y = xp.empty(shape, g.dtype) if out is None else out
    y[...] = value
    y[as_slices(parts)] = g
    return y


@unslice.gradient
def _(g: Any, y: Any, x: Any, *, parts: Any, shape: Shape, value: float = 0.0) -> Any:
    return slice_(g, parts=parts)


@unslice.batching
def _(b: Batch, g: Any, *, parts: Any, shape: Shape, value: float = 0.0) -> Any:
    return b.again(*b.aligned(g), parts=(None, *parts), shape=(b.rows, *shape))


def _concat_infer(*specs: TensorSpec, axis: int) -> TensorSpec:
    first = specs[0]
    at = axis % first.ndim
    total: Dim = 0
    for s in specs:
        rest, want = ((*t.shape[:at], *t.shape[at + 1 :]) for t in (s, first))
        if s.ndim != first.ndim or not alike(rest, want):
            raise ShapeError(
                "concatenate",
                expected=f"equal shapes but for axis {axis}",
                received=", ".join(str(t.shape) for t in specs),
            )
        size = s.shape[at]
        total = None if total is None or size is None else total + size
    shape = (*first.shape[:at], total, *first.shape[at + 1 :])
    return TensorSpec(shape, promote(*(s.dtype for s in specs)))


@op(
    "concatenate",
    infer=_concat_infer,
    promote="same",
    out=True,
    batch=shifted("axis"),
    cases=(case((2, 3), (2, 4), axis=1), case((1, 3), (2, 3), (3, 3), axis=-2)),
)
def concatenate(xp: Any, *arrays: Any, axis: int, out: Any = None) -> Any:
    """Arrays after one another along an axis."""
    return xp.concatenate(arrays, axis, out=out)


@concatenate.gradient
def _(g: Any, y: Any, *xs: Any, axis: int) -> Any:
    parts: list[Any] = []
    at = 0
    for x in xs:
        spans: list[Slice | None] = [None] * x.ndim
        spans[axis] = (at, x.shape[axis], 1)
        parts.append(slice_(g, parts=tuple(spans)))
        at += x.shape[axis]
    return tuple(parts)


# --- sums --------------------------------------------------------------------------------------

Axes = tuple[int, ...]
REDUCED = (
    case((3, 4), axis=(1,), keepdims=False),
    case((2, 3, 4), axis=(0, 2), keepdims=True),
    case((2, 3), axis=(0, 1), keepdims=False),
    case((2, 3), axis=(), keepdims=False),
)


def reduce_infer(x: TensorSpec, *, axis: Axes, keepdims: bool) -> TensorSpec:
    return TensorSpec(reduce_shape(x.shape, axis, keepdims), x.dtype)


def kept(g: Any, x: Any, axis: Axes) -> Any:
    """`g`, the gradient of a reduction of `x`, with its reduced axes back as size 1."""
    shape = tuple(1 if i in axis else d for i, d in enumerate(x.shape))
    return g if g.shape == shape else reshape(g, shape=shape)


def accumulated(reduce: Any, x: Any, axis: Axes, keepdims: bool, out: Any) -> Any:
    """A reduction in the dtype of x, rounded once."""
    wide = accumulator(x.dtype.name)
    if wide == x.dtype.name:
        return reduce(x, axis=axis, keepdims=keepdims, dtype=x.dtype, out=out)
    total = reduce(x, axis=axis, keepdims=keepdims, dtype=wide)
    if out is None:
        return total.astype(x.dtype)
    out[...] = total
    return out


@op("sum", infer=reduce_infer, out=True, batch=shifted("axis"), cases=REDUCED)
def sum_(xp: Any, x: Any, *, axis: Axes, keepdims: bool, out: Any = None) -> Any:
    """The sum over axes, in the dtype of x."""
    short = math.prod(x.shape[axis[-1] + 1 :]) if axis else 0
    together = bool(axis) and axis[-1] - axis[0] == len(axis) - 1 and axis[-1] < x.ndim - 1
    if not (together and 0 < 2 * short <= ROW and x.flags.c_contiguous):
        return accumulated(xp.sum, x, axis, keepdims, out)
    rows = x.reshape(math.prod(x.shape[: axis[0]]), math.prod(x.shape[a] for a in axis), short)
    y = _sum_rows(xp, rows).reshape(reduce_shape(x.shape, axis, keepdims))
    if out is None:
        return y.astype(x.dtype, copy=False)
    out[...] = y
    return out


ROW = 1024  # numbers


def _sum_rows(xp: Any, x: Any) -> Any:
    """(k, n, c) -> (k, c), short rows c joined to long ones first: fast, and with small errors."""
    lead, count, short = x.shape
    wide = accumulator(x.dtype.name)
    fold = ROW // short
    whole = count - count % fold
    rest = xp.sum(x[:, whole:], axis=1, dtype=wide)
    if not whole:
        return rest
    rows = x[:, :whole].reshape(lead, whole // fold, fold * short)
    rows = xp.sum(rows, axis=1, dtype=wide).reshape(lead, fold, short)
    return xp.sum(rows, axis=1, dtype=wide) + rest


@sum_.gradient
def _(g: Any, y: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
    return broadcast_to(kept(g, x, axis), shape=x.shape)


# --- arithmetic, casts ------------------------------------------------------------------------

add = elementwise("add", "add", lambda g, y, a, b: (g, g), arity=2)
multiply = elementwise("multiply", "multiply", lambda g, y, a, b: (g * b, g * a), arity=2)


def _cast_infer(x: TensorSpec, *, dtype: str) -> TensorSpec:
    return TensorSpec(x.shape, dtype)


@op(
    "cast",
    infer=_cast_infer,
    elementwise=True,
    cases=(
        case((3, 4), dtype="float64"),
        case(np.arange(12, dtype="int32").reshape(3, 4), dtype="float32"),
        case((3,), dtype="int32"),
    ),
)
def cast_(xp: Any, x: Any, *, dtype: str) -> Any:
    """x in another dtype; a complex number gives its real part."""
    if x.dtype.kind == "c" and dtype not in COMPLEX and dtype != "bool":
        x = x.real
    return x.astype(np_dtype(dtype))


@cast_.gradient
def _(g: Any, y: Any, x: Any, *, dtype: str) -> Any:
    return cast_(g, dtype=x.dtype)


@op(
    "stop_gradient",
    infer=same_as_first,
    vjp=no_gradient,
    elementwise=True,
    cases=(case((3, 4), differentiate=()),),
)
def stop_gradient(xp: Any, x: Any) -> Any:
    """x, through which no gradient flows."""
    return x.copy()
