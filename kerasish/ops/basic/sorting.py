"""Order: sort, argsort, top_k, searchsorted, unique, nonzero."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np

from kerasish import tables
from kerasish.errors import ArgumentError, GraphError, ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.batching import Batch, leading
from kerasish.graph.op import case, op
from kerasish.graph.primitives import shifted
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.hints import one_of, whole
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.elementwise import cast, cast_like
from kerasish.ops.basic.indexing import add_along, along, take_along_axis
from kerasish.ops.basic.reduction import sum as _sum
from kerasish.ops.declare import bools, composite, ints, same_as_first
from kerasish.ops.operation import public
from kerasish.spec import Dim, TensorSpec, normalize_axis

_CASES = (case((3, 4), axis=1), case((5, 2), axis=0), case(ints((3, 6), 3), axis=1))


def _ordered(x: Any) -> Any:
    """x in a dtype that sorts with NaN last; array modules do not order bfloat16 and float8 so."""
    return x.astype(np.float32) if x.dtype.kind == "V" else x


@op(
    "argsort",
    infer=lambda x, *, axis: TensorSpec(x.shape, "int32"),
    batch=shifted("axis"),
    cases=_CASES,
)
def argsort_(xp: Any, x: Any, *, axis: int) -> Any:
    """The positions that sort x along an axis; equal elements keep their order."""
    return xp.argsort(_ordered(x), axis=axis, kind="stable").astype(np.int32)


@op("sort", infer=same_as_first, batch=shifted("axis"), cases=_CASES)
def sort_(xp: Any, x: Any, *, axis: int) -> Any:
    """x in ascending order along an axis."""
    return xp.sort(_ordered(x), axis=axis).astype(x.dtype, copy=False)


@sort_.gradient
def _(g: Any, y: Any, x: Any, *, axis: int) -> Any:
    return add_along(argsort_(x, axis=axis), g, shape=x.shape, axis=axis)


def _top_k_infer(x: TensorSpec, *, k: int) -> tuple[TensorSpec, TensorSpec]:
    if x.ndim == 0 or (x.shape[-1] is not None and k > x.shape[-1]):
        raise ShapeError(
            "top_k",
            expected="k of at most the size of the last axis",
            received=f"k={k} for a tensor of shape {x.shape}",
        )
    shape = (*x.shape[:-1], k)
    return TensorSpec(shape, x.dtype), TensorSpec(shape, "int32")


@op(
    "top_k",
    infer=_top_k_infer,
    batch=leading,
    cases=(case((3, 5), k=2), case(ints((2, 6), 4), k=6), case(bools((4,)), k=1)),
)
def top_k_(xp: Any, x: Any, *, k: int) -> Any:
    """The k largest elements of the last axis, descending, NaN first, and their positions."""
    # Turned round before and after a stable sort, so that the first of equal elements comes first.
    turned = xp.argsort(_ordered(x)[..., ::-1], axis=-1, kind="stable")
    order = x.shape[-1] - 1 - turned[..., ::-1][..., :k]
    return xp.take_along_axis(x, order, axis=-1), order.astype(np.int32)


@top_k_.gradient
def _(g: Any, y: Any, x: Any, *, k: int) -> Any:
    if g[0] is None:
        return None
    return add_along(y[1], g[0], shape=x.shape, axis=x.ndim - 1)


def _searchsorted_infer(sequence: TensorSpec, values: TensorSpec, *, side: str) -> TensorSpec:
    if sequence.ndim != 1:
        raise ShapeError("searchsorted", expected="one sorted axis", received=sequence.shape)
    return TensorSpec(values.shape, "int32")


def _searchsorted_batch(b: Batch, sequence: Any, values: Any, *, side: str) -> Any:
    return None if b.stacked[0] else b.again(sequence, values)


@op(
    "searchsorted",
    infer=_searchsorted_infer,
    promote="same",
    batch=_searchsorted_batch,
    cases=(
        case(np.arange(5.0), (3, 4), side="left"),
        case(np.array([1, 2, 2, 3], "int32"), ints((6,), 5), side="right"),
    ),
)
def searchsorted_(xp: Any, sequence: Any, values: Any, *, side: str) -> Any:
    """Where values would stand in a sorted sequence."""
    return xp.searchsorted(_ordered(sequence), _ordered(values), side=side).astype(np.int32)


def _unique_infer(x: TensorSpec, *, size: int, fill: Any) -> tuple[TensorSpec, ...]:
    counted = TensorSpec((size,), "int32")
    return TensorSpec((size,), x.dtype), counted, TensorSpec(x.shape, "int32"), counted


@op(
    "unique",
    infer=_unique_infer,
    cases=(
        case(np.array([3, 1, 3, 2], "int32"), size=5, fill=None),
        case(np.array([3, 1, 3, 2], "int32"), size=2, fill=0),
        case((4,), size=5, fill=None),
        case((4,), size=6, fill=0.5),
    ),
)
def unique_(xp: Any, x: Any, *, size: int, fill: Any) -> Any:
    """The distinct elements of a vector cut or filled to `size`, first places, inverse, counts."""
    if x.size == 0:
        blank = xp.zeros(size, np.int32)
        return xp.full(size, fill or 0, x.dtype), blank, xp.zeros(0, np.int32), blank
    values, first, inverse, counts = xp.unique(
        _ordered(x), return_index=True, return_inverse=True, return_counts=True, equal_nan=False
    )
    values = values.astype(x.dtype, copy=False)
    pad = max(size - values.size, 0)
    last = values[0] if fill is None else fill
    return (
        xp.concatenate([values, xp.full(pad, last, x.dtype)])[:size],
        xp.concatenate([first, xp.full(pad, first[0], first.dtype)])[:size].astype(np.int32),
        inverse.reshape(x.shape).astype(np.int32),
        xp.concatenate([counts, xp.zeros(pad, counts.dtype)])[:size].astype(np.int32),
    )


@unique_.gradient
def _(g: Any, y: Any, x: Any, *, size: int, fill: Any) -> Any:
    _, first, _, counts = y
    given = g[0] if fill is None else where(counts > 0, g[0], 0)
    return add_along(first, given, shape=x.shape, axis=0) if x.size else None


# --- the public functions ---------------------------------------------------------------------


@public
def sort(x: TensorLike, axis: int | None = -1) -> Tensor:
    """x in ascending order along `axis`; None sorts the flat tensor."""
    x, at = along(x, axis)
    return sort_(x, axis=at)


@public
def argsort(x: TensorLike, axis: int | None = -1) -> Tensor:
    """The positions (int32) that sort x along `axis`, of the flat tensor for None."""
    x = convert_to_tensor(x)
    x, at = along(x, None if x.ndim == 0 and axis in (-1, 0) else axis)
    return argsort_(x, axis=at)


@public
def argpartition(x: TensorLike, kth: int, axis: int | None = -1) -> Tensor:
    """Positions such that element `kth` is in its sorted place, smaller ones before it.

    Args:
        x: tensor.
        kth: a position along `axis`; negative ones count from the end.
        axis: which axis; None takes the flat tensor.
    """
    x, axis = along(x, axis)
    size, kth = x.shape[axis], whole("argpartition, kth", kth, None)
    if size is not None and not -size <= kth < size:
        raise ArgumentError("argpartition", expected=f"kth in [{-size}, {size})", received=kth)
    return argsort(x, axis=axis)  # a full order is one such order


@public
def top_k(x: TensorLike, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """(values, positions) of the k largest elements along the last axis.

    Args:
        x: tensor.
        k: how many.
        sorted: accepted for compatibility; the values always come in descending order.

    Raises:
        ArgumentError: k is no integer of 0 or more.
        ShapeError: the axis has fewer elements.
    """
    return top_k_(x, k=whole("top_k, k", k))


@composite(case(ints((4,), 5), (4, 5), k=2))
def in_top_k(targets: TensorLike, predictions: TensorLike, k: int) -> Tensor:
    """Whether the prediction of each target is among the k largest of its row.

    Args:
        targets: (n,) class indices.
        predictions: (n, classes).
        k: how many count as the top. Ties at the border count as inside.
    """
    k = whole("in_top_k, k", k)
    targets, predictions = convert_to_tensor(targets), convert_to_tensor(predictions)
    rows = _s.expand_dims(targets, axis=targets.ndim)
    chosen = take_along_axis(predictions, rows, axis=-1)
    chosen = _e.where(_e.isnan(chosen), cast_like(-np.inf, chosen), chosen)
    return _sum(cast(predictions > chosen, "int32"), axis=-1) < k


@public
def searchsorted(sorted_sequence: TensorLike, values: TensorLike, side: str = "left") -> Tensor:
    """Where each value would stand in a sorted vector.

    Args:
        sorted_sequence: (n,), ascending.
        values: tensor of any shape.
        side: "left" stands before equal elements, "right" after them.
    """
    one_of("searchsorted, side", side, ("left", "right"))
    return searchsorted_(sorted_sequence, values, side=side)


@public
def digitize(x: TensorLike, bins: TensorLike) -> Tensor:
    """The number of the bin of each element: how many of the ascending edges are <= x."""
    return searchsorted_(bins, x, side="right")


def known_values(what: str, x: Any) -> np.ndarray:
    """The values of a tensor that decide the shape of a result.

    Raises:
        GraphError: the tensor is symbolic.
    """
    x = convert_to_tensor(x)
    if x.value is None:
        raise GraphError(
            what,
            expected="a tensor with values, since they decide the shape of the result",
            received=x,
            fix="Call it outside traced functions, or use run_eagerly=True.",
        )
    return x.numpy()


@public
def nonzero(x: TensorLike) -> tuple[Tensor, ...]:
    """The positions of the elements that are not zero: one int32 tensor per axis."""
    found = np.nonzero(known_values("nonzero", x))
    return tuple(convert_to_tensor(i.astype(np.int32)) for i in found)


@overload
def where(condition: TensorLike) -> tuple[Tensor, ...]: ...
@overload
def where(condition: TensorLike, x1: TensorLike, x2: TensorLike) -> Tensor: ...
@public
def where(
    condition: TensorLike, x1: TensorLike | None = None, x2: TensorLike | None = None
) -> Tensor | tuple[Tensor, ...]:
    """Elements of x1 where the condition holds, of x2 elsewhere; alone, the positions it holds at.

    Args:
        condition: tensor; not zero counts as true.
        x1, x2: tensors that broadcast with it; both or neither.
    """
    if x1 is None and x2 is None:
        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ArgumentError("where", expected="both x1 and x2, or neither", received="one of them")
    return _e.where(condition, x1, x2)


@overload
def unique(
    x: TensorLike,
    sorted: bool = True,
    return_index: Literal[False] = False,
    return_inverse: Literal[False] = False,
    return_counts: Literal[False] = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Tensor: ...
@overload
def unique(
    x: TensorLike,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> tuple[Tensor, ...]: ...
@public
def unique(
    x: TensorLike,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Tensor | tuple[Tensor, ...]:
    """The distinct elements of x, ascending; a NaN equals nothing, another NaN neither.

    Args:
        x: tensor; its values must be known unless `size` is given.
        sorted: accepted for compatibility; the elements always come ascending.
        return_index: also return where each first occurs.
        return_inverse: also return, for each element of x, its place in the result.
        return_counts: also return how often each occurs.
        axis: compare the slices along this axis; None compares the elements of the flat tensor.
        size: cut or fill the result to this size.
        fill_value: what to fill with; the smallest element by default.
    """
    size = None if size is None else whole("unique, size", size)
    x = convert_to_tensor(x)
    if axis is not None:
        found = _unique_slices(x, axis, size, fill_value)
    else:
        flat = _s.reshape(x, shape=(-1,))
        count = len(np.unique(known_values("unique", x), equal_nan=False)) if size is None else size
        values, index, inverse, counts = unique_(flat, size=count, fill=fill_value)
        found = values, index, _s.reshape(inverse, shape=x.shape), counts
    asked = (True, return_index, return_inverse, return_counts)
    chosen = tuple(f for f, a in zip(found, asked, strict=True) if a)
    return chosen[0] if len(chosen) == 1 else chosen


def _unique_slices(x: Tensor, axis: int, size: Dim, fill: Any) -> tuple[Any, ...]:
    at = normalize_axis(axis, x.ndim)
    array = np.moveaxis(known_values("unique along an axis", x), at, 0)
    values, index, inverse, counts = np.unique(array, True, True, True, axis=0)
    wanted = len(values) if size is None else size
    pad = max(wanted - len(values), 0)
    filler = values[:1] if fill is None else np.full_like(values[:1], fill)
    values = np.concatenate([values, tables.repeat(filler, pad, axis=0)])[:wanted]
    index = np.concatenate([index, tables.full(pad, index[0] if len(index) else 0)])[:wanted]
    counts = np.concatenate([counts, tables.zeros(pad, counts.dtype)])[:wanted]
    parts = (np.moveaxis(values, 0, at), *(a.astype(np.int32) for a in (index, inverse, counts)))
    return tuple(convert_to_tensor(p.reshape(-1) if i == 2 else p) for i, p in enumerate(parts))
