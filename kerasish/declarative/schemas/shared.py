"""The definitions of a schema: what recurs is written once and named after what it is."""

from __future__ import annotations

import copy
import json
from collections import Counter

from kerasish.declarative.language.forms import Schema, ref
from kerasish.declarative.schemas.values import types_of

_LEAST = 60  # characters of a schema that a name of its own makes shorter


class Shared:
    """Definitions by name, and arguments that are counted until `settle` names those that recur."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self._reserved: set[str] = set()
        self._uses: dict[str, list[Schema]] = {}
        self._names: dict[str, Counter[str]] = {}

    def reserve(self, wanted: str) -> str:
        """A name that is not in use: `wanted`, else with a number."""
        name, number = wanted, 2
        while name in self._reserved:
            name, number = f"{wanted}-{number}", number + 1
        self._reserved.add(name)
        return name

    def define(self, name: str, made: Schema) -> None:
        """Enter a definition."""
        self._reserved.add(name)
        self.definitions[name] = made

    def of(self, argument: str, made: Schema) -> Schema:
        """The schema of an argument, in a mapping that `settle` may turn into a reference."""
        key = json.dumps(made, sort_keys=True)
        place = dict(made)
        self._uses.setdefault(key, []).append(place)
        self._names.setdefault(key, Counter())[argument] += 1
        return place

    def settle(self) -> None:
        """Define once what is long and recurs."""
        kept: dict[str, Schema] = {}
        for key, places in self._uses.items():
            kept[key] = places[0]
            if len(places) > 1 and len(key) > _LEAST:
                name = self.reserve(self._name(key))
                kept[key] = self.definitions[name] = dict(places[0])
                for place in places:
                    place.clear()
                    place.update(ref(name))
        self._share_parts(kept)

    def _share_parts(self, kept: dict[str, Schema]) -> None:
        """Define once what stands behind different words."""
        counted: dict[str, list[tuple[Schema, str]]] = {}
        forms: dict[str, Schema] = {}
        for key, place in kept.items():
            own = {k: v for k, v in place.items() if k not in ("description", "default")}
            if len(json.dumps(own)) > _LEAST and "$ref" not in own:
                text = json.dumps(own, sort_keys=True)
                forms.setdefault(text, copy.deepcopy(own))
                counted.setdefault(text, []).append((place, key))
        for text, found in counted.items():
            if len(found) < 2:
                continue
            own = forms[text]
            name = self.reserve(_types(own) or self._name(found[0][1]))
            self.definitions[name] = own
            for place, _ in found:
                for key in own:
                    del place[key]
                place.update(ref(name))

    def _name(self, key: str) -> str:
        """The argument that a schema describes most often."""
        return self._names[key].most_common(1)[0][0]


def _types(form: Schema) -> str:
    """The types of a value that is none of a few words."""
    inner = form.get("else", form)
    return "" if "enum" in json.dumps(form) else "-or-".join(types_of(inner))
