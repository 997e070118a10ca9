"""Reductions along axes: sum, product, maximum, minimum, any, all, arg-extrema; running sums."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasish.errors import ShapeError
from kerasish.graph.op import case, op
from kerasish.graph.primitives import (
    REDUCED,
    Axes,
    accumulated,
    broadcast_to,
    expand_dims,
    kept,
    reduce_infer,
    reshape,
    shifted,
    sum_,
)
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.ops.basic.elementwise import (
    cast,
    cast_like,
    equal,
    logical_and,
    maximum,
    minimum,
    where,
    zero_like,
)
from kerasish.ops.basic.indexing import along
from kerasish.ops.declare import bools, ints, same_as_first
from kerasish.ops.operation import public
from kerasish.spec import (
    TensorSpec,
    accumulator,
    normalize_axes,
    normalize_axis,
    promote_float,
    reduce_shape,
)


def _bool_infer(x: TensorSpec, *, axis: Axes, keepdims: bool) -> TensorSpec:
    return TensorSpec(reduce_shape(x.shape, axis, keepdims), "bool")


@op("prod", infer=reduce_infer, out=True, batch=shifted("axis"), cases=REDUCED, domain=(0.5, 1.5))
def prod_(xp: Any, x: Any, *, axis: Axes, keepdims: bool, out: Any = None) -> Any:
    """The product over axes, in the dtype of x."""
    return accumulated(xp.prod, x, axis, keepdims, out)


@prod_.gradient
def _(g: Any, y: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
    # The product of the others, which y / x would get wrong where x is zero: zero elements are
    # counted, and the product without them serves where exactly one, or this one, is zero.
    zero = equal(x, 0)
    count = sum_(cast(zero, dtype=x.dtype), axis=axis, keepdims=True)
    filled = where(zero, cast_like(1.0, x), x)
    rest = prod_(filled, axis=axis, keepdims=True)
    others = where(zero, equal(count, 1), equal(count, 0))
    return kept(g, x, axis) * cast_like(others, x) * rest / filled


def _extremum_vjp(g: Any, y: Any, x: Any, *, axis: Axes, keepdims: bool) -> Any:
    hit = cast_like(equal(x, kept(y, x, axis)), g)
    return kept(g, x, axis) * hit / sum_(hit, axis=axis, keepdims=True)


def _nonempty(name: str) -> Any:
    def infer(x: TensorSpec, *, axis: Axes, keepdims: bool) -> TensorSpec:
        if 0 in [x.shape[a] for a in axis]:
            raise ShapeError(name, expected="at least one element", received=x.shape)
        return reduce_infer(x, axis=axis, keepdims=keepdims)

    return infer


@op(
    "max", infer=_nonempty("max"), vjp=_extremum_vjp, out=True, batch=shifted("axis"), cases=REDUCED
)
def max_(xp: Any, x: Any, *, axis: Axes, keepdims: bool, out: Any = None) -> Any:
    """The maximum over axes; equal maxima share the gradient."""
    return xp.max(x, axis=axis, keepdims=keepdims, out=out)


@op(
    "min", infer=_nonempty("min"), vjp=_extremum_vjp, out=True, batch=shifted("axis"), cases=REDUCED
)
def min_(xp: Any, x: Any, *, axis: Axes, keepdims: bool, out: Any = None) -> Any:
    """The minimum over axes; equal minima share the gradient."""
    return xp.min(x, axis=axis, keepdims=keepdims, out=out)


_BOOLS = (
    case(bools((3, 4)), axis=(1,), keepdims=False),
    case(bools((2, 3)), axis=(0, 1), keepdims=True),
)


@op("any", infer=_bool_infer, out=True, batch=shifted("axis"), cases=_BOOLS)
def any_(xp: Any, x: Any, *, axis: Axes, keepdims: bool, out: Any = None) -> Any:
    """Whether any element holds."""
    return xp.any(x, axis=axis, keepdims=keepdims, out=out)


@op("all", infer=_bool_infer, out=True, batch=shifted("axis"), cases=_BOOLS)
def all_(xp: Any, x: Any, *, axis: Axes, keepdims: bool, out: Any = None) -> Any:
    """Whether all elements hold."""
    return xp.all(x, axis=axis, keepdims=keepdims, out=out)


def _arg_infer(x: TensorSpec, *, axis: int) -> TensorSpec:
    if x.shape[axis] == 0:
        raise ShapeError("argmax and argmin", expected="at least one element", received=x.shape)
    return TensorSpec(reduce_shape(x.shape, (axis,), False), "int32")


_ARG = (case((3, 4), axis=1), case(ints((2, 3, 4), 50), axis=0))


@op("argmax", infer=_arg_infer, batch=shifted("axis"), cases=_ARG)
def argmax_(xp: Any, x: Any, *, axis: int) -> Any:
    """The position of the first maximum along an axis."""
    return xp.argmax(x, axis=axis).astype(np.int32)


@op("argmin", infer=_arg_infer, batch=shifted("axis"), cases=_ARG)
def argmin_(xp: Any, x: Any, *, axis: int) -> Any:
    """The position of the first minimum along an axis."""
    return xp.argmin(x, axis=axis).astype(np.int32)


# --- the public functions ---------------------------------------------------------------------

_WIDENED = {
    "bool": "int32",
    "int8": "int32",
    "int16": "int32",
    "uint8": "uint32",
    "uint16": "uint32",
}


def _widened(x: Any) -> Tensor:
    x = convert_to_tensor(x)
    return cast(x, dtype=_WIDENED[x.dtype]) if x.dtype in _WIDENED else x


@public
def sum(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The sum over `axis` (all axes for None). Small integers and bool add up in 32 bits."""
    x = _widened(x)
    return sum_(x, axis=normalize_axes(axis, x.ndim), keepdims=keepdims)


@public
def prod(x: TensorLike, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """The product over `axis` (all axes for None)."""
    x = _widened(x) if dtype is None else convert_to_tensor(x, dtype)
    return prod_(x, axis=normalize_axes(axis, x.ndim), keepdims=keepdims)


@public
def mean(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean over `axis`; integers and bool give floatx."""
    x = convert_to_tensor(x)
    dtype = promote_float(x.dtype)
    # The sum of many floats of 16 bits is beyond their range, their mean is not.
    x = cast(x, dtype=accumulator(dtype))
    axes = normalize_axes(axis, x.ndim)
    sizes = [x.shape[a] for a in axes]
    # With an unknown dimension only the spec of the result matters, not its value.
    count = math.prod(1 if d is None else d for d in sizes)
    return cast(sum_(x, axis=axes, keepdims=keepdims) / count, dtype=dtype)


def _extremum(op_: Any, x: Any, axis: Any, keepdims: bool, initial: Any, join: Any) -> Any:
    x = convert_to_tensor(x)
    axes = normalize_axes(axis, x.ndim)
    if initial is None:
        return op_(x, axis=axes, keepdims=keepdims)
    if 0 in [x.shape[a] for a in axes]:
        return broadcast_to(cast_like(initial, x), shape=reduce_shape(x.shape, axes, keepdims))
    found = op_(x, axis=axes, keepdims=keepdims)
    if x.dtype == "bool":  # a boolean stays one, whatever it begins with
        initial = cast_like(initial, x)
    return join(found, initial)


@public
def max(x: TensorLike, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """The maximum over `axis`, and of `initial` where it is given."""
    return _extremum(max_, x, axis, keepdims, initial, maximum)


@public
def min(x: TensorLike, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """The minimum over `axis`, and of `initial` where it is given."""
    return _extremum(min_, x, axis, keepdims, initial, minimum)


@public
def any(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether any element over `axis` is not zero."""
    truth: Tensor = cast(x, dtype="bool")
    return any_(truth, axis=normalize_axes(axis, truth.ndim), keepdims=keepdims)


@public
def all(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether all elements over `axis` are not zero."""
    truth: Tensor = cast(x, dtype="bool")
    return all_(truth, axis=normalize_axes(axis, truth.ndim), keepdims=keepdims)


def _arg(op_: Any, x: Any, axis: int | None, keepdims: bool) -> Any:
    x = convert_to_tensor(x)
    if axis is None:
        found = op_(reshape(x, shape=(-1,)), axis=0)
        return reshape(found, shape=(1,) * x.ndim) if keepdims else found
    at = normalize_axis(axis, x.ndim)
    found = op_(x, axis=at)
    return expand_dims(found, axis=at) if keepdims else found


@public
def argmax(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position (int32) of the first maximum along `axis`, of the flat tensor for None."""
    return _arg(argmax_, x, axis, keepdims)


@public
def argmin(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position (int32) of the first minimum along `axis`, of the flat tensor for None."""
    return _arg(argmin_, x, axis, keepdims)


# --- running sums and products --------------------------------------------------------------------


_CASES = (
    case((3, 4), axis=1, reverse=False),
    case((3, 4), axis=0, reverse=True),
    case(ints((2, 3), 5), axis=1, reverse=False),
)


def _turned(x: Any, axis: int, reverse: bool) -> Any:
    return x[(slice(None),) * axis + (slice(None, None, -1),)] if reverse else x


def _accumulated(name: str) -> Any:
    def kernel(xp: Any, x: Any, *, axis: int, reverse: bool, out: Any = None) -> Any:
        source = _turned(x, axis, reverse)
        wide = accumulator(x.dtype.name)
        if wide != x.dtype.name:
            y = getattr(xp, name)(source, axis=axis, dtype=wide).astype(x.dtype)
            if out is not None:
                out[...] = _turned(y, axis, reverse)
            return _turned(y, axis, reverse) if out is None else out
        target = None if out is None else _turned(out, axis, reverse)
        y = getattr(xp, name)(source, axis=axis, dtype=x.dtype, out=target)
        return _turned(y, axis, reverse)

    return kernel


cumsum_ = op(
    "cumsum",
    infer=same_as_first,
    vjp=lambda g, y, x, *, axis, reverse: cumsum_(g, axis=axis, reverse=not reverse),
    out=True,
    batch=shifted("axis"),
    cases=_CASES,
    doc="Running sums, from the end if reverse.",
)(_accumulated("cumsum"))
cumprod_ = op(
    "cumprod",
    infer=same_as_first,
    out=True,
    batch=shifted("axis"),
    cases=(*_CASES, case((4,), axis=0, reverse=False, domain=(0.5, 1.5))),
    doc="Running products, from the end if reverse.",
)(_accumulated("cumprod"))


@cumprod_.gradient
def _(g: Any, y: Any, x: Any, *, axis: int, reverse: bool) -> Any:
    # d y_j / d x_k is y_j / x_k, except where x_k is zero. Behind the first zero everything is
    # constant but in that zero itself, whose derivative is the products with 1 in its place.
    zero = equal(x, 0)
    count = cumsum_(cast(zero, "int32"), axis=axis, reverse=reverse)
    first = logical_and(zero, equal(count, 1))
    filled = where(first, cast_like(1.0, x), x)
    without = cumprod_(filled, axis=axis, reverse=reverse)
    after = cumsum_(g * without, axis=axis, reverse=not reverse)
    divisor = where(zero, cast_like(1.0, x), x)
    usual = cumsum_(g * y, axis=axis, reverse=not reverse) / divisor
    return where(first, after, where(zero, zero_like(x), usual))


def _scan(op_: Any, x: Any, axis: int | None, dtype: Any) -> Any:
    x = convert_to_tensor(x)
    if dtype is not None:
        x = cast(x, dtype)
    elif x.dtype == "bool":
        x = cast(x, "int32")
    x, at = along(x, axis)
    return op_(x, axis=at, reverse=False)


@public
def cumsum(x: TensorLike, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running sums along `axis`, of the flat tensor for None."""
    return _scan(cumsum_, x, axis, dtype)


@public
def cumprod(x: TensorLike, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running products along `axis`, of the flat tensor for None."""
    return _scan(cumprod_, x, axis, dtype)
