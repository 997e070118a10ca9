"""keras.ops.numpy, arithmetic: the elementwise functions with Keras's names and dtype rules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError, DTypeError
from kerasish.graph.op import Op, case
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, promoted
from kerasish.hints import whole
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.elementwise import as_float, cast, cast_like, equal, where
from kerasish.ops.declare import OfTwo, complexes, composite, entered, ints, of_one, of_two
from kerasish.ops.numpy.creation import zeros_like
from kerasish.ops.operation import public
from kerasish.spec import COMPLEX, is_differentiable, is_float, is_int, largest, promote_float

add = of_two(_e.add, "x1 + x2, elementwise.")
subtract = of_two(_e.subtract, "x1 - x2, elementwise.")
multiply = of_two(_e.multiply, "x1 * x2, elementwise.")
divide = of_two(_e.divide, "x1 / x2, elementwise; integers give floatx.")
true_divide = of_two(_e.divide, "x1 / x2, elementwise; integers give floatx.", "true_divide")


@composite(
    case((3, 4), (3, 4), domain=(0.5, 2.0)), case((3, 4), np.zeros((3, 1)), differentiate=(0,))
)
def divide_no_nan(x1: TensorLike, x2: TensorLike) -> Tensor:
    """x1 / x2, elementwise, and 0 where x2 is 0."""
    a, b = promoted((x1, x2), "float")
    zero = equal(b, 0)
    return where(zero, 0.0, a / where(zero, 1.0, b))


def numbers(x: Any) -> Tensor:
    """bool as int32, as Keras computes remainders."""
    return cast(x, "int32") if x.dtype == "bool" else x


def _quotient(op: Op, doc: str) -> OfTwo:
    def call(x1: TensorLike, x2: TensorLike) -> Tensor:
        return op(*map(numbers, promoted((x1, x2), "same")))

    return entered(call, doc, op.name)


floor_divide = _quotient(_e.floor_divide, "floor(x1 / x2), elementwise.")
mod = _quotient(_e.mod, "x1 - floor(x1 / x2) * x2, elementwise: the remainder with the sign of x2.")
fmod = _quotient(
    _e.fmod, "x1 - trunc(x1 / x2) * x2, elementwise: the remainder with the sign of x1."
)


negative = of_one(_e.negative, "-x, elementwise.")
_MODULUS = "The absolute value of each element; of a complex number, its modulus."
abs = of_one(_e.absolute, _MODULUS, "abs")
absolute = of_one(_e.absolute, _MODULUS)


fabs = of_one(
    _e.absolute, "The absolute value of each element, as a floating number.", "fabs", as_float
)
sign = of_one(_e.sign, "-1, 0 or 1 as each element is negative, zero or positive.")


@public
def square(x: TensorLike) -> Tensor:
    """x * x, elementwise; bool counts as int32."""
    return _e.square(numbers(convert_to_tensor(x)))


reciprocal = of_one(_e.reciprocal, "1 / x, elementwise.")


@public
def power(x1: TensorLike, x2: TensorLike) -> Tensor:
    """x1 to the power of x2, elementwise; bool counts as int32."""
    a, b = promoted((x1, x2), "same")
    if b.value is not None and is_int(b.dtype) and (b.numpy() < 0).any():
        raise ArgumentError(
            "power",
            expected="exponents of 0 or more for integers",
            received=b.numpy().min(),
            fix="Cast to a float dtype.",
        )
    return _e.power(numbers(a), numbers(b))


maximum = of_two(_e.maximum, "The larger of x1 and x2, elementwise; NaN where one is NaN.")
minimum = of_two(_e.minimum, "The smaller of x1 and x2, elementwise; NaN where one is NaN.")


_PAIR = [case((3, 4), (3, 4)), case((2, 3, 4), (1, 4))]


@composite(*_PAIR)
def fmax(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The larger of x1 and x2, elementwise; the other one where one is NaN."""
    a, b = promoted((x1, x2), "same")
    return where(_e.isnan(a), b, where(_e.isnan(b), a, _e.maximum(a, b)))


@composite(*_PAIR)
def fmin(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The smaller of x1 and x2, elementwise; the other one where one is NaN."""
    a, b = promoted((x1, x2), "same")
    return where(_e.isnan(a), b, where(_e.isnan(b), a, _e.minimum(a, b)))


@composite(case((3, 4), x_min=-0.7, x_max=1.1))
def clip(x: TensorLike, x_min: TensorLike, x_max: TensorLike) -> Tensor:
    """min(max(x, x_min), x_max), elementwise; None leaves a side open."""
    x = numbers(convert_to_tensor(x))
    if x_min is not None:
        x = _e.maximum(x, x_min)
    return x if x_max is None else _e.minimum(x, x_max)


# --- rounding -------------------------------------------------------------------------------


floor = of_one(
    _e.floor, "The largest whole number not above each element, as a float.", given=as_float
)
ceil = of_one(
    _e.ceil, "The smallest whole number not below each element, as a float.", given=as_float
)


@public
def trunc(x: TensorLike) -> Tensor:
    """The whole part of each element."""
    x = convert_to_tensor(x)
    return x if not is_float(x.dtype) else _e.trunc(x)


@composite(case((3, 4), decimals=2, differentiate=()), case(ints((3,), 900), decimals=-2))
def round(x: TensorLike, decimals: int = 0) -> Tensor:
    """Each element rounded to `decimals` places, halves to even; integers stay integers."""
    x, decimals = convert_to_tensor(x), whole("round, decimals", decimals, None)
    if is_differentiable(x.dtype):
        return _rounded(x, decimals)
    if decimals >= 0:
        return numbers(x)
    return cast_like(_rounded(cast(x, "float64"), decimals), x)


def _rounded(x: Any, decimals: int) -> Any:
    if decimals == 0:
        return _e.round_half_even(x)
    factor = 10.0 ** math.fabs(decimals)
    if decimals > 0:
        return _e.round_half_even(x * factor) / factor
    return _e.round_half_even(x / factor) * factor


# --- numbers that are no numbers, neighbours, divisors --------------------------------------------


@composite(case((3, 4)), case(np.array([1.0, np.nan, np.inf]), posinf=2.0, differentiate=()))
def nan_to_num(x: TensorLike, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Tensor:
    """x with NaN and the infinities replaced; None means the largest finite number."""
    x = convert_to_tensor(x)
    if not is_float(x.dtype):
        return x
    top = largest(x.dtype)
    high = top if posinf is None else posinf
    low = -top if neginf is None else neginf
    zero = _e.zero_like(x)
    finite = where(_e.isfinite(x), x, zero)
    edges = where(x > 0, cast_like(high, x), cast_like(low, x))
    return where(_e.isfinite(x), finite, where(_e.isnan(x), cast_like(nan, x), edges))


nextafter = of_two(_e.nextafter, "The floating number next to x1 in the direction of x2.")
gcd = of_two(_e.gcd, "The greatest common divisor of integers, elementwise.")
lcm = of_two(_e.lcm, "The least common multiple of integers, elementwise.")


@composite(case((3, 4), (3, 4), differentiate=()))
def heaviside(x1: TensorLike, x2: TensorLike) -> Tensor:
    """0 where x1 < 0, x2 where x1 is 0, 1 where x1 > 0."""
    a, b = promoted((x1, x2), "float")
    step = where(a > 0, 1.0, where(a < 0, 0.0, b))
    return where(_e.isnan(a), a, cast_like(step, a))


# --- complex numbers ----------------------------------------------------------------------------


@public
def real(x: TensorLike) -> Tensor:
    """The real part of each element."""
    x = convert_to_tensor(x)
    return _e.real(x) if x.dtype in COMPLEX else x


@public
def imag(x: TensorLike) -> Tensor:
    """The imaginary part of each element; zeros for real numbers."""
    x = convert_to_tensor(x)
    return _e.imag(x) if x.dtype in COMPLEX else zeros_like(x)


@public
def conj(x: TensorLike) -> Tensor:
    """The complex conjugate of each element."""
    x = convert_to_tensor(x)
    return _e.conj(x) if x.dtype in COMPLEX else x


@public
def conjugate(x: TensorLike) -> Tensor:
    """The complex conjugate of each element."""
    return conj(x)


@composite(case(complexes((3, 4), 0.3)), case((3, 4)))
def angle(x: TensorLike) -> Tensor:
    """The angle of each complex number with the positive real axis, in radians."""
    x = convert_to_tensor(x)
    if x.dtype in COMPLEX:
        return _e.arctan2(_e.imag(x), _e.real(x))
    x = _e.stop_gradient(as_float(x))
    return _e.arctan2(_e.zero_like(x), x)


# --- angles and special functions -----------------------------------------------------------------


@composite(case((3, 4)))
def deg2rad(x: TensorLike) -> Tensor:
    """x * pi / 180, elementwise."""
    return as_float(x) * (math.pi / 180)


@composite(case((3, 4)))
def rad2deg(x: TensorLike) -> Tensor:
    """x * 180 / pi, elementwise."""
    return as_float(x) * (180 / math.pi)


erf = of_one(
    _e.erf, "The error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x."
)
erfc = of_one(_e.erfc, "The complementary error function, 1 - erf(x).")
erfinv = of_one(_e.erfinv, "The inverse of the error function, for x in (-1, 1).")
i0 = of_one(_e.i0, "The modified Bessel function of the first kind of order zero.")


# --- exponentials, logarithms, roots, trigonometry ------------------------------------------------


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
