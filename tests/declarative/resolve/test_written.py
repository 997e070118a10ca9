"""Documents of blocks, loops and conditions drawn at random: what is written out is what they say,
every name is there once, and every place lies in the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.declarative.building.model import build_model
from kerasish.declarative.resolve.document import as_document
from kerasish.declarative.resolve.interpolate import interpolate
from kerasish.declarative.sections.validate import validate
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import Mapping, Mark, Sequence, Value
from tests.declarative.helpers import outcome, well_formed

WIDTH = 3
Items = list[Any]


@st.composite
def documents(draw: st.DrawFn) -> tuple[dict[str, Any], int]:
    """A document, and how many Dense layers it says."""
    blocks: dict[str, Any] = {}
    sizes: dict[str, int] = {}

    def items(depth: int) -> tuple[Items, int]:
        found: Items = []
        total = 0
        for _ in range(draw(st.integers(1, 3))):
            item, size = one(depth)
            found.append(item)
            total += size
        return found, total

    def one(depth: int) -> tuple[Any, int]:
        kinds = ["layer", "layer", "use"] + (["repeat", "for", "when"] if depth else [])
        kind = draw(st.sampled_from(kinds))
        if kind == "use" and blocks:
            name = draw(st.sampled_from(sorted(blocks)))
            return draw(
                st.sampled_from([name, {name: {"units": "${base}"}}, {name: WIDTH}])
            ), sizes[name]
        if kind in ("layer", "use"):
            return draw(st.sampled_from([{"Dense": WIDTH}, {"Dense": {"units": "$base"}}])), 1
        body, size = items(depth - 1)
        turns = draw(st.integers(1, 3))
        if kind == "repeat":
            return {"repeat": turns, "layers": body}, turns * size
        if kind == "for":
            return {"for": {"k": list(range(turns))}, "layers": body}, turns * size
        holds = draw(st.booleans())
        return {"when": holds, "layers": body}, holds * size

    for number in range(draw(st.integers(0, 4))):
        body, size = items(1)
        args = {"units": WIDTH}
        if draw(st.booleans()):
            blocks[f"b{number}"] = {"args": args, "layers": [*body, {"Dense": "$units"}]}
        else:
            nodes = {
                "a": {"from": "x", "seq": [*body, {"Dense": "$units"}]},
                "o": {"from": ["x", "a"], "Add": {}},
            }
            blocks[f"b{number}"] = {"args": args, "input": "x", "nodes": nodes, "output": "o"}
        sizes[f"b{number}"] = size + 1
    layers, size = items(2)
    model: dict[str, Any] = {"input": [WIDTH], "layers": [*layers, {"Dense": WIDTH}]}
    if draw(st.booleans()):
        node = {"from": "i", "seq": [*layers, {"Dense": WIDTH}]}
        model = {"inputs": {"i": [WIDTH]}, "nodes": {"n": node}, "outputs": "n"}
    document = {"kerasish": 1, "vars": {"base": WIDTH}, "blocks": blocks, "model": model}
    return document, size + 1


def marks(value: Value) -> Iterator[Mark]:
    yield value.mark
    if isinstance(value, Mapping):
        for entry in value:
            yield entry.mark
            yield from marks(entry.value)
    elif isinstance(value, Sequence):
        for item in value.items:
            yield from marks(item)


@settings(max_examples=60, deadline=None)
@given(documents())
def test_what_is_written_out_is_what_is_said(drawn: tuple[dict[str, Any], int]) -> None:
    document, dense = drawn
    diagnostics = Diagnostics()
    text = json.dumps(document, indent=1)
    read = as_document(load(text, "m.yaml", diagnostics), diagnostics)
    found = interpolate(read, diagnostics).document
    lines = text.split("\n")
    for mark in marks(found):
        assert 1 <= mark.line <= len(lines)
        assert mark.column <= len(lines[mark.line - 1]) + 1
        assert all(1 <= use.line <= len(lines) for use in mark.uses)
    config = validate(found, diagnostics)
    model = build_model(config.model, diagnostics)
    names = [layer.name for layer in model.layers]
    assert len(names) == len(set(names))
    assert sum(type(layer).__name__ == "Dense" for layer in model.layers) == dense
    assert model.output_shape == (None, WIDTH)


WORDS = st.sampled_from(
    ["b0", "b1", "x", "o", "a", "i", "n", "layers", "nodes", "input", "output", "args", "units",
     "repeat", "for", "when", "from", "seq", "use", "index", "k", "$k", "$units", "${base + 1}",
     "Dense", "${w[0]}", 3, None, True, [], {}, "$nope"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(documents(), st.lists(st.tuples(st.integers(0, 10**6), WORDS), min_size=1, max_size=4))
def test_whatever_is_changed_is_told_as_findings(
    drawn: tuple[dict[str, Any], int], changes: list[tuple[int, Any]]
) -> None:
    document = drawn[0]
    for place, word in changes:
        change(document, place, word)
    text = json.dumps(document, indent=1)

    def check() -> None:
        diagnostics = Diagnostics()
        read = as_document(load(text, "m.yaml", diagnostics), diagnostics)
        found = interpolate(read, diagnostics)
        validate(found.document, diagnostics)
        diagnostics.raise_with(found.leftovers)

    assert well_formed(outcome(check))


def change(document: Any, place: int, word: Any) -> None:
    """Put `word` in one of the places below `blocks` and `model`: as a value, or as a key."""
    slots: list[tuple[Any, Any]] = []
    waiting = [document["blocks"], document["model"]]
    while waiting:
        held = waiting.pop()
        keys = list(held) if isinstance(held, dict) else range(len(held))
        for key in keys:
            slots.append((held, key))
            if isinstance(held[key], dict | list):
                waiting.append(held[key])
    if not slots:
        return
    holder, key = slots[place % len(slots)]
    if isinstance(holder, dict) and isinstance(word, str) and place % 3 == 0:
        holder[word] = holder.pop(key)
    else:
        holder[key] = word if not isinstance(word, list | dict) else type(word)()
