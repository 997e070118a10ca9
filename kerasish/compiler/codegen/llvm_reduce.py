"""Reductions in LLVM: running results in vector lanes, their joining, their identities."""

from __future__ import annotations

from kerasish.compiler.codegen import llvm_ops
from kerasish.compiler.codegen.llvm_text import Emitter, Value, register
from kerasish.compiler.codegen.nest import identity
from kerasish.graph import primitives as _p
from kerasish.graph.node import Node
from kerasish.ops.basic import reduction as _r
from kerasish.spec import np_dtype


class Accumulator:
    """The running result of a reduction, one a lane, in a slot that becomes a register.

    Args:
        first: what it holds at first: by default the reduction's identity in every lane.
    """

    def __init__(self, e: Emitter, node: Node, first: Value | None = None) -> None:
        self.e, self.node = e, node
        first = first or e.const(identity(node), register(node.spec.dtype), e.lanes)
        self.type, self.dtype, self.lanes = first.type, first.dtype, first.lanes
        self.slot = e.alloca(self.type)
        e.put(f"store {first}, ptr {self.slot}")

    def value(self) -> Value:
        """What it holds."""
        return self.e.let(f"load {self.type}, ptr {self.slot}", self.dtype, self.lanes)

    def take(self, v: Value, mask: str | None = None) -> None:
        """Take one vector of values in."""
        held = self.value()
        if mask is not None:
            other = self.e.like(identity(self.node), v)
            v = self.e.select(Value(mask, "bool", v.lanes), v, other)
        self.e.put(f"store {merge(self.e, self.node, held, v)}, ptr {self.slot}")


def horizontal(e: Emitter, node: Node, v: Value) -> Value:
    """One scalar from the lanes of a reduction's running result, by halving."""
    while v.lanes > 1:
        half = v.lanes // 2
        if half == 1:
            a, b = (e.let(f"extractelement {v}, i32 {i}", v.dtype, 1) for i in range(2))
        else:
            sides = (", ".join(f"i32 {i + at}" for i in range(half)) for at in (0, half))
            poison = f"{v.type} poison"
            a, b = (
                e.let(f"shufflevector {v}, {poison}, <{half} x i32> <{side}>", v.dtype, half)
                for side in sides
            )
        v = merge(e, node, a, b)
    return v


def merge(e: Emitter, node: Node, a: Value, b: Value) -> Value:
    """The reduction of two values of `node`."""
    rules = {_p.sum_: Emitter.add, _r.max_: llvm_ops.maximum, _r.min_: llvm_ops.minimum}
    return rules[node.op](e, a, b)


def width(node: Node) -> int:
    """Bytes of one partial result of a reduction."""
    return np_dtype(register(node.spec.dtype)).itemsize
