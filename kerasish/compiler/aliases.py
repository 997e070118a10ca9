"""Which nodes own memory and which only look at another's: decided before any is allocated."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.lib.stride_tricks import as_strided

from kerasish.graph import primitives as _p
from kerasish.graph.node import LEAVES, PICK, Node
from kerasish.spec import TensorSpec, known, np_dtype

Value = tuple[Node, int]  # output k of a node


class Aliases:
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
            source = self._shadow.get(node.inputs[0])
            if source is None:
                source = _shadow(node.inputs[0].spec)
            if node.op is _p.reshape:
                view = _reshaped(source, node)
            else:
                view = node.op.kernel(np, source, **node.attrs)  # which never touches memory
            if view is not None:
                self._shadow[node] = view
                self._owner[node] = self._owner[node.inputs[0]]


def _shadow(spec: TensorSpec) -> np.ndarray:
    """An array of one element that stands for one of any shape."""
    dtype = np_dtype(spec.dtype)
    steps, total = [], dtype.itemsize
    for size in reversed(known(spec.shape)):
        steps.append(total)
        total *= max(size, 1)
    return as_strided(np.empty(1, dtype), known(spec.shape), steps[::-1])


def _reshaped(source: np.ndarray, node: Node) -> np.ndarray | None:
    """The reshaped view, or None where elements must move; numpy decides alike for real arrays."""
    shape = known(node.spec.shape)
    steps = reshaped_strides(source.shape, source.strides, shape)
    return None if steps is None else as_strided(source, shape, steps)


def reshaped_strides(
    shape: tuple[int, ...], strides: tuple[int, ...], target: tuple[int, ...]
) -> list[int] | None:
    """The strides of an array seen in another shape, or None where no view can show it.

    Axes are matched in runs of equal size; each old run must lie evenly in memory.
    """
    if 0 in shape:
        return [0] * len(target)
    old = [(d, s) for d, s in zip(shape, strides, strict=True) if d != 1]
    steps = [0] * len(target)
    end = len(target)
    while old:
        size, step = old.pop()
        while old and old[-1][1] == step * size:
            size *= old.pop()[0]
        while size > 1:
            end -= 1
            if size % target[end]:
                return None
            steps[end] = step
            step *= target[end]
            size //= target[end]
    return steps


def steps_of(nodes: Iterable[Node], aliases: Aliases) -> list[Node]:
    """The nodes that need a step at run time, in order."""
    return [n for n in nodes if n.op not in LEAVES and not aliases.is_view(n)]
