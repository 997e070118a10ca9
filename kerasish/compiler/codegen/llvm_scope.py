"""The values of one iteration of a kernel's loop, computed when first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kerasish.compiler.codegen import llvm_ops, llvm_random
from kerasish.compiler.codegen.llvm_text import Emitter, Value, register
from kerasish.compiler.codegen.nest import DRAWS
from kerasish.graph.node import CONSTANT, PLACEHOLDER, Node

if TYPE_CHECKING:
    from kerasish.compiler.codegen.llvm_kernel import KernelWriter


class Scope:
    """The values of one iteration, computed when first asked for."""

    def __init__(
        self,
        writer: KernelWriter,
        e: Emitter,
        offsets: dict[Node, str],
        dim: int | None,
        mask: str | None,
        rows: dict[Node, Value] | None = None,
        spills: dict[Node, str] | None = None,
        stage: int = 0,
        index: str = "0",
    ) -> None:
        self.w, self.e, self.offsets, self.dim, self.mask = writer, e, offsets, dim, mask
        self.held: dict[Node, Value] = dict(rows or {})
        self.spills, self.stage, self.index = spills or {}, stage, index

    def value(self, node: Node) -> Value:
        if node in self.held:
            return self.held[node]
        e = self.e
        if node.op is CONSTANT:
            made = e.const(node.value.item(), register(node.spec.dtype), 1)
        elif node.op is PLACEHOLDER or node.op.name == DRAWS:
            step = self.w.nest.strides[node][self.dim] if self.dim is not None else 0
            at, lanes = self.offsets[node], self.w.lanes if step else 1
            if node.op is PLACEHOLDER:
                made = e.load(self.w.bases[node], at, node.spec.dtype, lanes, step, self.mask)
            else:
                made = llvm_random.draw(e, self.w.keys[node], at, lanes, step)
        elif node in self.spills and self.w.nest.stage[node] < self.stage:
            dtype = register(node.spec.dtype)
            made = e.load(self.spills[node], self.index, dtype, self.w.lanes, 1, None)
        elif node.op.name in ("reshape", "broadcast_to", "expand_dims"):
            made = self.value(node.inputs[0])
        else:
            made = llvm_ops.emit(e, node, [self.value(i) for i in node.inputs])
        self.held[node] = made
        return made

    def store_all(self, nodes: Sequence[Node]) -> None:
        """Store nodes; all loads stand before the first store, so in place is safe."""
        for node, v in [(n, self.value(n)) for n in nodes]:
            self.store(node, v)

    def store(self, node: Node, v: Value) -> None:
        lanes = self.w.lanes if self.dim is not None else 1
        step = self.w.nest.strides[node][self.dim] if self.dim is not None else 0
        if self.dim is not None and step == 0 and self.w.nest.dims[self.dim].size > 1:
            raise AssertionError("an output is written once per element")
        v = self.e.splat(v, lanes)
        self.e.store(v, self.w.bases[node], self.offsets[node], self.mask, node.spec.dtype)
