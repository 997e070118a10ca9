"""Give results buffers of their own where they would otherwise alias a leaf.

a <- b, b <- a  ->  a <- copy(b), b <- copy(a)
"""

from __future__ import annotations

from kerasish.backend.base import Backend
from kerasish.graph.node import LEAVES, PICK, Graph, Node, interning, make_node
from kerasish.graph.op import Op, case, declare
from kerasish.ops.declare import same_as_first

COPY = declare(
    Op(
        "copy",
        same_as_first,
        lambda xp, x, out=None: x.copy() if out is None else xp.copyto(out, x),
        vjp=lambda g, y, x: g,
        cases=(case((3, 4)),),
        out=True,
        doc="x in a buffer of its own.",
    )
)


def root(node: Node) -> Node:
    """The node whose buffer `node` looks at."""
    while node.op.view or node.op is PICK:
        node = node.inputs[0]
    return node


def own_results(graph: Graph, device: Backend) -> Graph:
    """Insert copies: an update must not be a view or leaf, an output no leaf's view."""
    taken: set[Node] = set()

    def own(node: Node, always: bool) -> Node:
        leaf = root(node).op in LEAVES
        if leaf or (always and (node.op.view or node in taken)):
            return make_node(COPY, (node,), {}, node.spec, like=node)
        if always:
            taken.add(node)
        return node

    with interning():
        outputs = [own(n, always=False) for n in graph.outputs]
        updates = [(variable, own(n, always=True)) for variable, n in graph.updates]
    return Graph(graph.inputs, outputs, updates)
