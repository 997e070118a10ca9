"""The values of one place in a kernel - an element, a row - written when first asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kerasish.compiler.codegen.cuda_ops import (
    expression,
    literal,
    loaded,
    merged,
    register_type,
    stored,
)
from kerasish.compiler.codegen.nest import DRAWS, VIEWS
from kerasish.graph.node import CONSTANT, PLACEHOLDER, Node

if TYPE_CHECKING:
    from kerasish.compiler.codegen.cuda_kernel import CudaWriter


class Scope:
    """Statements, and the variables they have set.

    Args:
        writer: of the kernel.
        dims: the dimensions of the nest whose coordinates are known here.
        outer: the scope around, whose variables can be seen.
    """

    def __init__(self, writer: CudaWriter, dims: Iterable[int], outer: Scope | None = None) -> None:
        self.writer = writer
        self.dims = tuple(dims)
        self.lines: list[str] = []
        self.held: dict[Node, str] = {} if outer is None else dict(outer.held)
        self.prefix = "v" if outer is None else "w"

    def value(self, node: Node) -> str:
        """The variable, or the literal, that holds a node's value."""
        held = self.held.get(node)
        if held is not None:
            return held
        if node.op is CONSTANT:
            made = literal(node.value.item(), node.spec.dtype)
        elif node.op in VIEWS:
            made = self.value(node.inputs[0])
        else:
            text = self._text(node)
            made = f"{self.prefix}{len(self.held)}"
            self.lines.append(f"const {register_type(node.spec.dtype)} {made} = {text};")
        self.held[node] = made
        return made

    def _text(self, node: Node) -> str:
        if node.op is PLACEHOLDER:
            return loaded(node.spec.dtype, self._place(node))
        if node.op is DRAWS:
            return f"squares({self.writer.key(node)}, (u64)({self._offset(node)}))"
        return expression(node, [self.value(i) for i in node.inputs])

    def _offset(self, node: Node) -> str:
        steps = self.writer.nest.strides[node]
        parts = [f"i{d}" if steps[d] == 1 else f"i{d} * {steps[d]}" for d in self.dims if steps[d]]
        return " + ".join(parts) or "0"

    def _place(self, node: Node) -> str:
        return f"{self.writer.names[node]}[{self._offset(node)}]"

    def accumulate(self, reductions: Sequence[Node]) -> None:
        """Take this element into the running results."""
        values = [(n, self.value(n.inputs[0])) for n in reductions]
        for node, value in values:
            acc = self.writer.accumulator(node)
            self.lines.append(f"{acc} = {merged(node, acc, value)};")

    def store_all(self, nodes: Sequence[Node]) -> None:
        """Store nodes; all loads stand before the first store, so in place is safe."""
        for node, value in [(n, self.value(n)) for n in nodes]:
            self.lines.append(self.store(node, value))

    def store(self, node: Node, value: str) -> str:
        """The statement that writes a node's value into its array."""
        return f"{self._place(node)} = {stored(node.spec.dtype, value)};"
