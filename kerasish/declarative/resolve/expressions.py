"""The expressions inside `"${...}"`: a walk over a parsed one, with everything else refused.

Allowed: numbers, texts, `true`, `false`, `null`, variables, items of lists and of mappings
(`widths[i]`, `sizes[kind]`), `+ - * / // % **`, signs, comparisons, `in`, `and`, `or`, `not`,
`a if c else b`, parentheses, and `min`, `max`, `int`, `round`, `len`. Nothing is compiled or run:
the syntax tree is only read. Exponents stay within 64 and integers within 64 bits, so no expression
can take long or grow large.
"""

from __future__ import annotations

import ast
import keyword
import math
import operator
import re
import warnings
from collections.abc import Callable
from typing import Any, Protocol

from kerasish.declarative.text.errors import describe
from kerasish.declarative.text.scalars import MAX_INT
from kerasish.declarative.text.source import Mapping, Scalar, Sequence, Value

Number = int | float
Atom = None | bool | int | float | str
# What an expression gives: something computed, or a value of the file as it stands there.
Result = Atom | Value
Step = str | int

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


class Names(Protocol):
    """What the names in an expression stand for; `offset` and `width` say where they are."""

    def value(self, root: str, steps: tuple[Step, ...], offset: int, width: int) -> Value:
        """The value of `root.step[step]...`."""
        ...

    def known(self, root: str, offset: int, width: int) -> None:
        """Refuse a name that stands for nothing, in a part that is not evaluated."""
        ...


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
_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS: dict[str, Callable[..., Number]] = {
    "min": lambda *numbers: min(numbers),
    "max": lambda *numbers: max(numbers),
    "int": int,
    "round": _round,
}
_ARITY = {"min": (1, 99), "max": (1, 99), "int": (1, 1), "round": (1, 2)}
# Words of Python's that no name in an expression can be.
_TAKEN = frozenset(keyword.kwlist) - {"and", "or", "not", "in", "is", "if", "else"}
_CONSTANTS: dict[str, Atom] = {"true": True, "false": False, "null": None}


def evaluate(text: str, names: Names) -> Result:
    """The value of the expression `text`.

    Args:
        text: what stands between `${` and `}`.
        names: what its names stand for.

    Raises:
        ExpressionError: the expression is not allowed or has no value.
    """
    return _Walk(names).result(_parsed(text), 0)


class _Known(ast.NodeTransformer):
    """Puts values in the place of names that have one."""

    def __init__(self, names: Names, unknown: Callable[[object], str]) -> None:
        self.walk, self.unknown = _Walk(names), unknown

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(one) for one in node.args]
        return node

    def _path(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Name) and node.id in _CONSTANTS:
            return node
        value = _held(self.walk.result(node, 0))
        named = self.unknown(value)
        if named:
            return ast.parse(named, mode="eval").body
        if isinstance(value, bool):
            return ast.Name(str(value).lower())
        return ast.Constant(value) if isinstance(value, (int, float, str)) else node

    visit_Name = visit_Attribute = visit_Subscript = _path


def with_known(text: str, names: Names, unknown: Callable[[object], str]) -> str:
    """An expression with values in the place of what is known, to be read elsewhere.

    Args:
        names: what its names stand for; it has a value, which depends on what is not known.
        unknown: what a value that stands in for another is called; "" for others.
    """
    return ast.unparse(_Known(names, unknown).visit(_parsed(text)))


def is_true(value: Result) -> bool:
    """Whether a value counts as true: all but null, false, 0, an empty text, list or mapping."""
    held = _held(value)
    if isinstance(held, Sequence):
        return bool(held.items)
    return len(held) > 0 if isinstance(held, Mapping) else bool(held)


def _held(value: Result) -> Atom | Sequence | Mapping:
    return value.value if isinstance(value, Scalar) else value


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
        raise ExpressionError(f"'{stripped}' is not an expression{_why(stripped)}") from None


def _why(text: str) -> str:
    """What stands in an expression and cannot, where that is plain."""
    if "$" in text:
        return ": '$' is not written inside '${...}'"
    words = [one for one in re.findall(r"[A-Za-z_]+", text) if one in _TAKEN]
    return f": '{words[0]}' cannot be a name in it" if words else ""


def _offset(node: ast.expr) -> int:
    return max(0, node.col_offset - 1)


def _width(node: ast.expr) -> int:
    one_line = node.end_col_offset is not None and node.end_lineno == node.lineno
    return max(1, (node.end_col_offset or 0) - node.col_offset) if one_line else 1


def _refuse(message: str, node: ast.expr, by_value: bool = False) -> ExpressionError:
    return ExpressionError(message, _offset(node), _width(node), by_value)


class _Walk:
    """Reads a tree; what decides between parts is evaluated first, and only the part it takes."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def result(self, node: ast.expr, depth: int) -> Result:
        if depth > _MAX_DEPTH:
            raise _refuse("the expression is nested too deeply", node)
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name) and node.id in _CONSTANTS:
            return _CONSTANTS[node.id]
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            root, steps = self._path(node, depth)
            return self.names.value(root, steps, _offset(node), _width(node))
        if isinstance(node, ast.Compare):
            return self._compared(node, depth)
        if isinstance(node, ast.BoolOp):
            return self._either(node, depth)
        if isinstance(node, ast.IfExp):
            return self._chosen(node, depth)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return not is_true(self.result(node.operand, depth + 1))
        return self._number(node, depth)

    # paths -------------------------------------------------------------------------------

    def _path(self, node: ast.expr, depth: int) -> tuple[str, tuple[Step, ...]]:
        steps: list[Step] = []
        while isinstance(node, ast.Attribute | ast.Subscript):
            if isinstance(node, ast.Attribute):
                steps.append(node.attr)
            else:
                steps.append(self._index(node.slice, depth + len(steps) + 1))
            node = node.value
        if not isinstance(node, ast.Name) or node.id in _CONSTANTS:
            raise _refuse("only variables have items and parts", node)
        return node.id, tuple(reversed(steps))

    def _index(self, node: ast.expr, depth: int) -> Step:
        if isinstance(node, ast.Slice | ast.Tuple):
            raise ExpressionError("only single items can be taken")
        index = _held(self.result(node, depth))
        if isinstance(index, bool) or not isinstance(index, int | str):
            raise _refuse(f"an index is an integer or a key, received {_shown(index)}", node)
        return index

    # decisions ---------------------------------------------------------------------------

    def _compared(self, node: ast.Compare, depth: int) -> bool:
        left, holds = self._single(node.left, depth), True
        for op, right in zip(node.ops, node.comparators, strict=True):
            if not holds:
                self._skip(right)
            elif isinstance(op, ast.In | ast.NotIn):
                holds = self._within(left, right, depth) is isinstance(op, ast.In)
            else:
                other = self._single(right, depth)
                holds, left = _holds(op, left, other, node), other
        return holds

    def _single(self, node: ast.expr, depth: int) -> Atom:
        held = _held(self.result(node, depth + 1))
        if isinstance(held, Sequence | Mapping):
            raise _refuse(f"single values are compared, received {describe(held)}", node)
        return held

    def _within(self, left: Atom, node: ast.expr, depth: int) -> bool:
        if isinstance(node, ast.List | ast.Tuple):
            held = [self._single(one, depth + 1) for one in node.elts]
        else:
            value = _held(self.result(node, depth + 1))
            if isinstance(value, Mapping):
                return left in list(value.entries)
            if not isinstance(value, Sequence):
                raise _refuse(f"'in' needs a list, received {_shown(value)}", node)
            held = [one.value for one in value.items if isinstance(one, Scalar)]
        return any(_equal(left, one) for one in held)

    def _either(self, node: ast.BoolOp, depth: int) -> Result:
        value: Result = None
        for place, one in enumerate(node.values):
            value = self.result(one, depth + 1)
            if is_true(value) is isinstance(node.op, ast.Or):
                for skipped in node.values[place + 1 :]:
                    self._skip(skipped)
                break
        return value

    def _chosen(self, node: ast.IfExp, depth: int) -> Result:
        taken, other = node.body, node.orelse
        if not is_true(self.result(node.test, depth + 1)):
            taken, other = other, taken
        self._skip(other)
        return self.result(taken, depth + 1)

    def _skip(self, node: ast.expr) -> None:
        """Names in a part that is not evaluated stand for something all the same."""
        called = {id(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)}
        for one in ast.walk(node):
            if isinstance(one, ast.Name) and one.id not in _CONSTANTS and id(one) not in called:
                self.names.known(one.id, _offset(one), _width(one))

    # numbers -----------------------------------------------------------------------------

    def _constant(self, node: ast.Constant) -> Atom:
        if isinstance(node.value, bool) or node.value is None:
            raise _refuse(f"write {str(node.value).lower().replace('none', 'null')}", node)
        return node.value if isinstance(node.value, str) else _number(node.value, node)

    def _number(self, node: ast.expr, depth: int) -> Number:
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            sides = [self._operand(side, depth) for side in (node.left, node.right)]
            return _apply(_BINARY[type(node.op)], sides, node)
        if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
            return _apply(_UNARY[type(node.op)], [self._operand(node.operand, depth)], node)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id == "len":
                return self._length(node, depth)
            function = _function(node)
            return _apply(function, [self._operand(one, depth) for one in node.args], node)
        raise _refuse(
            "only values, variables, + - * / // % **, comparisons, and or not, if else, and "
            "min max int round len may be used",
            node,
        )

    def _operand(self, node: ast.expr, depth: int) -> Number:
        return _number(_held(self.result(node, depth + 1)), node)

    def _length(self, node: ast.Call, depth: int) -> int:
        if node.keywords or len(node.args) != 1:
            raise _refuse("len takes one list", node)
        held = _held(self.result(node.args[0], depth + 1))
        if isinstance(held, Sequence):
            return len(held.items)
        if isinstance(held, Mapping):
            return len(held)
        raise _refuse(f"len needs a list, received {_shown(held)}", node)


def _holds(op: ast.cmpop, left: Atom, right: Atom, node: ast.expr) -> bool:
    if isinstance(op, ast.Eq | ast.Is):
        return _equal(left, right)
    if isinstance(op, ast.NotEq | ast.IsNot):
        return not _equal(left, right)
    for kind in (str, int | float):
        pair = isinstance(left, kind) and isinstance(right, kind)
        if pair and not isinstance(left, bool) and not isinstance(right, bool):
            return _ORDER[type(op)](left, right)
    raise _refuse(f"{_shown(left)} and {_shown(right)} have no order", node)


def _equal(left: Atom, right: Atom) -> bool:
    """Equality that keeps true apart from 1."""
    return isinstance(left, bool) is isinstance(right, bool) and left == right


def _shown(held: Atom | Sequence | Mapping) -> str:
    if isinstance(held, Sequence | Mapping):
        return describe(held)
    words = {True: "true", False: "false"}
    return words[held] if isinstance(held, bool) else "null" if held is None else repr(held)


def _function(node: ast.Call) -> Callable[..., Number]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in _FUNCTIONS:
        raise _refuse("only min, max, int, round and len may be called", node.func)
    fewest, most = _ARITY[name]
    starred = any(isinstance(one, ast.Starred) for one in node.args)
    if node.keywords or starred or not fewest <= len(node.args) <= most:
        raise _refuse(f"{name} takes {fewest} to {most} plain numbers", node)
    return _FUNCTIONS[name]


def _number(value: object, node: ast.expr) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | float):
        shown = describe(value) if isinstance(value, Sequence | Mapping) else repr(value)
        raise _refuse(f"arithmetic needs numbers, received {shown}", node)
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
