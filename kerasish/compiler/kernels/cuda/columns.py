"""Windows of an array as the rows of a matrix, and sums over the first axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kerasish.compiler.codegen.cuda_ops import memory_type
from kerasish.compiler.kernels.cuda.launch import launcher
from kerasish.compiler.kernels.cuda.pool import AXES, coordinates, filled, offset
from kerasish.compiler.providers import Array
from kerasish.ops.nn.windows import Windows


def bind_columns(x: Array, y: Array, windows: Windows) -> Callable[[], Any]:
    """y = all windows of x, (N, *S', *K, C); padding is 0 (im2col).

    Args:
        x: (N, *S, C), contiguous.
        y: flat; written.
        windows: how a window slides over x.
    """
    axes, channels = filled(windows), x.shape[-1]
    dilation = (1,) * (AXES - len(windows.dilation)) + tuple(windows.dilation)
    sizes, positions = [a.size for a in axes], [a.positions for a in axes]
    lines = [coordinates("o", positions, channels * math.prod(windows.window), "e")]
    lines.append(f"    const int c = e % {channels}; int q = e / {channels};")
    for a, axis in reversed(list(enumerate(axes))):
        at = f"o{a} * {axis.stride} - {axis.low} + q % {axis.window} * {dilation[a]}"
        lines.append(f"    const int i{a} = {at}; q /= {axis.window};")
    inside = " && ".join(f"i{a} >= 0 && i{a} < {sizes[a]}" for a in range(AXES))
    lines.append(f"    y[t] = {inside} ? x[{offset('i', sizes, channels)}] : 0;\n")
    memory = memory_type(x.dtype.name)
    return launcher("columns", f"const {memory}* x, {memory}* y", "\n".join(lines), y.size, x, y)


def bind_sum(x: Array, y: Array) -> Callable[[], Any]:
    """y = the sum of x over its first axis, first to last; float32 or float64, contiguous."""
    memory = memory_type(x.dtype.name)
    body = (
        f"    {memory} sum = 0;\n"
        f"    for (int p = 0; p < {len(x)}; p++) sum += x[p * {y.size} + t];\n"
        "    y[t] = sum;\n"
    )
    return launcher("sum", f"const {memory}* x, {memory}* y", body, y.size, x, y)
