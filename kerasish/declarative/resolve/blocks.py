"""Blocks: named groups of layers or nodes with arguments, and their uses.

blocks:
  conv:
    args: {filters: , kernel: 3}        # null: the argument must be given
    layers: [{Conv2D: {filters: $filters, kernel_size: $kernel}}, BatchNormalization]
  residual:
    args: {filters: }
    input: x                            # or a list of inputs
    nodes: {a: {from: x, conv: $filters}, sum: {from: [x, a], Add: {}}}
    output: sum
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from kerasish import registry
from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.fields import Fields
from kerasish.declarative.check.ops import is_op
from kerasish.declarative.language.model import BLOCK, FOR, NODE, REPEAT, WHEN
from kerasish.declarative.resolve.names import Scope
from kerasish.declarative.resolve.variables import Resolver
from kerasish.declarative.text.errors import Failed, clip, describe, did_you_mean, must_be
from kerasish.declarative.text.source import (
    Entry,
    Mapping,
    Mark,
    Scalar,
    Sequence,
    V,
    Value,
    stamped,
)

# Words that mean something among layers or in a node, and so name no block.
WORDS = frozenset({*NODE, *REPEAT, *FOR, *WHEN, "load", "map", "fill", "pad", "offsets"})
_MAX_USES = 16  # of blocks inside each other
_LAYERS = "layers: [...] for a sequence, or input:, nodes: and output: for a graph"


@dataclass(frozen=True, slots=True)
class Block:
    """One entry of `blocks:`: either `layers`, or `inputs`, `nodes` and `output`."""

    name: str
    mark: Mark
    args: tuple[Entry, ...]
    layers: Sequence | None
    inputs: tuple[str, ...] = ()
    nodes: Mapping | None = None
    output: Scalar | None = None

    @property
    def form(self) -> str:
        """How it is called: `conv: {filters, kernel: 3}`."""
        return f"{self.name} takes {', '.join(one.key for one in self.args) or 'no arguments'}"


@dataclass(slots=True)
class Use:
    """A block where it is used, with its arguments bound.

    Attributes:
        mark: where the block is named.
        name: the name that was given, as it was written.
        scope: what the body sees.
    """

    block: Block
    mark: Mark
    name: Scalar | None
    scope: Scope
    pieces: list[Any] | None = None

    def body(self, value: V) -> V:
        """A part of the block as it stands in this use."""
        return stamped(value, self.mark)


class Blocks:
    """The blocks of a document.

    Args:
        section: `blocks:` as written, or None.
        resolver: gives the values of arguments, and takes findings.
    """

    def __init__(self, section: Value | None, resolver: Resolver) -> None:
        self.resolver = resolver
        self.diagnostics = resolver.diagnostics
        self.names: dict[str, Mark] = {}
        self._blocks: dict[str, Block] = {}
        self._used: set[str] = set()
        self._active: list[str] = []
        if section is not None and not isinstance(section, Mapping):
            message = must_be("blocks", "a mapping from names to blocks", section)
            self.diagnostics.add("K110", message, section.mark)
        for entry in section if isinstance(section, Mapping) else ():
            self.names[entry.key] = entry.mark
            self.diagnostics.blocks.add(entry.key)
            try:
                self._blocks[entry.key] = self._read(entry)
            except Failed:
                continue

    def unused(self) -> list[Block]:
        """The blocks that nothing names."""
        return [one for name, one in self._blocks.items() if name not in self._used]

    # definitions -------------------------------------------------------------------------

    def _read(self, entry: Entry) -> Block:
        name, value, title = entry.key, entry.value, f"block '{clip(entry.key, 40)}'"
        self.resolver.check_name(name, entry.mark, "a block")
        if vocabulary.contains("layer", name) or name in WORDS:
            what = "a word of the language" if name in WORDS else "the name of a layer"
            message = f"{title} has {what}"
            self.diagnostics.fail("K404", message, entry.mark, "give it another")
        if not isinstance(value, Mapping):
            message = must_be(title, "a mapping", value)
            self.diagnostics.fail("K110", message, value.mark, _LAYERS)
        value = Mapping(Fields(value, title, BLOCK, self.diagnostics).entries, value.mark)
        args = self._declared(value.get("args"), title)
        layers, nodes = value.get("layers"), value.get("nodes")
        if (layers is None) is (nodes is None):
            code, verb = ("K202", "needs") if layers is None else ("K206", "holds one of")
            message = f"{title} {verb} 'layers' or 'nodes'"
            self.diagnostics.fail(code, message, entry.mark, _LAYERS)
        if layers is not None:
            for key in ("input", "output"):
                if key in value.entries:
                    message = f"{title} has '{key}', which belongs to 'nodes'"
                    self.diagnostics.add("K203", message, value.entries[key].mark)
            if not isinstance(layers, Sequence):
                message = must_be(f"the layers of {title}", "a list", layers)
                self.diagnostics.fail("K204", message, layers.mark)
            return Block(name, entry.mark, args, layers)
        if not isinstance(nodes, Mapping):
            kind = Mapping({}, entry.mark) if nodes is None else nodes
            message = must_be(f"the nodes of {title}", "a mapping", kind)
            self.diagnostics.fail("K204", message, kind.mark)
        inputs = self._inputs(value.get("input"), title, entry.mark, nodes)
        return Block(
            name, entry.mark, args, None, inputs, nodes,
            self._output(value.get("output"), title, entry.mark, nodes),
        )  # fmt: skip

    def _declared(self, args: Value | None, title: str) -> tuple[Entry, ...]:
        if args is None:
            return ()
        if not isinstance(args, Mapping):
            message = must_be(f"the args of {title}", "a mapping of arguments", args)
            hint = "args: {filters: , kernel: 3}, where nothing means that it must be given"
            self.diagnostics.fail("K204", message, args.mark, message.mend or hint)
        for one in args:
            self.resolver.check_name(one.key, one.mark, "an argument")
            if one.key == "name":
                message = "an argument cannot be called 'name', which every use of a block may have"
                self.diagnostics.fail("K404", message, one.mark)
        return tuple(args)

    def _inputs(
        self, value: Value | None, title: str, mark: Mark, nodes: Mapping
    ) -> tuple[str, ...]:
        if value is None:
            self.diagnostics.fail("K202", f"{title} needs 'input'", mark, "input: x")
        items = value.items if isinstance(value, Sequence) else (value,)
        names = [one.value for one in items if isinstance(one, Scalar)]
        texts = [one for one in names if isinstance(one, str)]
        if len(texts) < len(items) or not items or len(set(texts)) < len(texts):
            message = must_be(f"the input of {title}", "a name, or a list of names", value)
            self.diagnostics.fail("K204", message, value.mark)
        for one in texts:
            if one in nodes.entries:
                message = f"{title} has an input and a node '{clip(one, 40)}'"
                self.diagnostics.fail("K404", message, nodes.entries[one].mark)
        return tuple(texts)

    def _output(self, value: Value | None, title: str, mark: Mark, nodes: Mapping) -> Scalar:
        if value is None:
            self.diagnostics.fail("K202", f"{title} needs 'output'", mark, "output: name of a node")
        if not isinstance(value, Scalar) or not isinstance(value.value, str):
            message = must_be(f"the output of {title}", "the name of a node", value)
            self.diagnostics.fail("K204", message, value.mark)
        node = nodes.get(value.value)
        if not isinstance(node, Mapping) or "for" in node.entries:
            several = " which is several" if isinstance(node, Mapping) else ""
            message = f"the output of {title} must be one of its nodes, received"
            message = f"{message} '{clip(value.value, 40)}'{several}"
            self.diagnostics.fail(
                "K401", message, value.mark, did_you_mean(value.value, list(nodes.entries))
            )
        return value

    # uses --------------------------------------------------------------------------------

    def head(self, value: Value) -> Entry | None:
        """Name and arguments of a use: `conv`, `conv: 64`, `conv: {filters: 64}`; None for what
        names no block."""
        if isinstance(value, Scalar) and isinstance(value.value, str):
            head = Entry(value.value, value.mark, Scalar(None, value.mark))
        elif isinstance(value, Mapping) and len(value) == 1:
            (head,) = value
        else:
            return None
        return head if head.key in self.names else None

    def suggest(self, value: Value) -> None:
        """Record a name that is no layer and near that of a block."""
        if isinstance(value, Mapping) and len(value) == 1:
            name, mark = next(iter(value)).key, next(iter(value)).mark
        elif isinstance(value, Scalar) and isinstance(value.value, str):
            name, mark = value.value, value.mark
        else:
            return
        near = registry.nearest(clip(name, 60), list(self.names)) if self.names else []
        known = vocabulary.contains("layer", name) or name in WORDS or is_op(name)
        if near and not known:
            message = f"unknown layer '{clip(name, 60)}'"
            hint = f"did you mean the block '{near[0]}'?"
            self.diagnostics.add("K201", message, mark, hint)
            self.diagnostics.unknown(mark)

    def use(self, head: Entry, scope: Scope) -> Use:
        """The use that `head` writes.

        Raises:
            Failed: its arguments do not fit, or the block itself is wrong, which is recorded.
        """
        self._used.add(head.key)
        block = self._blocks.get(head.key)
        if block is None:
            raise Failed
        given = {one.key: one for one in self._given(block, head)}
        name = given.pop("name", None)
        for key, one in given.items():
            if key not in {arg.key for arg in block.args}:
                message = f"block '{block.name}' has no argument '{clip(key, 40)}'"
                near = did_you_mean(key, [arg.key for arg in block.args], listing=False)
                self.diagnostics.add("K203", message, one.mark, f"{near}  {block.form}".strip())
        bound = self._bound(block, given, head, scope)
        chosen = None if name is None else self._name(self.resolver.resolve(name.value, scope))
        return Use(block, head.mark, chosen, bound)

    def _given(self, block: Block, head: Entry) -> list[Entry]:
        value = head.value
        if isinstance(value, Mapping):
            return list(value)
        if isinstance(value, Scalar) and value.value is None:
            return []
        if not block.args:
            message = f"block '{block.name}' takes no arguments, received {describe(value)}"
            self.diagnostics.fail("K203", message, value.mark)
        return [Entry(block.args[0].key, value.mark, value)]

    def _bound(self, block: Block, given: dict[str, Entry], head: Entry, scope: Scope) -> Scope:
        inner, missing = Scope({}, block.name), False
        for arg in block.args:
            if arg.key in given:
                value = self.resolver.resolve(given[arg.key].value, scope)
            elif isinstance(arg.value, Scalar) and arg.value.value is None:
                near = registry.nearest(arg.key, list(given)) and not all(
                    key in {one.key for one in block.args} for key in given
                )
                if not near:  # else it is misspelt, which is told
                    message = f"block '{block.name}' needs '{arg.key}'"
                    self.diagnostics.add("K202", message, head.mark, block.form)
                missing = True
                continue
            elif missing:
                continue  # a default may need what is missing
            else:
                value = self.resolver.resolve(stamped(arg.value, head.mark), inner)
            inner = inner.bound({arg.key: value})
        if missing:
            raise Failed
        return inner

    def _name(self, value: Value) -> Scalar | None:
        if isinstance(value, Scalar) and isinstance(value.value, str):
            return value
        if isinstance(value, Scalar) and value.value is None:
            return None
        self.diagnostics.fail("K404", must_be("a name", "text", value), value.mark)

    @contextmanager
    def inside(self, use: Use) -> Iterator[None]:
        """Context manager: what the block of a use holds is written out inside.

        Raises:
            Failed: the block is used inside itself, which is recorded.
        """
        name = use.block.name
        if name in self._active:
            chain = " -> ".join([*self._active[self._active.index(name) :], name])
            message = f"blocks use each other in a circle: {chain}"
            self.diagnostics.fail("K302", message, replace(use.mark, used=None))
        if len(self._active) >= _MAX_USES:
            self.diagnostics.stop("K105", f"blocks are nested over {_MAX_USES} deep", use.mark)
        part = use.block.nodes if use.block.layers is None else use.block.layers
        if part is not None:
            self.resolver.charge(part.size, use.mark)
        self._active.append(name)
        try:
            yield
        finally:
            self._active.pop()
