"""Random bits in LLVM: the integer program of the op `random_bits`, the same bits on vectors."""

from __future__ import annotations

from kerasish.compiler.codegen.llvm_text import Emitter, Value
from kerasish.ops.random.distributions import GOLDEN, MIX_1, MIX_2


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
