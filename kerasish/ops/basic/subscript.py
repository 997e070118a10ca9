"""x[key]: ints, slices, None, Ellipsis, integer tensors, and boolean masks on values."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.errors import ArgumentError, OutOfRangeError
from kerasish.graph.primitives import Slice, reshape, slice_, transpose
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.ops.basic.indexing import as_indices, flat_positions, gather
from kerasish.ops.operation import public
from kerasish.spec import Dim, known


def _is_array(item: Any) -> bool:
    return isinstance(item, (Tensor, np.ndarray, list)) or hasattr(item, "__kerasish_tensor__")


def _is_int(item: Any) -> bool:
    return isinstance(item, (int, np.integer)) and not isinstance(item, (bool, np.bool_))


def _mask_positions(mask: Any) -> list[Any]:
    """The integer index tensors that a boolean mask stands for."""
    if mask.value is None:
        raise ArgumentError(
            "x[mask]",
            expected="a mask with values, since its count decides the result's shape",
            received=mask,
            fix="Use kerasish.ops.where(mask, x, 0) instead.",
        )
    return [convert_to_tensor(i) for i in np.nonzero(mask.numpy())]


def _expanded(key: Any, ndim: int) -> list[Any]:
    """The key as one entry per axis (plus Nones), arrays as integer tensors."""
    items: list[Any] = []
    for item in key if isinstance(key, tuple) else (key,):
        if not _is_array(item):
            items.append(item)
            continue
        made = convert_to_tensor(item)
        if made.dtype == "bool":
            items.extend(_mask_positions(made))
        elif made.ndim == 0 and made.value is not None:
            items.append(int(made))
        else:
            items.append(as_indices("x[key]", made))
    used = sum(item is not None and item is not Ellipsis for item in items)
    dots = [i for i, item in enumerate(items) if item is Ellipsis]
    if len(dots) > 1 or used > ndim:
        raise ArgumentError(
            "x[key]",
            expected=f"at most one Ellipsis and {ndim} indices for a tensor of rank {ndim}",
            received=key,
        )
    at = dots[0] if dots else len(items)
    return [*items[:at], *[slice(None)] * (ndim - used), *items[at + 1 :]]


def _part(item: Any, size: Dim, axis: int) -> Slice | None:
    """What the slice op does on one axis for a slice or an int."""
    if isinstance(item, slice):
        if item in (slice(None), slice(None, None, 1)):
            return None
        if size is None:
            return (0, None, 1)
        start, stop, step = item.indices(size)
        return (start, len(range(start, stop, step)), step)
    if size is None:
        return (item, 1, 1)
    if not -size <= item < size:
        raise OutOfRangeError(
            "An index is out of range",
            expected=f"an int in [{-size}, {size}) for axis {axis}",
            received=item,
        )
    return (int(item) % size, 1, 1)


def _basic(x: Any, items: list[Any]) -> Any:
    """Indexing with ints, slices and None: one slice, then one reshape."""
    real = [item for item in items if item is not None]
    for item in real:
        if not (isinstance(item, slice) or _is_int(item)):
            raise ArgumentError(
                "x[key]",
                expected="ints, slices, None, Ellipsis, integer or boolean tensors",
                received=repr(item),
            )
    parts = tuple(_part(item, d, i) for i, (item, d) in enumerate(zip(real, x.shape, strict=True)))
    y = slice_(x, parts=parts) if any(p is not None for p in parts) else x
    sizes = iter(y.shape)
    placed = [(item, 1 if item is None else next(sizes)) for item in items]
    shape = tuple(size for item, size in placed if item is None or isinstance(item, slice))
    return y if shape == y.shape else reshape(y, shape=shape)


def _adjacent(places: list[int]) -> bool:
    return places == list(range(places[0], places[0] + len(places)))


def _advanced(x: Any, items: list[Any]) -> Any:
    """Indexing with integer tensors; ints count as 0-d tensors then, as in numpy."""
    real = [item for item in items if item is not None]
    x = _basic(x, [item if isinstance(item, slice) else slice(None) for item in real])
    where = [i for i, item in enumerate(items) if item is not None and not isinstance(item, slice)]
    axis_of = np.cumsum([item is not None for item in items]) - 1
    axes = [int(axis_of[i]) for i in where]
    indices = [convert_to_tensor(items[i]) for i in where]
    front = not _adjacent(where)
    if len(axes) > 1:
        rest = [a for a in range(x.ndim) if a not in axes]
        at = 0 if front else sum(a < axes[0] for a in rest)
        sizes = [x.shape[a] for a in axes]
        x = transpose(x, axes=(*rest[:at], *axes, *rest[at:]))
        x = reshape(
            x, shape=(*x.shape[:at], int(np.prod(known(tuple(sizes)))), *x.shape[at + len(axes) :])
        )
        index = flat_positions(indices, tuple(sizes))
    else:
        at, index = axes[0], indices[0]
    y = gather(x, index, axis=at)
    return _with_new_axes(y, items, where, at, index.ndim, front)


def _with_new_axes(
    y: Any, items: list[Any], where: list[int], at: int, rank: int, front: bool
) -> Any:
    """Put the size-1 axes of the Nones among `items` into the gathered result."""
    if None not in items:
        return y
    block = list(y.shape[at : at + rank])
    rest = iter([d for i, d in enumerate(y.shape) if not at <= i < at + rank])
    shape: list[Dim] = block if front else []
    for i, item in enumerate(items):
        if item is None:
            shape = [*shape, 1]
        elif i in where:
            shape = [*shape, *block] if not front and i == where[0] else shape
        else:
            shape = [*shape, next(rest)]
    return reshape(y, shape=tuple(shape))


@public
def get_item(x: TensorLike, key: TensorLike | None) -> Tensor:
    """`x[key]` with numpy's meaning.

    Args:
        x: tensor.
        key: an int, slice, None, Ellipsis, integer tensor, boolean mask, or a tuple of them.
            A mask needs a value: its count decides the shape of the result.

    Raises:
        ArgumentError: the key does not fit, or a mask is symbolic.
        IndexError: an int is out of range.
    """
    x = convert_to_tensor(x)
    items = _expanded(key, x.ndim)
    if any(isinstance(item, Tensor) for item in items):
        return _advanced(x, items)
    return _basic(x, items)
