"""Expand ops into their definitions where no provider has a kernel for them.

lstm(x, ...)  ->  scan(cell, x, ...)          (without a library that runs whole sequences)
"""

from __future__ import annotations

from typing import Any

from kerasish.backend.base import Backend
from kerasish.compiler.providers import find
from kerasish.graph.defined import expand as definition
from kerasish.graph.node import Graph, Node, inherit, rewrite
from kerasish.spec import TensorSpec


def expand(graph: Graph, device: Backend) -> Graph:
    """Replace every unsupported defined op by its definition, until none is left."""

    def unsupported(graph: Graph) -> set[Node]:
        return {n for n in graph.nodes if n.op.definition and find(n, device.name) is None}

    def rule(node: Node, inputs: tuple[Node, ...]) -> Any:
        if node not in wanted:
            return None
        with inherit(node):
            nodes = definition(node.op, inputs, node.attrs)
        return nodes[0] if isinstance(node.spec, TensorSpec) else nodes

    while wanted := unsupported(graph):
        graph = rewrite(graph, rule)
    return graph
