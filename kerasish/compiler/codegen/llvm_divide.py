"""Division with remainder as numpy defines it: floats exactly, integers by zero giving zero."""

from __future__ import annotations

import math

from kerasish.compiler.codegen.llvm_number import Number, fma, where
from kerasish.compiler.codegen.llvm_text import Emitter, Value
from kerasish.compiler.codegen.llvm_wide import Precision, widened
from kerasish.spec import SIGNED, bits, is_float

STEPS = 5  # after the first; each takes 53 bits off a quotient of at most 2**277


@widened
def _fmod(p: Precision, a: Number, b: Number) -> Number:
    """a - b trunc(a / b), exactly: q b and what a division leaves are both exact in float64."""
    e = a.e

    def reduced(r: Number) -> Number:
        return fma(-(r / b).call("llvm.trunc"), b, r)

    r = reduced(a)
    slot = e.alloca(r.value.type)
    e.put(f"store {r.value}, ptr {slot}")

    def held() -> Number:
        return Number(e, e.let(f"load {r.value.type}, ptr {slot}", "float64", r.value.lanes))

    with e.when(e.any((abs(r) >= abs(b)).value)), e.loop(0, STEPS):
        e.put(f"store {reduced(held()).value}, ptr {slot}")
    r = held()
    # A quotient that was rounded up to an integer leaves a remainder of the other sign.
    r = where((r * a) < 0, r + abs(b).call("llvm.copysign", a), r)
    r = where(abs(b).compare("eq", math.inf) & (abs(a) < math.inf), a, r)
    return r.call("llvm.copysign", a)


def _whole(e: Emitter, a: Value, b: Value) -> tuple[Value, Value, Value]:
    """(quotient, remainder, whether b is zero), rounded to zero; the divisor where it overflows
    (minimum by -1) or is zero is taken as 1."""
    a, b = e.level(a, b)
    zero = e.compare("eq", b, e.like(0, b))
    unsafe = zero
    if a.dtype in SIGNED:
        least = e.compare("eq", a, e.like(-(1 << bits(a.dtype) - 1), a))
        minus = e.compare("eq", b, e.like(-1, b))
        unsafe = e.binary("or", zero, e.binary("and", least, minus))
    divisor = e.select(unsafe, e.like(1, b), b)
    q = e.binary("sdiv" if a.dtype in SIGNED else "udiv", a, divisor)
    return q, e.sub(a, e.mul(q, divisor)), zero


def _opposed(e: Emitter, r: Value, b: Value) -> Value:
    """Whether a remainder is not zero and has another sign than the divisor."""
    zero = e.like(0, r)
    signs = e.binary("xor", e.compare("lt", r, zero), e.compare("lt", b, zero))
    return e.binary("and", signs, e.compare("ne", r, zero))


def fmod(e: Emitter, a: Value, b: Value) -> Value:
    """The remainder with the sign of a."""
    return _fmod(e, a, b) if is_float(a.dtype) else _whole(e, a, b)[1]


def mod(e: Emitter, a: Value, b: Value) -> Value:
    """The remainder with the sign of b; integers by zero give 0."""
    a, b = e.level(a, b)
    if is_float(a.dtype):
        r = _fmod(e, a, b)
        moved = e.select(_opposed(e, r, b), e.add(r, b), r)
        zero = e.compare("eq", r, e.like(0.0, r))
        return e.select(zero, e.call("llvm.copysign", e.like(0.0, r), b), moved)
    _, r, _ = _whole(e, a, b)
    return e.select(_opposed(e, r, b), e.add(r, b), r)


def floor_divide(e: Emitter, a: Value, b: Value) -> Value:
    """floor(a / b); integers by zero give 0, floats a / b."""
    a, b = e.level(a, b)
    if not is_float(a.dtype):
        q, r, zero = _whole(e, a, b)
        q = e.select(_opposed(e, r, b), e.sub(q, e.like(1, q)), q)
        return e.select(zero, e.like(0, q), q)
    r = _fmod(e, a, b)
    q = e.div(e.sub(a, r), b)
    q = e.select(_opposed(e, r, b), e.sub(q, e.like(1.0, q)), q)
    down = e.call("llvm.floor", q)
    above = e.compare("gt", e.sub(q, down), e.like(0.5, q))
    whole = e.select(above, e.add(down, e.like(1.0, q)), down)
    ratio = e.div(a, b)
    nothing = e.call("llvm.copysign", e.like(0.0, q), ratio)
    whole = e.select(e.compare("eq", q, e.like(0.0, q)), nothing, whole)
    return e.select(e.compare("eq", b, e.like(0.0, b)), ratio, whole)
