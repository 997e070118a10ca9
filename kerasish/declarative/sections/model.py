"""The `model:` section: a sequential list of layers, or a functional graph of named nodes.

An input is `{shape: [28, 28, 1], dtype: float32, name: image}`, or just `[28, 28, 1]`.

A functional model has `inputs`, shared `layers`, `nodes` that read each other, and `outputs`. A
node has `from` (a node, a list of nodes, or call arguments by name) and exactly one of a layer,
`seq` (layers called in turn) or `use` (a layer of the shared table). References are checked here:
undefined ones, cycles, and what nothing ever reads.
"""

from __future__ import annotations

from collections.abc import Iterable

from kerasish.declarative.check import specification as checked
from kerasish.declarative.check.fields import Fields
from kerasish.declarative.check.items import Checker, Item
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean, must_be
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value
from kerasish.spec import DTYPES, TEXT

MAX_LAYERS = 10_000
SEQUENTIAL_KEYS = ("type", "name", "input", "layers")
FUNCTIONAL_KEYS = ("type", "name", "inputs", "layers", "nodes", "outputs")


def read_model(value: Value, checker: Checker) -> checked.ModelSection:
    """The checked model section; what is wrong is recorded with the checker."""
    functional = _is_functional(value)
    allowed = FUNCTIONAL_KEYS if functional else SEQUENTIAL_KEYS
    fields = Fields(value, "model", allowed, checker.diagnostics)
    fields.choice("type", ("sequential", "functional"), "")
    name = fields.read("name", checker.name)
    return read_graph(fields, name, checker) if functional else _sequential(fields, name, checker)


def _is_functional(value: Value) -> bool:
    """By `type`; where that is absent or wrong, by the keys that only one form has."""
    if not isinstance(value, Mapping):
        return False
    kind = value.get("type")
    written = kind.value if isinstance(kind, Scalar) else None
    if written in ("sequential", "functional"):
        return written == "functional"
    return "nodes" in value.entries or "inputs" in value.entries


def _sequential(fields: Fields, name: str | None, checker: Checker) -> checked.SequentialSection:
    fields.require("input", "input: {shape: [28, 28, 1]}")
    if fields.require("layers") is not None and not fields.items("layers"):
        fields.diagnostics.add("K110", "model has no layers", fields.place("layers"))
    values = fields.items("layers")
    if len(values) > MAX_LAYERS:
        message = f"there are more than {MAX_LAYERS} layers"
        fields.diagnostics.stop("K601", message, values[MAX_LAYERS].mark)
    items = [item for value in values if (item := checker.item(value, "layer")) is not None]
    names = [(item.arguments["name"], item.marks["name"]) for item in items if "name" in item.marks]
    _report_repeats([one for one in names if one[0] is not None], checker.diagnostics)
    entry = fields.read("input", lambda value: read_input(value, checker))
    return checked.SequentialSection(name, fields.mark, entry, tuple(items))


# --- inputs -------------------------------------------------------------------------------------


_EXPECTED = "a list of integers ≥ 1 (null where it varies)"


def read_input(value: Value, checker: Checker) -> checked.InputDeclaration | None:
    """The input of a sequential model."""
    if isinstance(value, Sequence):
        return _declaration(None, value, None, checker)
    fields = Fields(value, "input", ("shape", "dtype", "name"), checker.diagnostics)
    return _from_fields(fields.read("name", checker.name), fields, checker)


def read_inputs(mapping: Mapping, checker: Checker) -> list[checked.InputDeclaration]:
    """The named inputs of a functional model."""
    found = []
    for entry in mapping:
        name = checker.name(Scalar(entry.key, entry.mark))
        if name is None:
            continue
        if isinstance(entry.value, Sequence):
            found.append(_declaration(name, entry.value, None, checker, entry.mark))
            continue
        title = f"input '{entry.key}'"
        fields = Fields(entry.value, title, ("shape", "dtype"), checker.diagnostics)
        found.append(_from_fields(name, fields, checker, entry.mark))
    return [one for one in found if one is not None]


def _from_fields(
    name: str | None, fields: Fields, checker: Checker, mark: Mark | None = None
) -> checked.InputDeclaration | None:
    dtype = fields.choice("dtype", (*DTYPES, TEXT), "") or None
    if "shape" not in fields.entries:
        fields.require("shape", "shape: [28, 28, 1]")
        return None
    return _declaration(name, fields.entries["shape"].value, dtype, checker, mark)


def _declaration(
    name: str | None, shape: Value, dtype: str | None, checker: Checker, mark: Mark | None = None
) -> checked.InputDeclaration | None:
    sizes = _sizes(shape, checker)
    return (
        None if sizes is None else checked.InputDeclaration(name, sizes, dtype, mark or shape.mark)
    )


def _sizes(value: Value, checker: Checker) -> tuple[int | None, ...] | None:
    wrong: list[Value] = [] if isinstance(value, Sequence) else [value]
    sizes: list[int | None] = []
    for item in value.items if isinstance(value, Sequence) else ():
        held = item.value if isinstance(item, Scalar) else ""
        if held is None or (type(held) is int and held >= 1):
            sizes.append(held)
        else:
            wrong.append(item)
    for item in wrong:
        checker.diagnostics.add("K204", must_be("shape", _EXPECTED, item), item.mark)
    return None if wrong else tuple(sizes)


# --- functional models --------------------------------------------------------------------------


_NODE_FORM = "write {from: node, Layer: {...}}, {from: node, seq: [...]} or {from: node, use: name}"


def read_graph(fields: Fields, name: str | None, checker: Checker) -> checked.FunctionalSection:
    """The checked functional model; what is wrong is recorded with the checker."""
    fields.require("inputs", "inputs: {image: {shape: [28, 28, 1]}}")
    fields.require("nodes")
    written = fields.require("outputs", "outputs: [name of a node]")
    inputs = fields.mapping("inputs")
    declared = read_inputs(inputs, checker) if inputs else []
    layers = fields.mapping("layers")
    shared = _shared(layers, checker)
    mapping = fields.mapping("nodes")
    reader = _Reader(checker, {entry.key for table in (inputs, mapping) for entry in table or ()})
    nodes = [node for entry in mapping or () if (node := reader.node(entry)) is not None]
    outputs = [] if written is None else reader.references(written, "outputs")
    section = checked.FunctionalSection(
        name, fields.mark, tuple(declared), shared, tuple(nodes), tuple(outputs),
        isinstance(written, Scalar),
    )  # fmt: skip
    # A wrong node may be missing from the section; what refers to it is not wrong as well.
    tables = [table.entries if table else {} for table in (inputs, mapping, layers)]
    _check_graph(section, tables[0], tables[1], tables[2], checker.diagnostics)
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


class _Reader:
    """Reads nodes; `known` are the names of inputs and nodes."""

    def __init__(self, checker: Checker, known: set[str]) -> None:
        self.checker = checker
        self.diagnostics = checker.diagnostics
        self.known = known

    def node(self, entry: Entry) -> checked.Node | None:
        """One entry of `nodes:`; None where nothing can be made of it, which is recorded."""
        name = self.checker.name(Scalar(entry.key, entry.mark))
        title = f"node '{clip(entry.key, 60)}'"
        if not isinstance(entry.value, Mapping):
            message = must_be(title, "a mapping", entry.value)
            self.diagnostics.add("K110", message, entry.value.mark, _NODE_FORM)
            return None
        source = entry.value.get("from")
        rest = [one for one in entry.value if one.key != "from"]
        if source is None:
            self.diagnostics.add("K202", f"{title} needs 'from'", entry.mark, _NODE_FORM)
        if len(rest) != 1:
            given = " and ".join(f"'{clip(one.key, 40)}'" for one in rest[:3]) or "nothing"
            message = f"{title} must hold one layer, 'seq' or 'use', received {given}"
            mark = rest[1].mark if rest else entry.mark
            self.diagnostics.add("K206", message, mark, _NODE_FORM)
            return None
        sources = None if source is None else self._sources(source)
        items, shared = self._body(rest[0])
        if name is None or sources is None:
            return None
        if items:
            # The node's name is the name of the layer whose output it is.
            items[-1].arguments.setdefault("name", name)
        return checked.Node(name, entry.mark, sources, tuple(items), shared)

    def _body(self, body: Entry) -> tuple[list[Item], checked.Reference | None]:
        """The layers of a node, or the shared layer it uses."""
        if body.key == "use":
            found = self.references(body.value, "use")
            return [], found[0] if found else None
        values: tuple[Value, ...] = (Mapping.of([body], body.mark),)
        if body.key == "seq":
            values = body.value.items if isinstance(body.value, Sequence) else ()
            if not values:
                message = must_be("seq", "a list of layers", body.value)
                self.diagnostics.add("K204", message, body.value.mark)
        items = [self.checker.item(value, "layer") for value in values]
        return [item for item in items if item is not None], None

    def _sources(self, value: Value) -> checked.Sources | None:
        if isinstance(value, Mapping):
            found = {}
            for entry in value:
                one = self.references(entry.value, f"from.{entry.key}")
                if one:
                    found[entry.key] = one[0]
            if not len(value):
                message = "from must be names of nodes, it is empty"
                self.diagnostics.add("K204", message, value.mark)
            return found or None
        references = self.references(value, "from")
        if not references:
            return None
        return references[0] if isinstance(value, Scalar) else references

    def references(self, value: Value, title: str) -> list[checked.Reference]:
        """The names in a text or a list of texts."""
        items = value.items if isinstance(value, Sequence) else (value,)
        found = []
        for item in items:
            if isinstance(item, Scalar) and isinstance(item.value, str):
                found.append(self._reference(item.value, item.mark))
            else:
                self.diagnostics.add("K204", must_be(title, "names of nodes", item), item.mark)
        if not items:
            self.diagnostics.add("K204", f"{title} must be names of nodes, it is empty", value.mark)
        return found

    def _reference(self, text: str, mark: Mark) -> checked.Reference:
        """A node by its name, or `name.1` for one of its outputs."""
        name, dot, number = text.rpartition(".")
        if text in self.known or not dot or name not in self.known or not number.isdecimal():
            return checked.Reference(text, mark)
        return checked.Reference(name, mark, int(number[:6]))


# --- between the nodes: names, references, cycles, leftovers ------------------------------------


def _check_graph(
    section: checked.FunctionalSection,
    inputs: dict[str, Entry],
    nodes: dict[str, Entry],
    layers: dict[str, Entry],
    diagnostics: Diagnostics,
) -> None:
    """Record K401 to K404; the three tables hold what was written, right or wrong."""
    before = len(diagnostics)
    _check_names(section, [*inputs.values(), *nodes.values(), *layers.values()], diagnostics)
    _check_references(section, {*inputs, *nodes}, diagnostics)
    _check_uses(section, set(layers), diagnostics)
    if len(diagnostics) == before:
        _check_cycles(section, diagnostics)
        _check_unused(section, diagnostics)


def _check_names(
    section: checked.FunctionalSection, declared: list[Entry], diagnostics: Diagnostics
) -> None:
    """Inputs, nodes, shared layers and the names given to layers are all different."""
    names = [(entry.key, entry.mark) for entry in declared]
    for node in section.nodes:
        for item in node.items:
            # A layer that bears its node's name is that node.
            if "name" in item.marks and item.arguments["name"] != node.name:
                names.append((item.arguments["name"], item.marks["name"]))
    _report_repeats(names, diagnostics)


def _report_repeats(names: Iterable[tuple[str, Mark]], diagnostics: Diagnostics) -> None:
    """K404 for every name that an earlier one is equal to."""
    first: dict[str, Mark] = {}
    for name, mark in names:
        if name in first:
            hint = f"first used at {first[name]}"
            diagnostics.add("K404", f"the name '{clip(name, 60)}' is used twice", mark, hint)
        first.setdefault(name, mark)


def _check_references(
    section: checked.FunctionalSection, known: set[str], diagnostics: Diagnostics
) -> None:
    uses = [(f"node '{n.name}' reads", one) for n in section.nodes for one in n.references()]
    uses += [("outputs name", one) for one in section.outputs]
    for reader, one in uses:
        if one.name not in known:
            message = f"{reader} '{clip(one.name, 60)}' (undefined)"
            diagnostics.add("K401", message, one.mark, did_you_mean(one.name, sorted(known)))


def _check_uses(
    section: checked.FunctionalSection, layers: set[str], diagnostics: Diagnostics
) -> None:
    for node in section.nodes:
        if node.shared is not None and node.shared.name not in layers:
            message = f"node '{node.name}' uses '{clip(node.shared.name, 60)}' (undefined)"
            hint = did_you_mean(node.shared.name, sorted(layers)) or "define it under 'layers:'"
            diagnostics.add("K401", message, node.shared.mark, hint)


def _check_cycles(section: checked.FunctionalSection, diagnostics: Diagnostics) -> None:
    """K402 for every node on a cycle that can be reached, found without recursion."""
    reads = {node.name: node.references() for node in section.nodes}
    state: dict[str, int] = {}
    for start in reads:
        stack = [] if state.get(start) else [(start, list(reads[start]))]
        while stack:
            name, left = stack[-1]
            state[name] = 1
            if not left:
                state[name] = 2
                stack.pop()
                continue
            one = left.pop()
            if state.get(one.name) == 1:
                names = [step for step, _ in stack]
                cycle = [*names[names.index(one.name) :], one.name]
                message = f"nodes form a cycle: {' <- '.join(cycle)}"
                diagnostics.add("K402", message, one.mark)
            elif one.name in reads and not state.get(one.name):
                stack.append((one.name, list(reads[one.name])))


def _check_unused(section: checked.FunctionalSection, diagnostics: Diagnostics) -> None:
    """K403 for nodes, inputs and shared layers that no output depends on."""
    by_name = {node.name: node for node in section.nodes}
    needed: set[str] = set()
    waiting = [one.name for one in section.outputs]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            node = by_name.get(name)
            waiting.extend(one.name for one in (node.references() if node else ()))
    for node in section.nodes:
        if node.name not in needed:
            message = f"no output depends on node '{node.name}'"
            hint = "read it in another node, list it under outputs, or remove it"
            diagnostics.add("K403", message, node.mark, hint)
    for declared in section.inputs:
        if declared.name not in needed:
            diagnostics.add("K403", f"input '{declared.name}' is never read", declared.mark)
    used = {node.shared.name for node in section.nodes if node.shared is not None}
    for name, item in section.shared.items():
        if name not in used:
            diagnostics.add("K403", f"layer '{name}' is never used", item.mark)
