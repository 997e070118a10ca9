"""Compute what depends on constants alone.

sqrt(2.0) * 3.0  ->  4.2426405
"""

from __future__ import annotations

import numpy as np

from kerasish.backend.base import Backend
from kerasish.graph.node import CONSTANT, LEAVES, PICK, Node, constant
from kerasish.spec import TensorSpec

LIMIT = 1 << 16  # bytes; a larger constant costs more memory than computing it costs time


def folded(node: Node, inputs: tuple[Node, ...], device: Backend) -> Node | None:
    """The constant that a node on constants is, if it is small."""
    for source in inputs:
        if source.op is not CONSTANT:
            return None
    if not inputs or node.op in LEAVES or node.op is PICK or node.op.random:
        return None
    if not isinstance(node.spec, TensorSpec) or node.spec.nbytes > LIMIT:
        return None
    with np.errstate(all="ignore"):
        array = node.op.kernel(device.xp, *(i.value for i in inputs), **node.attrs)
    return constant(device.asarray(array, node.spec.dtype), node.spec)
