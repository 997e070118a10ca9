"""Schemas of single values: unions made flat, and `$name` in the place of any value.

Editors look for the words that may stand at a place in `enum`, directly or inside `anyOf`, and
nowhere else; so words stand there. Everything else is told apart by `if`, so that a validator's
message is about the value and not about every form that it might have had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kerasish.declarative.language.forms import Schema, ref

VARIABLE = ref("variable")
NEVER: Schema = {"not": {}}  # what takes functions only
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


def variable() -> Schema:
    """The definition of a text that stands for a value.

    It says `type` apart from `pattern`: a validator that picks the best of several errors then
    takes that of the words that are expected, not that of the pattern.
    """
    text = 'a value of vars, of the data or of the environment: $name or "${expression}"'
    return {"description": text, "allOf": [{"type": "string"}, {"pattern": r"\$"}]}


def types_of(form: Mapping[str, Any]) -> list[str]:
    """The types that a schema names."""
    found = form.get("type", [])
    return [found] if isinstance(found, str) else list(found)


def words(values: Iterable[Any]) -> Schema:
    """One out of a few values, with their types."""
    known = list(dict.fromkeys(values))
    types = list(dict.fromkeys(_TYPES[type(one)] for one in known))
    return {"type": types[0] if len(types) == 1 else types, "enum": known}


def union(forms: Iterable[Mapping[str, Any]]) -> list[Schema]:
    """What any of some schemas takes, in as few as can be: words, one of plain types, the rest.

    Empty where any value goes.
    """
    flat: list[Mapping[str, Any]] = []
    for form in forms:
        flat += form["anyOf"] if set(form) == {"anyOf"} else [form]
    flat = [form for form in flat if form != NEVER] or flat
    if any(not form for form in flat):
        return []
    values: list[Any] = []
    types: list[str] = []
    plain: Schema = {}
    rest: list[Schema] = []
    for form in flat:
        own = types_of(form)
        if "enum" in form or "const" in form:
            values += form.get("enum", [form.get("const")])
        elif not own or set(own) & set(types):
            rest += [] if dict(form) in rest or set(own) == {"null"} else [dict(form)]
        else:
            types += own
            plain |= {key: held for key, held in form.items() if key != "type"}
    if values and types == ["null"]:
        values, types = [*values, None], []
    if "number" in types and "integer" in types:
        types.remove("integer")
    found = [words(values)] if values else []
    if types:
        found.append({"type": types[0] if len(types) == 1 else types, **plain})
    return [*found, *rest]


def accepting(form: Mapping[str, Any], absent: bool = False) -> Schema:
    """A schema that takes `$name` too, here and in what the value holds.

    Args:
        form: what the value may be; references are to definitions, which take it themselves.
        absent: whether `null` may stand there, for nothing.
    """
    members = union([form, {"type": "null"}] if absent else [form])
    if not members:
        return {}
    kinds = [one for one in members if "$ref" in one and "type" not in one]
    if kinds:  # definitions that take `null` and variables themselves
        members = [one for one in members if types_of(one) != ["null"]]
    made = [_inside(one) for one in members]
    if any("enum" in one for one in made):
        return {"anyOf": [*made, VARIABLE]}
    taken = [name for one in made for name in types_of(one)]
    whole = made[0] if len(made) == 1 else {"anyOf": made}
    if "string" in taken and "pattern" not in whole:
        return whole
    if kinds:
        return whole
    if taken in (["boolean"], ["boolean", "null"]):  # editors offer the values of this type
        return {"type": [*taken, "string"], "if": VARIABLE, "else": whole}
    return {"if": VARIABLE, "else": whole}


def _inside(form: Schema) -> Schema:
    made = dict(form)
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), Mapping):
            made[key] = accepting(made[key])
            if not made[key]:
                del made[key]
    return made


def by_type(mapping: Schema, other: list[Schema]) -> Schema:
    """A mapping of one form, or what any of the others takes.

    What is wrong in a mapping is told about that mapping; the words among the others stand in
    `anyOf`, where editors find them.
    """
    return {
        "if": {"type": "object"},
        "then": mapping,
        "anyOf": [*other, {"type": "object"}],
    }
