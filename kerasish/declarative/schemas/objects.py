"""The schemas of registered objects: names, arguments, their types, ranges, defaults and words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.arguments.contract import Field, contract_of
from kerasish.declarative.check import vocabulary
from kerasish.declarative.language.forms import Schema, ref
from kerasish.declarative.schemas.shared import Shared
from kerasish.declarative.schemas.values import VARIABLE, accepting, by_type
from kerasish.declarative.schemas.words import described, summary
from kerasish.errors import KerasishError
from kerasish.signatures import MISSING


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
            "type": "object",
            "properties": properties,
            **({"patternProperties": others} if others else {}),
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        }
        return by_type(item, [{"type": "string", "enum": bare}, self.spelled(kind)])

    def spelled(self, kind: str) -> Schema:
        """`$name`, or a name of a kind in another spelling."""
        aliases = vocabulary.aliases(kind)
        return _texts(aliases) if aliases else VARIABLE

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
            field.name: self.shared.of(field.name, argument(field, texts.get(field.name, "")))
            for field in contract.fields.values()
        }
        text = summary(factory)
        made: Schema = {"type": "object", "properties": properties}
        if not contract.is_open:
            made["additionalProperties"] = False
        if needs:  # apart, so that a misspelt argument is told before the one that it stands for
            made["allOf"] = [{"required": needs}]
        first = contract.first
        alone: list[Schema] = [] if needs else [{"type": "null"}]
        if first is not None and not [name for name in needs if name != first.name]:
            alone.append(argument(first, "", False))
        alone = [one for one in alone if one]
        if first is not None and len(alone) < (1 if needs else 2) and not needs:
            alone = [{}]  # any value goes
        if not alone:
            return {"description": text, **made}
        given = {"description": text, "if": {"type": "object"}, "then": made}
        return given | ({"else": alone[0]} if len(alone) == 1 else {"else": {"anyOf": alone}})


def _texts(names: list[str]) -> Schema:
    found = "|".join(names)
    return {"allOf": [{"type": "string"}, {"pattern": rf"\$|^({found})$"}]}


def argument(field: Field, text: str, whole: bool = True) -> Schema:
    """The schema of the value of one argument; `whole` with its words and its default."""
    form: Any = field.rule.form
    kind = field.kind
    if field.name == "name":
        form = {"anyOf": [ref("name"), {"type": "null"}]}
    elif not form and kind is not None:
        one: list[Schema] = [ref(kind), {"type": "null"}]
        form = {"anyOf": [*one, {"type": "array", "items": ref(kind)}]}
        if kind == "schedule":
            form = {"anyOf": [{"type": "number"}, ref(kind)]}
    made = accepting(_bounded(form or {}, field.rule.convert))
    if not whole:
        return made
    default = field.default
    known = default is not MISSING and type(default) in (int, float, bool, str)
    return {
        **({"description": text} if text else {}),
        **made,
        **({"default": default} if known else {}),
    }


def _bounded(form: Any, convert: Callable[[Any], Any]) -> Any:
    """A number's schema with the range that the field's own conversion lets through."""
    if set(form) != {"type"} or form["type"] not in ("integer", "number"):
        return form

    def takes(value: float) -> bool:
        try:
            convert(value)
        except (KerasishError, ValueError, TypeError):
            return False
        return True

    below, above = (0, 1) if form["type"] == "integer" else (-0.001, 0.0)
    if takes(1) and not takes(below):
        form = {**form, "minimum": above}
    if takes(1) and not takes(2):
        form = {**form, "maximum": 1}
    return form
