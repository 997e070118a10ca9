"""The schemas of registered objects: names, arguments, types, ranges, defaults and words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.arguments.annotations import rule_for
from kerasish.arguments.contract import Field, contract_of
from kerasish.arguments.rules import DTypeOrPolicy
from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.forms import BOUNDS
from kerasish.declarative.language.forms import Schema, ref
from kerasish.declarative.schemas.shared import Shared
from kerasish.declarative.schemas.values import VARIABLE, accepting, by_type, types_of
from kerasish.declarative.schemas.words import described, summary, text_of
from kerasish.errors import KerasishError
from kerasish.signatures import MISSING

# Apart from the names, and with a type, for which validators hold an error to be less to the point:
# a wrong name is told before the names are counted, or one is missed.
ONE: Schema = {"type": "object", "minProperties": 1, "maxProperties": 1}


def needing(names: list[str], other: bool = False) -> Schema:
    """A mapping that has some keys; `other` where something else may stand there too."""
    types = ["object", "array", "string", "number", "boolean", "null"]
    return {"type": types if other else "object", "required": names}


# Arguments whose annotations say nothing about plain data.
_NUMBERS: Schema = {"type": ["number", "array", "null"]}
_PATH: Schema = {"type": "string"}
_FORMS: dict[str, Schema] = {
    "alpha": _NUMBERS,
    "axis": {"type": ["integer", "array", "null"]},
    "backup_dir": _PATH,
    "default": {"type": ["number", "string", "null"]},
    "dtype": dict(rule_for(DTypeOrPolicy).form or {}),
    "filepath": _PATH,
    "input_tensor": {"type": "null"},
    "keys": {"type": "array"},
    "log_dir": _PATH,
    "optimizer_map": {"type": "null"},
    "path": _PATH,
    "profile_batch": {"type": ["integer", "array", "string"]},
    "value": {"type": ["number", "string", "array", "null"]},
    "values": {"type": "array"},
    "weights": {"type": ["array", "null"]},
}


class Objects:
    """Makes the definitions of kinds.

    Args:
        shared: where classes and arguments that recur are defined once.
    """

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._classes: dict[Any, str] = {}

    def named(self, kind: str) -> tuple[Schema, Schema, list[str]]:
        """The names of a kind that take arguments, the other spellings of them, as properties and
        patterns; and the names that may stand alone."""
        properties: Schema = {}
        bare: list[str] = []
        for name in vocabulary.names(kind):
            factory = vocabulary.lookup(kind, name)
            if not any(field.required for field in contract_of(factory).fields.values()):
                bare.append(name)
            if isinstance(factory, type):
                properties[name] = ref(self._class(factory, name))
        patterns: dict[str, list[str]] = {}
        for alias in vocabulary.aliases(kind):
            factory = vocabulary.lookup(kind, alias)
            if isinstance(factory, type):
                patterns.setdefault(self._class(factory, alias), []).append(alias)
        others = {f"^({'|'.join(found)})$": ref(name) for name, found in patterns.items()}
        return properties, others, bare

    def of_kind(self, kind: str) -> Schema:
        """A bare name, or one key with arguments."""
        properties, others, bare = self.named(kind)
        item = {
            "properties": properties,
            **({"patternProperties": others} if others else {}),
            "additionalProperties": False,
            "allOf": [ONE],
        }
        none: Schema = {"type": "null"}
        if not bare:
            return {"if": {"type": "object"}, "then": item, "else": {"anyOf": [none, VARIABLE]}}
        return by_type(item, [{"type": "string", "enum": bare}, self.spelled(kind), none])

    def spelled(self, kind: str) -> Schema:
        """`$name`, or a name of a kind in another spelling."""
        aliases = vocabulary.aliases(kind)
        return texts(aliases) if aliases else VARIABLE

    def _class(self, factory: type, name: str) -> str:
        if factory not in self._classes:
            self._classes[factory] = self.shared.reserve(factory.__name__)
            self.shared.define(self._classes[factory], self._arguments(factory))
        return self._classes[factory]

    def _arguments(self, factory: type) -> Schema:
        """`{argument: value}`, the value of the first argument alone, or nothing."""
        contract = contract_of(factory)
        texts = described(factory)
        needs = [field.name for field in contract.required]
        properties = {
            field.name: self.shared.of(field.name, argument(field, text_of(field.name, texts)))
            for field in contract.fields.values()
        }
        text = summary(factory)
        made: Schema = {"properties": properties}
        if not contract.is_open:
            made["additionalProperties"] = False
        if needs:
            made["allOf"] = [needing(needs)]
        first = contract.first
        alone: list[Schema] = [] if needs else [{"type": "null"}]
        if first is not None and not [name for name in needs if name != first.name]:
            alone.append(argument(first, "", False))
        alone = [one for one in alone if one]
        if first is not None and len(alone) < (1 if needs else 2) and not needs:
            alone = [{}]  # any value goes
        if not alone:
            return {"description": text, "type": "object", "if": {"type": "object"}, "then": made}
        given = {"description": text, "if": {"type": "object"}, "then": made}
        return given | ({"else": alone[0]} if len(alone) == 1 else {"else": {"anyOf": alone}})


def texts(names: list[str]) -> Schema:
    """`$name`, or one of some names that editors do not offer."""
    found = "|".join(names)
    return {"allOf": [{"type": "string"}, {"pattern": rf"\$|^({found})$"}]}


def argument(field: Field, text: str, whole: bool = True) -> Schema:
    """The schema of the value of one argument; `whole` with its words and its default."""
    form: Any = field.rule.form
    kind = field.kind
    least = dict(BOUNDS.get(field.name, {}))
    if field.name == "name":
        form = {"anyOf": [ref("name"), {"type": "null"}]}
    elif not form and kind is not None:
        form = {"anyOf": [ref(kind), {"type": "array", "items": ref(kind)}]}
    if kind == "schedule":  # which are mappings, all of them
        own = {
            "if": {"type": "object"},
            "then": ref(kind),
            "else": accepting({"type": "number", **least}),
        }
        return own if not whole else _told(own, field, text)
    bounded = _bounded(form or _FORMS.get(field.name) or {}, field.rule.convert)
    made = accepting({**bounded, **least} if least else bounded)
    return made if not whole else _told(made, field, text)


def _told(made: Schema, field: Field, text: str) -> Schema:
    """A schema with the words about an argument and its default."""
    default = field.default
    known = default is not MISSING and type(default) in (int, float, bool, str)
    return {
        **({"description": text} if text else {}),
        **made,
        **({"default": default} if known else {}),
    }


def _bounded(form: Any, convert: Callable[[Any], Any]) -> Any:
    """A number's schema with the range that the field's own conversion lets through."""
    types = types_of(form)
    if not {"integer", "number"} & set(types) or "minimum" in form:
        return form

    def takes(value: float) -> bool:
        try:
            convert(value)
        except (KerasishError, ValueError, TypeError):
            return False
        return True

    below, above = (0, 1) if "integer" in types else (-0.001, 0.0)
    if takes(1) and not takes(below):
        form = {**form, "minimum": above if takes(above + 0.5) or "integer" in types else 1}
    if takes(1) and not takes(2):
        form = {**form, "maximum": 1}
    return form
