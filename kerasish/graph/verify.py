"""The grammar of graphs, executable: run after every pass."""

from __future__ import annotations

from typing import Any

from kerasish.errors import GraphError
from kerasish.graph.node import CONSTANT, LEAVES, PLACEHOLDER, Graph, Node
from kerasish.spec import TensorSpec, dtype_name


def verify(graph: Graph, known: set[Node] | None = None, like: Graph | None = None) -> Graph:
    """`graph` itself, if it is well formed.

    Args:
        known: nodes that were found right before, and are not asked again; those of `graph` join.
        like: a graph whose place it takes: of the same inputs, specs of results, and variables.

    Raises:
        GraphError: names the first node that breaks a rule: inputs come first, specs agree with
            `infer`, placeholders are declared, constants hold what their spec says.
    """
    seen: set[Node] = set()
    right: set[Node] = set() if known is None else known
    for node in graph.nodes:
        seen.add(node)
        if node.op is PLACEHOLDER and node not in graph.inputs:
            raise _broken(node, "every placeholder among the inputs", "a free placeholder")
        if node in right:
            continue
        right.add(node)
        for source in node.inputs:
            if source not in seen:
                raise _broken(node, "inputs before their users", f"{source} later")
        if node.op is CONSTANT:
            held = TensorSpec(tuple(node.value.shape), dtype_name(node.value.dtype))
            if held != node.spec:
                raise _broken(node, f"an array of {node.spec}", str(held))
        if node.op not in LEAVES:
            inferred = node.op.infer(*(i.spec for i in node.inputs), **node.attrs)
            if inferred != node.spec:
                raise _broken(node, f"the spec {inferred} that infer gives", str(node.spec))
    for variable, node in graph.updates:
        if node.spec != variable.spec:
            raise _broken(node, f"the spec {variable.spec} of {variable.path}", str(node.spec))
    if like is not None and _interface(like) != _interface(graph):
        own = "its inputs, specs of results, and updated variables"
        got = f"{graph.inputs}, {[n.spec for n in graph.results]}, {len(graph.updates)} updates"
        raise GraphError("The graph takes the place of another", expected=own, received=got)
    return graph


def _interface(graph: Graph) -> Any:
    variables = [id(variable) for variable, _ in graph.updates]
    return graph.inputs, [node.spec for node in graph.results], variables


def _broken(node: Node, expected: str, received: str) -> GraphError:
    return GraphError(
        (
            f"The graph is broken at op {node.op.name!r} ({node.scope or 'no scope'}, "
            f"{node.source or 'no source'})"
        ),
        expected=expected,
        received=received,
    )
