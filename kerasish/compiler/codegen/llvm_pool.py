"""Max pooling: the largest of every window and its position, NaN included, in one pass."""

from __future__ import annotations

import itertools

from kerasish.compiler.codegen.llvm_entry import HEADER
from kerasish.compiler.codegen.llvm_text import Emitter

NAME = "max_pool"
SLOTS = ("x", "y", "index", "rows", "columns", "channels", "sample", "row", "down", "across")


def max_pool(window: tuple[int, int], tail: int, dtype: str, indexed: bool, lanes: int) -> str:
    """The IR of a kernel over windows that lie inside x; a task is a row of windows.

    A value takes the place of the largest so far where it is larger or NaN, which then stays;
    the position is that of the last one that did, or of any behind a NaN, as in the op's reference.

    Args:
        window: rows and columns.
        tail: channels behind the last whole vector.
        dtype: of x and y.
        indexed: whether positions are wanted.

    Slots of its arguments: x, y and the positions (int32); rows and columns of windows, channels;
    elements of x between samples, its rows, rows of windows and neighbouring windows.
    """
    e = Emitter(lanes)
    held = {}
    for k, slot in enumerate(SLOTS):
        at, held[slot] = e.fresh("a"), e.fresh("b")
        e.put(f"{at} = getelementptr i64, ptr %args, i64 {len(HEADER) + k}")
        e.put(f"{held[slot]} = load {'ptr' if k < 3 else 'i64'}, ptr {at}")

    def times(a: str, b: str | int) -> str:
        return e.arith("mul", a, b)

    def plus(a: str, b: str) -> str:
        return e.arith("add", a, b)

    taps = list(itertools.product(*map(range, window)))

    def pool(starts: list[str], target: str, c: str, mask: str | None) -> None:
        best = e.load(held["x"], plus(starts[0], c), dtype, lanes, 1, mask)
        place = e.const(0, "int32", lanes)
        for position, start in enumerate(starts[1:], 1):
            x = e.load(held["x"], plus(start, c), dtype, lanes, 1, mask)
            higher = e.let(f"fcmp ugt {x}, {best.name}", "bool", lanes)
            lost = e.let(f"fcmp uno {best}, {best.name}", "bool", lanes)
            best = e.select(lost, best, e.select(higher, x, best))
            if indexed:
                place = e.select(higher, e.const(position, "int32", lanes), place)
        at = plus(target, c)
        e.store(best, held["y"], at, mask, dtype)
        if indexed:
            e.store(place, held["index"], at, mask)

    with e.loop("%begin", "%end") as task:
        n, i = (e.arith(code, task, held["rows"]) for code in ("udiv", "urem"))
        first = plus(times(n, held["sample"]), times(i, held["down"]))
        with e.loop(0, held["columns"]) as j:
            corner = plus(first, times(j, held["across"]))
            starts = [
                plus(corner, plus(times(held["row"], a), times(held["channels"], b)))
                for a, b in taps
            ]
            target = times(plus(times(task, held["columns"]), j), held["channels"])
            whole = e.arith("sub", held["channels"], tail)
            with e.loop(0, whole, lanes) as c:
                pool(starts, target, c, None)
            if tail:
                pool(starts, target, whole, e.mask_first(tail))
    lines = "\n".join([*e.allocas, *e.lines])
    head = f"define void @{NAME}.work(ptr %args, i64 %begin, i64 %end)"
    return "\n".join([f"{head} {{\nentry:\n{lines}\n  ret void\n}}", *sorted(e.declarations)])
