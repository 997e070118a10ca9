"""Ops that only move elements, as compiled copies: `concatenate`, `unslice`, reshapes, `copy`."""

from __future__ import annotations

import functools

import numpy as np

from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.codegen.llvm_entry import arguments, work
from kerasish.compiler.codegen.llvm_text import Emitter
from kerasish.compiler.providers import Array, Arrays, BoundKernel, in_order, kernel
from kerasish.graph.node import Node
from kerasish.graph.primitives import as_slices
from kerasish.spec import known

NAME = "llvm"
COPY_LINES = "copy_lines"
SLOTS = ("x", "y", "x0", "y0", "n1", "x1", "y1", "n2", "x2", "y2", "width")
LOOPS = 3
SHORT = 16  # bytes of a line below which numpy's loops are as good
SMALL = 1 << 14  # bytes of a result below which numpy's call is as good
LINE = 4  # operations that beginning a line is worth


def lines(source: Array, target: Array) -> tuple[list[tuple[int, int, int]], int]:
    """(loops, bytes of a line) of a copy between arrays of one shape.

    A loop is (steps, bytes that a step is in the source, and in the target), outermost first.
    """
    loops: list[tuple[int, int, int]] = []
    for n, s, t in zip(source.shape, source.strides, target.strides, strict=True):
        if n == 1:
            continue
        if loops and loops[-1][1:] == (n * s, n * t):
            loops[-1] = (loops[-1][0] * n, s, t)
        else:
            loops.append((n, s, t))
    width = source.itemsize
    if loops and loops[-1][1:] == (width, width):
        width *= loops.pop()[0]
    return loops, width


def copy(source: Array, target: Array) -> BoundKernel:
    """The step target = source, for arrays of one shape and dtype."""
    loops, width = lines(source, target)
    if len(loops) > LOOPS or width < SHORT or not source.size:
        return functools.partial(np.copyto, target, source)
    if not loops:  # one long line, for several threads
        parts = next(n for n in (16, 8, 4, 2, 1) if width % n == 0)
        width //= parts
        loops = [(parts, width, width)]
    loops = [*loops, *[(1, 0, 0)] * (LOOPS - len(loops))]
    (tasks, *first), *inner = loops
    slots = [source, target, *first, *(v for loop in inner for v in loop), width]
    entry = llvm_jit.function(COPY_LINES, lambda: copy_lines(llvm_jit.lanes()))
    cost = source.nbytes // 4 + LINE * source.nbytes // width
    return entry.spread(tasks, cost, slots)


def _large(node: Node) -> bool:
    """Whether there is enough to copy, and nothing to convert."""
    dtypes = {node.spec.dtype, *(i.spec.dtype for i in node.inputs)}
    return len(dtypes) == 1 and node.spec.nbytes >= SMALL


@kernel("concatenate", provider=NAME, supports=_large)
def _concatenate(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    axis, ends = node.attrs["axis"], np.cumsum([x.shape[node.attrs["axis"]] for x in inputs])
    parts = np.split(outputs[0], ends[:-1], axis)
    return in_order(*(copy(x, part) for x, part in zip(inputs, parts, strict=True)))


def _fills(node: Node) -> bool:
    """Whether an `unslice` repeats nothing."""
    spans = zip(node.attrs["parts"], known(node.spec.shape), strict=True)
    place = tuple(n if span is None else span[1] for span, n in spans)
    return _large(node) and place == node.inputs[0].spec.shape


@kernel("unslice", provider=NAME, supports=_fills)
def _unslice(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    y, parts = outputs[0], node.attrs["parts"]
    steps = [copy(inputs[0], y[as_slices(parts)])]
    cut = [i for i, span in enumerate(parts) if span is not None and span[1] < y.shape[i]]
    around = [y]
    if len(cut) == 1 and parts[cut[0]][2] == 1:  # what lies before and behind
        start, size, _ = parts[cut[0]]
        around = [p for p in np.split(y, [start, start + size], cut[0])[::2] if p.size]
    fill = np.asarray(node.attrs.get("value", 0.0), y.dtype)
    return in_order(*(functools.partial(np.copyto, part, fill) for part in around), *steps)


@kernel("reshape", provider=NAME, supports=_large)
@kernel("copy", provider=NAME, supports=_large)
def _copy(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return copy(inputs[0], outputs[0].reshape(inputs[0].shape))


# --- the kernel ----------------------------------------------------------------------------------


def copy_lines(lanes: int) -> str:
    """The IR of a kernel: line (i, j, k) of y = line (i, j, k) of x, each of `width` bytes.

    Slots of its arguments: where x and y begin, then for every loop its count (the tasks, n1, n2)
    and what a step is in x and in y, in bytes.
    """
    e = Emitter(lanes)
    held = arguments(e, SLOTS, 2)

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
                    bit = e.arith("and", held["width"], size)
                    with e.when(e.test("ne", bit, 0)):
                        move(source, target, offset, size)
                    offset, size = e.arith("add", offset, bit), size // 2
    return work(COPY_LINES, e)
