"""The `model:` section: a sequential list of layers, or a functional graph of named nodes.

An input is `{shape: [28, 28, 1], dtype: float32, name: image}`, or just `[28, 28, 1]`. Where the
file has data, inputs may be left out: they are the entries of `data.x`.

A functional model has `inputs`, shared `layers`, `nodes` that read each other (`nodes.py`), and
`outputs`. What holds between the nodes is checked in `graph.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as SequenceOf

from kerasish.declarative.check import specification as checked
from kerasish.declarative.check.fields import Fields
from kerasish.declarative.check.items import Checker, Item
from kerasish.declarative.language.model import MODEL
from kerasish.declarative.sections.graph import check_graph, report_repeats
from kerasish.declarative.sections.inputs import read_input, read_inputs
from kerasish.declarative.sections.nodes import NodeReader
from kerasish.declarative.sections.steps import read_step
from kerasish.declarative.text.source import Entry, Mapping, Scalar, Sequence, Value

MAX_LAYERS = 10_000
# The keys of `MODEL` that only the other form has.
_OF_GRAPHS = ("inputs", "nodes", "outputs")
_OF_LISTS = ("input",)


def read_model(
    value: Value, checker: Checker, entries: SequenceOf[str] | None = None
) -> checked.ModelSection:
    """The checked model section; what is wrong is recorded with the checker.

    Args:
        value: the section as written.
        checker: reads the items, and takes what is wrong.
        entries: the names of what the data give as x, in order, those of an entry with an input
            for each column as `entry.column`; None where the file has no data. Inputs that are
            left out are these.
    """
    functional = _is_functional(value)
    _check_type(value, functional, checker)
    foreign = _OF_LISTS if functional else _OF_GRAPHS
    allowed = [key for key in MODEL if key not in foreign]
    fields = Fields(value, "model", allowed, checker.diagnostics)
    fields.choice("type", MODEL["type"].form.choices, "")
    name = fields.read("name", checker.name)
    if functional:
        return _functional(fields, name, checker, entries)
    return _sequential(fields, name, checker, entries)


def texts_read(model: Value | None) -> Iterator[str]:
    """The texts in `from` of the nodes of a model section as written."""
    nodes = model.get("nodes") if isinstance(model, Mapping) else None
    held = [entry.value for entry in nodes] if isinstance(nodes, Mapping) else []
    waiting = [one.get("from") for one in held if isinstance(one, Mapping)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Sequence):
            waiting += value.items
        elif isinstance(value, Mapping):
            waiting += [entry.value for entry in value]
        elif isinstance(value, Scalar) and isinstance(value.value, str):
            yield value.value


def _is_functional(value: Value) -> bool:
    """By the keys that only one form has; where there are none, by `type`."""
    if not isinstance(value, Mapping):
        return False
    listed = isinstance(value.get("layers"), Sequence)
    kind = value.get("type")
    written = kind.value if isinstance(kind, Scalar) else None
    if written == "functional" and not (listed and "nodes" not in value.entries):
        return True
    if written == "sequential" and "nodes" not in value.entries:
        return False
    listed_nodes = isinstance(value.get("nodes"), Sequence)
    if listed_nodes and not value.entries.keys() & {"inputs", "outputs", "layers"}:
        return False  # layers, under a wrong name
    return "nodes" in value.entries or ("inputs" in value.entries and not listed)


def _check_type(value: Value, functional: bool, checker: Checker) -> None:
    """`type` says what the keys say."""
    kind = value.get("type") if isinstance(value, Mapping) else None
    written = kind.value if isinstance(kind, Scalar) else None
    meant = "functional" if functional else "sequential"
    if kind is None or written == meant or written not in MODEL["type"].form.choices:
        return
    keys = "a graph (nodes)" if functional else "a list of layers"
    message = f"type says {written}, the keys are those of {keys}"
    checker.diagnostics.add("K110", message, kind.mark, f"leave it out, or write {meant}")


def _sequential(
    fields: Fields, name: str | None, checker: Checker, entries: SequenceOf[str] | None
) -> checked.SequentialSection:
    if entries is None:
        fields.require("input", "input: {shape: [28, 28, 1]}")
    elif fields.value("input") is None and len(entries) > 1:
        message = f"a list of layers has one input, the data give {', '.join(entries[:8])}"
        hint = "write model: {nodes: {...}, outputs: ...}, in which nodes read them by name"
        fields.diagnostics.add("K202", message, fields.mark, hint)
    layers = fields.require("layers")
    if isinstance(layers, Sequence) and not layers.items:
        fields.diagnostics.add("K110", "model has no layers", fields.place("layers"))
    values = fields.items("layers")
    if len(values) > MAX_LAYERS:
        message = f"there are more than {MAX_LAYERS} layers"
        fields.diagnostics.stop("K601", message, values[MAX_LAYERS].mark)
    items = [item for value in values if (item := read_step(value, checker)) is not None]
    names = [(item.arguments["name"], item.marks["name"]) for item in items if "name" in item.marks]
    report_repeats([one for one in names if one[0] is not None], checker.diagnostics)
    entry = fields.read("input", lambda value: read_input(value, checker))
    return checked.SequentialSection(name, fields.mark, entry, tuple(items))


def _functional(
    fields: Fields, name: str | None, checker: Checker, entries: SequenceOf[str] | None
) -> checked.FunctionalSection:
    if entries is None:
        fields.require("inputs", "inputs: {image: {shape: [28, 28, 1]}}")
    fields.require("nodes")
    written = fields.require("outputs", "outputs: [name of a node]")
    inputs = fields.mapping("inputs")
    declared = read_inputs(inputs, checker) if inputs else []
    given = () if inputs or entries is None else tuple(entries)
    layers, mapping = fields.mapping("layers"), fields.mapping("nodes")
    shared = _shared(layers, checker)
    from_data = [Entry(one, fields.mark, Scalar(None, fields.mark)) for one in given]
    sources = {entry.key: entry for entry in (*(inputs or ()), *from_data)}
    reader = NodeReader(checker, [*sources, *(entry.key for entry in mapping or ())], shared)
    nodes = [node for entry in mapping or () if (node := reader.node(entry)) is not None]
    outputs = [] if written is None else reader.references(written, "outputs")
    section = checked.FunctionalSection(
        name, fields.mark, tuple(declared), shared, tuple(nodes), tuple(outputs),
        isinstance(written, Scalar) and len(outputs) == 1, given,
    )  # fmt: skip
    # A wrong node may be missing from the section; what refers to it is not wrong as well.
    tables = [table.entries if table else {} for table in (mapping, layers)]
    check_graph(section, sources, tables[0], tables[1], checker.diagnostics)
    return section


def _shared(mapping: Mapping | None, checker: Checker) -> dict[str, Item]:
    table = {}
    for entry in mapping or ():
        name = checker.name(Scalar(entry.key, entry.mark))
        item = read_step(entry.value, checker, ops=False)
        if name is not None and item is not None:
            item.arguments.setdefault("name", name)
            table[name] = item
    return table
