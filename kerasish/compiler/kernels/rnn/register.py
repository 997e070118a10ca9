"""Connects the compiled loops to the ops `lstm_loop`, `gru_loop` and their gradients."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.backend.base import current
from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.kernels.rnn.backward import Backward
from kerasish.compiler.kernels.rnn.forward import GATES, Forward
from kerasish.compiler.kernels.rnn.writer import WIDE, Writer
from kerasish.compiler.providers import Array, Arrays, BoundKernel, in_order, kernel
from kerasish.graph.node import Node
from kerasish.ops.nn import recurrent as _r

NAME = "llvm"
LSTM = (_r.lstm_loop, _r.lstm_loop_grad)
ACTIVATION = 20  # multiply-adds that the elementwise part of one gate of one unit is worth


@functools.cache
def _compiled(make: type[Writer], *args: Any) -> llvm_jit.Entry:
    """The kernel that a `Writer` writes."""
    return llvm_jit.function("loop", lambda: make("loop", *args).render())


def _zeros(*shape: int) -> Array:
    """Zeros, vectors of which lie within lines of the cache."""
    room = current().empty(4 * math.prod(shape)).view(np.float32)
    room[...] = 0
    return room.reshape(shape)


def _tasks(rows: int, units: int, team: int) -> tuple[int, bool]:
    """(number of tasks, whether they are columns).

    One or two rows for a thread do little with the part of the recurrent kernel that they read;
    then each thread keeps columns of it in its cache, which is worth a barrier per step.
    """
    columns = -(-units // (WIDE * llvm_jit.lanes()))
    if team > 1 and rows <= 2 * team <= columns:
        return columns, True
    return rows, False


class _Loop:
    """A loop being bound: its operands by name, last axes contiguous, and what runs around it.

    Args:
        node: the op.
        recurrent: (units, gates * units).
        like: (rows, steps, n).
    """

    def __init__(self, node: Node, recurrent: Array, like: Array) -> None:
        self.cell = "lstm" if node.op in LSTM else "gru"
        self.rows, self.steps, self.units = *like.shape[:2], len(recurrent)
        self.gates, self.lanes = GATES[self.cell], llvm_jit.lanes()
        self.padded = -(-self.units // self.lanes) * self.lanes
        self.before: list[Callable[[], Any]] = []
        self.after: list[Callable[[], Any]] = []
        self._reverse = node.attrs["reverse"]
        self._slots: dict[str, list[Any]] = {}

    def give(self, name: str, array: Array) -> None:
        """Use an array as an operand: (n,), (rows, n) or (rows, steps, n)."""
        if array.ndim == 3 and self._reverse:
            array = array[:, ::-1]
        strides = [s // array.itemsize for s in array.strides[:-1]]
        self._slots[name] = [array, *strides, *[0] * (2 - len(strides))]

    def read(self, name: str, array: Array) -> None:
        """An input, copied before each call where its last axis is not contiguous."""
        if array.strides[-1] != array.itemsize and array.shape[-1] > 1:
            # Axes that only repeat need not be copied.
            part = tuple(slice(0, 1) if s == 0 else slice(None) for s in array.strides[:-1])
            copied = np.empty(array[part].shape, array.dtype)
            self.before.append(functools.partial(np.copyto, copied, array[part]))
            array = np.broadcast_to(copied, array.shape)
        self.give(name, array)

    def write(self, name: str, array: Array | None, width: int = 0) -> None:
        """An output; where nobody reads it, one row for all steps takes it."""
        room = np.empty((self.rows, width or self.units), np.float32) if array is None else array
        self.give(name, room)

    def pack(self, panels: Array, matrix: Array) -> None:
        """Before each call, copy (n, gates * m) into panels (blocks, n, gates, vector)."""
        blocks, _, gates, vector = panels.shape
        parts = matrix.reshape(len(matrix), gates, -1)
        whole = parts.shape[-1] // vector
        sides = [(panels[:whole], parts[..., : whole * vector])]
        if whole < blocks:
            rest = parts[..., whole * vector :]
            sides.append((panels[whole:, ..., : rest.shape[-1]], rest))
        for to, part in sides:
            if part.size:
                split = part.reshape(*part.shape[:2], len(to), to.shape[-1])
                self.before.append(functools.partial(np.copyto, to, np.moveaxis(split, 2, 0)))

    def step(self, entry: llvm_jit.Entry, names: Sequence[str], scratch: int) -> BoundKernel:
        """The finished step; `scratch` is in float32 numbers."""
        work = 2 * self.gates * self.units * (self.units + ACTIVATION) * self.rows * self.steps
        team = llvm_jit.threads() if work > llvm_jit.PARALLEL_COST else 1
        tasks, by_columns = _tasks(self.rows, self.units, team)
        slots = [slot for name in names for slot in self._slots.get(name, (0, 0, 0))]
        slots += [self.steps, self.rows, self.units, by_columns, _zeros(scratch)]
        return in_order(*self.before, entry.bind(tasks, min(team, tasks), slots), *self.after)


def _supports(node: Node) -> bool:
    given = [i.spec.dtype for i in node.inputs]
    return set(given[:-1]) == {"float32"} and given[-1] in ("float32", "bool")


def _split(inputs: Arrays) -> tuple[Arrays, Array | None]:
    """The operands, and which steps count as (rows, steps, 1), where not all do."""
    if inputs[-1].dtype != np.bool_:
        return inputs, None
    return inputs[:-1], inputs[-1][..., None]


def _forward(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    """Bind `lstm_loop` or `gru_loop`."""
    inputs, counts = _split(inputs)
    z, h0, *c0, recurrent, bias = inputs
    loop = _Loop(node, recurrent, z)
    lstm = loop.cell == "lstm"
    shown, kept = (outputs[:3], outputs[3:]) if lstm else (outputs[:2], outputs[2:])
    for name, array in zip(("z", "h0", "c0"), (z, h0, *c0), strict=False):
        loop.read(name, array)
    for name, array in zip(("y", "h", "c"), shown, strict=False):
        loop.write(name, array)
    training = any(array is not None for array in kept)
    if training:
        for name, array, width in zip(("gates", "cells"), kept, (4, 1), strict=False):
            loop.write(name, array, width * loop.units)
    biases = bias.reshape(-1, loop.gates * loop.units)[::-1]
    blocks, depth = loop.padded // loop.lanes, loop.units + len(biases)
    panels = _zeros(blocks, depth, loop.gates, loop.lanes)
    loop.pack(panels[:, : loop.units], recurrent)
    loop.pack(panels[:, loop.units :], biases)
    loop.give("panels", panels.reshape(-1))
    if counts is not None:
        loop.give("counts", counts)
    entry = _compiled(Forward, loop.cell, training, counts is not None, loop.lanes)
    return loop.step(entry, Forward.arrays, 3 * loop.rows * loop.padded)


def _backward(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    """Bind `lstm_loop_grad` or `gru_loop_grad`."""
    inputs, counts = _split(inputs)
    lstm = node.op in LSTM
    given = ("gates", "cells", "y", "h0", "c0") if lstm else ("gates", "y", "h0")
    seeds = ("gy", "gh", "gc") if lstm else ("gy", "gh")
    found = ("dz", "dh", "dc", "before") if lstm else ("dz", "dh", "before", "db")
    recurrent = inputs[len(given)]
    loop = _Loop(node, recurrent, inputs[0])
    for name, array in zip((*given, "", *seeds), inputs, strict=True):
        if name:
            loop.read(name, array)
    for name, array in zip(found, outputs, strict=False):
        loop.write(name, array, loop.units * (loop.gates if name in ("dz", "db") else 1))
    wide = WIDE * loop.lanes
    blocks = -(-loop.units // wide)
    panels = _zeros(blocks, loop.gates, loop.padded, 1, wide)
    for g in range(loop.gates):
        part = recurrent[:, g * loop.units : (g + 1) * loop.units]
        loop.pack(panels[:, g, : loop.units], part.T)
    loop.give("panels", panels.reshape(-1))
    sums = np.empty((loop.rows, 4, loop.padded), np.float32)
    loop.give("sums", sums.reshape(loop.rows, -1))
    if outputs[-1] is not None:
        total = outputs[-1].reshape(-1, loop.gates, loop.units)
        loop.after.append(functools.partial(_add_rows, sums[..., : loop.units], total))
    scratch = loop.rows * (blocks * wide + (1 + 2 * loop.gates) * loop.padded)
    if counts is not None:
        loop.give("counts", counts)
    entry = _compiled(Backward, loop.cell, counts is not None, loop.lanes)
    return loop.step(entry, Backward.arrays, scratch)


def _add_rows(sums: Array, total: Array) -> None:
    """The gradient of the bias; for a GRU that of its input side, then of its recurrent side."""
    parts = sums.sum(axis=0)
    total[:] = parts[: total.shape[1]]
    if len(total) == 2:
        total[1, 2] = parts[3]


for _op in (_r.lstm_loop, _r.gru_loop):
    kernel(_op, provider=NAME, supports=_supports)(_forward)
# The gradient of an LSTM's z takes the place of the gates, which die here; a GRU's is narrower.
kernel(_r.lstm_loop_grad, provider=NAME, supports=_supports, inplace=(0,))(_backward)
kernel(_r.gru_loop_grad, provider=NAME, supports=_supports)(_backward)
