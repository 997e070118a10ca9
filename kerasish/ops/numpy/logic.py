"""keras.ops.numpy, truth and bits: comparisons, logic, tests of single numbers, bitwise."""

from __future__ import annotations

import numpy as np

from kerasish.graph.op import case
from kerasish.graph.primitives import expand_dims, reshape
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, promoted
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.elementwise import cast
from kerasish.ops.basic.reduction import all as _all
from kerasish.ops.basic.reduction import any as _any
from kerasish.ops.declare import complexes, composite, ints
from kerasish.ops.numpy.arithmetic import imag, numbers
from kerasish.ops.operation import public
from kerasish.spec import is_float, promote_float

__all__ = [
    "allclose", "bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_not",
    "bitwise_or", "bitwise_right_shift", "bitwise_xor", "equal", "greater", "greater_equal",
    "isclose", "isfinite", "isin", "isinf", "isnan", "isneginf", "isposinf", "isreal",
    "left_shift", "less", "less_equal", "logical_and", "logical_not", "logical_or",
    "logical_xor", "not_equal", "right_shift", "signbit",
]  # fmt: skip


@public
def equal(x1: TensorLike, x2: TensorLike) -> Tensor:
    """x1 == x2, elementwise."""
    return _e.equal(x1, x2)


@public
def not_equal(x1: TensorLike, x2: TensorLike) -> Tensor:
    """x1 != x2, elementwise."""
    return _e.not_equal(x1, x2)


@public
def less(x1: TensorLike, x2: TensorLike) -> Tensor:
    """x1 < x2, elementwise."""
    return _e.less(x1, x2)


@public
def less_equal(x1: TensorLike, x2: TensorLike) -> Tensor:
    """x1 <= x2, elementwise."""
    return _e.less_equal(x1, x2)


@public
def greater(x1: TensorLike, x2: TensorLike) -> Tensor:
    """x1 > x2, elementwise."""
    return _e.greater(x1, x2)


@public
def greater_equal(x1: TensorLike, x2: TensorLike) -> Tensor:
    """x1 >= x2, elementwise."""
    return _e.greater_equal(x1, x2)


@public
def logical_and(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Whether both elements are not zero."""
    return _e.logical_and(cast(x1, "bool"), cast(x2, "bool"))


@public
def logical_or(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Whether at least one of the elements is not zero."""
    return _e.logical_or(cast(x1, "bool"), cast(x2, "bool"))


@public
def logical_xor(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Whether exactly one of the elements is not zero."""
    return _e.logical_xor(cast(x1, "bool"), cast(x2, "bool"))


@public
def logical_not(x: TensorLike) -> Tensor:
    """Whether each element is zero."""
    return _e.logical_not(cast(x, "bool"))


# --- tests of single numbers ----------------------------------------------------------------------


@public
def isnan(x: TensorLike) -> Tensor:
    """Whether each element is NaN."""
    return _e.isnan(x)


@public
def isinf(x: TensorLike) -> Tensor:
    """Whether each element is infinite."""
    return _e.isinf(x)


@public
def isfinite(x: TensorLike) -> Tensor:
    """Whether each element is neither infinite nor NaN."""
    return _e.isfinite(x)


@composite(cases=[case(np.array([1.0, np.inf, -np.inf, np.nan]))])
def isposinf(x: TensorLike) -> Tensor:
    """Whether each element is +infinity."""
    x = convert_to_tensor(x)
    return _e.equal(cast(x, promote_float(x.dtype)), np.inf)


@composite(cases=[case(np.array([1.0, np.inf, -np.inf, np.nan]))])
def isneginf(x: TensorLike) -> Tensor:
    """Whether each element is -infinity."""
    x = convert_to_tensor(x)
    return _e.equal(cast(x, promote_float(x.dtype)), -np.inf)


@composite(cases=[case(complexes((3,))), case((3,))])
def isreal(x: TensorLike) -> Tensor:
    """Whether each element has no imaginary part."""
    return _e.equal(imag(x), 0)


@composite(cases=[case((3, 4)), case(np.array([0.0, -0.0, -1.0])), case(ints((4,), 5, low=-5))])
def signbit(x: TensorLike) -> Tensor:
    """Whether the sign bit of each element is set; it is for -0.0."""
    x = convert_to_tensor(x)
    if not is_float(x.dtype):
        return _e.less(x, 0)
    return _e.less(x, 0) | (_e.equal(x, 0) & _e.less(_e.reciprocal(x), 0))


@composite(cases=[case((3, 4), (3, 4)), case(np.array([1.0, np.inf]), np.array([1.0, np.inf]))])
def isclose(
    x1: TensorLike, x2: TensorLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Whether |x1 - x2| <= atol + rtol * |x2|, elementwise; equal infinities are close."""
    a, b = promoted((x1, x2), "float")
    near = _e.absolute(a - b) <= atol + rtol * _e.absolute(b)
    finite = _e.isfinite(a) & _e.isfinite(b)
    close = (near & finite) | _e.equal(a, b)
    return close | (_e.isnan(a) & _e.isnan(b)) if equal_nan else close


@public
def allclose(
    x1: TensorLike, x2: TensorLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Whether all pairs of elements are close; see `isclose`."""
    return _all(isclose(x1, x2, rtol, atol, equal_nan))


@composite(cases=[case(ints((3, 4), 6), ints((3,), 6)), case(ints((3,), 3), np.arange(0))])
def isin(
    x1: TensorLike, x2: TensorLike, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Whether each element of x1 is among the elements of x2.

    Args:
        x1: tensor; the result has its shape.
        x2: tensor of any shape.
        assume_unique: accepted for compatibility; the result does not depend on it.
        invert: whether to answer the opposite question.
    """
    a, b = promoted((x1, x2), "same")
    hits = _e.equal(expand_dims(a, axis=-1), reshape(b, shape=(-1,)))
    found = _any(hits, axis=-1)
    return _e.logical_not(found) if invert else found


# --- bits ---------------------------------------------------------------------------------------


@public
def bitwise_and(x: TensorLike, y: TensorLike) -> Tensor:
    """x & y, bit by bit."""
    return _e.bitwise_and(x, y)


@public
def bitwise_or(x: TensorLike, y: TensorLike) -> Tensor:
    """x | y, bit by bit."""
    return _e.bitwise_or(x, y)


@public
def bitwise_xor(x: TensorLike, y: TensorLike) -> Tensor:
    """x ^ y, bit by bit."""
    return _e.bitwise_xor(x, y)


@public
def bitwise_not(x: TensorLike) -> Tensor:
    """~x, bit by bit."""
    return _e.bitwise_not(x)


@public
def bitwise_invert(x: TensorLike) -> Tensor:
    """~x, bit by bit."""
    return _e.bitwise_not(x)


@public
def left_shift(x: TensorLike, y: TensorLike) -> Tensor:
    """x << y, elementwise; bool counts as int32."""
    return _e.left_shift(*map(numbers, promoted((x, y), "same")))


@public
def bitwise_left_shift(x: TensorLike, y: TensorLike) -> Tensor:
    """x << y, elementwise; bool counts as int32."""
    return _e.left_shift(*map(numbers, promoted((x, y), "same")))


@public
def right_shift(x: TensorLike, y: TensorLike) -> Tensor:
    """x >> y, elementwise; bool counts as int32."""
    return _e.right_shift(*map(numbers, promoted((x, y), "same")))


@public
def bitwise_right_shift(x: TensorLike, y: TensorLike) -> Tensor:
    """x >> y, elementwise; bool counts as int32."""
    return _e.right_shift(*map(numbers, promoted((x, y), "same")))
