"""keras.ops.numpy, axes and order: reshape, transpose, flip, roll, rotate, and what a tensor is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, node_of
from kerasish.graph.trace import current_trace
from kerasish.hints import whole
from kerasish.ops.declare import composite
from kerasish.ops.operation import public
from kerasish.spec import Dim, Shape, TensorSpec, normalize_axes, normalize_axis


def as_shape(shape: Any, least: int = 0) -> Shape:
    """A shape given as an int, a sequence of ints, or an integer tensor.

    Args:
        shape: its sizes; None for an unknown one.
        least: the smallest size; -1 where it stands for what is left.
    """
    if hasattr(shape, "shape"):
        shape = convert_to_tensor(shape).numpy().tolist()
    sizes = shape if isinstance(shape, Sequence) and not isinstance(shape, str) else (shape,)
    if shape is None or (None in sizes and current_trace() is None):
        raise ArgumentError(
            "shape",
            expected="sizes that are known",
            received=shape,
            fix="Where a size is that of an input, make the tensor inside a layer, or use "
            "zeros_like, ones_like or full_like.",
        )
    return tuple(None if d is None else whole("shape, a size", d, least) for d in sizes)


def product(dims: Sequence[Dim]) -> Dim:
    """The number of elements, None if a dimension is unknown."""
    sizes = [d for d in dims if d is not None]
    return math.prod(sizes) if len(sizes) == len(dims) else None


@public
def reshape(x: TensorLike, newshape: Any) -> Tensor:
    """The elements of x, in C order, in another shape; one dimension may be -1."""
    return _s.reshape(x, shape=as_shape(newshape, -1))


@public
def ravel(x: TensorLike) -> Tensor:
    """All elements in one axis, in C order."""
    return _s.reshape(x, shape=(-1,))


@public
def transpose(x: TensorLike, axes: Any = None) -> Tensor:
    """Axes in the order `axes`, in reverse order for None."""
    x = convert_to_tensor(x)
    order = range(x.ndim)[::-1] if axes is None else [normalize_axis(a, x.ndim) for a in axes]
    return _s.transpose(x, axes=tuple(order))


@public
def moveaxis(x: TensorLike, source: Any, destination: Any) -> Tensor:
    """Axes `source` moved to the positions `destination`; the others keep their order."""
    x = convert_to_tensor(x)
    ends = [[a] if isinstance(a, int) else list(a) for a in (source, destination)]
    moved, places = ([normalize_axis(a, x.ndim) for a in end] for end in ends)
    if len(moved) != len(places) or len({*moved}) != len(moved) or len({*places}) != len(places):
        raise ArgumentError(
            "moveaxis",
            expected="as many distinct source as destination axes",
            received=f"{source} and {destination}",
        )
    order = [a for a in range(x.ndim) if a not in moved]
    for place, axis in sorted(zip(places, moved, strict=True)):
        order.insert(place, axis)
    return _s.transpose(x, axes=tuple(order))


@public
def swapaxes(x: TensorLike, axis1: int, axis2: int) -> Tensor:
    """x with two axes exchanged."""
    x = convert_to_tensor(x)
    a, b = normalize_axis(axis1, x.ndim), normalize_axis(axis2, x.ndim)
    order = [b if i == a else a if i == b else i for i in range(x.ndim)]
    return _s.transpose(x, axes=tuple(order))


@public
def expand_dims(x: TensorLike, axis: Any) -> Tensor:
    """New axes of size 1 at the positions `axis` (an int or a tuple) of the result."""
    x = convert_to_tensor(x)
    if isinstance(axis, int):
        return _s.expand_dims(x, axis=normalize_axis(axis, x.ndim + 1))
    places = normalize_axes(axis, x.ndim + len(axis))
    sizes = iter(x.shape)
    shape = [1 if i in places else next(sizes) for i in range(x.ndim + len(places))]
    return _s.reshape(x, shape=tuple(shape))


@public
def squeeze(x: TensorLike, axis: Any = None) -> Tensor:
    """x without the axes `axis` of size 1, without all such axes for None."""
    x = convert_to_tensor(x)
    if axis is None:
        gone = tuple(i for i, d in enumerate(x.shape) if d == 1)
    else:
        gone = normalize_axes(axis, x.ndim)
    for a in gone:
        if x.shape[a] not in (1, None):
            raise ShapeError(
                "squeeze", expected=f"size 1 on axis {a}", received=f"a tensor of shape {x.shape}"
            )
    return _s.reshape(x, shape=tuple(d for i, d in enumerate(x.shape) if i not in gone))


@public
def broadcast_to(x: TensorLike, shape: Any) -> Tensor:
    """x repeated along new axes and along axes of size 1."""
    return _s.broadcast_to(x, shape=as_shape(shape))


# --- order of elements ----------------------------------------------------------------------------


@composite(case((3, 4)), case((2, 3, 4), axis=(0, 2)), case((3, 4), axis=-1))
def flip(x: TensorLike, axis: Any = None) -> Tensor:
    """Elements in reverse order along `axis` (an int or a tuple), along all axes for None."""
    x = convert_to_tensor(x)
    chosen = normalize_axes(axis, x.ndim)
    parts = tuple(_reversed(d) if i in chosen else None for i, d in enumerate(x.shape))
    return _s.slice_(x, parts=parts) if chosen else x


def _reversed(size: Dim) -> _s.Slice:
    return (0, None, 1) if size is None else (max(size - 1, 0), size, -1)


@public
def fliplr(x: TensorLike) -> Tensor:
    """Elements in reverse order along axis 1."""
    return flip(x, axis=1)


@public
def flipud(x: TensorLike) -> Tensor:
    """Elements in reverse order along axis 0."""
    return flip(x, axis=0)


@composite(
    case((5,), shift=2),
    case((3, 4), shift=-1),
    case((3, 4), shift=(1, 2), axis=(0, 1)),
    case((3, 4), shift=7, axis=-1),
)
def roll(x: TensorLike, shift: Any, axis: Any = None) -> Tensor:
    """Elements moved by `shift` places along `axis`, those that leave coming in at the front.

    Args:
        x: tensor.
        shift: int, or one per axis.
        axis: int or tuple of ints; None rolls the flat tensor.
    """
    x = convert_to_tensor(x)
    if axis is None:
        return _s.reshape(_roll_one(_s.reshape(x, shape=(-1,)), int(shift), 0), shape=x.shape)
    axes = [axis] if isinstance(axis, int) else list(axis)
    shifts = [int(shift)] * len(axes) if not isinstance(shift, Sequence) else list(shift)
    for by, a in zip(shifts, axes, strict=True):
        x = _roll_one(x, int(by), normalize_axis(a, x.ndim))
    return x


def _roll_one(x: Any, shift: int, axis: int) -> Tensor:
    size = x.shape[axis]
    if not size or shift % size == 0:
        return x
    at = size - shift % size
    return _s.concatenate(slice_axis(x, axis, at, size - at), slice_axis(x, axis, 0, at), axis=axis)


def slice_axis(x: Any, axis: int, start: int, count: Dim) -> Any:
    """`count` elements from `start` along one axis."""
    parts = [None] * x.ndim
    parts[axis] = (start, count, 1)  # pyright: ignore[reportArgumentType]
    return _s.slice_(x, parts=tuple(parts))


@composite(case((3, 4)), case((2, 3, 4), k=2, axes=(1, 2)), case((3, 4), k=-1))
def rot90(array: TensorLike, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Tensor:
    """x turned by k quarter turns in the plane of two axes, from the first to the second."""
    x = convert_to_tensor(array)
    if len(axes) != 2 or normalize_axis(axes[0], x.ndim) == normalize_axis(axes[1], x.ndim):
        raise ArgumentError("rot90", expected="two distinct axes", received=axes)
    first, second = axes
    turns = k % 4
    if turns == 0:
        return x
    if turns == 2:
        return flip(x, axis=(normalize_axis(first, x.ndim), normalize_axis(second, x.ndim)))
    if turns == 1:
        return swapaxes(flip(x, axis=second), first, second)
    return flip(swapaxes(x, first, second), axis=second)


# --- what a tensor is -----------------------------------------------------------------------------


def shape(x: TensorLike) -> tuple[Any, ...]:
    """The shape as a tuple; None where a dimension of a symbolic tensor is not known."""
    return convert_to_tensor(x).shape


@public
def ndim(x: TensorLike) -> int:
    """The number of axes."""
    return convert_to_tensor(x).ndim


@public
def size(x: TensorLike) -> int | Tensor:
    """The number of elements; a symbol, int32, where a dimension is not known."""
    count = product(convert_to_tensor(x).shape)
    if count is None:  # its value does not matter: what runs is traced with known shapes
        return Tensor(TensorSpec((), "int32"), node=node_of(0))
    return count


@public
def copy(x: TensorLike) -> Tensor:
    """A tensor of its own with the elements of x."""
    x = convert_to_tensor(x)
    return _s.reshape(x, shape=x.shape)
