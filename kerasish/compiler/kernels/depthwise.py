"""Gradients of large depthwise kernels, for which oneDNN computes sixteen channels for one."""

from __future__ import annotations

import functools

import numpy as np

from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.codegen.llvm_entry import arguments, work
from kerasish.compiler.codegen.llvm_text import Emitter
from kerasish.compiler.kernels.copies import copy
from kerasish.compiler.kernels.geometry import problem_of
from kerasish.compiler.providers import Array, Arrays, BoundKernel, in_order, kernel
from kerasish.graph.node import Node

NAME = "depthwise_grad"
SLOTS = (
    "x", "g", "dw", "samples", "rows", "columns", "channels", "window", "x.sample", "x.row",
    "x.tap_row", "x.column", "x.tap_column",
)  # fmt: skip
SMALL = 3  # taps along every axis up to which oneDNN has a kernel of its own
MOST = 12  # taps along a row whose sums fit the registers


def _supports(node: Node) -> bool:
    *window, inner, channels = node.attrs["kernel_shape"]
    if not (inner == 1 and channels == node.attrs["groups"] > 1 and len(window) in (1, 2)):
        return False
    if node.inputs[0].spec.dtype not in ("float32", "bfloat16"):
        return False
    cropped = any(lo < 0 or hi < 0 for lo, hi in problem_of(node).windows.padding)
    return (
        max(window) > SMALL and window[-1] <= MOST and node.inputs[1].spec.size > 0 and not cropped
    )


@kernel("conv_weight_grad", provider="llvm", supports=_supports)
def _weight_grad(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    (x, g), dw, windows = inputs, outputs[0], problem_of(node).windows
    before: list[BoundKernel] = []

    def dense(array: Array, shape: tuple[int, ...], place: tuple[slice, ...]) -> Array:
        """An array amid zeros, copied at every step where it is not so already."""
        if shape == array.shape and array.flags.c_contiguous:
            return array
        room = np.zeros(shape, array.dtype)
        before.append(copy(array, room[place]))
        return room

    _, inside = windows.overlap()
    padded = dense(x, (len(x), *windows.padded, x.shape[-1]), inside)
    g = dense(g, g.shape, (slice(None),))
    channels, dtype, lanes = x.shape[-1], x.dtype.name, llvm_jit.lanes()
    taps = dw.shape[-3]
    entry = llvm_jit.function(NAME, lambda: depthwise_grad(taps, dtype, lanes))
    flat = dw.ndim == 3  # one axis is a row
    rows, window = (1, 1) if flat else (g.shape[1], dw.shape[0])
    steps = [s // x.itemsize for s in padded.strides]
    of_row = (0, 0) if flat else tuple(
        steps[1] * n for n in (windows.strides[0], windows.dilation[0])
    )  # fmt: skip
    of_column = [channels * n for n in (windows.strides[-1], windows.dilation[-1])]
    sizes = len(x), rows, g.shape[-2], channels, window, steps[0]
    tasks = -(-channels // lanes) * window
    cost = 2 * g.size * taps * window
    return in_order(
        *before, entry.spread(tasks, cost, [padded, g, dw, *sizes, *of_row, *of_column])
    )


# --- the kernel ----------------------------------------------------------------------------------


def depthwise_grad(taps: int, dtype: str, lanes: int) -> str:
    """The IR of a kernel: dw[i, k, c] = sum of x[n, y, x] at tap (i, k) times g[n, y, x].

    A task is a vector of channels and one row i of the window; its `taps` sums stay in registers
    along a row of g, and are added up row by row.

    Slots of its arguments: x, which is padded already, g and dw; numbers of samples, rows and
    columns of g, of channels, and of rows of the window; then how many elements of x lie between
    samples, between the rows that rows of g and rows of the window see, and the same for columns.
    """
    e = Emitter(lanes)
    held = arguments(e, SLOTS, 3)
    kind = f"<{lanes} x float>"
    sums, totals = ([e.alloca(kind) for _ in range(taps)] for _ in range(2))
    zero = e.const(0.0, "float32", lanes)
    times, plus = (functools.partial(e.arith, code) for code in ("mul", "add"))
    with e.loop("%begin", "%end") as task:
        i = e.arith("urem", task, held["window"])
        c = times(e.arith("udiv", task, held["window"]), lanes)
        mask = e.mask_below(c, held["channels"])
        for total in totals:
            e.put(f"store {zero}, ptr {total}")
        with e.loop(0, held["samples"]) as n, e.loop(0, held["rows"]) as y:
            line = plus(times(n, held["rows"]), y)
            g = e.address(held["g"], plus(times(line, held["columns"], held["channels"]), c),
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
    return work(NAME, e)
