"""keras.ops.numpy, new tensors: zeros, ones, ranges, grids, windows."""

from __future__ import annotations

import math
from typing import Any, Literal, Protocol, overload

import numpy as np

from kerasish import tables
from kerasish.errors import ArgumentError
from kerasish.graph import primitives as _s
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, filled, promoted
from kerasish.hints import one_of, whole
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.elementwise import cast
from kerasish.ops.declare import composite, entered
from kerasish.ops.numpy.axes import as_shape, moveaxis
from kerasish.ops.operation import public
from kerasish.spec import dtype_name, is_float


@public
def array(x: TensorLike, dtype: Any = None) -> Tensor:
    """x as a tensor."""
    return convert_to_tensor(x, dtype)


@public
def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """Zeros of a shape; dtype floatx by default."""
    return filled(0, as_shape(shape), dtype_name(dtype))


@public
def ones(shape: Any, dtype: Any = None) -> Tensor:
    """Ones of a shape; dtype floatx by default."""
    return filled(1, as_shape(shape), dtype_name(dtype))


@public
def empty(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor of a shape whose elements nobody has chosen; they are zeros."""
    return zeros(shape, dtype)


@public
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """`fill_value` in every element of a shape; dtype floatx by default."""
    return filled(fill_value, as_shape(shape), dtype_name(dtype))


def _like(x: Any, value: Any, dtype: Any) -> Any:
    x = convert_to_tensor(x)
    return filled(value, x.shape, dtype_name(x.dtype if dtype is None else dtype), x.value is None)


@public
def zeros_like(x: TensorLike, dtype: Any = None) -> Tensor:
    """Zeros in the shape and dtype of x."""
    return _like(x, 0, dtype)


@public
def ones_like(x: TensorLike, dtype: Any = None) -> Tensor:
    """Ones in the shape and dtype of x."""
    return _like(x, 1, dtype)


@public
def empty_like(x: TensorLike, dtype: Any = None) -> Tensor:
    """A tensor in the shape and dtype of x whose elements nobody has chosen; they are zeros."""
    return _like(x, 0, dtype)


@public
def full_like(x: TensorLike, fill_value: Any, dtype: Any = None) -> Tensor:
    """`fill_value` in the shape and dtype of x."""
    return _like(x, fill_value, dtype)


# --- ranges ---------------------------------------------------------------------------------


@public
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """start, start + step, ... below stop; from 0 when only one bound is given.

    Args:
        start, stop, step: numbers whose values are known now.
        dtype: int32 for whole numbers and floatx otherwise, by default.
    """
    given = [b for b in (start, stop, step) if b is not None]
    if dtype is None:
        kinds = [convert_to_tensor(b) for b in given]
        dtype = promoted(tuple(kinds), "same")[0].dtype
    bounds = [b.item() if hasattr(b, "item") else b for b in given]
    wide = np.float64 if is_float(dtype_name(dtype)) else None
    if step is not None and bounds[-1] == 0:
        raise ArgumentError("arange", expected="a step other than 0", received="0")
    if not np.isfinite(bounds).all():
        raise ArgumentError("arange", expected="finite bounds and step", received=bounds)
    first, last = (0, bounds[0]) if stop is None else bounds[:2]
    values = tables.arange(first, last, 1 if step is None else bounds[-1], dtype=wide)
    return convert_to_tensor(values, dtype_name(dtype))


@overload
def linspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: Literal[False] = False,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor: ...
@overload
def linspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    *,
    retstep: Literal[True],
    dtype: Any = None,
    axis: int = 0,
) -> tuple[Tensor, Tensor]: ...
@composite(
    case((), (), num=5), case((3,), (3,), num=4, endpoint=False, axis=-1), case((3,), (3,), num=1)
)
def linspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor | tuple[Tensor, Tensor]:
    """`num` evenly spaced numbers from start to stop.

    Args:
        start, stop: numbers or tensors, which broadcast against each other.
        num: how many.
        endpoint: whether `stop` is the last of them.
        retstep: whether to return (numbers, step).
        dtype: of the numbers; floating by default.
        axis: where the new axis stands in the result.
    """
    num = whole("linspace, num", num)
    a, b = promoted((start, stop), "float")
    count = num - 1 if endpoint else num
    step = (b - a) / count if count else a * math.nan
    rest = max(len(a.shape), len(b.shape))
    shape = (num, *(1,) * rest)
    share = tables.arange(num).reshape(shape) / max(count, 1)
    weight = convert_to_tensor(share, a.dtype)
    # Both ends are hit exactly, and there is no cancellation between.
    values = a * (1 - weight) + b * weight
    if dtype is not None:
        name = dtype_name(dtype)
        values = cast(values if is_float(name) else _e.floor(values), name)
    values = values if axis == 0 else moveaxis(values, 0, axis)
    return (values, step) if retstep else values


@public
def logspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """base**start, ..., base**stop: `num` numbers evenly spaced on a logarithmic scale."""
    powers = linspace(start, stop, num, endpoint, axis=axis)
    values = _e.power(cast(base, powers.dtype), powers)
    return values if dtype is None else cast(values, dtype)


@public
def geomspace(
    start: TensorLike,
    stop: TensorLike,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """`num` numbers from start to stop, each the same multiple of the one before."""
    a, b = promoted((start, stop), "float")
    sign = _e.sign(a)
    powers = linspace(_e.log(a * sign), _e.log(b * sign), num, endpoint, axis=axis)
    signs = sign if sign.ndim == 0 else _s.expand_dims(sign, axis=axis)
    values = _e.exp(powers) * signs
    return values if dtype is None else cast(values, dtype)


@public
def meshgrid(*x: TensorLike, indexing: str = "xy") -> list[Tensor]:
    """The coordinates of a grid: one tensor of the grid's shape per axis.

    Args:
        x: tensors of one axis.
        indexing: "xy" exchanges the first two axes of the result, "ij" does not.
    """
    one_of("meshgrid, indexing", indexing, ("xy", "ij"))
    axes = [_s.reshape(convert_to_tensor(a), shape=(-1,)) for a in x]
    order = list(range(len(axes)))
    if indexing == "xy" and len(axes) > 1:
        order[:2] = [1, 0]
    shape = tuple(axes[i].shape[0] for i in order)
    places = [order.index(i) for i in range(len(axes))]
    columns = [
        _s.reshape(a, shape=tuple(a.shape[0] if k == at else 1 for k in range(len(axes))))
        for a, at in zip(axes, places, strict=True)
    ]
    return [_s.broadcast_to(c, shape=shape) for c in columns]


# --- windows --------------------------------------------------------------------------------


def _points(name: str, x: Any) -> int:
    """The number of points of a window, which Keras takes in any dtype."""
    value = x.numpy() if isinstance(x, Tensor) and x.value is not None else x
    number = np.asarray(value).item() if np.ndim(value) == 0 and np.size(value) == 1 else value
    if isinstance(number, bool) or (isinstance(number, float) and number.is_integer()):
        number = int(number)
    return whole(f"{name}, x", number)


class _Window(Protocol):
    def __call__(self, x: Any) -> Tensor: ...


def _window(name: str, doc: str) -> _Window:
    def call(x: Any) -> Tensor:
        values = tables.window(getattr(np, name), _points(name, x))
        return convert_to_tensor(values, dtype_name(None))

    return entered(call, doc, name)


bartlett = _window("bartlett", "The triangular window of x points.")
blackman = _window(
    "blackman", "The Blackman window of x points: 0.42 - 0.5 cos(t) + 0.08 cos(2 t)."
)
hamming = _window("hamming", "The Hamming window of x points: 0.54 - 0.46 cos(t).")
hanning = _window("hanning", "The Hann window of x points: 0.5 - 0.5 cos(t).")


@public
def kaiser(x: Any, beta: Any) -> Tensor:
    """The Kaiser window of x points: I0(beta sqrt(1 - t**2)) / I0(beta)."""
    values = tables.window(np.kaiser, _points("kaiser", x), float(beta))
    return convert_to_tensor(values, dtype_name(None))
