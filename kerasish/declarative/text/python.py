"""Expressions of Python, as people paste them, in the words of YAML: `Dense(3)` is `Dense: 3`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from kerasish import registry
from kerasish.arguments.contract import contract_of
from kerasish.declarative.text.emit import flow
from kerasish.declarative.text.synonyms import ARGUMENTS, INPUT_FIRST, NAMES, NEEDLESS

MAX_LENGTH = 400
CALL = re.compile(r"[A-Za-z_][\w.]*\(")
_WORDS = {"None": "null", "True": "true", "False": "false"}
_LIMITS = {"inf": ".inf", "Inf": ".inf", "infty": ".inf", "nan": ".nan", "NaN": ".nan"}
_KINDS = ("layer", "optimizer", "loss", "metric", "callback", "schedule", "initializer",
          "regularizer", "constraint")  # fmt: skip
_ARITHMETIC = ast.BinOp | ast.UnaryOp | ast.Constant | ast.operator | ast.unaryop


class _Untold(Exception):
    """There are no words for it in YAML."""


def in_words(text: str) -> str | None:
    """What an expression of Python is in YAML, on one line; None where it is none, or code."""
    if not 0 < len(text) <= MAX_LENGTH:
        return None
    try:
        return _yaml(ast.parse(text.strip(), mode="eval").body, text.strip())
    except (_Untold, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def item(text: str) -> str | None:
    """What a call is as one item of a list: `Dense: {units: 3}`; None where it is no call."""
    found = in_words(text) if CALL.match(text) else None
    return found[1:-1] if found and found.startswith("{") else found


def arithmetic(text: str) -> str | None:
    """An expression of numbers as YAML holds it, `"${1 / 3}"`; None where it is none."""
    if not re.search(r"[-+*/%^]", text) or not 0 < len(text) <= MAX_LENGTH:
        return None
    try:
        node = ast.parse(text.replace("^", "**").strip(), mode="eval").body
        return _sum(node) if isinstance(node, ast.BinOp) else None
    except (_Untold, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _sum(node: ast.AST) -> str:
    for part in ast.walk(node):
        number = not isinstance(part, ast.Constant) or type(part.value) in (int, float)
        if not isinstance(part, _ARITHMETIC) or not number:
            raise _Untold
    return f'"${{{ast.unparse(node)}}}"'


def _yaml(node: ast.expr, text: str) -> str:
    if isinstance(node, ast.Constant):
        return _constant(node, text)
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return f"[{', '.join(_yaml(one, text) for one in node.elts)}]"
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return _mapping((_key(key, text), _yaml(value, text)) for key, value in pairs)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return f"-{_yaml(node.operand, text).lstrip('-')}"
    if isinstance(node, ast.BinOp):
        return _sum(node)
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        return _LIMITS.get(name) or _WORDS.get(name) or name
    if isinstance(node, ast.Call):
        return _call(node, text)
    raise _Untold


def _key(node: ast.expr | None, text: str) -> str:
    if node is None:
        raise _Untold
    return _yaml(node, text)


def _constant(node: ast.Constant, text: str) -> str:
    if node.value is None or isinstance(node.value, bool):
        return str(node.value).lower().replace("none", "null")
    if isinstance(node.value, int | float):
        return (ast.get_source_segment(text, node) or repr(node.value)).replace("_", "")
    if isinstance(node.value, str):
        return flow(node.value)
    raise _Untold


def _mapping(pairs: Iterable[tuple[str, str]]) -> str:
    return f"{{{', '.join(f'{key}: {value}' for key, value in pairs)}}}"


def _call(node: ast.Call, text: str) -> str:
    written = _name(node.func)
    name = written
    if not any(registry.contains(one, written) for one in _KINDS):
        held = (NAMES[k][written] for k in _KINDS if written in NAMES.get(k, {}))
        name = next(held, written).partition(":")[0]
    values = [_yaml(one, text) for one in node.args[1 if written in INPUT_FIRST else 0 :]]
    words = [one for one in node.keywords if one.arg not in NEEDLESS]
    given = [(str(one.arg), _yaml(one.value, text)) for one in words]
    if name == "float" and len(values) == 1:
        return _LIMITS.get(values[0], values[0])
    if name in ("list", "tuple", "int", "str") and len(values) == 1 and not given:
        return values[0]
    if name == "dict" and not values:
        return _mapping(given)
    if any(one.arg is None for one in node.keywords):
        raise _Untold
    known = arguments_of(name)
    given = [(known_argument(key, known), value) for key, value in given]
    if not values and not given:
        return name
    if len(values) == 1 and not given:
        return f"{{{name}: {values[0]}}}"
    if len(values) > len(known):
        raise _Untold
    return f"{{{name}: {_mapping([*zip(known, values, strict=False), *given])}}}"


def _name(node: ast.expr) -> str:
    name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    if not name or not isinstance(name, str):
        raise _Untold
    return name


def arguments_of(name: str) -> list[str]:
    """The arguments of whatever goes by a name, in order; none where nothing does."""
    kind = next((one for one in _KINDS if registry.contains(one, name)), None)
    return list(contract_of(registry.lookup(kind, name)).fields) if kind else []


def known_argument(name: str, known: Iterable[str]) -> str:
    """The argument that other tools call `name`, where it is one of `known`; else `name`."""
    held = list(known)
    if name in held:
        return name
    return next((one for one in ARGUMENTS.get(name, ()) if one in held), name)
