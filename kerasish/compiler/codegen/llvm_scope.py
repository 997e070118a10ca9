"""The values of one iteration of a kernel's loop, computed when first asked for.

Beside what `llvm_ops` writes these are random bits, the integer program of the op `random_bits` on
vectors, and reductions: running results in vector lanes, and their joining.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kerasish.compiler.codegen import llvm_ops
from kerasish.compiler.codegen.llvm_text import Emitter, Value, register
from kerasish.compiler.codegen.nest import DRAWS, VIEWS, identity
from kerasish.graph import primitives as _p
from kerasish.graph.node import CONSTANT, PLACEHOLDER, Node
from kerasish.ops.basic import reduction as _r
from kerasish.ops.random.distributions import GOLDEN, MIX_1, MIX_2
from kerasish.spec import np_dtype

if TYPE_CHECKING:
    from kerasish.compiler.codegen.llvm_kernel import KernelWriter


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
                made = draw(e, self.w.keys[node], at, lanes, step)
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


# --- reductions -----------------------------------------------------------------------------------


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


# --- random bits ----------------------------------------------------------------------------------


def _xor_shift(e: Emitter, v: Value, count: int) -> Value:
    return e.binary("xor", v, e.binary("lshr", v, e.like(count, v)))


def mixed_key(e: Emitter, base: str) -> Value:
    """splitmix64 of the (seed, counter) pair at `base`, made odd."""
    seed = e.convert(e.load(base, 0, "uint32", 1, 0, None), "uint64")
    counter = e.convert(e.load(base, 1, "uint32", 1, 0, None), "uint64")
    s = e.add(e.binary("shl", seed, e.like(32, seed)), counter)
    s = e.add(s, e.like(GOLDEN, s))
    s = e.mul(_xor_shift(e, s, 30), e.like(MIX_1, s))
    s = e.mul(_xor_shift(e, s, 27), e.like(MIX_2, s))
    return e.binary("or", _xor_shift(e, s, 31), e.like(1, s))


def _swap(e: Emitter, v: Value) -> Value:
    half = e.like(32, v)
    return e.binary("or", e.binary("lshr", v, half), e.binary("shl", v, half))


def draw(e: Emitter, key: Value, position: str, lanes: int, step: int) -> Value:
    """squares32 of `lanes` positions from `position` on, `step` apart."""
    index = e.splat(Value(position, "uint64", 1), lanes)
    if lanes > 1:
        moves = e.iota("0", "uint64", lanes)
        index = e.add(index, e.mul(moves, e.like(step, moves)))
    y = e.mul(index, key)
    z = e.add(y, key)
    x = _swap(e, e.add(e.mul(y, y), y))
    x = _swap(e, e.add(e.mul(x, x), z))
    x = _swap(e, e.add(e.mul(x, x), y))
    x = e.add(e.mul(x, x), z)
    return e.convert(e.binary("lshr", x, e.like(32, x)), "uint32")
