"""Closure conversion: a body that uses outer nodes becomes a graph with more inputs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kerasish.graph.node import CONSTANT, Graph, Node, placeholder, rebuild, toposort


def close_over(
    own: Sequence[Node], outputs: Sequence[Node], within: Collection[Node] = ()
) -> tuple[Graph, tuple[Node, ...]]:
    """Close a body over the outer nodes it uses.

    Args:
        own: the body's placeholders.
        outputs: its results, which may use any node of the enclosing trace.
        within: nodes that stay inside though they do not use `own`: those of a branch, which
            must run only when the branch is taken.

    Returns:
        (graph, captured): `graph` takes `own` and then one placeholder per captured node. What
        does not depend on `own` is captured as late as possible, so loop-invariant work stays
        outside; constants are copied into the body.
    """
    inside: set[Node] = {*own, *within}
    order = toposort(outputs)
    for node in order:
        if any(i in inside for i in node.inputs):
            inside.add(node)
    done: dict[Node, Node] = {n: n for n in own}
    captured: list[Node] = []
    extra: list[Node] = []

    def outer(node: Node) -> Node:
        if node.op is CONSTANT:
            return node
        if node not in done:
            captured.append(node)
            extra.append(placeholder(node.spec, f"captured{len(captured) - 1}"))
            done[node] = extra[-1]
        return done[node]

    for node in order:
        if node in inside and node not in done:
            inputs = tuple(done[i] if i in inside else outer(i) for i in node.inputs)
            done[node] = node if inputs == node.inputs else rebuild(node, inputs)
    results = [done[n] if n in inside else outer(n) for n in outputs]
    return Graph((*own, *extra), results), tuple(captured)
