"""How each elementwise op is written in CUDA C, and which ops of which dtypes can be.

A rule is a text in which {0}, {1}, ... stand for the operands, names of variables, and {t} for
the C type of the first; or a function of the operands. `renderer.py` enters them as
`op.lowerings["cuda"]`, where a user's own may take their place: expression texts in, one out.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from kerasish.errors import ArgumentError
from kerasish.graph import primitives as _p
from kerasish.graph.node import Node
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic import reduction as _r
from kerasish.spec import HALVES, SIGNED, UNSIGNED, bits, is_float

EXACT = (
    _p.cast_, _e.select, _p.stop_gradient, _e.maximum, _e.minimum, _e.negative, _e.absolute,
)  # fmt: skip
FLOATS = (*HALVES, "float32", "float64")
INTS = (*SIGNED, *UNSIGNED)
NUMBERS = (*FLOATS, *INTS)
REGISTERS = (*NUMBERS, "bool")

_C_INTS = {8: "char", 16: "short", 32: "int", 64: "long long"}


def register_type(dtype: str) -> str:
    """The C type in which values of a dtype are computed."""
    if is_float(dtype):
        return "double" if dtype == "float64" else "float"
    if dtype == "bool":
        return "bool"
    return f"{'unsigned' if dtype in UNSIGNED else 'signed'} {_C_INTS[bits(dtype)]}"


def memory_type(dtype: str) -> str:
    """The C type of one element in memory."""
    return "unsigned short" if dtype in HALVES else register_type(dtype)


def loaded(dtype: str, place: str) -> str:
    """The value at a place in memory."""
    return f"from_{dtype}({place})" if dtype in HALVES else place


def stored(dtype: str, value: str) -> str:
    """What to write into memory for a value."""
    return f"to_{dtype}({value})" if dtype in HALVES else value


def literal(value: float | int | bool, dtype: str) -> str:
    """A constant; floats in hexadecimal, so no digit is lost.

    -0 is given by its bits: with NVRTC 13, 6 / (float)-0x0.0p+0 was +inf.
    """
    if dtype == "bool":
        return "true" if value else "false"
    if not is_float(dtype):
        word = int(value) % (1 << bits(dtype))
        return f"(({register_type(dtype)})0x{word:x}ULL)"
    if dtype != "float64":
        value = struct.unpack("f", struct.pack("f", value))[0]
    if math.isnan(value):
        text = "NAN_VALUE"
    elif math.isinf(value):
        text = "INF_VALUE" if value > 0 else "(-INF_VALUE)"
    elif value == 0 and math.copysign(1, value) < 0:
        text = "MINUS_ZERO"
    else:
        text = float(value).hex()
    return f"(({register_type(dtype)}){text})"


class Operand(str):
    """The text of an operand, and its dtype."""

    dtype: str

    def __new__(cls, text: str, dtype: str) -> Operand:
        made = super().__new__(cls, text)
        made.dtype = dtype
        return made


def _absolute(x: Operand) -> str:
    if is_float(x.dtype):
        return f"fabs({x})"
    return x if x.dtype in UNSIGNED else f"{x} < 0 ? -{x} : {x}"


def _sign(x: Operand) -> str:
    if is_float(x.dtype):
        return f"{x} > 0 ? 1 : {x} < 0 ? -1 : {x} == 0 ? 0 : {x}"  # NaN stays itself
    return f"({x} > 0) - ({x} < 0)" if x.dtype in SIGNED else f"{x} > 0"


def _cast(x: Operand, *, dtype: str) -> str:
    if dtype == "bool":
        return f"{x} != 0"
    if dtype in HALVES and x.dtype != dtype:
        return f"from_{dtype}(to_{dtype}(({register_type(dtype)}){x}))"
    return f"({register_type(dtype)}){x}"


Rule = str | Callable[..., str]
# op name -> (rule, dtypes its inputs may have), entered by name as those of `llvm_ops` are
RULES: dict[str, tuple[Rule, tuple[str, ...]]] = {
    "add": ("{0} + {1}", NUMBERS),
    "subtract": ("{0} - {1}", NUMBERS),
    "multiply": ("{0} * {1}", NUMBERS),
    "divide": ("{0} / {1}", FLOATS),
    "negative": ("-{0}", NUMBERS),
    "square": ("{0} * {0}", NUMBERS),
    "reciprocal": ("1 / {0}", FLOATS),
    "absolute": (_absolute, NUMBERS),
    "sign": (_sign, NUMBERS),
    # numpy's rule: NaN wins from either side.
    "maximum": ("{0} > {1} || {0} != {0} ? {0} : {1}", REGISTERS),
    "minimum": ("{0} < {1} || {0} != {0} ? {0} : {1}", REGISTERS),
    "power": ("pow({0}, {1})", ("float32", "float64")),
    "hypot": ("hypot({0}, {1})", ("float32", "float64")),
    "arctan2": ("atan2({0}, {1})", ("float32", "float64")),
    "equal": ("{0} == {1}", REGISTERS),
    "not_equal": ("{0} != {1}", REGISTERS),
    "less": ("{0} < {1}", REGISTERS),
    "less_equal": ("{0} <= {1}", REGISTERS),
    "greater": ("{0} > {1}", REGISTERS),
    "greater_equal": ("{0} >= {1}", REGISTERS),
    "logical_and": ("{0} && {1}", ("bool",)),
    "logical_or": ("{0} || {1}", ("bool",)),
    "logical_xor": ("{0} != {1}", ("bool",)),
    "logical_not": ("!{0}", ("bool",)),
    "bitwise_and": ("{0} & {1}", (*INTS, "bool")),
    "bitwise_or": ("{0} | {1}", (*INTS, "bool")),
    "bitwise_xor": ("{0} ^ {1}", (*INTS, "bool")),
    "bitwise_not": ("~{0}", INTS),
    "left_shift": ("({t})((unsigned long long){0} << {1})", INTS),
    "right_shift": ("{0} >> {1}", INTS),
    "isnan": ("{0} != {0}", FLOATS),
    "isinf": ("fabs({0}) == INF_VALUE", FLOATS),
    "isfinite": ("fabs({0}) < INF_VALUE", FLOATS),
    "select": ("{0} ? {1} : {2}", REGISTERS),
    "cast": (_cast, REGISTERS),
    "stop_gradient": ("{0}", REGISTERS),
    "rsqrt": ("1 / sqrt({0})", FLOATS),
    "sigmoid": ("1 / (1 + exp(-{0}))", FLOATS),
}
_CALLED = {
    **{n: n for n in ("floor", "ceil", "trunc", "sqrt", "cbrt", "exp", "exp2", "expm1")},
    **{n: n for n in ("log", "log2", "log10", "log1p", "sin", "cos", "tan")},
    **{n: n for n in ("sinh", "cosh", "tanh", "erf", "erfc")},
    **{f"arc{n}": f"a{n}" for n in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "round_half_even": "rint",
}
RULES.update({name: (f"{called}({{0}})", FLOATS) for name, called in _CALLED.items()})


def filled(rule: Rule) -> Callable[..., str]:
    """A rule as a function of operands."""
    if callable(rule):
        return rule
    return lambda *x: rule.format(*x, t=register_type(x[0].dtype))


def expression(node: Node, operands: list[str]) -> str:
    """The value of one elementwise node as an expression over variables."""
    own = node.op.lowerings["cuda"].own
    given = [Operand(x, i.spec.dtype) for x, i in zip(operands, node.inputs, strict=True)]
    text = node.op.lowered("cuda", *given, **node.attrs)
    if own and not isinstance(text, str):
        what, expected = f"The lowering of op {node.op.name!r}", "a text, an expression of C"
        raise ArgumentError(what, expected=expected, received=repr(text))
    dtype = node.spec.dtype
    if dtype in HALVES and (own or node.op not in EXACT):
        return f"from_{dtype}(to_{dtype}({text}))"
    return text


def merged(node: Node, a: str, b: str) -> str:
    """The reduction of two values of `node`."""
    rule = {_p.sum_: "add", _r.max_: "maximum", _r.min_: "minimum"}[node.op]
    return str(RULES[rule][0]).format(a, b)
