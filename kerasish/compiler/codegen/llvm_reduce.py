"""Reductions in LLVM: running results in vector lanes, their joining, their identities."""

from __future__ import annotations

import math

from kerasish.compiler.codegen import llvm_ops
from kerasish.compiler.codegen.llvm_text import Emitter, Value, register, type_of
from kerasish.graph.node import Node
from kerasish.spec import is_float, np_dtype


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
    width = v.lanes
    while width > 1:
        width //= 2
        low = ", ".join(f"i32 {i}" for i in range(width))
        high = ", ".join(f"i32 {i + width}" for i in range(width))
        poison = f"{v.type} poison"
        a = e.let(f"shufflevector {v}, {poison}, <{width} x i32> <{low}>", v.dtype, width)
        b = e.let(f"shufflevector {v}, {poison}, <{width} x i32> <{high}>", v.dtype, width)
        if width == 1:
            a = e.let(f"extractelement <1 x {type_of(v.dtype, 1)}> {a.name}, i32 0", v.dtype, 1)
            b = e.let(f"extractelement <1 x {type_of(v.dtype, 1)}> {b.name}, i32 0", v.dtype, 1)
        v = merge(e, node, a, b)
    return v


def merge(e: Emitter, node: Node, a: Value, b: Value) -> Value:
    """The reduction of two values of `node`."""
    rules = {"sum": Emitter.add, "max": llvm_ops.maximum, "min": llvm_ops.minimum}
    return rules[node.op.name](e, a, b)


def identity(node: Node) -> float | int:
    """What changes nothing: 0 for a sum, the smallest number for a maximum."""
    if node.op.name == "sum":
        return 0
    low = node.op.name == "max"
    if is_float(node.spec.dtype):
        return -math.inf if low else math.inf
    size = 8 * np_dtype(node.spec.dtype).itemsize
    if node.spec.dtype.startswith("u"):
        return 0 if low else 2**size - 1
    return -(2 ** (size - 1)) if low else 2 ** (size - 1) - 1


def width(node: Node) -> int:
    """Bytes of one partial result of a reduction."""
    return np_dtype(register(node.spec.dtype)).itemsize
