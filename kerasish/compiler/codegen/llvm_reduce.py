"""Reductions in LLVM: running results in vector lanes, their joining, their identities."""

from __future__ import annotations

import math

from kerasish.compiler.codegen import llvm_ops
from kerasish.compiler.codegen.llvm_text import Emitter, Value, register, type_of
from kerasish.graph.node import Node
from kerasish.spec import is_float, np_dtype


def accumulator(e: Emitter, node: Node) -> str:
    """A slot for the running result of a reduction, one lane each, holding its identity."""
    dtype = register(node.spec.dtype)
    slot = e.alloca(type_of(dtype, e.lanes))
    first = e.const(identity(node), dtype, e.lanes)
    e.put(f"store {first}, ptr {slot}")
    return slot


def loaded(e: Emitter, node: Node, slot: str) -> Value:
    """What an accumulator holds."""
    dtype = register(node.spec.dtype)
    return e.let(f"load {type_of(dtype, e.lanes)}, ptr {slot}", dtype, e.lanes)


def accumulate(e: Emitter, node: Node, slot: str, v: Value, mask: str | None) -> None:
    """Take one vector of values into an accumulator."""
    held = loaded(e, node, slot)
    if mask is not None:
        v = e.select(Value(mask, "bool", e.lanes), v, e.like(identity(node), v))
    e.put(f"store {merge(e, node, held, v)}, ptr {slot}")


def horizontal(e: Emitter, node: Node, slot: str) -> Value:
    """One scalar from the lanes of an accumulator, by halving."""
    v = loaded(e, node, slot)
    width = e.lanes
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
    if node.op.name == "sum":
        return e.add(a, b)
    name = {"max": "maximum", "min": "minimum"}[node.op.name]
    return llvm_ops.RULES[name][0](e, a, b)


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
