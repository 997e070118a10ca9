"""Items that the schema allows are those that the checker takes."""

from __future__ import annotations

import functools
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.items import Checker
from kerasish.declarative.schemas.file import schema
from kerasish.declarative.text.emit import emit
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load

KINDS = ("layer", "loss", "metric", "optimizer", "callback", "initializer", "schedule")


@functools.cache
def made() -> dict[str, Any]:
    return schema()


def resolved(form: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in form:
        held = made()["$defs"][form["$ref"].removeprefix("#/$defs/")]
        form = held | {key: value for key, value in form.items() if key != "$ref"}
    return form


def values(form: dict[str, Any]) -> st.SearchStrategy[Any] | None:
    """Values that a schema allows: words, truths and numbers; None where it is none of these."""
    form = resolved(form)
    words = [one["enum"] for one in form.get("anyOf", []) if "enum" in one]
    form = form.get("else", form)
    types = form.get("type", [])
    types = [types] if isinstance(types, str) else types
    if words:
        return st.sampled_from(words[0])
    if "boolean" in types:
        return st.booleans()
    least = form.get("minimum", 1 if "integer" in types else 0)
    if "integer" in types:
        return st.integers(least, form.get("maximum", least + 3))
    if "number" in types:
        return st.floats(max(least, 0.25), max(least, 1), allow_nan=False)
    return None


def tables() -> dict[tuple[str, str], tuple[dict[str, Any], list[str]]]:
    """The arguments, and those that are needed, of every class whose needs can be drawn."""
    found = {}
    for kind in KINDS:
        table = made()["$defs"]["bodies" if kind == "layer" else kind]
        for name, one in table.get("then", table)["properties"].items():
            held = resolved(one)
            held = held.get("then", held)
            needed = [n for part in held.get("allOf", []) for n in part["required"]]
            drawn = {
                n: s for n, f in held.get("properties", {}).items() if (s := values(f)) is not None
            }
            if set(needed) <= drawn.keys():
                found[kind, name] = (drawn, needed)
    return found


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, str], tuple[dict[str, Any], list[str]]]:
    return tables()


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_is_drawn_from_the_schema_is_taken(known, data: st.DataObject) -> None:
    kind, name = data.draw(st.sampled_from(sorted(known)))
    drawn, needed = known[kind, name]
    some = data.draw(st.lists(st.sampled_from(sorted(drawn)), unique=True)) if drawn else []
    arguments = {one: data.draw(drawn[one]) for one in dict.fromkeys([*needed, *some])}
    item = {name: arguments}
    against = {"$ref": f"#/$defs/{kind}", "$defs": made()["$defs"]}
    jsonschema.Draft202012Validator(against).validate(item)
    diagnostics = Diagnostics()
    value = load(emit({"item": item}).encode(), "x.yaml", diagnostics).entries["item"].value
    checker = Checker(diagnostics, network=True)
    assert checker.item(value, kind) is not None, str(diagnostics.error())


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_misspelt_argument_is_refused_by_both(known, data: st.DataObject) -> None:
    kind, name = data.draw(st.sampled_from([key for key in sorted(known) if known[key][0]]))
    if getattr(vocabulary.lookup(kind, name), "opens_network", False):
        return
    drawn, needed = known[kind, name]
    wrong = data.draw(st.sampled_from(sorted(drawn))) + "x"
    item = {name: {**{one: data.draw(drawn[one]) for one in needed}, wrong: 1}}
    against = {"$ref": f"#/$defs/{kind}", "$defs": made()["$defs"]}
    refused = not jsonschema.Draft202012Validator(against).is_valid(item)
    diagnostics = Diagnostics()
    value = load(emit({"item": item}).encode(), "x.yaml", diagnostics).entries["item"].value
    assert (Checker(diagnostics).item(value, kind) is None) == refused
