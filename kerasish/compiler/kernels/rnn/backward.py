"""The gradients of an LSTM or a GRU with respect to its gates, back through time, as one kernel."""

from __future__ import annotations

from kerasish.compiler.codegen.llvm_math import tanh
from kerasish.compiler.codegen.llvm_text import Value
from kerasish.compiler.kernels.rnn.writer import Writer

TILE = 8  # rows of a product
VECTORS = 2  # of its columns: 16 sums in registers
ARRAYS = (
    "y", "gates", "cells", "h0", "c0", "panels", "gy", "gh", "gc", "dz", "dh", "dc", "before",
    "db", "sums",
)  # fmt: skip


class Backward(Writer):
    """dz of every step, from what the forward pass kept.

    The scratch holds the gradient of the state h, that of c, and dz of this step as the product
    wants it, all padded to whole vectors. `before` becomes h before every step, and `sums` the
    gradients of the bias by rows.
    """

    def __init__(self, name: str, cell: str, lanes: int) -> None:
        super().__init__(name, ARRAYS, lanes)
        self.cell, self.gates = cell, 4 if cell == "lstm" else 3
        wide = VECTORS * lanes
        panels = self.ceil("%units", wide)
        self.h_width = self.arith("mul", panels, wide)
        self.depth = self.arith("mul", self.padded, self.gates)
        self.h_state = "%scratch"
        self.c_state = self.place(self.h_state, self.h_width, "%rows")
        self.z_state = self.place(self.c_state, self.padded, "%rows")
        self._begin()
        with self.loop(0, "%steps") as s:
            t = self.arith("sub", self.arith("sub", "%steps", 1), s)
            first = self.test("eq", t, 0)
            with self.each_row() as r:
                self._row(t, first, r)
            with self.loop(0, panels) as p:
                self._product(p)
        self._end()

    def _states(self, r: str) -> list[tuple[str, str, str]]:
        """(initial value, state, final value) by operand and address, for a row."""
        states = [("gh", self.place(self.h_state, r, self.h_width), "dh")]
        if self.cell == "lstm":
            states.append(("gc", self.place(self.c_state, r, self.padded), "dc"))
        return states

    def _begin(self) -> None:
        with self.each_row() as r:
            sums = self.row("sums", r)
            for given, state, _ in self._states(r):
                source = self.row(given, r)
                self.each_block(
                    lambda u, mask, s=source, to=state: self.store(
                        self.get(s, u, mask), to, u, None
                    )
                )
            with self.loop(0, self.arith("mul", self.padded, 4), self.lanes) as u:
                self.store(self.zero(), sums, u, None)

    def _end(self) -> None:
        with self.each_row() as r:
            for _, state, wanted in self._states(r):
                target = self.row(wanted, r)
                self.each_block(
                    lambda u, mask, s=state, to=target: self.store(self.get(s, u), to, u, mask)
                )

    def _product(self, p: str) -> None:
        """The gradient of h through the recurrent kernel, for some columns of all rows."""
        wide = VECTORS * self.lanes
        panel = self.place("%panels", p, self.arith("mul", self.depth, wide))
        columns = self.place(self.h_state, p, wide)
        with self.loop("%begin", "%end", TILE) as r:
            count = self.smaller(self.arith("sub", "%end", r), TILE)
            left = self.place(self.z_state, r, self.depth), self.depth
            out = self.place(columns, r, self.h_width), self.h_width
            self.tile(left, panel, self.depth, out, out, count)

    def _row(self, t: str, first: str, r: str) -> None:
        """The elementwise part of one row of a step."""
        previous = self.arith("sub", t, 1)
        h_before = self.choose(first, self.row("h0", r), self.row("y", r, previous))
        places = [("gates", t), ("gy", t), ("dz", t), ("before", t)]
        places += [("cells", t)] if self.cell == "lstm" else [("db", t)]
        at = {name: self.row(name, r, step) for name, step in places}
        if self.cell == "lstm":
            at["c_before"] = self.choose(first, self.row("c0", r), self.row("cells", r, previous))
        at["sums"] = self.row("sums", r)
        at["h"] = self.place(self.h_state, r, self.h_width)
        at["c"] = self.place(self.c_state, r, self.padded)
        at["z"] = self.place(self.z_state, r, self.depth)

        def write(u: str, mask: str | None) -> None:
            columns = [self.arith("add", self.arith("mul", "%units", g), u) for g in range(4)]
            kept = [self.get(at["gates"], column, mask) for column in columns]
            before = self.get(h_before, u, mask)
            self.store(before, at["before"], u, mask)
            dh = self.add(self.get(at["h"], u), self.get(at["gy"], u, mask))
            rule = self._lstm if self.cell == "lstm" else self._gru
            to_sum = rule(at, u, mask, kept, before, dh, columns)
            for g, value in enumerate(to_sum):
                column = self.arith("add", self.arith("mul", self.padded, g), u)
                self.store(self.add(self.get(at["sums"], column), value), at["sums"], column, None)

        self.each_block(write)

    def _one_minus(self, v: Value) -> Value:
        return self.sub(self.like(1.0, v), v)

    def _slope(self, dy: Value, y: Value) -> Value:
        """dy through y = sigmoid(x)."""
        return self.mul(self.mul(dy, y), self._one_minus(y))

    def _tanh_slope(self, dy: Value, y: Value) -> Value:
        """dy through y = tanh(x)."""
        return self.mul(dy, self._one_minus(self.mul(y, y)))

    def _keep(self, at: str, values: list[Value], width: str, u: str) -> None:
        for g, value in enumerate(values):
            self.store(value, at, self.arith("add", self.arith("mul", width, g), u), None)

    def _lstm(
        self, at: dict[str, str], u: str, mask: str | None, kept: list[Value], before: Value,
        dh: Value, columns: list[str],
    ) -> list[Value]:  # fmt: skip
        i, f, g, o = kept
        t = tanh(self, self.get(at["cells"], u, mask))
        dc = self.add(self.get(at["c"], u), self._tanh_slope(self.mul(dh, o), t))
        c_before = self.get(at["c_before"], u, mask)
        dz = [
            self._slope(self.mul(dc, g), i),
            self._slope(self.mul(dc, c_before), f),
            self._tanh_slope(self.mul(dc, i), g),
            self._slope(self.mul(dh, t), o),
        ]
        for value, column in zip(dz, columns, strict=True):
            self.store(value, at["dz"], column, mask)
        self._keep(at["z"], dz, self.padded, u)
        self.store(self.mul(dc, f), at["c"], u, None)
        self.store(self.zero(), at["h"], u, None)
        return dz

    def _gru(
        self, at: dict[str, str], u: str, mask: str | None, kept: list[Value], before: Value,
        dh: Value, columns: list[str],
    ) -> list[Value]:  # fmt: skip
        z, r, n, b = kept
        da_n = self._tanh_slope(self.mul(dh, self._one_minus(z)), n)
        da_z = self._slope(self.mul(dh, self.sub(before, n)), z)
        da_r = self._slope(self.mul(da_n, b), r)
        db_n = self.mul(da_n, r)
        for name, values in (("dz", (da_z, da_r, da_n)), ("db", (da_z, da_r, db_n))):
            for value, column in zip(values, columns, strict=False):
                self.store(value, at[name], column, mask)
        self._keep(at["z"], [da_z, da_r, db_n], self.padded, u)
        self.store(self.mul(dh, z), at["h"], u, None)
        return [da_z, da_r, da_n, db_n]
