"""Connects our kernels to the ops they run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kerasish.backend.base import Call
from kerasish.compiler.codegen.cuda_jit import NAME
from kerasish.compiler.codegen.cuda_ops import FLOATS
from kerasish.compiler.kernels.cuda import pool, scatter
from kerasish.compiler.kernels.cuda.launch import LIMIT
from kerasish.compiler.kernels.nvidia import BACKEND, contiguous, in_order, room
from kerasish.compiler.providers import BoundKernel, kernel
from kerasish.graph.node import Node
from kerasish.ops.nn.windows import Windows
from kerasish.spec import TensorSpec, known

Arrays = Sequence[Any]


def _supported(node: Node) -> bool:
    """Floats (beside positions), not empty, and short enough for 32-bit indices."""
    outputs = (node.spec,) if isinstance(node.spec, TensorSpec) else node.spec
    specs = [*(i.spec for i in node.inputs), *outputs]
    sizes = [math.prod(known(s.shape)) for s in specs]
    return outputs[0].dtype in FLOATS and min(sizes) > 0 and max(sizes) < LIMIT


def _scatters(node: Node) -> bool:
    y, axis = known(node.spec.shape), node.attrs["axis"]
    rows = math.prod(known(node.inputs[0].spec.shape))
    return _supported(node) and math.prod(y) // y[axis] * rows < LIMIT


def _windows(node: Node, x: tuple[int, ...]) -> Windows:
    a = node.attrs
    ones = (1,) * len(a["window"])
    return Windows.of(x[1:-1], a["window"], a["strides"], ones, a["padding"])


@kernel("max_pool", provider=NAME, backend=BACKEND, supports=_supported)
def _max_pool(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    before: list[Call] = []
    x = contiguous(inputs[0], before)
    y = room(outputs[1].shape, x) if outputs[0] is None else outputs[0]
    return in_order(*before, pool.bind_max_pool(x, y, outputs[1], _windows(node, x.shape)))


@kernel("max_pool_scatter", provider=NAME, backend=BACKEND, supports=_supported)
def _max_pool_scatter(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    before: list[Call] = []
    g, index = (contiguous(v, before) for v in inputs)
    windows = _windows(node, outputs[0].shape)
    return in_order(*before, pool.bind_max_pool_scatter(g, index, outputs[0], windows))


@kernel("avg_pool", provider=NAME, backend=BACKEND, supports=_supported)
def _avg_pool(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    before: list[Call] = []
    x = contiguous(inputs[0], before)
    return in_order(*before, pool.bind_avg_pool(x, outputs[0], _windows(node, x.shape)))


@kernel("avg_pool_grad", provider=NAME, backend=BACKEND, supports=_supported)
def _avg_pool_grad(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    before: list[Call] = []
    g = contiguous(inputs[0], before)
    windows = _windows(node, outputs[0].shape)
    return in_order(*before, pool.bind_avg_pool_grad(g, outputs[0], windows))


@kernel("scatter_add", provider=NAME, backend=BACKEND, supports=_scatters)
def _scatter_add(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return scatter.bind_scatter_add(inputs[0], inputs[1], outputs[0], node.attrs["axis"])
