"""Fit the polynomials of kerasish/compiler/codegen/llvm_math.py and llvm_wide.py, print them.

Remez's exchange on a dense grid (Muller, Elementary Functions, 3rd ed., ch. 3), in 50 digits:
the weighted error alternates between extrema of one size. Needs the package mpmath.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np

mp.mp.dps = 50
POINTS = 1200
Real = Callable[[Any], Any]


def fit(target: Real, low: float, high: float, degree: int, weight: Real) -> list[Any]:
    """Coefficients, lowest first, of the polynomial that is closest to `target`.

    Args:
        weight: what one unit of error costs at a point.
    """
    middle, half = (mp.mpf(high) + low) / 2, (mp.mpf(high) - low) / 2
    x = [middle - half * mp.cos(mp.pi * (k + mp.mpf(0.5)) / POINTS) for k in range(POINTS)]
    y, w = [target(v) for v in x], [weight(v) for v in x]
    used = [i for i in range(POINTS) if w[i] != 0]
    nodes = [used[int(k)] for k in np.linspace(0, len(used) - 1, degree + 2)]
    best: list[Any] = []
    best_error = mp.inf
    for _ in range(30):
        rows = [[x[i] ** k for k in range(degree + 1)] + [(-1) ** j / w[i]]
                for j, i in enumerate(nodes)]  # fmt: skip
        solved = list(mp.lu_solve(mp.matrix(rows), mp.matrix([y[i] for i in nodes])))
        found = solved[:-1]
        error = {i: (mp.polyval(found[::-1], x[i]) - y[i]) * w[i] for i in used}
        largest = max(abs(v) for v in error.values())
        if largest < best_error:
            best, best_error = found, largest
        if largest < abs(solved[-1]) * mp.mpf("1.001"):
            break
        nodes = _extrema(error, degree + 2) or nodes
    print(f"    largest weighted error 2**{float(mp.log(best_error, 2)):.2f}")
    return best


def _extrema(error: dict[int, Any], count: int) -> list[int]:
    """Where the error is largest between its changes of sign; `count` neighbouring ones."""
    peaks: list[int] = []
    for i, v in error.items():
        if peaks and (v > 0) == (error[peaks[-1]] > 0):
            if abs(v) > abs(error[peaks[-1]]):
                peaks[-1] = i
        else:
            peaks.append(i)
    while len(peaks) > count:
        peaks.pop(0 if abs(error[peaks[0]]) < abs(error[peaks[-1]]) else -1)
    return peaks if len(peaks) == count else []


def show(name: str, coefficients: list[Any], dtype: Any = np.float64) -> None:
    """Print one constant as Python source."""
    rows = [f"    {float(dtype(float(c)))!r}," for c in coefficients]
    print(f"{name} = (", *rows, ")", sep="\n")


def series(exact: Real, *terms: Any) -> Real:
    """`exact`, and its power series where it would divide zero by zero."""
    return lambda x: exact(x) if abs(x) > 1e-9 else mp.polyval(terms[::-1], x)


def exp_rest(r: Any) -> Any:
    """(e**r - 1 - r) / r**2."""
    return series(lambda r: (mp.expm1(r) - r) / r**2, 0.5, mp.mpf(1) / 6)(r)


def log_rest(z: Any) -> Any:
    """2 (atanh(s) / s - 1) / z for z = s**2."""
    exact = lambda z: 2 * (mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z  # noqa: E731
    return series(exact, mp.mpf(2) / 3, mp.mpf(2) / 5)(z)


def odd_rest(function: Real, first: Any, second: Any) -> Real:
    """(function(x) / x - 1) / s for s = x**2."""
    return series(lambda s: (function(mp.sqrt(s)) / mp.sqrt(s) - 1) / s, first, second)


def cos_rest(s: Any) -> Any:
    """(cos(x) - 1 + s / 2) / s**2 for s = x**2."""
    exact = lambda s: (mp.cos(mp.sqrt(s)) - 1 + s / 2) / s**2  # noqa: E731
    return series(exact, mp.mpf(1) / 24, -mp.mpf(1) / 720)(s)


def erfcx(a: Any) -> Any:
    """exp(a**2) erfc(a)."""
    return mp.exp(a * a) * mp.erfc(a)


def inverse_erf(w: Any) -> Any:
    """erfinv(x) / x where w = -log(1 - x**2)."""
    if w < 1e-20:
        return mp.sqrt(mp.pi) / 2
    x = mp.sqrt(-mp.expm1(-w))
    guess = mp.mpf(float(mp.sqrt(w) * mp.sqrt(mp.pi) / 2)) if w < 1 else mp.sqrt(w)
    # erfc keeps the digits of arguments near 1, where 1 - x is what matters.
    left = mp.exp(-w) / (1 + x)
    y = mp.findroot(lambda y: mp.log(mp.erfc(y)) - mp.log(left), guess)
    return y / x


def narrow() -> None:
    """llvm_math.py: float32 in float32."""
    show32 = functools.partial(show, dtype=np.float32)
    half = mp.log(2) / 2 * mp.mpf("1.001")
    # exp(r) = 1 + r + r^2 q(r)
    show32("EXP", fit(exp_rest, -half, half, 5, lambda r: r * r / mp.exp(r)))
    # log(1 + f) = f - f^2/2 + f^3 q(f)
    rest = series(lambda f: (mp.log1p(f) - f + f * f / 2) / f**3, mp.mpf(1) / 3, -mp.mpf(1) / 4)
    low, high = mp.sqrt(0.5) - 1.001, mp.sqrt(2) - 0.999
    show32("LOG", fit(rest, low, high, 8, lambda f: abs(f**3 / mp.log1p(f)) if f else 0))
    # tanh(x) = x + x^3 q(x^2)
    rest = odd_rest(mp.tanh, -mp.mpf(1) / 3, mp.mpf(2) / 15)
    show32("TANH", fit(rest, 0, 0.64**2, 5, lambda s: s))
    # expm1(x) = x + x^2 q(x)
    show32("EXPM1", fit(exp_rest, -0.52, 0.52, 6, lambda r: abs(r * r / mp.expm1(r))))
    # erf(x) = x + x q(x^2) for small x
    rest = series(lambda s: mp.erf(mp.sqrt(s)) / mp.sqrt(s) - 1, 2 / mp.sqrt(mp.pi) - 1, 0)
    show32("ERF_SMALL", fit(rest, 0, 0.93**2, 6, lambda s: 1))
    # erf(t) = 1 - exp(t q(t)) for t in [0.92, 4]
    show32(
        "ERF_LARGE",
        fit(lambda t: mp.log(mp.erfc(t)) / t, 0.92, 4, 8, lambda t: t * mp.erfc(t) / mp.erf(t)),
    )


def wide(digits: str, exp: int, log: int, sin: int, cos: int, atan: int) -> None:
    """llvm_wide.py: in float64, for results of float32 (short) or float64 (long)."""
    half = mp.log(2) / 2 * mp.mpf("1.001")
    show(f"EXP {digits}", fit(exp_rest, -half, half, exp, lambda r: r * r / mp.exp(r)))
    top = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mp.mpf("1.001")
    show(f"LOG {digits}", fit(log_rest, 0, top, log, lambda z: z))
    top = (mp.pi / 4) ** 2 * mp.mpf("1.01")
    rest = odd_rest(mp.sin, -mp.mpf(1) / 6, mp.mpf(1) / 120)
    show(f"SIN {digits}", fit(rest, 0, top, sin, lambda s: s))
    show(f"COS {digits}", fit(cos_rest, 0, top, cos, lambda s: s * s))
    top = mp.tan(mp.pi / 8) ** 2 * mp.mpf("1.001")
    rest = odd_rest(mp.atan, -mp.mpf(1) / 3, mp.mpf(1) / 5)
    show(f"ATAN {digits}", fit(rest, 0, top, atan, lambda s: s))


def main() -> None:
    """Fit all of them."""
    narrow()
    wide("SHORT", 4, 3, 2, 2, 4)
    wide("LONG", 9, 6, 5, 5, 11)
    # erfc(a) = exp(-a^2) t q(t) with t = 1 / (1 + a/2)
    rest = lambda t: erfcx((1 / t - 1) * 2) / t  # noqa: E731
    show("ERFC", fit(rest, 1 / (1 + mp.mpf(11) / 2), 1, 11, lambda t: 1 / rest(t)))
    # erf(x) = x + x q(x^2) below 0.9, 1 - exp(-x^2) t p(t) above, both LONG
    erf = series(lambda s: mp.erf(mp.sqrt(s)) / mp.sqrt(s) - 1, 2 / mp.sqrt(mp.pi) - 1, 0)
    show("ERF_NEAR", fit(erf, 0, mp.mpf("0.9") ** 2, 11, lambda s: 1))
    low, high = 1 / (1 + mp.mpf(6) / 2), 1 / (1 + mp.mpf("0.89") / 2)
    cost = lambda t: t * mp.exp(-(((1 / t - 1) * 2) ** 2)) / mp.erf((1 / t - 1) * 2)  # noqa: E731
    show("ERF_FAR", fit(rest, low, high, 11, cost))
    # erfinv(x) = x q(w - 2.5) below w = 5, x q(sqrt(w) - 3) above, with w = -log(1 - x^2)
    rest = lambda v: inverse_erf(v + 2.5)  # noqa: E731
    show("ERFINV_MIDDLE", fit(rest, -2.5, 2.51, 9, lambda v: 1 / rest(v)))
    rest = lambda v: inverse_erf((v + 3) ** 2)  # noqa: E731
    show("ERFINV_TAIL", fit(rest, mp.sqrt(5) - 3.01, mp.sqrt(17) - 3, 9, lambda v: 1 / rest(v)))


if __name__ == "__main__":
    main()
