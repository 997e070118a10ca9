"""What a node costs on paper: floating-point operations and bytes moved."""

from __future__ import annotations

from typing import Any

from kerasish.compiler.region import FUSED
from kerasish.errors import clip
from kerasish.graph import primitives as _p
from kerasish.graph.defined import expand
from kerasish.graph.node import LEAVES, PICK, Graph, Node, interning, placeholder, toposort


def flops(node: Node) -> int:
    """Floating-point operations of one node, by its op's rule.

    An op without a rule counts one per output element; one that is defined by other ops or holds
    a graph counts what is inside, a scan once for every round. A loop whose rounds are not known
    counts one, a switch all its branches. Leaves, projections and views are free.
    """
    op = node.op
    if op in LEAVES or op is PICK or op.view:
        return 0
    if op.flops is not None:
        return int(op.flops(*(i.spec for i in node.inputs), **node.attrs))
    if op.definition is not None:
        with interning():
            inputs = tuple(placeholder(i.spec) for i in node.inputs)
            return sum(map(flops, toposort(expand(op, inputs, node.attrs))))
    held = [a if isinstance(a, tuple) else (a,) for a in node.attrs.values()]
    bodies = [graph_flops(g) for group in held for g in group if isinstance(g, Graph)]
    if bodies:
        return sum(bodies) * (node.attrs.get("length") or 1)
    return sum(spec.size for spec in node.specs)


def graph_flops(graph: Graph) -> int:
    """Floating-point operations of a graph run once."""
    return sum(map(flops, graph.nodes))


def nbytes(node: Node) -> int:
    """Bytes that a node reads and writes: its inputs, before broadcasting, and its outputs."""
    if node.op is PICK:  # as a step of a plan it is a copy
        return 2 * node.spec.nbytes
    return sum(map(_stored, dict.fromkeys(node.inputs))) + sum(spec.nbytes for spec in node.specs)


def _stored(source: Node) -> int:
    while source.op is _p.broadcast_to:
        source = source.inputs[0]
    return source.spec.nbytes


def label(node: Node, width: int = 40) -> str:
    """A node's op by name; for a fused region, what was fused."""
    body: Any = node.attrs.get("body")
    if node.op is not FUSED or not isinstance(body, Graph):
        return node.op.name
    names = [n.op.name for n in body.nodes if n.op not in LEAVES and n.op is not PICK]
    return clip(f"fused {len(names)}: {' '.join(names)}", width)
