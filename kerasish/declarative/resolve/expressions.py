"""The arithmetic inside `"${...}"`: a walk over a parsed expression, with everything else refused.

Allowed: numbers, variables, `+ - * / // % **`, unary signs, parentheses, and `min`, `max`, `int`,
`round`. Nothing is compiled or run: the syntax tree is only read. Exponents stay within 64 and
integers within 64 bits, so no expression can take long or grow large.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable

from kerasish.declarative.text.scalars import MAX_INT

Number = int | float
Atom = None | bool | int | float | str

MAX_LENGTH = 500
_MAX_DEPTH = 50
_MAX_EXPONENT = 64
_MAX_DIGITS = 15


class ExpressionError(ValueError):
    """An expression is not allowed or has no value; `offset` and `width` say which part.

    `by_value` says that other values of its variables might have one.
    """

    def __init__(
        self, message: str, offset: int = 0, width: int | None = None, by_value: bool = False
    ) -> None:
        super().__init__(message)
        self.offset = offset
        self.width = width
        self.by_value = by_value


def _power(base: Number, exponent: Number) -> Number:
    if abs(exponent) > _MAX_EXPONENT:
        raise ValueError(f"the exponent is over {_MAX_EXPONENT}")
    return base**exponent


def _round(number: Number, digits: Number | None = None) -> Number:
    if digits is None:
        return round(number)
    if not isinstance(digits, int) or abs(digits) > _MAX_DIGITS:
        raise ValueError(f"round takes up to {_MAX_DIGITS} digits")
    return round(number, digits)


_BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_UNARY: dict[type[ast.unaryop], Callable[[Number], Number]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
_FUNCTIONS: dict[str, Callable[..., Number]] = {
    "min": lambda *numbers: min(numbers),
    "max": lambda *numbers: max(numbers),
    "int": int,
    "round": _round,
}
_ARITY = {"min": (1, 99), "max": (1, 99), "int": (1, 1), "round": (1, 2)}


def evaluate(text: str, variable: Callable[[str, int, int], Atom]) -> Atom:
    """The value of the expression `text`.

    Args:
        text: what stands between `${` and `}`.
        variable: called with a dotted name, its offset and its width; gives its value.

    Raises:
        ExpressionError: the expression is not allowed or has no value.
    """
    body = _parsed(text)
    if isinstance(body, ast.Name | ast.Attribute):
        return variable(_dotted(body), _offset(body), _width(body))
    return _value(body, variable, 0)


def _parsed(text: str) -> ast.expr:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression may have up to {MAX_LENGTH} characters")
    stripped = text.strip()
    if not stripped:
        raise ExpressionError("the expression is empty")
    lead = len(text) - len(text.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Leading blanks would read as indentation; a bracket keeps offsets one apart.
            return ast.parse(f"({' ' * lead}{stripped}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"'{stripped}' is not an expression") from None


def _offset(node: ast.expr) -> int:
    return max(0, node.col_offset - 1)


def _width(node: ast.expr) -> int:
    one_line = node.end_col_offset is not None and node.end_lineno == node.lineno
    return max(1, (node.end_col_offset or 0) - node.col_offset) if one_line else 1


def _refuse(message: str, node: ast.expr, by_value: bool = False) -> ExpressionError:
    return ExpressionError(message, _offset(node), _width(node), by_value)


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        raise _refuse("only names of variables may have a '.'", node)
    return ".".join([node.id, *reversed(parts)])


def _value(node: ast.expr, variable: Callable[[str, int, int], Atom], depth: int) -> Number:
    if depth > _MAX_DEPTH:
        raise _refuse("the expression is nested too deeply", node)
    if isinstance(node, ast.Constant):
        return _number(node.value, node)
    if isinstance(node, ast.Name | ast.Attribute):
        return _number(variable(_dotted(node), _offset(node), _width(node)), node)
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        arguments = [_value(side, variable, depth + 1) for side in (node.left, node.right)]
        return _apply(_BINARY[type(node.op)], arguments, node)
    if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        argument = _value(node.operand, variable, depth + 1)
        return _apply(_UNARY[type(node.op)], [argument], node)
    if isinstance(node, ast.Call):
        function = _function(node)
        arguments = [_value(one, variable, depth + 1) for one in node.args]
        return _apply(function, arguments, node)
    raise _refuse(
        "only numbers, variables, + - * / // % ** and min max int round may be used", node
    )


def _function(node: ast.Call) -> Callable[..., Number]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in _FUNCTIONS:
        raise _refuse("only min, max, int and round may be called", node.func)
    fewest, most = _ARITY[name]
    starred = any(isinstance(one, ast.Starred) for one in node.args)
    if node.keywords or starred or not fewest <= len(node.args) <= most:
        raise _refuse(f"{name} takes {fewest} to {most} plain numbers", node)
    return _FUNCTIONS[name]


def _number(value: object, node: ast.expr) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse(f"arithmetic needs numbers, received {value!r}", node)
    if isinstance(value, int) and abs(value) > MAX_INT:
        raise _refuse("the integer does not fit in 64 bits", node)
    return value


def _apply(function: Callable[..., Number], arguments: list[Number], node: ast.expr) -> Number:
    try:
        result = function(*arguments)
    except ZeroDivisionError:
        raise _refuse("division by zero", node, True) from None
    except (ValueError, OverflowError) as error:
        raise _refuse(f"there is no value: {error}", node, True) from None
    if isinstance(result, complex):
        raise _refuse("the root of a negative number has no value", node, True)
    if not math.isfinite(result):
        raise _refuse("the number is beyond the range of a float", node, True)
    return _number(result, node)
