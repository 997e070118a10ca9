"""A functional model: `inputs`, shared `layers`, `nodes` that read each other, `outputs`.

A node has `from` (a node, a list of nodes, or call arguments by name) and exactly one of a layer,
`seq` (layers called in turn) or `use` (a layer of the shared table). References are checked here:
undefined ones, cycles, and what nothing ever reads.
"""

from __future__ import annotations

from kerasish.declarative.errors import Diagnostics
from kerasish.declarative.fields import Fields
from kerasish.declarative.graph_checks import check_graph
from kerasish.declarative.input_section import read_inputs
from kerasish.declarative.items import Checker, Item
from kerasish.declarative.source import (
    Entry,
    Mapping,
    Mark,
    Scalar,
    Sequence,
    Value,
    clip,
    describe,
)
from kerasish.declarative.specification import (
    FunctionalSection,
    Node,
    Reference,
    Sources,
)

_NODE_FORM = "write {from: node, Layer: {...}}, {from: node, seq: [...]} or {from: node, use: name}"


def read_graph(fields: Fields, name: str | None, checker: Checker) -> FunctionalSection:
    """The checked functional model; what is wrong is recorded with the checker."""
    fields.require("inputs", "inputs: {image: {shape: [28, 28, 1]}}")
    fields.require("nodes")
    written = fields.require("outputs", "outputs: [name of a node]")
    inputs = fields.mapping("inputs")
    declared = read_inputs(inputs, checker) if inputs else []
    layers = fields.mapping("layers")
    shared = _shared(layers, checker)
    mapping = fields.mapping("nodes")
    nodes = [node for entry in mapping or () if (node := _node(entry, checker)) is not None]
    outputs = [] if written is None else _references(written, "outputs", checker.diagnostics)
    section = FunctionalSection(
        name, fields.mark, tuple(declared), shared, tuple(nodes), tuple(outputs),
        isinstance(written, Scalar),
    )  # fmt: skip
    # A wrong node may be missing from the section; what refers to it is not wrong as well.
    tables = [table.entries if table else {} for table in (inputs, mapping, layers)]
    check_graph(section, tables[0], tables[1], tables[2], checker.diagnostics)
    return section


def _shared(mapping: Mapping | None, checker: Checker) -> dict[str, Item]:
    table = {}
    for entry in mapping or ():
        name = checker.name(Scalar(entry.key, entry.mark))
        item = checker.item(entry.value, "layer")
        if name is not None and item is not None:
            item.arguments.setdefault("name", name)
            table[name] = item
    return table


def _node(entry: Entry, checker: Checker) -> Node | None:
    name = checker.name(Scalar(entry.key, entry.mark))
    if not isinstance(entry.value, Mapping):
        message = (
            f"node '{clip(entry.key, 60)}' must be a mapping, received {describe(entry.value)}"
        )
        checker.diagnostics.add("K110", message, entry.value.mark, _NODE_FORM)
        return None
    source = entry.value.get("from")
    rest = [one for one in entry.value if one.key != "from"]
    if source is None:
        message = f"node '{entry.key}' needs 'from'"
        checker.diagnostics.add("K202", message, entry.mark, _NODE_FORM)
    if len(rest) != 1:
        given = " and ".join(f"'{clip(one.key, 40)}'" for one in rest[:3]) or "nothing"
        message = f"node '{entry.key}' must hold one layer, 'seq' or 'use', received {given}"
        mark = rest[1].mark if rest else entry.mark
        checker.diagnostics.add("K206", message, mark, _NODE_FORM)
        return None
    sources = None if source is None else _sources(source, checker.diagnostics)
    return _node_body(name, entry.mark, sources, rest[0], checker)


def _node_body(
    name: str | None, mark: Mark, sources: Sources | None, body: Entry, checker: Checker
) -> Node | None:
    items: list[Item | None] = []
    shared = None
    if body.key == "use":
        found = _references(body.value, "use", checker.diagnostics)
        shared = found[0] if found else None
    elif body.key == "seq" and isinstance(body.value, Sequence):
        items = [checker.item(value, "layer") for value in body.value.items]
        if not items:
            checker.diagnostics.add("K204", "seq must hold layers, it is empty", body.value.mark)
    elif body.key == "seq":
        message = f"seq must be a list of layers, received {describe(body.value)}"
        checker.diagnostics.add("K204", message, body.value.mark)
    else:
        one = Mapping.of([body], body.mark)
        items = [checker.item(one, "layer")]
    good = [item for item in items if item is not None]
    if name is None or sources is None:
        return None
    if good:
        # The node's name is the name of the layer whose output it is.
        good[-1].arguments.setdefault("name", name)
    return Node(name, mark, sources, tuple(good), shared)


def _sources(value: Value, diagnostics: Diagnostics) -> Sources | None:
    if isinstance(value, Mapping):
        found = {}
        for entry in value:
            one = _references(entry.value, f"from.{entry.key}", diagnostics)
            if one:
                found[entry.key] = one[0]
        return found or None
    references = _references(value, "from", diagnostics)
    if not references:
        return None
    return references[0] if isinstance(value, Scalar) else references


def _references(value: Value, title: str, diagnostics: Diagnostics) -> list[Reference]:
    """The names in a text or a list of texts."""
    items = value.items if isinstance(value, Sequence) else (value,)
    found = []
    for item in items:
        if isinstance(item, Scalar) and isinstance(item.value, str):
            found.append(Reference(item.value, item.mark))
        else:
            message = f"{title} must be names of nodes, received {describe(item)}"
            diagnostics.add("K204", message, item.mark)
    if not items:
        diagnostics.add("K204", f"{title} must be names of nodes, it is empty", value.mark)
    return found
