"""The gradient of a convolution's kernel as products: (windows of x)^T g.

The sum over all positions is long and the result is small, so the positions are shared among many
products, whose results are added in order.
"""

from __future__ import annotations

import math

from kerasish.backend.base import Call
from kerasish.compiler.codegen.cuda_jit import LIMIT
from kerasish.compiler.kernels.cublas.library import NAME, bind_product, supported
from kerasish.compiler.kernels.cuda.pool import bind_columns, bind_sum
from kerasish.compiler.kernels.geometry import problem_of
from kerasish.compiler.kernels.nvidia import BACKEND, SCRATCH, contiguous, lock, scratch
from kerasish.compiler.providers import Array, Arrays, BoundKernel, in_order, kernel
from kerasish.config import settings
from kerasish.graph.node import Node
from kerasish.ops.nn.windows import Windows

Shape = tuple[int, ...]

TILES = 256  # tiles of 64 x 64 that keep a card busy: two for each multiprocessor
DEPTH = 128  # positions that a product has at least


def parts(positions: int, rows: int, columns: int) -> int:
    """How many products share the positions: a divisor of their number."""
    tiles = -(-rows // 64) * -(-columns // 64)
    most = max(min(-(-TILES // tiles), positions // DEPTH), 1)
    return next(n for n in range(most, 0, -1) if positions % n == 0)


def _counts(x: Shape, w: Shape, windows: Windows) -> tuple[int, int, int]:
    """(positions, elements of a window, filters)."""
    return x[0] * math.prod(windows.output), math.prod(w[:-1]), w[-1]


def fits(x: Shape, w: Shape, windows: Windows) -> bool:
    """Whether there is room for all windows, and the positions can be shared as they should."""
    positions, rows, columns = _counts(x, w, windows)
    shares = parts(positions, rows, columns)
    wanted = min(TILES // (-(-rows // 64) * -(-columns // 64)), positions // DEPTH)
    size = positions * rows + shares * rows * columns
    return size * 4 <= SCRATCH and max(size, math.prod(x)) < LIMIT and 2 * shares >= wanted


def bind_weight_grad(x: Array, g: Array, y: Array, windows: Windows) -> BoundKernel:
    """y = the gradient of the kernel.

    Args:
        x: (N, *S, C) float32, contiguous.
        g: (N, *S', O), contiguous.
        y: (*K, C, O), contiguous; written.
        windows: how the kernel slides over x.
    """
    positions, rows, columns = _counts(x.shape, y.shape, windows)
    shares = parts(positions, rows, columns)
    sums = shares * rows * columns if shares > 1 else 0
    block = scratch(4 * (positions * rows + sums))
    held = block[: 4 * positions * rows].view(x.dtype)
    calls: list[Call] = []
    if x.size == held.size and rows == x.shape[-1] and not windows.pads:
        held = x  # windows of one position, and each taken
    else:
        calls.append(bind_columns(x, held, windows))
    result = y.reshape(1, rows, columns)
    added = block[-4 * sums :].view(x.dtype).reshape(shares, rows, columns) if sums else result
    left = held.reshape(shares, positions // shares, rows).transpose(0, 2, 1)
    calls.append(bind_product(left, g.reshape(shares, positions // shares, columns), added))
    if sums:
        calls.append(bind_sum(added, result))

    def step() -> None:
        with lock:  # whoever else uses the scratch launches before or after all of these
            for call in calls:
                call()

    return step


def _as_product(node: Node) -> bool:
    """Exact float32 without groups: what cuDNN has there repeats its results, but slowly."""
    plain = supported(node) and node.spec.dtype == "float32" and node.attrs["groups"] == 1
    if not plain or settings.tensor_float_32:
        return False
    p = problem_of(node)
    return fits(p.x, p.w, p.windows)


@kernel("conv_weight_grad", provider=NAME, backend=BACKEND, supports=_as_product)
def _conv_weight_grad(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    before: list[Call] = []
    x, g = (contiguous(v, before) for v in inputs)
    return in_order(*before, bind_weight_grad(x, g, outputs[0], problem_of(node).windows))
