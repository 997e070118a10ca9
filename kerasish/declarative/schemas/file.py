"""The JSON Schema (2020-12) of a config file, from the keys that are declared and the signatures of
what is registered.

Editors complete and explain with it. Nothing is `oneOf`, whose errors list every alternative.
Every value may also be a `$variable`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.items import VALID_NAME
from kerasish.declarative.check.ops import op_names
from kerasish.declarative.check.vocabulary import KINDS
from kerasish.declarative.language.forms import Form, Schema, ref
from kerasish.declarative.language.keys import Keys, MappingForm
from kerasish.declarative.language.model import FOR, NODE, REPEAT, WHEN
from kerasish.declarative.schemas.objects import ONE, Objects, needing, texts
from kerasish.declarative.schemas.shared import Shared
from kerasish.declarative.schemas.values import VARIABLE, accepting, by_type, variable
from kerasish.declarative.sections.data_entries import KINDS as COLUMN_KINDS
from kerasish.declarative.sections.data_keys import ENTRY
from kerasish.declarative.sections.steps import LOAD_KEYS
from kerasish.declarative.sections.validate import SECTIONS

# What stands among layers beside layers.
CONTROLS = (REPEAT, FOR, WHEN)
# Mappings with a body: what names one besides layers.
_BODIES: dict[Keys, Callable[[], list[str]]] = {
    NODE: lambda: ["load", *op_names()],
    ENTRY: lambda: list(COLUMN_KINDS),
}
# The sections that a file without a base must give whole.
_SECTIONS = ("model", "train")


def schema() -> Schema:
    """The schema of a whole file; call it after registering layers of your own."""
    return _Maker().whole()


class _Maker:
    def __init__(self) -> None:
        self.shared = Shared()
        self.objects = Objects(self.shared)
        self.done: set[str] = set()

    def whole(self) -> Schema:
        shared = self.shared
        for name in (*KINDS, "layers", "item", "known", "names", "entries", "name", "variable"):
            shared.reserve(name)
        shared.define("variable", variable())
        shared.define("name", _name())
        for kind in KINDS[1:]:
            shared.define(kind, self.objects.of_kind(kind))
        self._layers()
        self._entries()
        sections = self._properties(SECTIONS)
        for keys in (*CONTROLS, LOAD_KEYS):
            self._define(keys)
        shared.settle()
        order = sorted(shared.definitions, key=lambda name: (name[:1].isupper(), ":" in name))
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "kerasish config",
            "allOf": [{"type": "object"}],
            "properties": sections,
            "additionalProperties": False,
            "if": {"required": ["base"]},
            "else": self._alone(),
            "$defs": {name: shared.definitions[name] for name in order},
        }

    def _alone(self) -> Schema:
        """What holds of a file that builds on no other: what must be there, and, where it says no
        blocks, that layers have names of layers."""
        needed = {
            name: {"if": {"type": "object"}, "then": needing(_required(form.keys))}
            for name in _SECTIONS
            if isinstance(form := SECTIONS[name].form, MappingForm) and form.keys is not None
            if _required(form.keys)
        }
        names: Schema = {
            "properties": {"model": {"properties": {"layers": ref("known"), "nodes": ref("nodes")}}}
        }
        return {
            "properties": needed,
            "allOf": [
                needing(_required(SECTIONS)),
                {"if": {"required": ["blocks"]}, "else": names},
            ],
        }

    # mappings with declared keys -----------------------------------------------------------

    def _properties(self, keys: Keys) -> Schema:
        found: Schema = {}
        for key in keys.records():
            self._reach(key.form)
            made = {"description": key.text, **accepting(key.form.schema, absent=True)}
            if key.default is not None:
                made["default"] = key.default
            found[key.name] = made
        return found

    def _reach(self, form: Form) -> None:
        """Define the keys that a form names."""
        for keys in form.within():
            self._define(keys)

    def _define(self, keys: Keys) -> None:
        if keys.name in self.done:
            return
        self.done.add(keys.name)
        self.shared.reserve(keys.name)
        made: Schema = {
            "description": keys.text,
            "properties": self._properties(keys),
        }
        needed = [] if keys.name in _SECTIONS else _required(keys)
        made["allOf"] = [needing(needed, True)] if needed else []
        if keys in _BODIES:
            layers = vocabulary.names("layer")
            others: Schema = {one: {} for one in _BODIES[keys]() if one not in layers}
            made["properties"] = others | made["properties"]
            made["allOf"].append(ref("bodies"))
        else:
            made["additionalProperties"] = False
        if not made["allOf"]:
            del made["allOf"]
        self.shared.define(keys.name, made)

    # layers --------------------------------------------------------------------------------

    def _layers(self) -> None:
        """`layer`, one layer or block; `item`, what may stand in a list; `layers`, the list."""
        properties, others, bare = self.objects.named("layer")
        ops = op_names()
        self.shared.define("bodies", {"properties": properties, "patternProperties": others})
        item = {
            "properties": {"load": ref("load")},
            "allOf": [ref("bodies"), ONE],
        }
        text: Schema = {"type": "string", "enum": bare}
        other: Schema = {"allOf": [{"type": "string"}, {"pattern": f"^({VALID_NAME.pattern})$"}]}
        self.shared.define("layer", by_type(item, [text, other, VARIABLE]))
        control: Schema = ref("layer")
        for keys in CONTROLS:
            control = {"if": _has(keys.name), "then": ref(keys.name), "else": control}
        self.shared.define(
            "item", {**control, "anyOf": [text, other, VARIABLE, {"type": "object"}]}
        )
        self.shared.define("layers", {"items": ref("item")})
        inside = {"properties": {key: ref("known") for key in ("layers", "seq")}}
        words = [*(keys.name for keys in CONTROLS), "load", "layers", "index"]
        names = [*properties, *vocabulary.aliases("layer"), *ops, *words, *NODE]
        self.shared.define("names", {"enum": list(dict.fromkeys(names))})
        one: Schema = {
            "if": {"type": "object"},
            "then": {"propertyNames": ref("names"), **inside},
            "else": {"anyOf": [text, texts([*vocabulary.aliases("layer"), *ops])]},
        }
        self.shared.define("known", {"items": one})
        node: Schema = {"propertyNames": ref("names"), **inside}
        self.shared.define("nodes", {"additionalProperties": node})

    def _entries(self) -> None:
        """What `x` and `y` are: columns, an entry, or entries by name."""
        self._define(ENTRY)
        column: Schema = {"type": "string"}
        columns: Schema = {"type": "array", "items": column}
        one = {"if": {"type": "object"}, "then": ref(ENTRY.name), "else": _columns()}
        named = {"type": "object", "additionalProperties": one}
        mapping = {"if": {"required": ["from"]}, "then": ref(ENTRY.name), "else": named}
        self.shared.define("entries", by_type(mapping, [column, columns]))


def written(made: Schema) -> str:
    """A schema as text: a line for each definition and each section."""
    lines = ["{"]
    for key, held in made.items():
        if key in ("properties", "$defs"):
            inner = [f"  {json.dumps(name)}: {_line(one)}" for name, one in held.items()]
            lines.append(f' "{key}": {{\n' + ",\n".join(inner) + "\n },")
        else:
            lines.append(f' "{key}": {_line(held)},')
    return "\n".join([*lines[:-1], lines[-1].rstrip(","), "}\n"])


def _line(made: Any) -> str:
    return json.dumps(made, ensure_ascii=False, separators=(", ", ": "))


def _columns() -> Schema:
    """Columns; `null` takes an entry of the base away."""
    return {"type": ["string", "array", "null"], "items": {"type": "string"}}


def _has(key: str) -> Schema:
    return {"type": "object", "required": [key]}


def _required(keys: Keys) -> list[str]:
    return [key.name for key in keys.records() if key.required]


def _name() -> Schema:
    return {"type": "string", "pattern": rf"^({VALID_NAME.pattern})$|\$"}
