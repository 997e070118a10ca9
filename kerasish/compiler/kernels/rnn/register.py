"""Connects the compiled loops to the ops `lstm_loop`, `gru_loop` and their gradients."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.backend.base import current
from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.kernels.rnn import backward, forward
from kerasish.compiler.kernels.rnn.writer import Writer, tile_function
from kerasish.compiler.provider import Step, kernel
from kerasish.graph.node import Node
from kerasish.spec import TensorSpec

NAME = "llvm"
Array = Any
Arrays = Sequence[Any]


@functools.cache
def _forward(cell: str, training: bool) -> llvm_jit.Entry:
    lanes = llvm_jit.lanes()
    name = f"{cell}_{'train' if training else 'infer'}"
    made = functools.partial(forward.Forward, name, cell, training, lanes)
    return _compiled(name, made, forward.TILE[cell], forward.GATES[cell])


@functools.cache
def _backward(cell: str) -> llvm_jit.Entry:
    name = f"{cell}_back"
    made = functools.partial(backward.Backward, name, cell, llvm_jit.lanes())
    return _compiled(name, made, backward.TILE, backward.VECTORS)


def _compiled(name: str, make: Callable[[], Writer], tallest: int, vectors: int) -> llvm_jit.Entry:
    """A kernel, with the product it calls."""

    def source() -> str:
        writer, tile = make(), tile_function(name, tallest, vectors, llvm_jit.lanes())
        declared = sorted(writer.declarations | tile.declarations)
        return "\n".join([writer.render(), *tile.lines, *declared])

    return llvm_jit.function(name, source)


def _zeros(*shape: int) -> Array:
    """Zeros, vectors of which lie within lines of the cache."""
    room = current().empty(4 * math.prod(shape)).view(np.float32)
    room[...] = 0
    return room.reshape(shape)


class _Call:
    """A step that calls a kernel on fixed arrays.

    Args:
        entry: the kernel.
        names: its operands in order.
        arrays: them by name, (rows, n) or (rows, steps, n), elements of the last axis adjacent.
        sizes: rows, steps, units.
        scratch: float32 numbers of scratch.
        work: operations for one row and step.
    """

    def __init__(
        self, entry: llvm_jit.Entry, names: Sequence[str], arrays: dict[str, Array],
        sizes: tuple[int, int, int], scratch: int, work: int,
    ) -> None:  # fmt: skip
        rows, steps, units = sizes
        space = _zeros(scratch)
        slots: list[int] = []
        for name in names:
            array = arrays.get(name)
            if array is None:
                slots += [0, 0, 0]
                continue
            strides = [s // 4 for s in array.strides[:-1]]
            slots += [array.ctypes.data, *strides, *[0] * (2 - len(strides))]
        large = rows * steps * work > llvm_jit.PARALLEL_COST
        team = min(llvm_jit.threads() if large else 1, rows)
        slots += [steps, units, space.ctypes.data]
        self._call = entry.bind(rows, team, slots)
        self._keep = arrays, space

    def __call__(self) -> None:
        self._call()


class _Binder:
    """Brings arrays into the layout of the kernels; what has to be copied is, before each call."""

    def __init__(self) -> None:
        self.before: list[Callable[[], Any]] = []
        self.after: list[Callable[[], Any]] = []

    def read(self, array: Array) -> Array:
        """An input whose last axis is contiguous, or a copy of one, repeated axes left alone."""
        if array.strides[-1] == array.itemsize or array.shape[-1] < 2:
            return array
        once = array[tuple(slice(0, 1) if s == 0 else slice(None) for s in array.strides[:-1])]
        copied = np.empty(once.shape, array.dtype)
        self.before.append(functools.partial(np.copyto, copied, once))
        return np.broadcast_to(copied, array.shape)

    def write(self, array: Array | None, shape: tuple[int, ...]) -> Array:
        """An output, or room for what nobody reads: for sequences the same for all steps."""
        if array is not None:
            return array
        room = np.empty((shape[0], shape[-1]), np.float32)
        return room if len(shape) == 2 else np.broadcast_to(room[:, None], shape)

    def step(self, call: _Call) -> Step:
        """All in order."""
        parts = [*self.before, call, *self.after]

        def step() -> None:
            for part in parts:
                part()

        return step


def _supports(node: Node) -> bool:
    specs = node.spec if isinstance(node.spec, tuple) else (node.spec,)
    floats: list[TensorSpec] = [*(i.spec for i in node.inputs), *specs]
    return all(s.dtype == "float32" for s in floats)


def _pack(target: Array, matrix: Array) -> Callable[[], Any]:
    """A step that copies (n, gates * units) into panels (blocks, n, gates, lanes)."""
    blocks, _, gates, lanes = target.shape
    parts = matrix.reshape(len(matrix), gates, -1)
    whole = parts.shape[-1] // lanes
    sides = [(target[:whole], parts[..., : whole * lanes])]
    if whole < blocks:
        rest = parts[..., whole * lanes :]
        sides.append((target[whole:, ..., : rest.shape[-1]], rest))
    pairs = [
        (to, np.moveaxis(part.reshape(*part.shape[:2], len(to), part.shape[2] // len(to)), 2, 0))
        for to, part in sides
        if part.size
    ]

    def pack() -> None:
        for to, part in pairs:
            np.copyto(to, part)

    return pack


def _turned(x: Array, reverse: bool) -> Array:
    return x[:, ::-1] if reverse else x


def _run(node: Node, inputs: Arrays, outputs: Arrays) -> Step:
    """Bind `lstm_loop` or `gru_loop`."""
    cell = node.op.name.removesuffix("_loop")
    lstm = cell == "lstm"
    z, h0, *c0, recurrent, bias = inputs
    y, h, *rest = outputs
    rows, steps, units = len(z), z.shape[1], len(recurrent)
    lanes, gates = llvm_jit.lanes(), forward.GATES[cell]
    blocks = -(-units // lanes)
    biases = bias.reshape(-1, gates * units)
    panels = _zeros(blocks, units + len(biases), gates, lanes)
    binder = _Binder()
    binder.before += [_pack(panels[:, :units], recurrent), _pack(panels[:, units:], biases[::-1])]
    kept = rest[1:] if lstm else rest
    training = any(k is not None for k in kept)
    state, sequence = (rows, units), (rows, steps, units)
    arrays = {"z": binder.read(z), "h0": binder.read(h0), "panels": panels.reshape(1, 1, -1)}
    arrays |= {"y": binder.write(y, sequence), "h": binder.write(h, state)}
    if lstm:
        arrays |= {"c0": binder.read(c0[0]), "c": binder.write(rest[0], state)}
    if training:
        arrays["gates"] = binder.write(kept[0], (rows, steps, 4 * units))
        if lstm:
            arrays["cells"] = binder.write(kept[1], sequence)
    for name in arrays.keys() & {"z", "y", "gates", "cells"}:
        arrays[name] = _turned(arrays[name], node.attrs["reverse"])
    return binder.step(
        _Call(
            _forward(cell, training), forward.ARRAYS, arrays, (rows, steps, units),
            3 * rows * blocks * lanes, 2 * gates * units * (units + 20),
        )
    )  # fmt: skip


def _run_back(node: Node, inputs: Arrays, outputs: Arrays) -> Step:
    """Bind `lstm_loop_grad` or `gru_loop_grad`."""
    cell = node.op.name.removesuffix("_loop_grad")
    lstm = cell == "lstm"
    names = ["gates", "cells", "y", "h0", "c0"] if lstm else ["gates", "y", "h0"]
    recurrent = inputs[len(names)]
    seeds = ["gy", "gh", "gc"] if lstm else ["gy", "gh"]
    results = ["dz", "dh", "dc", "before"] if lstm else ["dz", "dh", "before", "db"]
    binder = _Binder()
    arrays = {n: binder.read(a) for n, a in zip(names, inputs, strict=False)}
    arrays |= {n: binder.read(a) for n, a in zip(seeds, inputs[len(names) + 1 :], strict=True)}
    *wanted, total = outputs
    specs: Any = node.spec
    for name, array, spec in zip(results, wanted, specs, strict=False):
        arrays[name] = binder.write(array, spec.shape)
    rows, steps, units = arrays["y"].shape
    lanes, gates = llvm_jit.lanes(), forward.GATES[cell]
    wide = backward.VECTORS * lanes
    blocks, padded = -(-units // wide), -(-units // lanes) * lanes
    panels = _zeros(blocks, gates * padded, 1, wide)
    by_gate = panels.reshape(blocks, gates, padded, 1, wide)
    for g in range(gates):
        part = recurrent[:, g * units : (g + 1) * units].T
        binder.before.append(_pack(by_gate[:, g, :units], part))
    sums = _zeros(rows, 4, padded)
    arrays |= {"panels": panels.reshape(1, 1, -1), "sums": sums.reshape(rows, -1)}
    if total is not None:
        binder.after.append(functools.partial(_add_rows, cell, sums[..., :units], total))
    for name in arrays.keys() & {"gates", "cells", "y", "gy", "dz", "before", "db"}:
        arrays[name] = _turned(arrays[name], node.attrs["reverse"])
    scratch = rows * (blocks * wide + (1 + gates) * padded)
    return binder.step(
        _Call(
            _backward(cell), backward.ARRAYS, arrays, (rows, steps, units), scratch,
            2 * gates * units * (units + 20),
        )
    )  # fmt: skip


def _add_rows(cell: str, sums: Array, total: Array) -> None:
    """The gradient of the bias: for a GRU that of its input side and of its recurrent side."""
    parts = sums.sum(axis=0)
    if cell == "lstm":
        total[...] = parts.reshape(-1)
        return
    sides = total.reshape(2, 3, -1)
    sides[:] = parts[:3]
    sides[1, 2] = parts[3]


for _name in ("lstm_loop", "gru_loop"):
    kernel(_name, provider=NAME, supports=_supports)(_run)
for _name in ("lstm_loop_grad", "gru_loop_grad"):
    # The gradient of z takes the place of the gates, which die here; a GRU's is narrower.
    _shared = (0,) if _name == "lstm_loop_grad" else ()
    kernel(_name, provider=NAME, supports=_supports, inplace=_shared)(_run_back)
