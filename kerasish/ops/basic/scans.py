"""Running sums and products along an axis."""

from __future__ import annotations

from typing import Any

from kerasish.graph.op import case, op
from kerasish.graph.primitives import shifted
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.ops.basic.elementwise import cast, cast_like, equal, logical_and, where, zero_like
from kerasish.ops.basic.indexing import along
from kerasish.ops.declare import ints, same_as_first
from kerasish.ops.operation import public
from kerasish.spec import accumulator

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


@cumsum_.gradient
def _(g: Any, y: Any, x: Any, *, axis: int, reverse: bool) -> Any:
    return cumsum_(g, axis=axis, reverse=not reverse)


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
