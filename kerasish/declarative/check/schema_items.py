"""The JSON Schema of registered objects: names, arguments and their types, ranges and defaults.

The texts that editors show over them come out of docstrings.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable
from typing import Any

from kerasish.arguments.annotations import alternatives, marked
from kerasish.arguments.contract import Field, contract_of
from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.items import VALID_NAME
from kerasish.errors import KerasishError

Schema = dict[str, Any]

VARIABLE: Schema = {"$ref": "#/$defs/variable"}
NAME: Schema = {
    "anyOf": [{"type": "string", "pattern": f"^{VALID_NAME.pattern}$"}, VARIABLE],
}
_TYPES = {int: "integer", float: "number", bool: "boolean", str: "string", type(None): "null"}


def exactly(properties: dict[str, Schema], required: list[str] | None = None) -> Schema:
    """A mapping with these keys and no others."""
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**made, "required": required} if required else made


def ref(name: str) -> Schema:
    """A reference to a definition."""
    return {"$ref": f"#/$defs/{name}"}


def of_kind(kind: str) -> Schema:
    """A bare name, or one key with arguments."""
    names = vocabulary.names(kind)
    bare, properties = [], {}
    for name in names:
        factory = vocabulary.lookup(kind, name)
        needs = [p.name for p in contract_of(factory).fields.values() if p.required]
        if not needs:
            bare.append(name)
        if isinstance(factory, type):
            properties[name] = _arguments(factory, needs)
    forms: list[Schema] = [{"enum": bare}] if bare else []
    if properties:
        forms.append({**exactly(properties), "minProperties": 1, "maxProperties": 1})
    return {"anyOf": [*forms, VARIABLE]}


def _arguments(factory: type, needs: list[str]) -> Schema:
    """`{argument: value}`, the value of the first argument alone, or nothing."""
    contract = contract_of(factory)
    texts = described(factory)
    properties = {
        parameter.name: _argument(parameter, texts.get(parameter.name, ""))
        for parameter in contract.fields.values()
    }
    named = exactly(properties, needs)
    if contract.is_open:
        named["additionalProperties"] = True
    forms = [named]
    first = contract.first
    if first is not None and not [name for name in needs if name != first.name]:
        forms.append(_argument(first, ""))
    if not needs:
        forms.append({"type": "null"})
    text = summary(factory)
    return {"anyOf": forms, **({"description": text} if text else {})}


def _argument(parameter: Field, description: str) -> Schema:
    kind = parameter.kind
    if parameter.name == "name":
        made: Schema = {"anyOf": [*NAME["anyOf"], {"type": "null"}]}
    elif kind is None:
        made = _accepting_variables(_of_hint(parameter.hint))
    else:
        forms = [ref(kind), {"type": "array", "items": ref(kind)}, {"type": "null"}]
        forms += [{"type": "number"}] if kind == "schedule" else []
        forms += [{"type": "object"}] if parameter.rule.keyed else []
        made = {"anyOf": forms}
    if description:
        made = {**made, "description": description}
    default = parameter.default
    if not parameter.required and type(default) in (int, float, bool, str):
        made = {**made, "default": default}
    return made


def _accepting_variables(made: Schema) -> Schema:
    if not made or made.get("type") == "string":
        return made
    forms = made["anyOf"] if set(made) == {"anyOf"} else [made]
    return {"anyOf": [*forms, VARIABLE]}


def _of_hint(hint: Any) -> Schema:
    """The schema of a type hint; empty where any value goes."""
    rule = marked(hint)
    if rule is not None:
        inner = typing.get_args(hint)[0]
        return {**_bounds(_of_hint(inner), rule.convert), "description": rule.expected}
    members = alternatives(hint)
    if len(members) > 1:
        forms = [_of_hint(member) for member in members]
        return {} if {} in forms else {"anyOf": forms}
    origin, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
    if hint in _TYPES:
        return {"type": _TYPES[hint]}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in (list, tuple):
        return _of_list(origin, arguments)
    return {"type": "object"} if origin is dict else {}


def _of_list(origin: Any, members: tuple[Any, ...]) -> Schema:
    made: Schema = {"type": "array"}
    if origin is tuple and members and members[-1] is not Ellipsis:
        size = len(members)
        made |= {"minItems": size, "maxItems": size}
    each = _of_hint(members[0]) if members else {}
    return {**made, "items": _accepting_variables(each)} if each else made


def _bounds(made: Schema, convert: Callable[[Any], Any]) -> Schema:
    """The range that a field's own conversion lets through, found by asking it."""
    if made.get("type") not in ("integer", "number"):
        return made

    def takes(value: float) -> bool:
        try:
            convert(value)
        except (KerasishError, ValueError, TypeError):
            return False
        return True

    below, above = (0, 1) if made["type"] == "integer" else (-0.001, 0.0)
    if takes(1) and not takes(below):
        made = {**made, "minimum": above}
    if takes(1) and not takes(2):
        made = {**made, "maximum": 1}
    return made


# --- docstrings ---------------------------------------------------------------------------------


_ARGUMENT = re.compile(r"(\w+)(?:, \w+)*: (.*)")


def summary(obj: Any) -> str:
    """The first paragraph of a docstring on one line."""
    text = inspect.getdoc(obj) or ""
    return " ".join(text.split("\n\n")[0].split())


def described(obj: Any) -> dict[str, str]:
    """The descriptions under `Args:`, by argument; `a, b: text` describes both."""
    lines = (inspect.getdoc(obj) or "").splitlines()
    if "Args:" not in lines:
        return {}
    found: dict[str, str] = {}
    names: list[str] = []
    for line in lines[lines.index("Args:") + 1 :]:
        if line.strip() and not line.startswith(" "):
            break
        match = _ARGUMENT.fullmatch(line.strip())
        indent = len(line) - len(line.lstrip())
        if match and indent == 4:
            names = [name.strip() for name in line.strip().split(":")[0].split(",")]
            found.update(dict.fromkeys(names, match.group(2)))
        elif line.strip():
            found.update({name: f"{found[name]} {line.strip()}" for name in names})
    return found
