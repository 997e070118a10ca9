"""scatter_add in a fixed order: equal positions are brought together, and one thread adds them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from kerasish.backend.base import current
from kerasish.compiler.codegen.cuda_jit import LIMIT, NAME, launcher
from kerasish.compiler.codegen.cuda_ops import loaded, memory_type, register_type, stored
from kerasish.compiler.kernels.cuda.pool import supported
from kerasish.compiler.kernels.nvidia import BACKEND, room
from kerasish.compiler.providers import Array, Arrays, BoundKernel, kernel
from kerasish.graph.node import Node
from kerasish.ops.basic.indexing import wrapped
from kerasish.spec import known


def bind_scatter_add(indices: Array, updates: Array, y: Array, axis: int) -> Callable[[], None]:
    """y = zeros with updates added at positions along an axis, in the order they are given.

    Args:
        indices: integers of any shape; negative ones count from the end, others are left out.
        updates: (*y.shape[:axis], *indices.shape, *y.shape[axis + 1:]), or what broadcasts to it.
        y: contiguous; written.
    """
    xp, dtype = current().xp, updates.dtype.name
    size, tail = y.shape[axis], math.prod(y.shape[axis + 1 :])
    count = math.prod(indices.shape)
    shape = (*y.shape[:axis], *indices.shape, *y.shape[axis + 1 :])
    full = updates
    if updates.shape != shape or not updates.flags.c_contiguous:
        full = room(shape, updates)
    keys = room((count,), xp.empty(0, np.int32))
    order = room((count,), xp.empty(0, np.int64))
    memory, register = memory_type(dtype), register_type(dtype)
    body = f"""
    const int j = t % {tail}, p = t / {tail} % {count}, l = t / {tail} / {count};
    const int key = keys[order[p]];
    if (key < 0 || key >= {size} || (p && keys[order[p - 1]] == key)) continue;
    {register} sum = 0;
    for (int q = p; q < {count} && keys[order[q]] == key; q++)
      sum += {loaded(dtype, f"u[((long long)l * {count} + order[q]) * {tail} + j]")};
    y[((long long)l * {size} + key) * {tail} + j] = {stored(dtype, "sum")};
"""
    arguments = f"const int* keys, const long long* order, const {memory}* u, {memory}* y"
    run = launcher("scatter_add", arguments, body, full.size, keys, order, full, y)

    def step() -> None:
        keys[...] = wrapped(xp, indices, size).reshape(-1)
        order[...] = xp.argsort(keys, kind="stable")
        if full is not updates:
            full[...] = xp.broadcast_to(updates, shape)
        y.fill(0)
        run()

    return step


def _scatters(node: Node) -> bool:
    y, axis = known(node.spec.shape), node.attrs["axis"]
    rows = math.prod(known(node.inputs[0].spec.shape))
    return supported(node) and math.prod(y) // y[axis] * rows < LIMIT


@kernel("scatter_add", provider=NAME, backend=BACKEND, supports=_scatters)
def _scatter_add(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return bind_scatter_add(inputs[0], inputs[1], outputs[0], node.attrs["axis"])
