"""Groups of nodes that grow while no cycle between them arises."""

from __future__ import annotations

import heapq

from kerasish.graph.node import BY_SERIAL, Node

Shape = tuple[int, ...]
LIMIT = 96  # members of one group; more would not fit a processor's registers anyway


class Groups:
    """A partition of a graph's nodes.

    Attributes:
        of: the group of a node.
        members: the nodes of a group, in order.
        domain: the shape a group's elements live on; None for a node that cannot be fused.
        axes: the axes that the group's reductions reduce; empty without one.
        element: whether a node has one value per element of its group's domain.
    """

    def __init__(self) -> None:
        self.of: dict[Node, int] = {}
        self.members: list[list[Node]] = []
        self.domain: list[Shape | None] = []
        self.axes: list[tuple[int, ...]] = []
        self.element: dict[Node, bool] = {}
        self._above: list[int] = []  # bit masks of the groups a group depends on
        self._needed = 0  # the groups that some group depends on
        self._readers: dict[Node, list[int]] = {}  # fusible groups that read a node

    def new(
        self,
        node: Node,
        domain: Shape | None = None,
        axes: tuple[int, ...] = (),
        element: bool = True,
    ) -> None:
        """Open a group with its first node."""
        self.members.append([])
        self.domain.append(domain)
        self.axes.append(axes)
        self._above.append(0)
        self.add(node, len(self.members) - 1, element)

    def add(self, node: Node, group: int, element: bool) -> None:
        """Put a node into a group that accepts it."""
        self.of[node] = group
        self.members[group].append(node)
        self.element[node] = element
        self._depend(group, self._sources(node, group))
        if self.domain[group] is not None:
            for source in node.inputs:
                readers = self._readers.setdefault(source, [])
                if group not in readers:
                    readers.append(group)

    def near(self, node: Node) -> list[int]:
        """Groups that a node could join: those that make its inputs, then those that read them."""
        found: dict[int, None] = {}
        for source in node.inputs:
            if source in self.of:
                found[self.of[source]] = None
        for source in node.inputs:
            for g in self._readers.get(source, ()):
                if self.members[g] and source.spec.shape == self.domain[g]:
                    found[g] = None
        return [g for g in found if self.domain[g] is not None]

    def accepts(self, node: Node, group: int) -> bool:
        """Whether `node` can join: none of its other sources may depend on the group."""
        if len(self.members[group]) >= LIMIT:
            return False
        return not self._sources(node, group) >> group & 1

    def merge(self, a: int, b: int) -> bool:
        """Join group b into a, unless their reductions differ or a path between them forbids it."""
        if self.axes[a] and self.axes[b] and self.axes[a] != self.axes[b]:
            return False
        if self.domain[a] != self.domain[b] or len(self.members[a]) + len(self.members[b]) > LIMIT:
            return False
        both = 1 << a | 1 << b
        between = (self._above[a] | self._above[b]) & ~both
        for g, above in enumerate(self._above):
            if above & both and between >> g & 1:
                return False
        for node in self.members[b]:
            self.of[node] = a
            for source in node.inputs:
                readers = self._readers[source]
                readers[:] = dict.fromkeys(a if g == b else g for g in readers)
        self.members[a] = sorted(self.members[a] + self.members[b], key=BY_SERIAL)
        self.members[b] = []
        self.axes[a] = self.axes[a] or self.axes[b]
        self._above[a], self._above[b] = between, 0
        if self._needed & both:
            joined = 1 << a | between
            self._above = [
                above & ~both | joined if above & both else above for above in self._above
            ]
            self._needed = self._needed & ~both | 1 << a
        return True

    def order(self) -> list[int]:
        """Groups so that each follows what it depends on, otherwise by their last member.

        The order of making is kept wherever it can be: it decides how long values live.
        """
        waiting: dict[int, int] = {}
        users: dict[int, list[int]] = {}
        ready: list[tuple[int, int]] = []
        for g, members in enumerate(self.members):
            if not members:
                continue
            sources = {self.of[i] for n in members for i in n.inputs if i in self.of} - {g}
            waiting[g] = len(sources)
            for source in sources:
                users.setdefault(source, []).append(g)
            if not sources:
                ready.append((members[-1].serial, g))
        heapq.heapify(ready)
        order: list[int] = []
        while ready:
            _, g = heapq.heappop(ready)
            order.append(g)
            for user in users.get(g, ()):
                waiting[user] -= 1
                if not waiting[user]:
                    heapq.heappush(ready, (self.members[user][-1].serial, user))
        return order

    def _sources(self, node: Node, group: int) -> int:
        mask = 0
        for source in node.inputs:
            g = self.of.get(source)
            if g is not None and g != group:
                mask |= self._above[g] | 1 << g
        return mask

    def _depend(self, group: int, mask: int) -> None:
        if mask & ~self._above[group]:
            self._above[group] |= mask
            self._needed |= mask
            bit = 1 << group
            if self._needed & bit:
                self._above = [above | mask if above & bit else above for above in self._above]
