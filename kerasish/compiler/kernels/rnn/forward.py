"""The forward pass of an LSTM or a GRU over time, as one kernel."""

from __future__ import annotations

from kerasish.compiler.codegen.llvm_math import sigmoid, tanh
from kerasish.compiler.codegen.llvm_text import Value
from kerasish.compiler.kernels.rnn.writer import Writer

GATES = {"lstm": 4, "gru": 3}


class Forward(Writer):
    """h and c of every step from z = x @ kernel.

    The scratch holds h of the step before and of this one, then c, padded to whole vectors. A
    panel is followed by the bias of its columns, and for a GRU by that of its input side.
    """

    arrays = ("z", "h0", "c0", "panels", "counts", "y", "h", "c", "gates", "cells")

    def __init__(self, name: str, cell: str, training: bool, masked: bool, lanes: int) -> None:
        super().__init__(name, GATES[cell], lanes)
        self.cell, self.training, self.masked = cell, training, masked
        self.state = self.arith("mul", "%rows", self.padded)
        self.width = self.vectors * lanes
        biases = 1 if cell == "lstm" else 2
        depth = self.arith("add", "%units", biases)
        self.panel_size = self.arith("mul", depth, self.width)
        self.sums = self.alloca(f"[{self.tallest * self.width} x float], align 64")
        self.c_state = self.place("%scratch", "2", self.state)
        self._begin()
        self.meet()
        with self.loop(0, "%steps") as t:
            parity = self.arith("and", t, 1)
            before, after = (
                self.place("%scratch", p, self.state)
                for p in (parity, self.arith("xor", parity, 1))
            )
            with self.each_block() as (u, mask):
                self._columns(t, before, after, u, mask)
            self.meet()
        self._end()

    def _begin(self) -> None:
        with self.each_row() as r:
            self.copy(self.row("h0", r), self.place("%scratch", r, self.padded))
            if self.cell == "lstm":
                self.copy(self.row("c0", r), self.place(self.c_state, r, self.padded))

    def _end(self) -> None:
        last = self.place("%scratch", self.arith("and", "%steps", 1), self.state)
        with self.each_row() as r:
            self.copy_out(self.place(last, r, self.padded), self.row("h", r))
            if self.cell == "lstm":
                self.copy_out(self.place(self.c_state, r, self.padded), self.row("c", r))

    def _columns(self, t: str, before: str, after: str, u: str, mask: str) -> None:
        """One vector of units for all rows of this thread."""
        block = self.arith("udiv", u, self.lanes)
        panel = self.place("%panels", block, self.panel_size)
        bias = self.place(panel, "%units", self.width)

        with self.each_tile() as (r, count):
            left = self.place(before, r, self.padded), self.padded
            out = self.sums, str(self.width)
            self.tile(left, panel, "%units", (bias, "0"), out, count)
            with self.loop(0, count) as q:
                at = self.place(self.sums, q, self.width)
                parts = [self.get(at, v * self.lanes) for v in range(self.vectors)]
                here = t, self.arith("add", r, q), before, after, u, mask
                if self.masked:
                    on = self.counts(here[1], t)
                    with self.when(on):
                        self._advance(*here, parts, bias)
                    with self.when(self.unless(on)):
                        self._stay(*here)
                else:
                    self._advance(*here, parts, bias)

    def _advance(
        self, t: str, r: str, before: str, after: str, u: str, mask: str,
        parts: list[Value], bias: str,
    ) -> None:  # fmt: skip
        """One vector of units of one row."""
        z = self.row("z", r, t)
        columns = self.by_gate("%units", len(parts), u)
        given = [self.get(z, column, mask) for column in columns]
        self.fetch(self.row("z", r, self.arith("add", t, 1)), columns)
        if self.cell == "lstm":
            i, f, g, o = (self.add(a, b) for a, b in zip(given, parts, strict=True))
            kept = sigmoid(self, i), sigmoid(self, f), tanh(self, g), sigmoid(self, o)
            i, f, g, o = kept
            memory = self.place(self.c_state, r, self.padded)
            c = self.fma(f, self.get(memory, u), self.mul(i, g))
            self.store(c, memory, u, None)
            h = self.mul(o, tanh(self, c))
            cells = [c]
        else:
            first = [self.get(bias, (3 + v) * self.lanes) for v in range(3)]
            a = [self.add(x, y) for x, y in zip(given, first, strict=True)]
            gate = sigmoid(self, self.add(a[0], parts[0]))
            reset = sigmoid(self, self.add(a[1], parts[1]))
            new = tanh(self, self.fma(reset, parts[2], a[2]))
            held = self.get(self.place(before, r, self.padded), u)
            h = self.fma(gate, self.sub(held, new), new)
            kept, cells = (gate, reset, new, parts[2]), []
        self._leave(t, r, after, u, mask, h, kept, cells)

    def _stay(self, t: str, r: str, before: str, after: str, u: str, mask: str) -> None:
        """The same for a step that does not count."""
        h = self.get(self.place(before, r, self.padded), u)
        memory = self.place(self.c_state, r, self.padded)
        cells = [self.get(memory, u)] if self.cell == "lstm" else []
        self._leave(t, r, after, u, mask, h, (self.zero(),) * 4, cells)

    def _leave(
        self, t: str, r: str, after: str, u: str, mask: str,
        h: Value, kept: tuple[Value, ...], cells: list[Value],
    ) -> None:  # fmt: skip
        """Store what a step has made."""
        self.store(h, self.place(after, r, self.padded), u, None)
        outputs = [(h, self.row("y", r, t), u)]
        if self.training:
            gates, columns = self.row("gates", r, t), self.by_gate("%units", 4, u)
            outputs += [(v, gates, column) for v, column in zip(kept, columns, strict=True)]
            outputs += [(c, self.row("cells", r, t), u) for c in cells]
        self.put_out(u, mask, outputs)
