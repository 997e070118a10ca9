"""Elementary functions of float32 as short polynomial programs on vectors.

Every function is branch-free. Largest errors over all float32 inputs, in ulps
(scripts/sweep_llvm_math.py; tests/compiler/codegen/test_llvm_math.py samples every exponent):

    exp 0.99   expm1 1.72   log 0.85   log1p 1.44   tanh 1.33   sigmoid 1.53   rsqrt 1.49
    erf 1.12

Argument reductions follow Muller, Elementary Functions (3rd ed., ch. 11); the polynomials are
minimax fits of our own (scripts/fit_polynomials.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from kerasish.compiler.codegen.llvm_text import Emitter, Value
from kerasish.ops.basic.special import ERF_FAR, ERF_LARGE, ERF_SMALL

LN2_HIGH = 0.693359375  # 9 bits, so n * LN2_HIGH is exact
LN2_LOW = -2.12194440e-4


def horner(e: Emitter, x: Value, coefficients: Sequence[float]) -> Value:
    """c0 + x (c1 + x (c2 + ...)) by fused multiply-adds."""
    total = e.like(coefficients[-1], x)
    for c in reversed(coefficients[:-1]):
        total = e.fma(total, x, e.like(c, x))
    return total


def _power_of_two(e: Emitter, n: Value) -> Value:
    """2**n for an int32 n in [-126, 127]."""
    biased = e.add(n, e.like(127, n))
    return e.bitcast(e.binary("shl", biased, e.like(23, n)), "float32")


EXP = (
    0.5, 0.1666666567325592, 0.04166629537940025, 0.008333497680723667, 0.0013944758102297783,
    0.00019790245278272778,
)  # fmt: skip
LOG = (
    0.3333331048488617, -0.25000008940696716, 0.2000216692686081, -0.16668090224266052,
    0.14218555390834808, -0.12403084337711334, 0.11893511563539505, -0.11694329977035522,
    0.06757567077875137,
)  # fmt: skip
TANH = (
    -0.3333333134651184, 0.1333318054676056, -0.05394339933991432, 0.021681644022464752,
    -0.008129000663757324, 0.0020977214444428682,
)  # fmt: skip
EXPM1 = (
    0.5, 0.1666666716337204, 0.041666656732559204, 0.008333110250532627, 0.0013889375841245055,
    0.00019984378013759851, 2.478996066201944e-05,
)  # fmt: skip


def _exp_parts(e: Emitter, x: Value) -> tuple[Value, Value, Value]:
    """(p, low, n) with e**x = 2**n (p + low): `low` is what rounding took from p."""
    lowest, highest = e.like(-104.0, x), e.like(89.0, x)
    held = e.select(e.compare("lt", x, lowest), lowest, x)
    held = e.select(e.compare("gt", held, highest), highest, held)  # NaN passes both
    n = e.call("llvm.rint", e.mul(held, e.like(1 / math.log(2), x)))
    r = e.fma(n, e.like(-LN2_HIGH, x), held)
    r = e.fma(n, e.like(-LN2_LOW, x), r)
    one = e.like(1.0, x)
    t = e.fma(e.mul(r, r), horner(e, r, EXP), r)
    p = e.add(t, one)
    whole = e.convert(e.select(e.compare("eq", x, x), n, e.like(0.0, x)), "int32")
    return p, e.sub(t, e.sub(p, one)), whole


def _scaled(e: Emitter, p: Value, n: Value) -> Value:
    """p * 2**n, in two factors: 2**n alone leaves the normal range before the product does."""
    half = e.binary("ashr", n, e.like(1, n))
    return e.mul(e.mul(p, _power_of_two(e, half)), _power_of_two(e, e.sub(n, half)))


def exp(e: Emitter, x: Value) -> Value:
    """e**x = 2**n e**r with r = x - n ln 2."""
    p, _, n = _exp_parts(e, x)
    return _scaled(e, p, n)


def log(e: Emitter, x: Value) -> Value:
    """log x = k ln 2 + log m with m in [sqrt(1/2), sqrt(2))."""
    tiny = e.compare("lt", x, e.like(1.1754943508222875e-38, x))
    scaled = e.select(tiny, e.mul(x, e.like(8388608.0, x)), x)  # 2**23 lifts denormals
    raw = e.bitcast(scaled, "int32")
    shifted = e.sub(raw, e.like(0x3F3504F3, raw))  # sqrt(1/2)
    k = e.binary("ashr", shifted, e.like(23, raw))
    m = e.bitcast(e.sub(raw, e.binary("shl", k, e.like(23, raw))), "float32")
    k_float = e.convert(k, "float32")
    k_float = e.sub(k_float, e.select(tiny, e.like(23.0, x), e.like(0.0, x)))
    f = e.sub(m, e.like(1.0, x))
    square = e.mul(f, f)
    rest = e.mul(e.mul(square, f), horner(e, f, LOG))
    rest = e.fma(k_float, e.like(LN2_LOW, x), rest)
    rest = e.fma(square, e.like(-0.5, x), rest)
    y = e.fma(k_float, e.like(LN2_HIGH, x), e.add(f, rest))
    infinite = e.like(math.inf, x)
    y = e.select(e.compare("lt", x, infinite), y, x)  # inf and NaN stay
    y = e.select(e.compare("eq", x, e.like(0.0, x)), e.like(-math.inf, x), y)
    return e.select(e.compare("lt", x, e.like(0.0, x)), e.like(math.nan, x), y)


def log1p(e: Emitter, x: Value) -> Value:
    """log(1 + x) = log u + (x - (u - 1)) / u for u = 1 + x rounded."""
    one = e.like(1.0, x)
    u = e.add(one, x)
    lost = e.sub(x, e.sub(u, one))
    y = e.add(log(e, u), e.div(lost, u))
    finite = e.compare("lt", e.call("llvm.fabs", u), e.like(math.inf, x))
    y = e.select(finite, y, log(e, u))
    y = e.select(e.compare("eq", u, e.like(0.0, x)), e.like(-math.inf, x), y)
    return e.select(e.compare("eq", u, one), x, y)


def expm1(e: Emitter, x: Value) -> Value:
    """exp(x) - 1, by its own polynomial near zero."""
    near = e.fma(e.mul(x, x), horner(e, x, EXPM1), x)
    far = e.sub(exp(e, x), e.like(1.0, x))
    small = e.compare("lt", e.call("llvm.fabs", x), e.like(0.5, x))
    return e.call("llvm.copysign", e.select(small, near, far), x)  # -0.0 stays


def tanh(e: Emitter, x: Value) -> Value:
    """Odd polynomial below 0.625, 1 - 2 / (e**(2x) + 1) above."""
    t = e.call("llvm.fabs", x)
    s = e.mul(x, x)
    near = e.fma(e.mul(s, x), horner(e, s, TANH), x)
    grown = e.add(exp(e, e.add(t, t)), e.like(1.0, x))
    far = e.sub(e.like(1.0, x), e.div(e.like(2.0, x), grown))
    y = e.select(e.compare("lt", t, e.like(0.625, x)), near, far)
    return e.call("llvm.copysign", y, x)


def sigmoid(e: Emitter, x: Value) -> Value:
    """1 / (1 + e**-x), from z = e**-|x| so that neither side overflows.

    What rounding took from z and from 1 + z is put back to first order.
    """
    p, low, n = _exp_parts(e, e.neg(e.call("llvm.fabs", x)))
    z = _scaled(e, p, n)
    one = e.like(1.0, x)
    s = e.add(z, one)
    lost = e.sub(z, e.sub(s, one))
    below = e.compare("lt", x, e.like(0.0, x))
    y = e.div(e.select(below, z, one), s)
    inverse = e.select(below, e.sub(one, y), y)
    error = e.sub(e.select(below, low, e.neg(e.mul(z, low))), lost)
    return e.fma(y, e.mul(error, inverse), y)


def erf(e: Emitter, x: Value) -> Value:
    """Odd polynomial below 0.927, 1 - e**(t q(t)) above."""
    t = e.call("llvm.fabs", x)
    s = e.mul(x, x)
    near = e.fma(x, horner(e, s, ERF_SMALL), x)
    held = e.select(e.compare("gt", t, e.like(4.0, x)), e.like(4.0, x), t)
    far = e.sub(e.like(1.0, x), exp(e, e.mul(held, horner(e, held, ERF_LARGE))))
    far = e.call("llvm.copysign", far, x)
    return e.select(e.compare("gt", t, e.like(ERF_FAR, x)), far, near)


def rsqrt(e: Emitter, x: Value) -> Value:
    """1 / sqrt(x), both correctly rounded."""
    return e.div(e.like(1.0, x), e.call("llvm.sqrt", x))
