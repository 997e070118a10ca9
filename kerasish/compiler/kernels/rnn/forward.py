"""The forward pass of an LSTM or a GRU over time, as one kernel."""

from __future__ import annotations

from kerasish.compiler.codegen.llvm_math import sigmoid, tanh
from kerasish.compiler.codegen.llvm_text import Value
from kerasish.compiler.kernels.rnn.writer import Writer

GATES = {"lstm": 4, "gru": 3}
TILE = {"lstm": 6, "gru": 8}  # rows, so that sums, a row of the panel and a factor fit 32 registers
ARRAYS = ("z", "h0", "c0", "panels", "y", "h", "c", "gates", "cells")


class Forward(Writer):
    """h and c of every step from z = x @ kernel.

    The scratch holds h of the step before and of this one, then c, padded to whole vectors. A
    panel is followed by the bias of its columns, and for a GRU by that of its input side.
    """

    def __init__(self, name: str, cell: str, training: bool, lanes: int) -> None:
        super().__init__(name, ARRAYS, lanes)
        self.cell, self.training = cell, training
        self.state = self.arith("mul", "%rows", self.padded)
        self.width = GATES[cell] * lanes
        biases = 1 if cell == "lstm" else 2
        depth = self.arith("add", "%units", biases)
        self.panel_size = self.arith("mul", depth, self.width)
        self.tile_rows = self.alloca(f"[{TILE[cell] * self.width} x float], align 64")
        self.c_state = self.place("%scratch", "2", self.state)
        self._begin()
        with self.loop(0, "%steps") as t:
            parity = self.arith("and", t, 1)
            other = self.arith("xor", parity, 1)
            self._step(t, *(self.place("%scratch", p, self.state) for p in (parity, other)))
        self._end()

    def _begin(self) -> None:
        with self.each_row() as r:
            ends = [(self.row("h0", r), self.place("%scratch", r, self.padded))]
            if self.cell == "lstm":
                ends.append((self.row("c0", r), self.place(self.c_state, r, self.padded)))
            for source, target in ends:
                self.each_block(
                    lambda u, mask, s=source, to=target: self.store(
                        self.get(s, u, mask), to, u, None
                    )
                )

    def _end(self) -> None:
        parity = self.arith("and", "%steps", 1)
        last = self.place("%scratch", parity, self.state)
        with self.each_row() as r:
            ends = [(self.place(last, r, self.padded), self.row("h", r))]
            if self.cell == "lstm":
                ends.append((self.place(self.c_state, r, self.padded), self.row("c", r)))
            for source, target in ends:
                self.each_block(
                    lambda u, mask, s=source, to=target: self.store(self.get(s, u), to, u, mask)
                )

    def _step(self, t: str, before: str, after: str) -> None:
        self.each_block(lambda u, mask: self._columns(t, before, after, u, mask))

    def _columns(self, t: str, before: str, after: str, u: str, mask: str | None) -> None:
        """One vector of units for all rows of this thread."""
        block = self.arith("udiv", u, self.lanes)
        panel = self.place("%panels", block, self.panel_size)
        bias = self.place(panel, "%units", self.width)
        vectors = GATES[self.cell]

        with self.loop("%begin", "%end", TILE[self.cell]) as r:
            count = self.smaller(self.arith("sub", "%end", r), TILE[self.cell])
            left = self.place(before, r, self.padded), self.padded
            out = self.tile_rows, str(self.width)
            self.tile(left, panel, "%units", (bias, "0"), out, count)
            with self.loop(0, count) as q:
                at = self.place(self.tile_rows, q, self.width)
                parts = [self.get(at, v * self.lanes) for v in range(vectors)]
                self._advance(t, self.arith("add", r, q), before, after, u, mask, parts, bias)

    def _advance(
        self, t: str, r: str, before: str, after: str, u: str, mask: str | None,
        parts: list[Value], bias: str,
    ) -> None:  # fmt: skip
        """One vector of units of one row."""
        z = self.row("z", r, t)
        given = [
            self.get(z, self.arith("add", self.arith("mul", "%units", g), u), mask)
            for g in range(len(parts))
        ]
        if self.cell == "lstm":
            i, f, g, o = (self.add(a, b) for a, b in zip(given, parts, strict=True))
            kept = sigmoid(self, i), sigmoid(self, f), tanh(self, g), sigmoid(self, o)
            i, f, g, o = kept
            memory = self.place(self.c_state, r, self.padded)
            c = self.fma(f, self.get(memory, u), self.mul(i, g))
            self.store(c, memory, u, None)
            h = self.mul(o, tanh(self, c))
            if self.training:
                self.store(c, self.row("cells", r, t), u, mask)
        else:
            first = [self.get(bias, (3 + v) * self.lanes) for v in range(3)]
            a = [self.add(x, y) for x, y in zip(given, first, strict=True)]
            gate = sigmoid(self, self.add(a[0], parts[0]))
            reset = sigmoid(self, self.add(a[1], parts[1]))
            new = tanh(self, self.fma(reset, parts[2], a[2]))
            held = self.get(self.place(before, r, self.padded), u)
            h = self.fma(gate, self.sub(held, new), new)
            kept = gate, reset, new, parts[2]
        self.store(h, self.place(after, r, self.padded), u, None)
        self.store(h, self.row("y", r, t), u, mask)
        if self.training:
            gates = self.row("gates", r, t)
            for g, value in enumerate(kept):
                column = self.arith("add", self.arith("mul", "%units", g), u)
                self.store(value, gates, column, mask)
