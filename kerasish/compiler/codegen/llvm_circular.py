"""Circular functions and their inverses in float64 lanes (see llvm_wide.py).

Arguments of any size are reduced exactly: by pi/2 in parts (Cody and Waite, Software Manual for
the Elementary Functions, 1980), huge ones by the digits of 2/pi. Largest errors in ulps, found as
there:

    sin 0.56   cos 0.56   tan 0.56   arctan 0.51   arctan2 0.51   arcsin 0.51   arccos 0.51
    float64: sin 1.57   cos 1.53
"""

from __future__ import annotations

import functools
import math

from kerasish.compiler.codegen.llvm_number import Number, fma, polynomial, where
from kerasish.compiler.codegen.llvm_wide import MAGIC, Precision, signed, two_to, widened

HUGE = 2.0**30  # where pi/2 in parts no longer suffices
HALF_PI = (math.pi / 2, 6.123233995736766e-17, -1.4973849048591833e-33)
SIGN = -(1 << 63)


def _quarters(p: Precision, x: Number) -> tuple[Number, Number]:
    """(n, r) with x = n pi/2 + r, |r| <= pi/4; the last two bits of the int64 n are right."""
    e = x.e
    shifted = fma(x, 2 / math.pi, MAGIC)
    n = shifted - MAGIC
    first = fma(n, -HALF_PI[0], x)
    r = fma(n, -HALF_PI[1], first)
    if p.full:
        r = r - fma(n, HALF_PI[2], fma(n, HALF_PI[1], r - first))
    huge = abs(x) >= HUGE
    slots = [e.alloca(v.value.type) for v in (shifted, r)]
    e.put(f"store {shifted.value}, ptr {slots[0]}")
    e.put(f"store {r.value}, ptr {slots[1]}")
    with e.when(e.any(huge.value)):
        far_n, far_r = _huge_quarters(p, x)
        e.put(f"store {where(huge, far_n, shifted).value}, ptr {slots[0]}")
        e.put(f"store {where(huge, far_r, r).value}, ptr {slots[1]}")
    n, r = (
        Number(e, e.let(f"load {r.value.type}, ptr {s}", "float64", r.value.lanes)) for s in slots
    )
    return n.bits, r


@functools.cache
def _two_over_pi() -> tuple[float, ...]:
    """The digits of 2/pi to the base 2**24, from Machin's formula for pi."""
    count, one = 50, 1 << 1300

    def arccot(k: int) -> int:
        terms, power, i = 0, one // k, 0
        while power:
            terms += (-1) ** i * power // (2 * i + 1)
            power, i = power // (k * k), i + 1
        return terms

    whole = (one << (24 * count + 1)) // (16 * arccot(5) - 4 * arccot(239))
    return tuple(float(whole >> 24 * (count - 1 - i) & 0xFFFFFF) for i in range(count))


def _huge_quarters(p: Precision, x: Number) -> tuple[Number, Number]:
    """`_quarters` of |x| in [2**30, 2**1024), n still as MAGIC + n.

    Payne and Hanek (SIGNUM Newsl. 18, 1983): only digits of 2/pi that matter modulo 4 are
    multiplied, every product exact, and whole quarters go as they come.
    """
    exponent = ((x.bits >> 52) & 0x7FF) - 1075  # x is a 53-bit integer times 2**exponent
    first = exponent - 3
    first = where(first > 0, first, 0)
    skip = (first * 2731) >> 16  # // 24
    y = x * two_to(skip * -24 - 24)
    parts = [y]
    if p.full:
        top = (y.bits & -(1 << 27)).double
        parts = [top, y - top]
    digits = _two_over_pi()
    n = high = low = y.like(0.0)
    for i in range(9 if p.full else 6):
        digit = y.e.lookup("two_over_pi", digits, (skip + i).value)
        scaled = Number(y.e, digit) * 2.0 ** (-24 * i)
        for part in parts:
            term = part * scaled
            if i < 4:
                term = term - 4.0 * (0.25 * term).call("llvm.rint")
            total = high + term
            back = total - high
            low = low + ((high - (total - back)) + (term - back))
            turns = total.call("llvm.rint")
            n, high = n + turns, total - turns
    part = high + low
    rest = fma(part, HALF_PI[1], (low - (part - high)) * HALF_PI[0])
    return n + MAGIC, fma(part, HALF_PI[0], rest)


def _sin_cos(p: Precision, r: Number) -> tuple[Number, Number]:
    s = r * r
    sin = fma(r * s, polynomial(s, p.sin), r)
    return signed(sin, r), fma(s * s, polynomial(s, p.cos), fma(s, -0.5, 1.0))


def _wave(p: Precision, x: Number, shift: int) -> Number:
    n, r = _quarters(p, x)
    sin, cos = _sin_cos(p, r)
    n = n + shift
    y = where((n & 1).compare("ne", 0), cos, sin)
    return (y.bits ^ ((n << 62) & SIGN)).double


@widened
def sin(p: Precision, x: Number) -> Number:
    """sin(n pi/2 + r)."""
    return _wave(p, x, 0)


@widened
def cos(p: Precision, x: Number) -> Number:
    """sin a quarter later."""
    return _wave(p, x, 1)


@widened
def tan(p: Precision, x: Number) -> Number:
    """sin r / cos r, or -cos r / sin r after an odd number of quarters."""
    n, r = _quarters(p, x)
    sin, cos = _sin_cos(p, r)
    odd = (n & 1).compare("ne", 0)
    return where(odd, -cos, sin) / where(odd, sin, cos)


def _angle(p: Precision, y: Number, x: Number) -> Number:
    """The angle of the point (x, y): atan u = pi/4 + atan((u - 1) / (u + 1)) above tan(pi/8)."""
    steep = abs(y) > abs(x)
    a, b = where(steep, abs(x), abs(y)), where(steep, abs(y), abs(x))
    finite = a < math.inf
    a, b = where(finite, a, 1.0), where(finite, b, 1.0)  # both infinite: the diagonal
    b = where(b.compare("eq", 0), 1.0, b)  # both zero: the axis
    upper = a > (math.sqrt(2) - 1) * b
    u = where(upper, a - b, a) / where(upper, a + b, b)
    s = u * u
    angle = fma(u * s, polynomial(s, p.atan), u)
    angle = where(upper, angle + math.pi / 4, angle)
    angle = where(steep, math.pi / 2 - angle, angle)
    angle = where(x.bits < 0, math.pi - angle, angle)
    return where(x.compare("eq", x) & y.compare("eq", y), signed(angle, y), x + y)


@widened
def arctan(p: Precision, x: Number) -> Number:
    """The angle of (1, x)."""
    return _angle(p, x, x.like(1.0))


@widened
def arctan2(p: Precision, y: Number, x: Number) -> Number:
    """The angle of (x, y), in [-pi, pi]."""
    return _angle(p, y, x)


def _cathetus(x: Number) -> Number:
    return ((1 - x) * (x + 1)).call("llvm.sqrt")


@widened
def arcsin(p: Precision, x: Number) -> Number:
    """The angle of (sqrt(1 - x^2), x)."""
    return _angle(p, x, _cathetus(x))


@widened
def arccos(p: Precision, x: Number) -> Number:
    """The angle of (x, sqrt(1 - x^2))."""
    return _angle(p, _cathetus(x), x)
