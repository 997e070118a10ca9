"""Copies between arrays of any strides whose innermost bytes lie next to each other."""

from __future__ import annotations

from kerasish.compiler.codegen.llvm_entry import HEADER
from kerasish.compiler.codegen.llvm_text import Emitter

COPY_LINES = "copy_lines"
SLOTS = ("x", "y", "x0", "y0", "n1", "x1", "y1", "n2", "x2", "y2", "width")
LOOPS = 3


def copy_lines(lanes: int) -> str:
    """The IR of a kernel: line (i, j, k) of y = line (i, j, k) of x, each of `width` bytes.

    Slots of its arguments: where x and y begin, then for every loop its count (the tasks, n1, n2)
    and what a step is in x and in y, in bytes.
    """
    e = Emitter(lanes)
    held = {}
    for k, slot in enumerate(SLOTS):
        at, held[slot] = e.fresh("a"), e.fresh("b")
        e.put(f"{at} = getelementptr i64, ptr %args, i64 {len(HEADER) + k}")
        e.put(f"{held[slot]} = load {'ptr' if k < 2 else 'i64'}, ptr {at}")

    def moved(base: str, index: str, step: str) -> str:
        return e.address(base, e.arith("mul", index, step), "uint8")

    def move(source: str, target: str, offset: str, size: int) -> None:
        part = e.load(source, offset, "uint8", size, 1, None)
        e.store(part, target, offset, None)

    wide = 4 * lanes
    whole = e.arith("and", held["width"], -wide)
    with e.loop("%begin", "%end") as i:
        x, y = (moved(held[a], i, held[f"{a}0"]) for a in "xy")
        with e.loop(0, held["n1"]) as j:
            x1, y1 = moved(x, j, held["x1"]), moved(y, j, held["y1"])
            with e.loop(0, held["n2"]) as k:
                source, target = moved(x1, k, held["x2"]), moved(y1, k, held["y2"])
                with e.loop(0, whole, wide) as c:
                    move(source, target, c, wide)
                size, offset = wide // 2, whole
                while size:
                    bit, wanted = e.arith("and", held["width"], size), e.fresh("c")
                    e.put(f"{wanted} = icmp ne i64 {bit}, 0")
                    with e.when(wanted):
                        move(source, target, offset, size)
                    offset, size = e.arith("add", offset, bit), size // 2
    lines = "\n".join([*e.allocas, *e.lines])
    head = f"define void @{COPY_LINES}.work(ptr %args, i64 %begin, i64 %end)"
    return "\n".join([f"{head} {{\nentry:\n{lines}\n  ret void\n}}", *sorted(e.declarations)])
