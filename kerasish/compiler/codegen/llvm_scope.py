"""The values of one iteration of a kernel's loop, computed when first asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kerasish.compiler.codegen import llvm_ops, llvm_random
from kerasish.compiler.codegen.llvm_text import Emitter, Value, register
from kerasish.compiler.codegen.nest import DRAWS, VIEWS
from kerasish.graph.node import CONSTANT, PLACEHOLDER, Node

if TYPE_CHECKING:
    from kerasish.compiler.codegen.llvm_kernel import KernelWriter
    from kerasish.compiler.codegen.llvm_reduce import Accumulator


@dataclass(eq=False)
class Scope:
    """The values of one iteration, computed when first asked for."""

    w: KernelWriter
    e: Emitter
    offsets: dict[Node, str]
    dim: int | None
    mask: str | None
    rows: Mapping[Node, Value] = field(default_factory=dict[Node, Value])
    spills: Mapping[Node, str] = field(default_factory=dict[Node, str])
    stage: int = 0
    index: str = "0"

    def __post_init__(self) -> None:
        self.held = dict(self.rows)

    def value(self, node: Node) -> Value:
        if node in self.held:
            return self.held[node]
        e = self.e
        if node.op is CONSTANT:
            made = e.const(node.value.item(), register(node.spec.dtype), 1)
        elif node.op is PLACEHOLDER or node.op is DRAWS:
            step = self.w.nest.strides[node][self.dim] if self.dim is not None else 0
            at, lanes = self.offsets[node], self.w.lanes if step else 1
            if node.op is PLACEHOLDER:
                made = e.load(self.w.bases[node], at, node.spec.dtype, lanes, step, self.mask)
            else:
                made = llvm_random.draw(e, self.w.keys[node], at, lanes, step)
        elif node in self.spills and self.w.nest.stage[node] < self.stage:
            dtype = register(node.spec.dtype)
            made = e.load(self.spills[node], self.index, dtype, self.w.lanes, 1, None)
        elif node.op in VIEWS:
            made = self.value(node.inputs[0])
        else:
            made = llvm_ops.emit(e, node, [self.value(i) for i in node.inputs])
        self.held[node] = made
        return made

    def take(self, running: Mapping[Node, Accumulator], stores: Sequence[Node] = ()) -> None:
        """Take this element into the running results of reductions, and store what is wanted."""
        values = [(n, self.value(n)) for n in stores]
        for node, slot in running.items():
            slot.take(self.e.splat(self.value(node.inputs[0]), self.w.lanes), self.mask)
        for node, v in values:
            self.store(node, v)

    def store_all(self, nodes: Sequence[Node]) -> None:
        """Store nodes; all loads stand before the first store, so in place is safe."""
        self.take({}, nodes)

    def store(self, node: Node, v: Value) -> None:
        lanes = self.w.lanes if self.dim is not None else 1
        step = self.w.nest.strides[node][self.dim] if self.dim is not None else 0
        if self.dim is not None and step == 0 and self.w.nest.dims[self.dim].size > 1:
            raise AssertionError("an output is written once per element")
        v = self.e.splat(v, lanes)
        self.e.store(v, self.w.bases[node], self.offsets[node], self.mask, node.spec.dtype)
