"""Array formulas of special functions that numpy lacks: error functions, Bessel functions.

Each is a kernel of an elementwise op: `(xp, x, out=None)`, accurate to the last digits of float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

# W. J. Cody, "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969):
# numerators and denominators, lowest power first, on |x| <= 0.46875, up to 4, and above.
_SMALL = (
    (3.20937758913846947e03, 3.77485237685302021e02, 1.13864154151050156e02,
     3.16112374387056560e00, 1.85777706184603153e-1),
    (2.84423683343917062e03, 1.28261652607737228e03, 2.44024637934444173e02,
     2.36012909523441209e01, 1.0),
)  # fmt: skip
_MIDDLE = (
    (1.23033935479799725e03, 2.05107837782607147e03, 1.71204761263407058e03,
     8.81952221241769090e02, 2.98635138197400131e02, 6.61191906371416295e01,
     8.88314979438837594e00, 5.64188496988670089e-1, 2.15311535474403846e-8),
    (1.23033935480374942e03, 3.43936767414372164e03, 4.36261909014324716e03,
     3.29079923573345963e03, 1.62138957456669019e03, 5.37181101862009858e02,
     1.17693950891312499e02, 1.57449261107098347e01, 1.0),
)  # fmt: skip
_LARGE = (
    (6.58749161529837803e-4, 1.60837851487422766e-2, 1.25781726111229246e-1,
     3.60344899949804439e-1, 3.05326634961232344e-1, 1.63153871373020978e-2),
    (2.33520497626869185e-3, 6.05183413124413191e-2, 5.27905102951428412e-1,
     1.87295284992346725e00, 2.56852019228982242e00, 1.0),
)  # fmt: skip


# erf of float32: (erf(x) / x - 1) in x**2 below ERF_FAR, log(1 - erf(x)) / x in x above; minimax
# fits of our own (scripts/fit_polynomials.py).
ERF_SMALL = (
    0.12837916612625122, -0.37612634897232056, 0.11283694207668304, -0.02685927040874958,
    0.005200634244829416, -0.0008137436234392226, 8.345212700078264e-05,
)  # fmt: skip
ERF_LARGE = (
    -1.1284598112106323, -0.6361249685287476, -0.10409879684448242, 0.021157661452889442,
    -0.0017221703892573714, -0.0005524580483324826, 0.00022882016492076218, -3.6065906897420064e-05,
    2.2590224943996873e-06,
)  # fmt: skip
ERF_FAR = 0.927734375


def _polynomial(coefficients: tuple[float, ...], x: Any) -> Any:
    """sum_k c_k x**k by Horner's rule."""
    total = x * coefficients[-1]
    for c in coefficients[-2:0:-1]:
        total += c
        total *= x
    total += coefficients[0]
    return total


def _ratio(pair: tuple[tuple[float, ...], tuple[float, ...]], x: Any) -> Any:
    return _polynomial(pair[0], x) / _polynomial(pair[1], x)


def _widened(xp: Any, x: Any) -> Any:
    """x in at least single precision, in which half precision is computed."""
    return x if x.dtype.itemsize > 2 else x.astype(xp.float32)


def _given(xp: Any, values: Any, x: Any, out: Any) -> Any:
    """`values` in the dtype of x, written to `out` where there is one."""
    if out is None:
        return values.astype(x.dtype)
    out[...] = values
    return out


def in_single(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel that computes half precision in float32 and rounds once."""

    def wrapped(xp: Any, x: Any, out: Any = None) -> Any:
        if x.dtype.itemsize > 2:
            return kernel(xp, x, out=out)
        return _given(xp, kernel(xp, x.astype(xp.float32)), x, out)

    return wrapped


def _tail(xp: Any, a: Any) -> Any:
    """erfc(a) for a > 0.46875."""
    # exp(-a*a) with a split in two, so that the rounding of a*a does not scale the result.
    high = xp.trunc(a * 16) / 16
    decay = xp.exp(-high * high) * xp.exp(-(a - high) * (a + high))
    far = xp.maximum(a, 4)
    z = 1 / (far * far)
    large = (1 / math.sqrt(math.pi) - z * _ratio(_LARGE, z)) / far
    return decay * xp.where(a <= 4, _ratio(_MIDDLE, xp.minimum(a, 4)), large)


def _erf_single(xp: Any, x: Any) -> Any:
    """erf of float32 to 2 ulp."""
    t = xp.abs(x)
    squares = xp.minimum(t, 1)
    squares *= squares
    near = _polynomial(ERF_SMALL, squares)
    near *= x
    near += x
    held = xp.minimum(t, 4)
    far = _polynomial(ERF_LARGE, held)
    far *= held
    far = xp.copysign(1 - xp.exp(far), x)
    return xp.where(t > ERF_FAR, far, near)


def erf(xp: Any, x: Any, out: Any = None) -> Any:
    """2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x."""
    wide = _widened(xp, x)
    if wide.dtype == xp.float32:
        return _given(xp, _erf_single(xp, wide), x, out)
    a = xp.minimum(xp.abs(wide), 28)
    near = xp.clip(wide, -0.46875, 0.46875)
    small = near * _ratio(_SMALL, near * near)
    values = xp.where(a <= 0.46875, small, xp.sign(wide) * (1 - _tail(xp, xp.maximum(a, 0.4))))
    return _given(xp, values, x, out)


def erfc(xp: Any, x: Any, out: Any = None) -> Any:
    """1 - erf(x), accurate in the upper tail too."""
    wide = _widened(xp, x)
    a = xp.minimum(xp.abs(wide), 28)
    near = xp.clip(wide, -0.46875, 0.46875)
    tail = _tail(xp, xp.maximum(a, 0.4))
    tail = xp.where(wide < 0, 2 - tail, tail)
    values = xp.where(a <= 0.46875, 1 - near * _ratio(_SMALL, near * near), tail)
    return _given(xp, values, x, out)


# M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution",
# Applied Statistics 37 (1988): the middle, the tails, the far tails.
_CENTRE = (
    (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
     1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
     3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
     5.2264952788528545610e3),
)  # fmt: skip
_SIDE = (
    (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
     3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
     2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
     1.05075007164441684324e-9),
)  # fmt: skip
_END = (
    (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
     2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
     2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
     2.04426310338993978564e-15),
)  # fmt: skip


def erfinv(xp: Any, x: Any, out: Any = None) -> Any:
    """The y with erf(y) = x."""
    wide = _widened(xp, x)
    q = wide / 2
    centre = q * _ratio(_CENTRE, 0.180625 - xp.clip(q, -0.425, 0.425) ** 2)
    r = xp.sqrt(-xp.log((1 - xp.abs(wide)) / 2))
    bounded = xp.minimum(r, 40)
    tail = xp.where(r <= 5, _ratio(_SIDE, bounded - 1.6), _ratio(_END, bounded - 5))
    tail = xp.where(xp.abs(wide) == 1, xp.inf, tail)
    values = xp.where(xp.abs(q) <= 0.425, centre, xp.sign(wide) * tail)
    return _given(xp, values / math.sqrt(2), x, out)


# --- modified Bessel functions of the first kind --------------------------------------------------

_NEAR = 25.0  # where the power series hands over to the asymptotic one


def bessel_i(order: int, xp: Any, x: Any, out: Any = None) -> Any:
    """I_order(x): Abramowitz and Stegun 9.6.10 (all terms positive) and, far out, 9.7.1."""
    wide = _widened(xp, x)
    a = xp.abs(wide)
    quarter = xp.minimum(a, _NEAR) ** 2 / 4
    term = xp.ones_like(wide)
    near = term
    for k in range(1, 60):
        term = term * quarter / (k * (k + order))
        near = near + term
    if order:
        near = near * wide / 2
    far = xp.clip(a, _NEAR, 800)
    term = xp.ones_like(wide)
    series = term
    for k in range(1, 20):
        term = term * ((2 * k - 1) ** 2 - 4 * order**2) / (8 * k * far)
        series = series + term
    # exp(a) is taken in two halves, since it overflows before exp(a) / sqrt(2 pi a) does.
    half = xp.exp(far / 2)
    beyond = half * (series / xp.sqrt(2 * math.pi * far)) * half
    if order:
        beyond = xp.sign(wide) * beyond
    return _given(xp, xp.where(a <= _NEAR, near, beyond), x, out)
