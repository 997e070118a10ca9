"""Gradients of large depthwise kernels, for which oneDNN computes sixteen channels for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.codegen.llvm_depthwise import NAME, depthwise_grad
from kerasish.compiler.kernels.copies import copy
from kerasish.compiler.provider import Step, kernel
from kerasish.graph.node import Node
from kerasish.ops.windows import Windows
from kerasish.spec import known

Array = Any
Arrays = Sequence[Any]
SMALL = 3  # taps along every axis up to which oneDNN has a kernel of its own
MOST = 12  # taps along a row whose sums fit the registers


def _windows(node: Node) -> Windows:
    a = node.attrs
    size = known(node.inputs[0].spec.shape)[1:-1]
    return Windows.of(size, a["kernel_shape"][:-2], a["strides"], a["dilation"], a["padding"])


def _supports(node: Node) -> bool:
    *window, inner, channels = node.attrs["kernel_shape"]
    if not (inner == 1 and channels == node.attrs["groups"] > 1 and len(window) in (1, 2)):
        return False
    if node.inputs[0].spec.dtype not in ("float32", "bfloat16"):
        return False
    cropped = any(lo < 0 or hi < 0 for lo, hi in _windows(node).padding)
    return (
        max(window) > SMALL and window[-1] <= MOST and node.inputs[1].spec.size > 0 and not cropped
    )


@kernel("conv_weight_grad", provider="llvm", supports=_supports)
def _weight_grad(node: Node, inputs: Arrays, outputs: Arrays) -> Step:
    (x, g), dw, windows = inputs, outputs[0], _windows(node)
    before: list[Step] = []

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
    slots = [a.ctypes.data for a in (padded, g, dw)]
    slots += [len(x), rows, g.shape[-2], channels, window, steps[0], *of_row, *of_column]
    tasks = -(-channels // lanes) * window
    work = 2 * g.size * taps * window
    team = llvm_jit.threads() if work > llvm_jit.PARALLEL_COST else 1
    run = entry.bind(tasks, min(team, tasks), slots)

    def step(keep: object = (padded, g, x, dw, entry)) -> None:
        for part in before:
            part()
        run()

    return step
