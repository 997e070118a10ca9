"""keras.ops.numpy, functions of one number: exponentials, logarithms, roots, trigonometry."""

from __future__ import annotations

import math
from typing import Any

from kerasish.errors import DTypeError
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, promoted
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.elementwise import as_float, cast, cast_like, equal, where
from kerasish.ops.declare import composite, ints, of_one, of_two
from kerasish.spec import COMPLEX, promote_float

exp = of_one(_e.exp, "e to the power of each element.")
exp2 = of_one(_e.exp2, "2 to the power of each element.")
expm1 = of_one(_e.expm1, "exp(x) - 1, accurate near zero.")
log = of_one(_e.log, "The natural logarithm of each element.")
log2 = of_one(_e.log2, "The logarithm to base 2 of each element.")
log10 = of_one(_e.log10, "The logarithm to base 10 of each element.")
log1p = of_one(_e.log1p, "log(1 + x), accurate near zero.")


def _log_sum(x1: Any, x2: Any, power: Any, log_one_plus: Any) -> Any:
    """max(a, b) + log(1 + base**-|a - b|), whose gap is 0 for equal infinities too."""
    a, b = promoted((x1, x2), "float")
    if a.dtype in COMPLEX:
        raise DTypeError("logaddexp", expected="real numbers", received=a.dtype)
    gap = where(equal(a, b), _e.zero_like(a), a - b)
    return _e.maximum(a, b) + log_one_plus(power(-_e.absolute(gap)))


@composite(case((3, 4), (3, 4)), case((2, 3, 4), (1, 4)))
def logaddexp(x1: TensorLike, x2: TensorLike) -> Tensor:
    """log(exp(x1) + exp(x2)), without overflow."""
    return _log_sum(x1, x2, _e.exp, _e.log1p)


@composite(case((3, 4), (3, 4)), case((2, 3, 4), (1, 4)))
def logaddexp2(x1: TensorLike, x2: TensorLike) -> Tensor:
    """log2(2**x1 + 2**x2), without overflow."""
    return _log_sum(x1, x2, _e.exp2, lambda t: _e.log1p(t) * (1 / math.log(2)))


sqrt = of_one(_e.sqrt, "The square root of each element.")
rsqrt = of_one(_e.rsqrt, "1 / sqrt(x), elementwise.")
cbrt = of_one(_e.cbrt, "The cube root of each element.")
hypot = of_two(_e.hypot, "sqrt(x1**2 + x2**2), without overflow.")


@composite(case((3, 4), ints((3, 4), 5, low=-5)))
def ldexp(x1: TensorLike, x2: TensorLike) -> Tensor:
    """x1 * 2**x2, elementwise, for integers x2."""
    x1, x2 = convert_to_tensor(x1), convert_to_tensor(x2)
    x1 = cast(x1, promote_float(x1.dtype, x2.dtype))
    return x1 * _e.exp2(cast_like(x2, x1))


# --- trigonometry ---------------------------------------------------------------------------


sin = of_one(_e.sin, "The sine of each element, in radians.")
cos = of_one(_e.cos, "The cosine of each element, in radians.")
tan = of_one(_e.tan, "The tangent of each element, in radians.")
arcsin = of_one(_e.arcsin, "The inverse sine of each element, in [-pi/2, pi/2].")
arccos = of_one(_e.arccos, "The inverse cosine of each element, in [0, pi].")
arctan = of_one(_e.arctan, "The inverse tangent of each element, in (-pi/2, pi/2).")
arctan2 = of_two(_e.arctan2, "The angle of the point (x2, x1) with the first axis, in [-pi, pi].")
sinh = of_one(_e.sinh, "The hyperbolic sine of each element.")
cosh = of_one(_e.cosh, "The hyperbolic cosine of each element.")
tanh = of_one(_e.tanh, "The hyperbolic tangent of each element.")
arcsinh = of_one(_e.arcsinh, "The inverse hyperbolic sine of each element.")
arccosh = of_one(_e.arccosh, "The inverse hyperbolic cosine of each element.")
arctanh = of_one(_e.arctanh, "The inverse hyperbolic tangent of each element.")


@composite(case((3, 4)), case((3, 4), domain=(-0.03, 0.03)))
def sinc(x: TensorLike) -> Tensor:
    """sin(pi x) / (pi x), and 1 at zero."""
    scaled = as_float(x) * math.pi
    # Near zero the quotient's gradient is a difference of equal numbers; the series has none.
    small = _e.absolute(scaled) < 0.1
    square = _e.square(where(small, scaled, 0.0))
    series: Any = 1.0
    for divisor in (72, 42, 20, 6):
        series = 1.0 - square * series / divisor
    safe = where(small, 1.0, scaled)
    return where(small, series, _e.sin(safe) / safe)
