"""Which nodes own memory and which only look at another's: decided before any is allocated."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from kerasish.graph.node import LEAVES, PICK, Node
from kerasish.spec import TensorSpec, known, np_dtype

Value = tuple[Node, int]  # output k of a node


class Layout:
    """Resolves nodes to the values that own their memory.

    Args:
        nodes: the nodes of a graph, inputs before users.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._owner: dict[Node, Value] = {}
        self._shadow: dict[Node, np.ndarray] = {}
        for node in nodes:
            self._visit(node)

    def owner(self, node: Node) -> Value:
        """The value whose memory `node` is, or looks at."""
        return self._owner[node]

    def is_view(self, node: Node) -> bool:
        """Whether `node` needs no step: a view or a projection."""
        return node.op is PICK or self._owner[node][0] is not node

    def _visit(self, node: Node) -> None:
        self._owner[node] = (node, 0)
        if node.op is PICK:
            source = node.inputs[0]
            if source.op.view:
                raise AssertionError("a view has one output")
            self._owner[node] = (source, node.attrs["index"])
        elif node.op.view:
            source = self._shadow[node.inputs[0]]
            if node.op.name != "reshape" or source.flags.c_contiguous:
                # Views of shadows never touch memory, so one element can stand for any shape.
                self._shadow[node] = node.op.kernel(np, source, **node.attrs)
                self._owner[node] = self._owner[node.inputs[0]]
                return
        if isinstance(node.spec, TensorSpec):
            self._shadow[node] = _shadow(node.spec)


def _shadow(spec: TensorSpec) -> np.ndarray:
    shape, dtype = known(spec.shape), np_dtype(spec.dtype)
    strides = [dtype.itemsize] * len(shape)
    for i in range(len(shape) - 2, -1, -1):
        strides[i] = strides[i + 1] * max(shape[i + 1], 1)
    return as_strided(np.empty(1, dtype), shape, strides)


def output_specs(node: Node) -> tuple[TensorSpec, ...]:
    """The specs of a node's outputs, always a tuple of specs."""
    spec: Any = node.spec
    return (spec,) if isinstance(spec, TensorSpec) else tuple(spec)


def steps_of(nodes: Iterable[Node], layout: Layout) -> list[Node]:
    """The nodes that need a step at run time, in order."""
    return [n for n in nodes if n.op not in LEAVES and not layout.is_view(n)]
