"""Max pooling over windows without padding, in a kernel of our own: oneDNN's passes over NaN."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.codegen.llvm_pool import NAME, max_pool
from kerasish.compiler.kernels.copies import copy
from kerasish.compiler.provider import Step, kernel
from kerasish.graph.node import Node
from kerasish.ops.windows import Windows
from kerasish.spec import known

Array = Any
Arrays = Sequence[Any]
MOST = 16  # positions of a window that are worth unrolling


def _windows(node: Node) -> Windows:
    a = node.attrs
    size = known(node.inputs[0].spec.shape)[1:-1]
    return Windows.of(size, a["window"], a["strides"], (1,) * len(size), a["padding"])


def _supports(node: Node) -> bool:
    x, window = node.inputs[0].spec, node.attrs["window"]
    if x.dtype not in ("float32", "bfloat16") or len(window) > 2 or math.prod(window) > MOST:
        return False
    return bool(x.size and not _windows(node).pads)


@kernel("max_pool", provider="llvm", supports=_supports)
def _max_pool(node: Node, inputs: Arrays, outputs: Arrays) -> Step:
    x, (y, index), windows = inputs[0], outputs, _windows(node)
    before: list[Step] = []
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
    row = 0 if flat else x.shape[2] * channels
    kind = (kh, kw), channels % lanes, x.dtype.name, index is not None, lanes
    entry = llvm_jit.function(NAME, lambda: max_pool(*kind))
    slots = [x.ctypes.data, y.ctypes.data, 0 if index is None else index.ctypes.data]
    slots += [rows, columns, channels, x[0].size, row, down * row, across * channels]
    tasks, work = len(x) * rows, kh * kw * y.size
    team = llvm_jit.threads() if work > llvm_jit.PARALLEL_COST else 1
    run = entry.bind(tasks, min(team, tasks), slots)

    def step(keep: object = (x, y, index, inputs, entry)) -> None:
        for part in before:
            part()
        run()

    return step
