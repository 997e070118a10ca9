"""keras.ops.numpy, truth and bits: comparisons, logic, tests of single numbers, bitwise."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from kerasish.graph.op import Op, case
from kerasish.graph.primitives import expand_dims, reshape
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, promoted
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.elementwise import cast
from kerasish.ops.basic.reduction import all as _all
from kerasish.ops.basic.reduction import any as _any
from kerasish.ops.declare import OfTwo, complexes, composite, entered, ints, of_one, of_two
from kerasish.ops.numpy.arithmetic import imag, numbers
from kerasish.ops.operation import public
from kerasish.spec import is_float

equal = of_two(_e.equal, "x1 == x2, elementwise.")
not_equal = of_two(_e.not_equal, "x1 != x2, elementwise.")
less = of_two(_e.less, "x1 < x2, elementwise.")
less_equal = of_two(_e.less_equal, "x1 <= x2, elementwise.")
greater = of_two(_e.greater, "x1 > x2, elementwise.")
greater_equal = of_two(_e.greater_equal, "x1 >= x2, elementwise.")


def _logical(op: Op, doc: str) -> OfTwo:
    def call(x1: TensorLike, x2: TensorLike) -> Tensor:
        return op(cast(x1, "bool"), cast(x2, "bool"))

    return entered(call, doc, op.name)


logical_and = _logical(_e.logical_and, "Whether both elements are not zero.")
logical_or = _logical(_e.logical_or, "Whether at least one of the elements is not zero.")
logical_xor = _logical(_e.logical_xor, "Whether exactly one of the elements is not zero.")


logical_not = of_one(
    _e.logical_not, "Whether each element is zero.", given=lambda x: cast(x, "bool")
)


# --- tests of single numbers ----------------------------------------------------------------------


isnan = of_one(_e.isnan, "Whether each element is NaN.")
isinf = of_one(_e.isinf, "Whether each element is infinite.")
isfinite = of_one(_e.isfinite, "Whether each element is neither infinite nor NaN.")


@composite(case(np.array([1.0, np.inf, -np.inf, np.nan])))
def isposinf(x: TensorLike) -> Tensor:
    """Whether each element is +infinity."""
    return _e.equal(_e.as_float(x), np.inf)


@composite(case(np.array([1.0, np.inf, -np.inf, np.nan])))
def isneginf(x: TensorLike) -> Tensor:
    """Whether each element is -infinity."""
    return _e.equal(_e.as_float(x), -np.inf)


@composite(case(complexes((3,))), case((3,)))
def isreal(x: TensorLike) -> Tensor:
    """Whether each element has no imaginary part."""
    return _e.equal(imag(x), 0)


@composite(case((3, 4)), case(np.array([0.0, -0.0, -1.0])), case(ints((4,), 5, low=-5)))
def signbit(x: TensorLike) -> Tensor:
    """Whether the sign bit of each element is set; it is for -0.0."""
    x = convert_to_tensor(x)
    if not is_float(x.dtype):
        return _e.less(x, 0)
    return _e.less(x, 0) | (_e.equal(x, 0) & _e.less(_e.reciprocal(x), 0))


@composite(case((3, 4), (3, 4)), case(np.array([1.0, np.inf]), np.array([1.0, np.inf])))
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


@composite(case(ints((3, 4), 6), ints((3,), 6)), case(ints((3,), 3), np.arange(0)))
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


class _OfBits(Protocol):
    def __call__(self, x: TensorLike, y: TensorLike) -> Tensor: ...


def _bits(op: Op, doc: str, name: str = "") -> _OfBits:
    def call(x: TensorLike, y: TensorLike) -> Tensor:
        return op(x, y)

    return entered(call, doc, name or op.name)


def _shift(op: Op, sign: str, name: str) -> _OfBits:
    def call(x: TensorLike, y: TensorLike) -> Tensor:
        return op(*map(numbers, promoted((x, y), "same")))

    return entered(call, f"x {sign} y, elementwise; bool counts as int32.", name)


bitwise_and = _bits(_e.bitwise_and, "x & y, bit by bit.")
bitwise_or = _bits(_e.bitwise_or, "x | y, bit by bit.")
bitwise_xor = _bits(_e.bitwise_xor, "x ^ y, bit by bit.")
bitwise_not = of_one(_e.bitwise_not, "~x, bit by bit.")
bitwise_invert = of_one(_e.bitwise_not, "~x, bit by bit.", "bitwise_invert")
left_shift = _shift(_e.left_shift, "<<", "left_shift")
bitwise_left_shift = _shift(_e.left_shift, "<<", "bitwise_left_shift")
right_shift = _shift(_e.right_shift, ">>", "right_shift")
bitwise_right_shift = _shift(_e.right_shift, ">>", "bitwise_right_shift")
