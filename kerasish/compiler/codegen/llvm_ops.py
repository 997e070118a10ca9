"""How each elementwise op is written in LLVM IR, and which ops of which dtypes can be.

`renderer.py` enters them as `op.lowerings["llvm"]`, where a user's own may take their
place.
"""

from __future__ import annotations

from collections.abc import Callable

from kerasish.compiler.codegen import llvm_circular as circular
from kerasish.compiler.codegen import llvm_divide as divide
from kerasish.compiler.codegen import llvm_math as math
from kerasish.compiler.codegen import llvm_wide as wide
from kerasish.compiler.codegen.llvm_text import Emitter, Value, register
from kerasish.compiler.codegen.nest import writable
from kerasish.errors import DTypeError
from kerasish.graph import primitives as _p
from kerasish.graph.node import Node
from kerasish.ops.basic import elementwise as _e
from kerasish.spec import SIGNED, UNSIGNED, bits, is_float

Rule = Callable[..., Value]
NUMBERS = ("float32", "float64", *SIGNED, *UNSIGNED)
INTS = (*SIGNED, *UNSIGNED, "bool")
REGISTERS = (*NUMBERS, "bool")
FLOATING = ("float32", "float64")
# Ops whose results need no rounding where their inputs needed none.
EXACT = {
    _e.negative, _e.absolute, _e.sign, _e.maximum, _e.minimum, _e.floor, _e.ceil, _e.trunc,
    _e.round_half_even, _e.select, _e.stop_gradient, _e.real, _e.imag, _e.conj, _e.fmod,
}  # fmt: skip
TWICE = ("float64", "float16")  # a cast that would be rounded twice, by way of float32
WHOLE = ("float32", *SIGNED, *UNSIGNED)
EITHER = ("exp", "expm1", "log", "log1p", "tanh", "sigmoid", "erf")


def _compare(predicate: str) -> Rule:
    return lambda e, a, b: e.compare(predicate, a, b)


def _intrinsic(name: str) -> Rule:
    return lambda e, x: e.call(f"llvm.{name}", x)


def _logic(instruction: str) -> Rule:
    return lambda e, a, b: e.binary(instruction, a, b)


def maximum(e: Emitter, a: Value, b: Value) -> Value:
    # numpy's rule: NaN wins from either side.
    y = e.select(e.compare("gt", a, b), a, b)
    return e.select(e.compare("eq", a, a), y, a) if is_float(a.dtype) else y


def minimum(e: Emitter, a: Value, b: Value) -> Value:
    y = e.select(e.compare("lt", a, b), a, b)
    return e.select(e.compare("eq", a, a), y, a) if is_float(a.dtype) else y


def _absolute(e: Emitter, x: Value) -> Value:
    if is_float(x.dtype):
        return e.call("llvm.fabs", x)
    if x.dtype in UNSIGNED:
        return x
    return e.select(e.compare("lt", x, e.like(0, x)), e.neg(x), x)


def _sign(e: Emitter, x: Value) -> Value:
    zero, one = e.like(0, x), e.like(1, x)
    y = e.select(e.compare("gt", x, zero), one, zero)
    if x.dtype not in UNSIGNED:
        y = e.select(e.compare("lt", x, zero), e.neg(one), y)
    return e.select(e.compare("eq", x, x), y, x) if is_float(x.dtype) else y


def _not(e: Emitter, x: Value) -> Value:
    return e.binary("xor", x, e.like(-1 if x.dtype != "bool" else 1, x))


def _against_infinity(predicate: str) -> Rule:
    return lambda e, x: e.compare(predicate, e.call("llvm.fabs", x), e.like(float("inf"), x))


def _shift(e: Emitter, instruction: str, a: Value, b: Value, beyond: Value) -> Value:
    """A shift; `beyond` where the count is not below the width, which LLVM leaves undefined."""
    a, b = e.level(a, b)
    unsigned = Value(b.name, f"u{b.dtype.removeprefix('u')}", b.lanes)
    fits = e.compare("lt", unsigned, e.like(bits(a.dtype), unsigned))
    return e.select(fits, e.binary(instruction, a, e.select(fits, b, e.like(0, b))), beyond)


def _right_shift(e: Emitter, a: Value, b: Value) -> Value:
    if a.dtype in UNSIGNED:
        return _shift(e, "lshr", a, b, e.like(0, a))
    return _shift(e, "ashr", a, b, e.binary("ashr", a, e.like(bits(a.dtype) - 1, a)))


def _either(name: str) -> Rule:
    """That of `llvm_math` for float32, that of `llvm_wide` for float64."""
    narrow, double = getattr(math, name), getattr(wide, name)
    return lambda e, x: (narrow if x.dtype == "float32" else double)(e, x)


# op name -> (rule, dtypes its inputs may have); functions are called like their ops. `renderer.py`
# enters each on the op of that name, and would fail on a name that is no op's.
RULES: dict[str, tuple[Rule, tuple[str, ...]]] = {
    "add": (Emitter.add, NUMBERS),
    "subtract": (Emitter.sub, NUMBERS),
    "multiply": (Emitter.mul, NUMBERS),
    "divide": (Emitter.div, FLOATING),
    "negative": (Emitter.neg, NUMBERS),
    "square": (lambda e, x: e.mul(x, x), NUMBERS),
    "reciprocal": (lambda e, x: e.div(e.like(1.0, x), x), FLOATING),
    "absolute": (_absolute, NUMBERS),
    "sign": (_sign, NUMBERS),
    "maximum": (maximum, NUMBERS),
    "minimum": (minimum, NUMBERS),
    **{f.__name__: (f, WHOLE) for f in (divide.mod, divide.fmod, divide.floor_divide)},
    **{name: (_intrinsic(name), FLOATING) for name in ("floor", "ceil", "trunc", "sqrt")},
    "round_half_even": (_intrinsic("rint"), FLOATING),
    **{name: (_compare(predicate), REGISTERS) for name, predicate in (
        ("equal", "eq"), ("not_equal", "ne"), ("less", "lt"), ("less_equal", "le"),
        ("greater", "gt"), ("greater_equal", "ge"),
    )},
    **{f"logical_{name}": (_logic(name), ("bool",)) for name in ("and", "or", "xor")},
    "logical_not": (_not, ("bool",)),
    **{f"bitwise_{name}": (_logic(name), INTS) for name in ("and", "or", "xor")},
    "bitwise_not": (_not, INTS),
    "left_shift": (lambda e, a, b: _shift(e, "shl", a, b, e.like(0, a)), (*SIGNED, *UNSIGNED)),
    "right_shift": (_right_shift, (*SIGNED, *UNSIGNED)),
    "isnan": (lambda e, x: e.compare("ne", x, x), FLOATING),
    "isinf": (_against_infinity("eq"), FLOATING),
    "isfinite": (_against_infinity("lt"), FLOATING),
    "select": (Emitter.select, REGISTERS),
    "cast": (lambda e, x, *, dtype: e.convert(x, register(dtype)), REGISTERS),
    **{name: (lambda e, x: x, NUMBERS) for name in ("real", "conj")},
    "imag": (lambda e, x: e.like(0, x), NUMBERS),
    "stop_gradient": (lambda e, x: x, REGISTERS),
    **{f.__name__: (f, FLOATING) for f in (math.rsqrt, circular.sin, circular.cos)},
    **{name: (_either(name), FLOATING) for name in EITHER},
    **{
        f.__name__: (f, ("float32",))
        for f in (
            circular.tan, circular.arctan, circular.arctan2, circular.arcsin, circular.arccos,
            wide.exp2, wide.sinh, wide.cosh, wide.log2, wide.log10, wide.arcsinh, wide.arccosh,
            wide.arctanh, wide.cbrt, wide.power, wide.hypot, wide.erfc, wide.erfinv,
        )
    },
}  # fmt: skip


def supported(node: Node) -> bool:
    """Whether LLVM code can be written for a node."""
    twice = node.op is _p.cast_ and (node.inputs[0].spec.dtype, node.spec.dtype) == TWICE
    return not twice and writable(node, "llvm", REGISTERS, register)


def emit(e: Emitter, node: Node, inputs: list[Value]) -> Value:
    """The value of one elementwise node, for however many lanes its inputs have.

    Half precision is computed in float32 and rounded after every op, as numpy does it.
    """
    own = node.op.lowerings["llvm"].own
    y = node.op.lowered("llvm", e, *inputs, **node.attrs)
    if own:
        _check(node, y, max(x.lanes for x in inputs))
    return y if node.op in EXACT and not own else e.rounded(y, node.spec.dtype)


def _check(node: Node, y: Value, lanes: int) -> None:
    """Raise unless a user's lowering gave what stands for one element of the node."""
    wanted = Value("", register(node.spec.dtype), lanes).type
    given = getattr(y, "type", type(y).__name__)
    if given != wanted:
        raise DTypeError(
            f"The lowering of op {node.op.name!r}",
            expected=f"a value of the emitter's, of type {wanted}",
            received=given,
            fix="Numbers become values by e.like(1.0, x), other dtypes by e.convert(y, dtype).",
        )
