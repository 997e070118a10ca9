"""Tables of nodes written out: `for`, `when`, blocks as bodies, names of a block's own nodes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from kerasish.declarative.language.model import BESIDE, FOR, WHEN
from kerasish.declarative.resolve.blocks import Use
from kerasish.declarative.resolve.names import Scope
from kerasish.declarative.resolve.naming import given_name, with_name
from kerasish.declarative.resolve.sequences import Flat, Graph, Layer, Sequences
from kerasish.declarative.text.errors import Failed, clip, describe, did_you_mean
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value

# Of a node, beside its body.
_AROUND = (*BESIDE, "offsets")
_CONTROLS = {*FOR, *WHEN}


@dataclass(frozen=True, slots=True)
class Table:
    """What the names in a table of nodes stand for outside.

    Attributes:
        prefix: of the names of nodes and layers; empty outside of blocks.
        nodes: written names to names outside.
        inputs: names of a block's inputs to what they are; None outside of blocks, where other
            names are themselves.
        groups: nodes with `for` to the names of all of them.
    """

    prefix: str = ""
    nodes: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Value] | None = None
    groups: dict[str, list[str]] = field(default_factory=dict)


class Tables:
    """Writes out tables of nodes.

    Args:
        sequences: writes out the lists of layers in them.
    """

    def __init__(self, sequences: Sequences) -> None:
        self.sequences = sequences
        self.resolver = sequences.resolver
        self.blocks = sequences.blocks
        self.diagnostics = sequences.diagnostics

    def nodes(self, table: Mapping, scope: Scope, names: Table) -> list[Entry]:
        """The nodes of a table; `names` receives what its groups stand for."""
        with self.resolver.deeper(table):
            turns = {one.key: self._turns(one, scope, names) for one in table}
            entries: list[Entry] = []
            for entry in table:
                for name, inner in turns[entry.key]:
                    entries += self.node(entry, name, inner, names)
        return entries

    def _turns(self, entry: Entry, scope: Scope, names: Table) -> list[tuple[str, Scope]]:
        """The names of the nodes that an entry stands for, with their scopes."""
        outer = names.nodes.get(entry.key, names.prefix + entry.key)
        if not isinstance(entry.value, Mapping) or "for" not in entry.value.entries:
            names.nodes[entry.key] = outer
            return [(outer, scope)]
        try:
            scopes = self.resolver.turns(entry.value, scope)
        except Failed:
            self.diagnostics.unknown(entry.mark)
            scopes = []
        self.resolver.charge(len(scopes) * entry.value.size, entry.mark)
        names.groups[entry.key] = [f"{outer}_{turn}" for turn in range(len(scopes))]
        return list(zip(names.groups[entry.key], scopes, strict=True))

    def node(self, entry: Entry, name: str, scope: Scope, names: Table) -> list[Entry]:
        value = entry.value
        if not isinstance(value, Mapping):
            return [Entry(name, entry.mark, self.resolver.resolve(value, scope))]
        with self.resolver.deeper(value):
            around: list[Entry] = []
            bodies: list[Entry] = []
            for one in value:
                if one.key not in _AROUND:
                    bodies.append(one)
                elif one.key not in _CONTROLS:
                    around.append(replace(one, value=self.resolver.resolve(one.value, scope)))
            around = [
                replace(one, value=self.references(one.value, names)) if one.key == "from" else one
                for one in around
            ]
            when = value.get("when")
            if when is not None and not self.resolver.holds(when, scope):
                return [self._identity(Entry(name, entry.mark, value), around)]
            whole = Mapping.of([*around, *bodies], value.mark)
            if len(bodies) != 1:
                return [Entry(name, entry.mark, self.resolver.resolve(whole, scope))]
            return self._with_body(Entry(name, entry.mark, whole), around, bodies[0], scope, names)

    def _with_body(
        self, node: Entry, around: list[Entry], body: Entry, scope: Scope, names: Table
    ) -> list[Entry]:
        """A node whose body is a layer, a list of layers, or a block."""
        item = Mapping.of([body], body.mark)
        head = self.blocks.head(item)
        if head is not None:
            try:
                use = self.blocks.use(head, scope)
                name = node.key if use.name is None else names.prefix + str(use.name.value)
                flat = self.sequences.of_use(self.sequences.opened(use), name)
            except Failed:
                self.diagnostics.unknown(node.mark)
                return []
        elif body.key == "seq" and isinstance(body.value, Sequence) and body.value.items:
            pieces = self.sequences.pieces(body.value, scope)
            uses = any(isinstance(one, Use) for one in pieces)
            prefix = f"{node.key}_" if names.prefix or uses else ""
            flat = self.sequences.flat(pieces, prefix, bool(names.prefix))
            if any(isinstance(one, Graph) for one in flat):
                flat = self.sequences.flat(pieces, prefix, True)
        else:
            if body.key == "use" and names.inputs is not None:
                self._check_shared(body.value)
            self.blocks.suggest(item)
            value: Value = self.resolver.mapping(
                item, lambda one: self.resolver.resolve(one, scope)
            )
            given = given_name(value) if names.prefix else None
            if given is not None:
                value = with_name(value, names.prefix + str(given.value))
            if not isinstance(value, Mapping):
                return []
            return [replace(node, value=Mapping.of([*around, *value], node.value.mark))]
        if not flat:
            return [self._identity(node, around)]
        sources = [one for one in around if one.key == "from"]
        if not any(isinstance(one, Graph) for one in flat):
            layers = [one for one in flat if isinstance(one, Layer)]
            return [_sequence(node, around, layers, body.mark)]
        if not sources:
            self.diagnostics.add("K202", f"node '{clip(node.key, 60)}' needs 'from'", node.mark)
            return []
        rest = [one for one in around if one.key != "from"]
        return self.chain(flat, sources[0].value, rest, node.key, node.mark)

    def _identity(self, node: Entry, around: list[Entry]) -> Entry:
        """A node that is its input."""
        kept = [one for one in around if one.key == "from"]
        same = Entry("Identity", node.mark, Mapping({}, node.mark))
        return replace(node, value=Mapping.of([*kept, same], node.value.mark))

    def chain(
        self, flat: Flat, source: Value, around: list[Entry], name: str, mark: Mark
    ) -> list[Entry]:
        """A sequence cut into nodes, the last of which is called `name`."""
        entries: list[Entry] = []
        waiting: list[Layer] = []

        def flush(called: str) -> None:
            nonlocal source
            node = Entry(called, mark, Mapping({}, mark))
            read = Entry("from", source.mark, source)
            entries.append(_sequence(node, [read, *(around if not entries else [])], waiting, mark))
            source = Scalar(called, mark)
            waiting.clear()

        for place, piece in enumerate(flat):
            if isinstance(piece, Layer):
                waiting.append(piece)
                continue
            if waiting:
                flush(waiting[-1].name)
            called = name if place + 1 == len(flat) else piece.name
            entries += self._graph(piece, source, called)
            source = Scalar(called, piece.use.mark)
        if waiting:
            flush(name)
        return entries

    def _graph(self, piece: Graph, source: Value, called: str) -> list[Entry]:
        """The nodes of a block that reads `source`; its output is called `called`."""
        use, block = piece.use, piece.use.block
        if block.nodes is None or block.output is None:
            return []
        try:
            with self.blocks.inside(use):
                inputs = self._inputs(use, source)
                names = Table(f"{piece.name}_", {str(block.output.value): called}, inputs)
                body = use.body(block.nodes)
                return self.nodes(body, use.scope, names)
        except Failed:
            self.diagnostics.unknown(use.mark)
            return []

    def _inputs(self, use: Use, source: Value) -> dict[str, Value]:
        """What the inputs of a block are in a use of it."""
        inputs = use.block.inputs
        given: dict[str, Value]
        if isinstance(source, Mapping):
            given = {one.key: one.value for one in source}
        else:
            items = source.items if isinstance(source, Sequence) else (source,)
            if len(inputs) == 1 and len(items) != 1:
                given = {inputs[0]: source}
            else:
                given = dict(zip(inputs, items, strict=False))
                if len(items) > len(inputs):
                    given["..."] = items[len(inputs)]
        if set(given) != set(inputs):
            read = ", ".join(inputs)
            message = f"block '{use.block.name}' reads {read}, received {describe(source)}"
            hint = f"use it as a node: {{from: [{read}], {use.block.name}: ...}}"
            self.diagnostics.fail("K202", message, use.mark, hint if len(inputs) > 1 else "")
        return given

    # references --------------------------------------------------------------------------

    def references(self, value: Value, names: Table) -> Value:
        """`from` or `outputs` with the names of this table replaced by those outside."""
        if isinstance(value, Mapping):
            held = [replace(one, value=self.references(one.value, names)) for one in value]
            return Mapping.of(held, value.mark)
        if isinstance(value, Sequence):
            items: list[Value] = []
            for item in value.items:
                one = self.references(item, names)
                spliced = _is_group(item, names) and isinstance(one, Sequence)
                items += one.items if spliced and isinstance(one, Sequence) else [one]
            return Sequence(tuple(items), value.mark)
        return self._reference(value, names) if isinstance(value.value, str) else value

    def _reference(self, scalar: Scalar, names: Table) -> Value:
        text = str(scalar.value)
        if text in names.groups:
            members = [replace(scalar, value=one) for one in names.groups[text]]
            return Sequence(tuple(members), scalar.mark)
        if names.inputs is None:
            return scalar
        node, dot, output = text.rpartition(".")
        if text in names.inputs or text in names.nodes:
            node, dot, output = text, "", ""
        if node in names.inputs:
            held = names.inputs[node]
            if not dot or not isinstance(held, Scalar):
                return held if not isinstance(held, Scalar) else replace(held, mark=scalar.mark)
            return replace(scalar, value=f"{held.value}.{output}")
        if node in names.nodes:
            return replace(scalar, value=names.nodes[node] + dot + output)
        known = [*names.inputs, *names.nodes, *names.groups]
        message = f"'{clip(text, 60)}' is neither an input nor a node of this block"
        self.diagnostics.add("K401", message, scalar.mark, did_you_mean(text, known))
        self.diagnostics.unknown(scalar.mark)
        return scalar

    def _check_shared(self, value: Value) -> None:
        """A block sees a shared layer only where its name is an argument."""
        if isinstance(value, Scalar) and isinstance(value.value, str) and "$" not in value.value:
            message = f"a block does not see the shared layer '{clip(value.value, 60)}'"
            hint = "give its name as an argument, and write use: $argument"
            self.diagnostics.add("K401", message, value.mark, hint)


def _is_group(item: Value, names: Table) -> bool:
    return isinstance(item, Scalar) and item.value in names.groups


def _sequence(node: Entry, around: list[Entry], layers: list[Layer], mark: Mark) -> Entry:
    """A node of these layers; the last takes the node's name where it was given none."""
    last = layers[-1]
    same = last.is_given and last.name != node.key
    values = [one.written() for one in layers[:-1]] + [last.written(same or not last.name)]
    seq = Entry("seq", mark, Sequence(tuple(values), mark))
    return replace(node, value=Mapping.of([*around, seq], node.value.mark))
