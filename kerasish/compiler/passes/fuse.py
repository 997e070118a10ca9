"""Gather elementwise ops over one domain into regions that run as one loop.

a = x * w; b = a + c; y = tanh(b)  ->  y = fused(x, w, c)
"""

from __future__ import annotations

from kerasish.compiler.region import FUSED
from kerasish.graph.node import (
    CONSTANT,
    LEAVES,
    Graph,
    Node,
    inherit,
    interning,
    make_node,
    pick,
    placeholder,
    rebuild,
)
from kerasish.spec import Shape


def fusible(node: Node) -> bool:
    """Whether a node may stand in a region."""
    return node.op.elementwise


class _Groups:
    """Sets of nodes that grow while no cycle between them arises.

    `above[g]` is a bit mask of the groups that group g depends on, directly or not.
    """

    def __init__(self) -> None:
        self.of: dict[Node, int] = {}
        self.members: list[list[Node]] = []
        self.domain: list[Shape | None] = []
        self.above: list[int] = []

    def add(self, node: Node, group: int) -> None:
        self.of[node] = group
        self.members[group].append(node)
        self._depend(group, self._sources(node, group))

    def new(self, node: Node, domain: Shape | None) -> None:
        self.members.append([])
        self.domain.append(domain)
        self.above.append(0)
        self.add(node, len(self.members) - 1)

    def _sources(self, node: Node, group: int) -> int:
        mask = 0
        for source in node.inputs:
            g = self.of.get(source)
            if g is not None and g != group:
                mask |= self.above[g] | 1 << g
        return mask

    def _depend(self, group: int, mask: int) -> None:
        if mask & ~self.above[group]:
            self.above[group] |= mask
            bit = 1 << group
            for g, above in enumerate(self.above):
                if above & bit:
                    self.above[g] = above | mask

    def accepts(self, node: Node, group: int) -> bool:
        """Whether `node` can join: none of its other sources may depend on the group."""
        return not self._sources(node, group) >> group & 1

    def merge(self, a: int, b: int) -> bool:
        """Join group b into a, unless a path through a third group forbids it."""
        between = (1 << a | 1 << b)
        for g in range(len(self.above)):
            if g in (a, b) or not self.members[g]:
                continue
            after_a, after_b = self.above[g] >> a & 1, self.above[g] >> b & 1
            if (after_a and self.above[b] >> g & 1) or (after_b and self.above[a] >> g & 1):
                return False
        mask = (self.above[a] | self.above[b]) & ~between
        for node in self.members[b]:
            self.of[node] = a
        self.members[a] = sorted(self.members[a] + self.members[b], key=lambda n: n.serial)
        self.members[b] = []
        self.above[a] = mask
        self.above[b] = 0
        for g, above in enumerate(self.above):
            if above & between:
                self.above[g] = (above & ~(1 << b)) | 1 << a | mask
        return True


def group(graph: Graph) -> _Groups:
    """Assign every node but leaves to a group; only fusible ones share one."""
    groups = _Groups()
    for node in graph.nodes:
        if node.op in LEAVES:
            continue
        if not fusible(node):
            groups.new(node, None)
            continue
        domain = node.spec.shape
        near = dict.fromkeys(groups.of[i] for i in node.inputs if i in groups.of)
        joined: int | None = None
        for g in near:
            if groups.domain[g] != domain or not groups.members[g]:
                continue
            if joined is None:
                if groups.accepts(node, g):
                    groups.add(node, g)
                    joined = g
            elif groups.merge(joined, g):
                pass
        if joined is None:
            groups.new(node, domain)
    return groups


def fuse(graph: Graph, backend: str) -> Graph:
    """Replace every group of two or more elementwise nodes by one region."""
    if backend != "numpy":
        return graph
    groups = group(graph)
    wanted = _used_outside(graph, groups)
    done: dict[Node, Node] = {n: n for n in graph.nodes if n.op in LEAVES}
    with interning():
        for g in _order(groups):
            members = groups.members[g]
            if len(members) == 1:
                done[members[0]] = rebuild(members[0], tuple(done[i] for i in members[0].inputs))
            else:
                _emit(members, wanted, done)
    return Graph(
        graph.inputs,
        (done[n] for n in graph.outputs),
        ((variable, done[n]) for variable, n in graph.updates),
    )


def _used_outside(graph: Graph, groups: _Groups) -> set[Node]:
    wanted = set(graph.results)
    for node in graph.nodes:
        for source in node.inputs:
            if groups.of.get(source) != groups.of.get(node):
                wanted.add(source)
    return wanted


def _order(groups: _Groups) -> list[int]:
    """Groups so that each follows what it depends on, otherwise by their first member."""
    alive = [g for g, members in enumerate(groups.members) if members]
    alive.sort(key=lambda g: groups.members[g][-1].serial)
    order: list[int] = []
    placed = 0
    pending = alive
    while pending:
        later: list[int] = []
        for g in pending:
            if groups.above[g] & ~placed:
                later.append(g)
            else:
                order.append(g)
                placed |= 1 << g
        pending = later
    return order


def _emit(members: list[Node], wanted: set[Node], done: dict[Node, Node]) -> None:
    inside = set(members)
    inputs: dict[Node, Node] = {}
    inner: dict[Node, Node] = {}
    for node in members:
        for source in node.inputs:
            if source in inside or source in inner:
                continue
            if source.op is CONSTANT and source.value.size == 1:
                inner[source] = source
            else:
                inputs[source] = inner[source] = placeholder(source.spec)
        inner[node] = rebuild(node, tuple(inner[i] for i in node.inputs))
    results = [n for n in members if n in wanted]
    body = Graph(inputs.values(), [inner[n] for n in results])
    last = members[-1]
    with inherit(last):
        fused = make_node(FUSED, tuple(done[i] for i in inputs), {"body": body})
        for k, node in enumerate(results):
            done[node] = fused if len(results) == 1 else pick(fused, k)


