"""Values with operators, so that a formula in LLVM reads like one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kerasish.compiler.codegen.llvm_text import Emitter, Value

Operator = Callable[["Number", "Number | float"], "Number"]


def _operator(write: Callable[[Emitter, Value, Value], Value]) -> Operator:
    """The operator that writes this instruction."""

    def operator(self: Number, other: Number | float) -> Number:
        return Number(self.e, write(self.e, self.value, self._with(other)))

    return operator


def _binary(instruction: str) -> Operator:
    return _operator(lambda e, a, b: e.binary(instruction, a, b))


def _comparison(predicate: str) -> Operator:
    return _operator(lambda e, a, b: e.compare(predicate, a, b))


class Number:
    """A value and the emitter that writes what is computed with it; plain numbers join in."""

    __slots__ = ("e", "value")

    def __init__(self, e: Emitter, value: Value) -> None:
        self.e, self.value = e, value

    def _with(self, other: Number | float) -> Value:
        return other.value if isinstance(other, Number) else self.e.like(other, self.value)

    def _made(self, value: Value) -> Number:
        return Number(self.e, value)

    __add__ = __radd__ = _operator(Emitter.add)
    __sub__ = _operator(Emitter.sub)
    __rsub__ = _operator(lambda e, a, b: e.sub(b, a))
    __mul__ = __rmul__ = _operator(Emitter.mul)
    __truediv__ = _operator(Emitter.div)
    __rtruediv__ = _operator(lambda e, a, b: e.div(b, a))
    __lt__, __gt__, __ge__ = _comparison("lt"), _comparison("gt"), _comparison("ge")
    __and__, __or__, __xor__ = _binary("and"), _binary("or"), _binary("xor")
    __lshift__, __rshift__ = _binary("shl"), _binary("ashr")

    def __neg__(self) -> Number:
        return self._made(self.e.neg(self.value))

    def __abs__(self) -> Number:
        return self.call("llvm.fabs")

    def compare(self, predicate: str, other: Number | float) -> Number:
        """One of eq, ne, lt, le, gt, ge, lane by lane."""
        return self._made(self.e.compare(predicate, self.value, self._with(other)))

    def call(self, intrinsic: str, *others: Number | float) -> Number:
        """An LLVM intrinsic of this value and others of its type."""
        return self._made(self.e.call(intrinsic, self.value, *map(self._with, others)))

    def like(self, value: float) -> Number:
        """A constant of the same dtype and lanes."""
        return self._made(self.e.like(value, self.value))

    @property
    def bits(self) -> Number:
        """The bits of a float64 as int64."""
        return self._made(self.e.bitcast(self.value, "int64"))

    @property
    def double(self) -> Number:
        """The float64 that these int64 bits are."""
        return self._made(self.e.bitcast(self.value, "float64"))


def where(condition: Number, a: Number | float, b: Number | float) -> Number:
    """`a` where the bool holds, else `b`; at most one of them a plain number."""
    one = next(v for v in (a, b) if isinstance(v, Number))
    return one._made(one.e.select(condition.value, one._with(a), one._with(b)))


def fma(a: Number, b: Number | float, c: Number | float) -> Number:
    """a b + c, rounded once."""
    return a.call("llvm.fma", b, c)


def polynomial(x: Number, coefficients: Sequence[float]) -> Number:
    """c0 + x (c1 + x (c2 + ...)) by fused multiply-adds."""
    total = fma(x, coefficients[-1], coefficients[-2])
    for c in coefficients[-3::-1]:
        total = fma(total, x, c)
    return total
