"""One node of a graph: what it reads, what is called on that, and with which arguments.

`from` is a node, a list of nodes, or the arguments of the call by name: each a node, a list of
nodes, or any other value as itself (`{from: {inputs: x, training: true}}`). Texts that are no nodes
stand in `call` beside it. The body is one of a layer, an op of `keras.ops`, `load`, `seq` (layers
called in turn) and `use` (a layer of the shared table).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from kerasish.declarative.check import specification as checked
from kerasish.declarative.check.calls import check_call
from kerasish.declarative.check.items import Checker, Item
from kerasish.declarative.check.ops import is_op
from kerasish.declarative.language.model import BESIDE
from kerasish.declarative.sections.steps import read_step
from kerasish.declarative.text.errors import clip, must_be
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value, plain
from kerasish.declarative.text.synonyms import FROM
from kerasish.declarative.text.words import short

_NODE_FORM = "write {from: node, Layer: {...}}, {from: node, seq: [...]} or {from: node, use: name}"


class NodeReader:
    """Reads nodes.

    Args:
        checker: reads the items, and takes what is wrong.
        known: the names of inputs and nodes. What stands before the first dot of several inputs
            (`kinds` of `kinds.sex` and `kinds.race`) means all of them, in order.
        shared: the shared layers by name.
    """

    def __init__(self, checker: Checker, known: Iterable[str], shared: dict[str, Item]) -> None:
        self.checker = checker
        self.diagnostics = checker.diagnostics
        self.known = dict.fromkeys(known)
        self.shared = shared
        self.groups: dict[str, list[str]] = {}
        for name in self.known:
            group, dot, _ = name.partition(".")
            if dot and group not in self.known:
                self.groups.setdefault(group, []).append(name)

    def node(self, entry: Entry) -> checked.Node | None:
        """One entry of `nodes:`; None where nothing can be made of it, which is recorded."""
        name = self.checker.name(Scalar(entry.key, entry.mark))
        title = f"node '{clip(entry.key, 60)}'"
        if not isinstance(entry.value, Mapping):
            message = must_be(title, "a mapping", entry.value)
            self.diagnostics.add("K110", message, entry.value.mark, _NODE_FORM)
            return None
        before = len(self.diagnostics)
        entry = self._with_from(entry, entry.value)
        node = entry.value if isinstance(entry.value, Mapping) else Mapping({}, entry.mark)
        source = node.get("from")
        rest = [one for one in node if one.key not in BESIDE]
        if len(rest) != 1:
            if source is None:
                self._needs_from(entry)
            given = " and ".join(f"'{clip(one.key, 40)}'" for one in rest[:3]) or "nothing"
            message = f"{title} must hold one layer, op, 'load', 'seq' or 'use', received {given}"
            mark = rest[1].mark if rest else entry.mark
            self.diagnostics.add("K206", message, mark, _NODE_FORM)
            return None
        sources = None if source is None else self._sources(source)
        items, shared = self._body(rest[0], sources)
        call = self._call(node, items)
        if source is None and not is_op(rest[0].key):
            self._needs_from(entry)
            return None
        if name is None or (source is not None and not sources):
            return None
        if items and items[-1].kind != "op":
            # The node's name is the name of the layer whose output it is.
            items[-1].arguments.setdefault("name", name)
        called = self.shared.get(shared.name) if shared else (items or [None])[0]
        if called is not None and len(self.diagnostics) == before:
            mark = entry.mark if source is None else source.mark
            named = [one for key in BESIDE if isinstance(one := node.get(key), Mapping)]
            marks = {one.key: one.mark for mapping in named for one in mapping}
            check_call(called, sources, call, mark, marks, self.diagnostics)
        return checked.Node(name, entry.mark, sources, tuple(items), shared, call)

    def _with_from(self, entry: Entry, node: Mapping) -> Entry:
        """The node with `from` where another word stands for it, which is recorded."""
        other = next((one for one in node if one.key in FROM), None)
        if other is None or "from" in node.entries:
            return entry
        message = f"node '{clip(entry.key, 60)}' names what it reads under 'from'"
        self.diagnostics.add("K203", message, other.mark, f"write from: {short(other.value)}")
        renamed = replace(other, key="from")
        held = Mapping.of([renamed if one is other else one for one in node], node.mark)
        return replace(entry, value=held)

    def _needs_from(self, entry: Entry) -> None:
        message = f"node '{clip(entry.key, 60)}' needs 'from'"
        self.diagnostics.add("K202", message, entry.mark, _NODE_FORM)

    def _body(
        self, body: Entry, sources: checked.Sources
    ) -> tuple[list[Item], checked.Reference | None]:
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
        items = [
            read_step(value, self.checker, taken(sources) if i == 0 else 1)
            for i, value in enumerate(values)
        ]
        return [item for item in items if item is not None], None

    def _call(self, node: Mapping, items: list[Item]) -> dict[str, Any]:
        """The arguments beside `from`."""
        value = node.get("call")
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            hint = "call: {training: true}"
            message = must_be("call", "a mapping of arguments of the call", value)
            self.diagnostics.add("K204", message, value.mark, hint)
            return {}
        if items and items[0].kind == "op":
            message = f"the arguments of {items[0].name} stand in its body"
            hint = f"write {items[0].name}: {{argument: value}}"
            self.diagnostics.add("K206", message, value.mark, hint)
        elif len(items) > 1:
            message = f"call gives arguments to one layer, seq has {len(items)}"
            hint = "write the layer that takes them as a node of its own"
            self.diagnostics.add("K206", message, value.mark, hint)
        return {entry.key: plain(entry.value) for entry in value}

    # what a node reads -------------------------------------------------------------------

    def _sources(self, value: Value) -> checked.Sources:
        if not isinstance(value, Mapping):
            found = self.references(value, "from")
            return found[0] if isinstance(value, Scalar) and len(found) == 1 else found
        if not len(value):
            message = "from must be names of nodes, it is empty"
            self.diagnostics.add("K204", message, value.mark)
        return {one.key: self._argument(one.value, f"from.{one.key}") for one in value}

    def _argument(self, value: Value, title: str) -> Any:
        """One argument of a call: nodes where it has texts, else the value itself."""
        leaves = list(_leaves(value))
        texts = [one for one in leaves if isinstance(one.value, str)]
        if not texts:
            return checked.Constant(plain(value))
        other = [one for one in leaves if one.value is not None and one not in texts]
        for one in other:
            hint = "texts are names of nodes here; what is no node stands in call: {...}"
            self.diagnostics.add("K204", must_be(title, "names of nodes", one), one.mark, hint)
        return self._nodes(value)

    def _nodes(self, value: Value) -> Any:
        if isinstance(value, Mapping):
            return {one.key: self._nodes(one.value) for one in value}
        if isinstance(value, Sequence):
            several = [self._nodes(one) for one in value.items]
            inner = zip(value.items, several, strict=True)
            return [o for v, n in inner for o in (n if _is_group(v, n) else [n])]
        if not isinstance(value.value, str):
            return None
        found = self._reference(value.value, value.mark)
        return found[0] if len(found) == 1 else found

    def references(self, value: Value, title: str) -> list[checked.Reference]:
        """The nodes that a text or a list of texts names."""
        items = value.items if isinstance(value, Sequence) else (value,)
        found: list[checked.Reference] = []
        for item in items:
            if isinstance(item, Scalar) and isinstance(item.value, str):
                found += self._reference(item.value, item.mark)
            else:
                self.diagnostics.add("K204", must_be(title, "names of nodes", item), item.mark)
        if not items:
            self.diagnostics.add("K204", f"{title} must be names of nodes, it is empty", value.mark)
        return found

    def _reference(self, text: str, mark: Mark) -> list[checked.Reference]:
        """A node by its name, or `name.1` for one of its outputs; several of a group."""
        if text in self.groups:
            return [checked.Reference(name, mark) for name in self.groups[text]]
        name, dot, number = text.rpartition(".")
        if text in self.known or not dot or name not in self.known or not number.isdecimal():
            return [checked.Reference(text, mark)]
        return [checked.Reference(name, mark, int(number[:6]))]


def taken(sources: checked.Sources) -> int | tuple[str, ...]:
    """How much `from` gives: a number of nodes, or arguments by name."""
    if isinstance(sources, dict):
        return tuple(sources)
    return len(sources) if isinstance(sources, list) else int(sources is not None)


def _is_group(written: Value, nodes: Any) -> bool:
    """Whether one name stands for several nodes."""
    return isinstance(written, Scalar) and isinstance(nodes, list)


def _leaves(value: Value) -> Iterable[Scalar]:
    if isinstance(value, Scalar):
        yield value
    elif isinstance(value, Sequence):
        for item in value.items:
            yield from _leaves(item)
    else:
        for entry in value:
            yield from _leaves(entry.value)
