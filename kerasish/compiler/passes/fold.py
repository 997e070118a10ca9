"""Compute what depends on constants alone.

sqrt(2.0) * 3.0  ->  4.2426405
"""

from __future__ import annotations

import numpy as np

from kerasish.backend.base import Backend
from kerasish.graph.node import CONSTANT, LEAVES, PICK, Graph, Node, constant, rewrite
from kerasish.spec import TensorSpec

LIMIT = 1 << 16  # bytes; a larger constant costs more memory than computing it costs time


def fold(graph: Graph, device: Backend) -> Graph:
    """Replace constant subgraphs with small results by constants."""

    def rule(node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if node.op in LEAVES or node.op is PICK or node.op.random or not inputs:
            return None
        if not isinstance(node.spec, TensorSpec) or node.spec.nbytes > LIMIT:
            return None
        if any(i.op is not CONSTANT for i in inputs):
            return None
        with np.errstate(all="ignore"):
            array = node.op.kernel(device.xp, *(i.value for i in inputs), **node.attrs)
        return constant(device.asarray(array, node.spec.dtype), node.spec)

    return rewrite(graph, rule)
