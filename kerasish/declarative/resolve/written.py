"""Sections written out: the layers and nodes of the model and of the data.

A block with `layers` becomes its layers, one with `nodes` its nodes; a sequence that such a block
stands in is cut into nodes.
"""

from __future__ import annotations

from dataclasses import replace

from kerasish.declarative.resolve.blocks import Blocks
from kerasish.declarative.resolve.names import Scope
from kerasish.declarative.resolve.naming import Namer, base_name
from kerasish.declarative.resolve.nodes import Table, Tables
from kerasish.declarative.resolve.sequences import Flat, Graph, Layer, Sequences
from kerasish.declarative.resolve.variables import Resolver
from kerasish.declarative.text.errors import clip
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value

_INPUT = "input"


class Writer:
    """Writes out the sections that hold layers.

    Args:
        resolver: replaces the variables.
        blocks: the blocks of the document.
    """

    def __init__(self, resolver: Resolver, blocks: Blocks) -> None:
        self.resolver = resolver
        self.blocks = blocks
        self.diagnostics = resolver.diagnostics
        self.sequences = Sequences(resolver, blocks)
        self.tables = Tables(self.sequences)

    def model(self, value: Value, scope: Scope) -> Value:
        """The `model:` section; a sequence with graphs in it becomes a graph."""
        if not isinstance(value, Mapping):
            return self.resolver.resolve(value, scope)
        table = Table()
        entries: list[Entry] = []
        flat: Flat = []
        with self.resolver.deeper(value):
            for entry in value:
                if entry.key == "layers" and isinstance(entry.value, Sequence):
                    flat = self._layers(entry, entry.value, scope)
                    written = Sequence(
                        tuple(one.written() for one in flat if isinstance(one, Layer)),
                        entry.value.mark,
                    )
                    entries.append(replace(entry, value=written))
                elif entry.key == "layers" and isinstance(entry.value, Mapping):
                    entries.append(replace(entry, value=self._shared(entry.value, scope)))
                elif entry.key == "nodes" and isinstance(entry.value, Mapping):
                    nodes = self.tables.nodes(entry.value, scope, table)
                    entries.append(replace(entry, value=Mapping.of(nodes, entry.value.mark)))
                else:
                    resolved = self.resolver.resolve(entry.value, scope)
                    entries.append(replace(entry, value=resolved))
        entries = [self._outputs(one, table) if one.key == "outputs" else one for one in entries]
        written = Mapping.of(entries, value.mark)
        graphs = any(isinstance(one, Graph) for one in flat)
        return self._as_graph(written, flat) if graphs else written

    def data(self, value: Value, scope: Scope) -> Value:
        """The `data:` section, whose entries of `x` and `y` are nodes over columns."""
        if not isinstance(value, Mapping):
            return self.resolver.resolve(value, scope)
        entries = []
        with self.resolver.deeper(value):
            for entry in value:
                entries.append(replace(entry, value=self._of_data(entry, scope)))
        return Mapping.of(entries, value.mark)

    def _of_data(self, entry: Entry, scope: Scope) -> Value:
        value = entry.value
        if entry.key == "augment" and isinstance(value, Sequence):
            flat = self._layers(entry, value, scope)
            self.sequences.refuse_graphs(flat, "augment")
            return Sequence(
                tuple(one.written() for one in flat if isinstance(one, Layer)), value.mark
            )
        if entry.key not in ("x", "y") or not isinstance(value, Mapping):
            return self.resolver.resolve(value, scope)
        if "from" not in value.entries:
            return Mapping.of(self.tables.nodes(value, scope, Table()), value.mark)
        (node, *more) = self.tables.node(entry, entry.key, scope, Table())
        if more:
            message = f"data.{entry.key} needs names where a block with nodes makes several"
            self.diagnostics.add("K206", message, entry.mark, f"{entry.key}: {{name: {{...}}}}")
        return node.value

    def _layers(self, entry: Entry, layers: Sequence, scope: Scope) -> Flat:
        """The layers of a whole sequence, which have no prefix."""
        before = len(self.diagnostics)
        with self.resolver.deeper(layers):
            flat = self.sequences.flat(self.sequences.pieces(layers, scope), "")
        if not flat and len(self.diagnostics) > before:
            self.diagnostics.unknown(entry.mark)  # what would stand there is wrong
        return flat

    def _shared(self, value: Mapping, scope: Scope) -> Mapping:
        entries = []
        for entry in value:
            head = self.blocks.head(entry.value)
            if head is not None:
                message = f"'{clip(head.key, 40)}' is a block, and a shared layer is one layer"
                self.diagnostics.add("K206", message, head.mark, "use the block in a node")
                self.diagnostics.unknown(head.mark)
            entries.append(replace(entry, value=self.resolver.resolve(entry.value, scope)))
        return Mapping.of(entries, value.mark)

    def _as_graph(self, model: Mapping, flat: Flat) -> Mapping:
        """A sequential model as nodes: `input` and `layers` become `inputs`, `nodes`, `outputs`."""
        entries = {one.key: one for one in model if one.key not in ("type", "input", "layers")}
        layers = model.entries["layers"]
        given = model.entries.get("input")
        name = Scalar(_INPUT, given.mark if given else layers.mark)
        if given is not None:
            declared = given.value
            if isinstance(declared, Mapping):
                named = declared.get("name")
                name = named if isinstance(named, Scalar) and named.value else name
                declared = declared.without("name")
            inputs = Mapping.of([Entry(str(name.value), given.mark, declared)], given.mark)
            entries["inputs"] = Entry("inputs", given.mark, inputs)
        else:
            name = self._only_input(name, layers.mark)
        namer = Namer([one.name for one in flat if one.name])
        named_all: Flat = [
            one if one.name or isinstance(one, Graph)
            else replace(one, name=namer.fresh(base_name(one.value)))
            for one in flat
        ]  # fmt: skip
        nodes = self.tables.chain(named_all, name, [], named_all[-1].name, layers.mark)
        last = Scalar(named_all[-1].name, layers.mark)
        entries["nodes"] = Entry("nodes", layers.mark, Mapping.of(nodes, layers.value.mark))
        entries["outputs"] = Entry("outputs", layers.mark, last)
        return Mapping(entries, model.mark)

    def _only_input(self, name: Scalar, mark: Mark) -> Scalar:
        """The entry of x, where the model leaves its input to the data."""
        names = self.resolver.facts.inputs()
        if len(names) == 1:
            return replace(name, value=names[0])
        self.diagnostics.add("K202", "model needs 'input'", mark, "input: {shape: [28, 28, 1]}")
        return name

    def _outputs(self, entry: Entry, table: Table) -> Entry:
        return replace(entry, value=self.tables.references(entry.value, table))
