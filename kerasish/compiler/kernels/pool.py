"""Max pooling over windows without padding, in a kernel of our own: oneDNN's passes over NaN."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np

from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.codegen.llvm_entry import arguments, work
from kerasish.compiler.codegen.llvm_text import Emitter
from kerasish.compiler.kernels.copies import copy
from kerasish.compiler.kernels.geometry import pool_windows
from kerasish.compiler.providers import Arrays, BoundKernel, in_order, kernel
from kerasish.graph.node import Node

NAME = "max_pool"
SLOTS = ("x", "y", "index", "rows", "columns", "channels", "sample", "row", "down", "across")
MOST = 16  # positions of a window that are worth unrolling


def _supports(node: Node) -> bool:
    x, window = node.inputs[0].spec, node.attrs["window"]
    if x.dtype not in ("float32", "bfloat16") or len(window) > 2 or math.prod(window) > MOST:
        return False
    return bool(x.size and not pool_windows(node).pads)


@kernel("max_pool", provider="llvm", supports=_supports)
def _max_pool(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    x, (y, index), windows = inputs[0], outputs, pool_windows(node)
    before: list[BoundKernel] = []
    if not x.flags.c_contiguous:
        source, x = x, np.empty(x.shape, x.dtype)
        before.append(copy(source, x))
    if y is None:
        y = np.empty(index.shape, x.dtype)
    flat = x.ndim == 3  # one axis is a row
    kh, kw = (1, *windows.window)[-2:]
    rows, columns = (1, *windows.output)[-2:]
    down, across = (1, *windows.strides)[-2:]
    channels, lanes = x.shape[-1], llvm_jit.lanes()
    row = 0 if flat else x[0, 0].size
    kind = (kh, kw), channels % lanes, x.dtype.name, index is not None, lanes
    entry = llvm_jit.function(NAME, lambda: max_pool(*kind))
    slots = [x, y, 0 if index is None else index]
    slots += [rows, columns, channels, x[0].size, row, down * row, across * channels]
    tasks, cost = len(x) * rows, kh * kw * y.size
    return in_order(*before, entry.spread(tasks, cost, slots))


# --- the kernel ----------------------------------------------------------------------------------


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
    held = arguments(e, SLOTS, 3)

    times, plus = (functools.partial(e.arith, code) for code in ("mul", "add"))
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
    return work(NAME, e)
