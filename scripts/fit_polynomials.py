"""Fit the polynomials of kerasish/compiler/codegen/llvm_math.py and print their coefficients.

Lawson's algorithm: least squares on Chebyshev points, reweighted until the largest weighted
error is as small as the degree allows (Lawson 1961; Rice, The Approximation of Functions).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np


def fit(
    target: Callable[[float], float],
    low: float,
    high: float,
    degree: int,
    weight: Callable[[float], float],
) -> np.ndarray:
    """Coefficients, lowest first, of the polynomial that is closest to `target`.

    Args:
        weight: what one unit of error costs at a point.
    """
    k = np.arange(4000)
    x = (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (k + 0.5) / k.size)
    y = np.array([target(v) for v in x])
    w = np.array([weight(v) for v in x])
    powers = np.vander(x, degree + 1, increasing=True)
    lawson = np.ones_like(x)
    best, best_error = np.zeros(degree + 1), np.inf
    for _ in range(200):
        scale = np.sqrt(lawson) * w
        found = np.linalg.lstsq(powers * scale[:, None], y * scale, rcond=None)[0]
        error = np.abs(powers @ found - y) * w
        if error.max() < best_error:
            best, best_error = found, error.max()
        lawson *= error / error.max() + 1e-12
        lawson /= lawson.mean()
    print(f"    largest weighted error 2**{math.log2(best_error):.2f}")
    return best


def show(name: str, coefficients: np.ndarray) -> None:
    """Print one constant as Python source."""
    rows = [f"    {float(np.float32(c))!r}," for c in coefficients]
    print(f"{name} = (", *rows, ")", sep="\n")


def main() -> None:
    """Fit all of them."""
    half = math.log(2) / 2 * 1.001
    # exp(r) = 1 + r + r^2 q(r)
    q = fit(
        lambda r: (math.expm1(r) - r) / r**2 if abs(r) > 1e-3 else 0.5 + r / 6 + r * r / 24,
        -half, half, 5, lambda r: r * r / math.exp(r),
    )  # fmt: skip
    show("EXP", q)
    # log(1 + f) = f - f^2/2 + f^3 q(f)
    q = fit(
        lambda f: (math.log1p(f) - f + f * f / 2) / f**3
        if abs(f) > 1e-3
        else 1 / 3 - f / 4 + f * f / 5,
        math.sqrt(0.5) - 1.001, math.sqrt(2) - 0.999, 8,
        lambda f: abs(f**3 / math.log1p(f)) if abs(f) > 1e-9 else 0.0,
    )  # fmt: skip
    show("LOG", q)
    # tanh(x) = x + x^3 q(x^2)
    q = fit(
        lambda s: (math.tanh(math.sqrt(s)) / math.sqrt(s) - 1) / s
        if s > 1e-4
        else -1 / 3 + 2 / 15 * s,
        0.0, 0.64**2, 5, lambda s: s,
    )  # fmt: skip
    show("TANH", q)
    # expm1(x) = x + x^2 q(x)
    q = fit(
        lambda r: (math.expm1(r) - r) / r**2 if abs(r) > 1e-3 else 0.5 + r / 6 + r * r / 24,
        -0.52, 0.52, 6, lambda r: abs(r * r / math.expm1(r)) if r else 0.0,
    )  # fmt: skip
    show("EXPM1", q)
    # erf(x) = x + x q(x^2) for small x
    q = fit(
        lambda s: math.erf(math.sqrt(s)) / math.sqrt(s) - 1
        if s > 1e-12
        else 2 / math.sqrt(math.pi) - 1,
        0.0, 0.93**2, 6, lambda s: 1.0,
    )  # fmt: skip
    show("ERF_SMALL", q)
    # erf(t) = 1 - exp(t q(t)) for t in [0.92, 4]
    q = fit(
        lambda t: math.log(math.erfc(t)) / t, 0.92, 4.0, 8,
        lambda t: t * math.erfc(t) / math.erf(t),
    )  # fmt: skip
    show("ERF_LARGE", q)


if __name__ == "__main__":
    main()
