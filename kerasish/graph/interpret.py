"""Running a graph op by op, eagerly: the plainest meaning a graph has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kerasish.graph.node import CONSTANT, PICK, VARIABLE, Graph, Node, substitute, toposort
from kerasish.graph.tensor import Tensor, node_of, tensor_of, wrap
from kerasish.graph.variable import autocast


def run(
    nodes: Sequence[Node],
    known: dict[Node, Any],
    seen: Callable[[Node, Any], None] | None = None,
) -> list[Any]:
    """The values of `nodes` as tensors, given those of the leaves they need.

    A node with several outputs gives a tuple. Values are dropped when their last user has run.

    Args:
        seen: told every node and its value, when it has run.
    """
    values: dict[Node, Any] = dict(known)
    order = [n for n in toposort(nodes, stop=known) if n not in known]
    last = _last_uses(order)
    keep = set(nodes) | set(known)
    for step, node in enumerate(order):
        if node.op is CONSTANT:
            values[node] = wrap(node.value, node.dtype)
        elif node.op is VARIABLE:
            with autocast(None):  # the graph itself says where it casts
                values[node] = node.attrs["variable"].value
        elif node.op is PICK:
            values[node] = values[node.inputs[0]][node.attrs["index"]]
        else:
            values[node] = node.op(*(values[i] for i in node.inputs), **node.attrs)
        if seen is not None:
            seen(node, values[node])
        for dead in last.get(step, ()):
            if dead not in keep:
                values.pop(dead, None)
    return [values[n] for n in nodes]


def _last_uses(order: Sequence[Node]) -> dict[int, list[Node]]:
    final: dict[Node, int] = {}
    for step, node in enumerate(order):
        for source in node.inputs:
            final[source] = step
    uses: dict[int, list[Node]] = {}
    for node, step in final.items():
        uses.setdefault(step, []).append(node)
    return uses


def apply_graph(graph: Graph, inputs: Sequence[Tensor]) -> list[Any]:
    """The outputs of a graph on given inputs: values if all have values, else nodes."""
    if all(t.value is not None for t in inputs):
        return run(graph.outputs, dict(zip(graph.inputs, inputs, strict=True)))
    nodes = dict(zip(graph.inputs, map(node_of, inputs), strict=True))
    return [tensor_of(n) for n in substitute(graph.outputs, nodes)]


def run_graph(graph: Graph, inputs: Iterable[Tensor]) -> list[Any]:
    """The outputs, then the updates, of a graph on given inputs; no variable is changed."""
    return run(graph.results, dict(zip(graph.inputs, inputs, strict=True)))
