"""Connects our kernels to the ops they run."""

from __future__ import annotations

import math
from collections.abc import Callable

from kerasish.backend.base import Call
from kerasish.compiler.codegen.cuda_jit import NAME
from kerasish.compiler.codegen.cuda_ops import FLOATS
from kerasish.compiler.kernels.cuda import pool, scatter
from kerasish.compiler.kernels.cuda.launch import LIMIT
from kerasish.compiler.kernels.geometry import pool_windows, specs_of
from kerasish.compiler.kernels.nvidia import BACKEND, contiguous, room
from kerasish.compiler.providers import Arrays, BoundKernel, in_order, kernel
from kerasish.graph.node import Node
from kerasish.graph.op import Op
from kerasish.ops.nn import pooling
from kerasish.spec import known


def _supported(node: Node) -> bool:
    """Floats (beside positions), not empty, and short enough for 32-bit indices."""
    sizes = [math.prod(known(s.shape)) for s in specs_of(node)]
    return node.specs[0].dtype in FLOATS and min(sizes) > 0 and max(sizes) < LIMIT


def _scatters(node: Node) -> bool:
    y, axis = known(node.spec.shape), node.attrs["axis"]
    rows = math.prod(known(node.inputs[0].spec.shape))
    return _supported(node) and math.prod(y) // y[axis] * rows < LIMIT


@kernel("max_pool", provider=NAME, backend=BACKEND, supports=_supported)
def _max_pool(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    before: list[Call] = []
    x = contiguous(inputs[0], before)
    y = room(outputs[1].shape, x) if outputs[0] is None else outputs[0]
    return in_order(*before, pool.bind_max_pool(x, y, outputs[1], pool_windows(node)))


def _pools(op: Op, bind: Callable[..., Call]) -> None:
    """The kernel of an op of one output."""

    @kernel(op, provider=NAME, backend=BACKEND, supports=_supported)
    def _(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
        before: list[Call] = []
        given = [contiguous(v, before) for v in inputs]
        return in_order(*before, bind(*given, outputs[0], pool_windows(node)))


_pools(pooling.max_pool_scatter, pool.bind_max_pool_scatter)
_pools(pooling.avg_pool_, pool.bind_avg_pool)
_pools(pooling.avg_pool_grad, pool.bind_avg_pool_grad)


@kernel("scatter_add", provider=NAME, backend=BACKEND, supports=_scatters)
def _scatter_add(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return scatter.bind_scatter_add(inputs[0], inputs[1], outputs[0], node.attrs["axis"])
