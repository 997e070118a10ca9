"""The gradients of an LSTM or a GRU with respect to its gates, back through time, as one kernel."""

from __future__ import annotations

from kerasish.compiler.codegen.llvm_math import tanh
from kerasish.compiler.codegen.llvm_text import Value
from kerasish.compiler.kernels.rnn.writer import WIDE, Writer


class Backward(Writer):
    """dz of every step, from what the forward pass kept.

    The scratch holds the gradient of the state h, that of c, and dz of this step as the product
    wants it, all padded to whole vectors. `before` becomes h before every step, and `sums` the
    gradients of the bias by rows.
    """

    arrays = (
        "y", "gates", "cells", "h0", "c0", "panels", "gy", "gh", "gc", "counts", "dz", "dh", "dc",
        "before", "db", "sums",
    )  # fmt: skip

    def __init__(self, name: str, cell: str, masked: bool, lanes: int) -> None:
        super().__init__(name, WIDE, lanes)
        self.cell, self.gates = cell, 4 if cell == "lstm" else 3
        wide = WIDE * lanes
        panels = self.ceil("%units", wide)
        self.h_width = self.arith("mul", panels, wide)
        self.depth = self.arith("mul", self.padded, self.gates)
        self.h_state = "%scratch"
        self.c_state = self.place(self.h_state, self.h_width, "%rows")
        self.z_states = self.place(self.c_state, self.padded, "%rows")
        self.z_state = self.z_states
        self._begin()
        with self.loop(0, "%steps") as s:
            # Others may still read dz of the last step while this one's is written.
            part = self.arith("mul", self.arith("and", s, 1), "%rows")
            self.z_state = self.place(self.z_states, part, self.depth)
            t = self.arith("sub", self.arith("sub", "%steps", 1), s)
            first = self.test("eq", t, 0)
            with self.each_row() as r:
                if masked:
                    on = self.counts(r, t)
                    with self.when(on):
                        self._row(t, first, r)
                    with self.when(self.unless(on)):
                        self._pass(t, first, r)
                else:
                    self._row(t, first, r)
            self.meet()
            begin, end = self.columns
            with self.loop(self.arith("udiv", begin, wide), self.ceil(end, wide)) as p:
                self._product(p)
        self._end()

    def _begin(self) -> None:
        with self.each_row() as r:
            self.copy(self.row("gh", r), self.place(self.h_state, r, self.h_width))
            if self.cell == "lstm":
                self.copy(self.row("gc", r), self.place(self.c_state, r, self.padded))
            sums = self.row("sums", r)
            with self.each_block() as (u, _):
                self._keep(sums, [self.zero()] * 4, u)

    def _end(self) -> None:
        with self.each_row() as r:
            self.copy_out(self.place(self.h_state, r, self.h_width), self.row("dh", r))
            if self.cell == "lstm":
                self.copy_out(self.place(self.c_state, r, self.padded), self.row("dc", r))

    def _product(self, p: str) -> None:
        """The gradient of h through the recurrent kernel, for some columns of all rows."""
        wide = WIDE * self.lanes
        panel = self.place("%panels", p, self.arith("mul", self.depth, wide))
        columns = self.place(self.h_state, p, wide)
        with self.each_tile() as (r, count):
            left = self.place(self.z_state, r, self.depth), self.depth
            out = self.place(columns, r, self.h_width), self.h_width
            self.tile(left, panel, self.depth, out, out, count)

    def _before(self, start: str, past: str, t: str, first: str, r: str) -> str:
        """Where a row's state before a step lies."""
        previous = self.row(past, r, self.arith("sub", t, 1))
        return self.pick(first, "ptr", self.row(start, r), previous)

    def _pass(self, t: str, first: str, r: str) -> None:
        """The gradients of the states go by a step that does not count."""
        h_before, h = (
            self._before("h0", "y", t, first, r),
            self.place(self.h_state, r, self.h_width),
        )
        z = self.place(self.z_state, r, self.depth)
        with self.each_block() as (u, mask):
            dh = self.add(self.get(h, u), self.get(self.row("gy", r, t), u, mask))
            self.store(dh, h, u, None)
            self._keep(z, [self.zero()] * self.gates, u)
            outputs = [(self.get(h_before, u, mask), self.row("before", r, t), u)]
            for name in ("dz",) if self.cell == "lstm" else ("dz", "db"):
                columns = self.by_gate("%units", self.gates, u)
                outputs += [(self.zero(), self.row(name, r, t), c) for c in columns]
            self.put_out(u, mask, outputs)

    def _row(self, t: str, first: str, r: str) -> None:
        """The elementwise part of one row of a step."""
        previous = self.arith("sub", t, 1)
        h_before = self._before("h0", "y", t, first, r)
        places = [("gates", t), ("gy", t), ("dz", t), ("before", t)]
        places += [("cells", t)] if self.cell == "lstm" else [("db", t)]
        at = {name: self.row(name, r, step) for name, step in places}
        if self.cell == "lstm":
            at["c_before"] = self._before("c0", "cells", t, first, r)
        at["sums"] = self.row("sums", r)
        at["h"] = self.place(self.h_state, r, self.h_width)
        at["c"] = self.place(self.c_state, r, self.padded)
        at["z"] = self.place(self.z_state, r, self.depth)

        with self.each_block() as (u, mask):
            columns = self.by_gate("%units", 4, u)
            kept = [self.get(at["gates"], column, mask) for column in columns]
            self.fetch(self.row("gates", r, previous), columns)
            self.fetch(self.row("gy", r, previous), [u])
            before = self.get(h_before, u, mask)
            dh = self.add(self.get(at["h"], u), self.get(at["gy"], u, mask))
            if self.cell == "lstm":
                found = {"dz": self._lstm(at, u, mask, kept, dh)}
                through = total = found["dz"]
            else:
                da, db = self._gru(at, u, kept, before, dh)
                found, through, total = {"dz": da, "db": db}, db, [*da, db[2]]
            self._keep(at["z"], through, u)
            held = [self.get(at["sums"], c) for c in self.by_gate(self.padded, 4, u)]
            self._keep(at["sums"], [self.add(a, b) for a, b in zip(held, total, strict=True)], u)
            outputs = [(before, at["before"], u)]
            for name, values in found.items():
                outputs += [(v, at[name], c) for v, c in zip(values, columns, strict=False)]
            self.put_out(u, mask, outputs)

    def _one_minus(self, v: Value) -> Value:
        return self.sub(self.like(1.0, v), v)

    def _slope(self, dy: Value, y: Value) -> Value:
        """dy through y = sigmoid(x)."""
        return self.mul(self.mul(dy, y), self._one_minus(y))

    def _tanh_slope(self, dy: Value, y: Value) -> Value:
        """dy through y = tanh(x)."""
        return self.mul(dy, self._one_minus(self.mul(y, y)))

    def _keep(self, at: str, values: list[Value], u: str) -> None:
        """Store one vector per gate in a padded row."""
        for value, column in zip(values, self.by_gate(self.padded, len(values), u), strict=True):
            self.store(value, at, column, None)

    def _lstm(
        self, at: dict[str, str], u: str, mask: str, kept: list[Value], dh: Value
    ) -> list[Value]:
        """dz; and the gradients of the states, that of h without the product."""
        i, f, g, o = kept
        t = tanh(self, self.get(at["cells"], u, mask))
        dc = self.add(self.get(at["c"], u), self._tanh_slope(self.mul(dh, o), t))
        self.store(self.mul(dc, f), at["c"], u, None)
        self.store(self.zero(), at["h"], u, None)
        return [
            self._slope(self.mul(dc, g), i),
            self._slope(self.mul(dc, self.get(at["c_before"], u, mask)), f),
            self._tanh_slope(self.mul(dc, i), g),
            self._slope(self.mul(dh, t), o),
        ]

    def _gru(
        self, at: dict[str, str], u: str, kept: list[Value], before: Value, dh: Value
    ) -> tuple[list[Value], list[Value]]:
        """da and db; and the gradient of h without the product."""
        z, r, n, b = kept
        da_n = self._tanh_slope(self.mul(dh, self._one_minus(z)), n)
        da_z = self._slope(self.mul(dh, self.sub(before, n)), z)
        da_r = self._slope(self.mul(da_n, b), r)
        self.store(self.mul(dh, z), at["h"], u, None)
        return [da_z, da_r, da_n], [da_z, da_r, self.mul(da_n, r)]
