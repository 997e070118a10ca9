"""keras.ops.numpy, functions of one number: exponentials, logarithms, roots, trigonometry."""

from __future__ import annotations

import math
from typing import Any

from kerasish.errors import DTypeError
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, promoted
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.elementwise import cast, cast_like, equal, where
from kerasish.ops.declare import composite, ints
from kerasish.ops.operation import public
from kerasish.spec import COMPLEX, promote_float

__all__ = [
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt", "cos",
    "cosh", "exp", "exp2", "expm1", "hypot", "ldexp", "log", "log10", "log1p", "log2",
    "logaddexp", "logaddexp2", "rsqrt", "sin", "sinc", "sinh", "sqrt", "tan", "tanh",
]  # fmt: skip


@public
def exp(x: TensorLike) -> Tensor:
    """e to the power of each element."""
    return _e.exp(x)


@public
def exp2(x: TensorLike) -> Tensor:
    """2 to the power of each element."""
    return _e.exp2(x)


@public
def expm1(x: TensorLike) -> Tensor:
    """exp(x) - 1, accurate near zero."""
    return _e.expm1(x)


@public
def log(x: TensorLike) -> Tensor:
    """The natural logarithm of each element."""
    return _e.log(x)


@public
def log2(x: TensorLike) -> Tensor:
    """The logarithm to base 2 of each element."""
    return _e.log2(x)


@public
def log10(x: TensorLike) -> Tensor:
    """The logarithm to base 10 of each element."""
    return _e.log10(x)


@public
def log1p(x: TensorLike) -> Tensor:
    """log(1 + x), accurate near zero."""
    return _e.log1p(x)


def _log_sum(a: Any, b: Any, power: Any, log_one_plus: Any) -> Any:
    """max(a, b) + log(1 + base**-|a - b|), whose gap is 0 for equal infinities too."""
    if a.dtype in COMPLEX:
        raise DTypeError("logaddexp", expected="real numbers", received=a.dtype)
    gap = where(equal(a, b), _e.zero_like(a), a - b)
    return _e.maximum(a, b) + log_one_plus(power(-_e.absolute(gap)))


@composite(cases=[case((3, 4), (3, 4)), case((2, 3, 4), (1, 4))])
def logaddexp(x1: TensorLike, x2: TensorLike) -> Tensor:
    """log(exp(x1) + exp(x2)), without overflow."""
    a, b = promoted((x1, x2), "float")
    return _log_sum(a, b, _e.exp, _e.log1p)


@composite(cases=[case((3, 4), (3, 4)), case((2, 3, 4), (1, 4))])
def logaddexp2(x1: TensorLike, x2: TensorLike) -> Tensor:
    """log2(2**x1 + 2**x2), without overflow."""
    a, b = promoted((x1, x2), "float")
    return _log_sum(a, b, _e.exp2, lambda t: _e.log1p(t) * (1 / math.log(2)))


@public
def sqrt(x: TensorLike) -> Tensor:
    """The square root of each element."""
    return _e.sqrt(x)


@public
def rsqrt(x: TensorLike) -> Tensor:
    """1 / sqrt(x), elementwise."""
    return _e.rsqrt(x)


@public
def cbrt(x: TensorLike) -> Tensor:
    """The cube root of each element."""
    return _e.cbrt(x)


@public
def hypot(x1: TensorLike, x2: TensorLike) -> Tensor:
    """sqrt(x1**2 + x2**2), without overflow."""
    return _e.hypot(x1, x2)


@composite(cases=[case((3, 4), ints((3, 4), 5, low=-5))])
def ldexp(x1: TensorLike, x2: TensorLike) -> Tensor:
    """x1 * 2**x2, elementwise, for integers x2."""
    x1, x2 = convert_to_tensor(x1), convert_to_tensor(x2)
    x1 = cast(x1, promote_float(x1.dtype, x2.dtype))
    return x1 * _e.exp2(cast_like(x2, x1))


# --- trigonometry ---------------------------------------------------------------------------


@public
def sin(x: TensorLike) -> Tensor:
    """The sine of each element, in radians."""
    return _e.sin(x)


@public
def cos(x: TensorLike) -> Tensor:
    """The cosine of each element, in radians."""
    return _e.cos(x)


@public
def tan(x: TensorLike) -> Tensor:
    """The tangent of each element, in radians."""
    return _e.tan(x)


@public
def arcsin(x: TensorLike) -> Tensor:
    """The inverse sine of each element, in [-pi/2, pi/2]."""
    return _e.arcsin(x)


@public
def arccos(x: TensorLike) -> Tensor:
    """The inverse cosine of each element, in [0, pi]."""
    return _e.arccos(x)


@public
def arctan(x: TensorLike) -> Tensor:
    """The inverse tangent of each element, in (-pi/2, pi/2)."""
    return _e.arctan(x)


@public
def arctan2(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The angle of the point (x2, x1) with the first axis, in [-pi, pi]."""
    return _e.arctan2(x1, x2)


@public
def sinh(x: TensorLike) -> Tensor:
    """The hyperbolic sine of each element."""
    return _e.sinh(x)


@public
def cosh(x: TensorLike) -> Tensor:
    """The hyperbolic cosine of each element."""
    return _e.cosh(x)


@public
def tanh(x: TensorLike) -> Tensor:
    """The hyperbolic tangent of each element."""
    return _e.tanh(x)


@public
def arcsinh(x: TensorLike) -> Tensor:
    """The inverse hyperbolic sine of each element."""
    return _e.arcsinh(x)


@public
def arccosh(x: TensorLike) -> Tensor:
    """The inverse hyperbolic cosine of each element."""
    return _e.arccosh(x)


@public
def arctanh(x: TensorLike) -> Tensor:
    """The inverse hyperbolic tangent of each element."""
    return _e.arctanh(x)


@composite(cases=[case((3, 4)), case((3, 4), domain=(-0.03, 0.03))])
def sinc(x: TensorLike) -> Tensor:
    """sin(pi x) / (pi x), and 1 at zero."""
    x = convert_to_tensor(x)
    scaled = cast(x, promote_float(x.dtype)) * math.pi
    # Near zero the quotient's gradient is a difference of equal numbers; the series has none.
    small = _e.absolute(scaled) < 0.1
    square = _e.square(where(small, scaled, 0.0))
    series: Any = 1.0
    for divisor in (72, 42, 20, 6):
        series = 1.0 - square * series / divisor
    safe = where(small, 1.0, scaled)
    return where(small, series, _e.sin(safe) / safe)
