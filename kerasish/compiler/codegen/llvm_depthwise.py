"""The gradient of a depthwise kernel: for every channel, sums of products of x and g."""

from __future__ import annotations

from kerasish.compiler.codegen.llvm_entry import HEADER
from kerasish.compiler.codegen.llvm_text import Emitter

NAME = "depthwise_grad"
SLOTS = (
    "x", "g", "dw", "samples", "rows", "columns", "channels", "window", "x.sample", "x.row",
    "x.tap_row", "x.column", "x.tap_column",
)  # fmt: skip


def depthwise_grad(taps: int, dtype: str, lanes: int) -> str:
    """The IR of a kernel: dw[i, k, c] = sum of x[n, y, x] at tap (i, k) times g[n, y, x].

    A task is a vector of channels and one row i of the window; its `taps` sums stay in registers
    along a row of g, and are added up row by row.

    Slots of its arguments: x, which is padded already, g and dw; numbers of samples, rows and
    columns of g, of channels, and of rows of the window; then how many elements of x lie between
    samples, between the rows that rows of g and rows of the window see, and the same for columns.
    """
    e = Emitter(lanes)
    held = {}
    for k, slot in enumerate(SLOTS):
        at, held[slot] = e.fresh("a"), e.fresh("b")
        e.put(f"{at} = getelementptr i64, ptr %args, i64 {len(HEADER) + k}")
        e.put(f"{held[slot]} = load {'ptr' if k < 3 else 'i64'}, ptr {at}")
    kind = f"<{lanes} x float>"
    sums, totals = ([e.alloca(kind) for _ in range(taps)] for _ in range(2))
    zero = e.const(0.0, "float32", lanes)

    def times(a: str, b: str | int) -> str:
        return e.arith("mul", a, b)

    def plus(*parts: str) -> str:
        total = parts[0]
        for part in parts[1:]:
            total = e.arith("add", total, part)
        return total

    with e.loop("%begin", "%end") as task:
        i = e.arith("urem", task, held["window"])
        c = times(e.arith("udiv", task, held["window"]), lanes)
        mask = e.mask_below(c, held["channels"])
        for total in totals:
            e.put(f"store {zero}, ptr {total}")
        with e.loop(0, held["samples"]) as n, e.loop(0, held["rows"]) as y:
            line = plus(times(n, held["rows"]), y)
            g = e.address(held["g"], plus(times(times(line, held["columns"]), held["channels"]), c),
                          dtype)  # fmt: skip
            start = plus(
                times(n, held["x.sample"]), times(y, held["x.row"]), times(i, held["x.tap_row"]), c
            )
            x = e.address(held["x"], start, dtype)
            for slot in sums:
                e.put(f"store {zero}, ptr {slot}")
            with e.loop(0, held["columns"]) as column:
                factor = e.load(g, times(column, held["channels"]), dtype, lanes, 1, mask)
                here = times(column, held["x.column"])
                for k, slot in enumerate(sums):
                    tap = plus(here, times(held["x.tap_column"], k))
                    seen = e.load(x, tap, dtype, lanes, 1, mask)
                    before = e.let(f"load {kind}, ptr {slot}", "float32", lanes)
                    e.put(f"store {e.fma(factor, seen, before)}, ptr {slot}")
            for slot, total in zip(sums, totals, strict=True):
                a, b = (e.let(f"load {kind}, ptr {s}", "float32", lanes) for s in (slot, total))
                e.put(f"store {e.add(a, b)}, ptr {total}")
        for k, total in enumerate(totals):
            place = plus(times(plus(times(i, taps), str(k)), held["channels"]), c)
            e.store(e.let(f"load {kind}, ptr {total}", "float32", lanes), held["dw"], place, mask,
                    dtype)  # fmt: skip
    lines = "\n".join([*e.allocas, *e.lines])
    head = f"define void @{NAME}.work(ptr %args, i64 %begin, i64 %end)"
    return "\n".join([f"{head} {{\nentry:\n{lines}\n  ret void\n}}", *sorted(e.declarations)])
