"""A scan taken apart into what it carries, what it stacks and what it is given; and built again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kerasish.graph import batching
from kerasish.graph import primitives as _p
from kerasish.graph.node import (
    CONSTANT,
    LEAVES,
    PICK,
    VARIABLE,
    Graph,
    Node,
    inherit,
    make_node,
    pick,
    placeholder,
    rebuild,
    substitute,
    toposort,
)
from kerasish.graph.tensor import Tensor, node_of
from kerasish.spec import TensorSpec, known

Later = Callable[[], Node]  # a node that can be made once the new scan stands
Outer = tuple[Node, bool]  # a node outside the loop, and whether it has a row per round

FREE = 1 << 26  # bytes that taking work out of a loop may always cost


def batched(node: Node, inputs: Sequence[Outer], rows: int) -> Node | None:
    """A node for all rounds at once, by its op's batching rule; None where that knows none."""
    x = [Tensor(n.spec, node=n) for n, _ in inputs]
    found = batching.batched(node, x, [sliced for _, sliced in inputs], rows)
    return None if found is None else node_of(found)


def surely(node: Node, inputs: Sequence[Outer], rows: int) -> Node:
    """The same of an op that has a rule."""
    made = batched(node, inputs, rows)
    if made is None:
        raise AssertionError(f"{node.op.name} has no rule for these operands")
    return made


@dataclass(eq=False)
class Carry:
    """One carried value.

    Attributes:
        before: its placeholder in the body.
        start: its first value, outside.
        after: what the body gives for the next round.
        final, history: who gives these outputs; None where nobody reads them.
        live: whether it is still carried.
    """

    before: Node
    start: Node
    after: Node
    final: Later | None
    history: Later | None
    live: bool = True


@dataclass(eq=False)
class Result:
    """One stacked result: what the body gives, and who gives the output; None if nobody reads it.

    `inside` says whether the loop still stacks it.
    """

    node: Node
    output: Later | None
    inside: bool = True


class Loop:
    """A scan in pieces.

    Args:
        node: the scan.
        inputs: what its inputs have become.
        body: its body, simplified.
        used: the outputs that somebody reads.

    Attributes:
        given: the body's inputs that are not carried: where they come from.
    """

    def __init__(self, node: Node, inputs: tuple[Node, ...], body: Graph, used: set[int]) -> None:
        self.node = node
        self.rows: int = node.attrs["length"]
        c, n = node.attrs["n_carry"], len(body.outputs)
        sliced = c + node.attrs["n_xs"]
        self._finals: dict[Node, Node] = {}
        self._pasts: dict[Node, Node] = {}
        self.carries = [
            Carry(
                body.inputs[k],
                inputs[k],
                body.outputs[k],
                self._later(self._finals, body.inputs[k]) if k in used else None,
                self._later(self._pasts, body.inputs[k]) if n + k in used else None,
            )
            for k in range(c)
        ]
        self.results = [Result(body.outputs[k], None) for k in range(c, n)]
        for k, result in enumerate(self.results, c):
            result.output = self._row(result) if k in used else None
        self.given: dict[Node, Outer] = {
            body.inputs[i]: (inputs[i], i < sliced) for i in range(c, len(inputs))
        }
        self.extra: dict[Node, Result] = {}  # body nodes that must be stacked for later work
        self._rows: dict[Node, Node] = {}
        self._outer: dict[Node, Outer | None] = {}
        sizes = [i.spec.nbytes for i in inputs] + [s.nbytes for s in node.spec]
        self.limit = max(FREE, 4 * sum(sizes))

    def _later(self, made: dict[Node, Node], before: Node) -> Later:
        return lambda: made[before]

    def _row(self, result: Result) -> Later:
        return lambda: self._rows[result.node]

    # --- what is left of it -------------------------------------------------------------------

    @property
    def live(self) -> list[Carry]:
        """The values that are still carried."""
        return [c for c in self.carries if c.live]

    @property
    def kept(self) -> list[Result]:
        """What the loop still stacks, each node once."""
        wanted = [r for r in self.results if r.inside and r.output is not None]
        return list({r.node: r for r in (*wanted, *self.extra.values())}.values())

    def roots(self) -> list[Node]:
        """What the body must compute."""
        return [*(c.after for c in self.live), *(r.node for r in self.kept)]

    def varying(self) -> set[Node]:
        """The body's nodes that depend on a carried value."""
        found = {c.before for c in self.live}
        for node in toposort(self.roots()):
            if any(i in found for i in node.inputs):
                found.add(node)
        return found

    def prune(self) -> None:
        """Drop carried values that no output depends on."""
        needed = {c for c in self.live if c.final is not None or c.history is not None}
        results = [r.node for r in self.kept]
        while True:
            found = set(toposort([*(c.after for c in needed), *results]))
            more = {c for c in self.live if c.before in found} - needed
            if not more:
                break
            needed |= more
        for carry in self.live:
            carry.live = carry in needed

    def replace(self, mapping: dict[Node, Node]) -> None:
        """Put other nodes in the place of some of the body's."""
        marks = {n: n for n in (*self.given, *(c.before for c in self.carries))}
        carries = self.live
        results = [r for r in self.results if r.inside and r.output is not None]
        old = [*(c.after for c in carries), *(r.node for r in results)]
        new = substitute(old, {**marks, **mapping})
        for carry, node in zip(carries, new, strict=False):
            carry.after = node
        for result, node in zip(results, new[len(carries) :], strict=True):
            result.node = node

    def give(self, outer: Node, sliced: bool) -> Node:
        """A new input of the body that stands for an outer node."""
        spec = outer.spec
        made = placeholder(TensorSpec(known(spec.shape)[1:], spec.dtype) if sliced else spec)
        self.given[made] = (outer, sliced)
        return made

    # --- what can be had outside -----------------------------------------------------------------

    def outside(self, node: Node) -> Outer | None:
        """A body's node for all rounds at once, if it depends on no carried value.

        None also where an op on the way has no rule, or the rows would take too much memory.
        """
        for each in toposort([node], stop=self._outer):
            if each not in self._outer:
                with inherit(each):
                    self._outer[each] = self._lifted(each)
        return self._outer[node]

    def _lifted(self, node: Node) -> Outer | None:
        if node in self.given:
            return self.given[node]
        if node.op in (CONSTANT, VARIABLE):
            return node, False
        if node.op in LEAVES:
            return None
        inputs: list[Outer] = []
        for source in node.inputs:
            found = self._outer[source]
            if found is None:
                return None
            inputs.append(found)
        if not any(sliced for _, sliced in inputs):
            return rebuild(node, tuple(n for n, _ in inputs)), False
        if (
            node.op is PICK
            or not isinstance(node.spec, TensorSpec)
            or not batching.has_rule(node.op)
        ):
            return None
        if node.spec.nbytes * self.rows > self.limit:
            return None
        made = batched(node, inputs, self.rows)
        return None if made is None else (made, True)

    def rows_of(self, outer: Outer) -> Node:
        """An outer node with a row per round."""
        node, sliced = outer
        if sliced:
            return node
        attrs = {"shape": (self.rows, *known(node.spec.shape))}
        return make_node(_p.broadcast_to, (node,), attrs)

    def stacked(self, node: Node) -> Later | None:
        """A body's node with a row per round, after the loop; the loop stacks it if need be."""
        found = self.outside(node)
        if found is not None:
            rows = self.rows_of(found)
            return lambda: rows
        for carry in self.live:
            if carry.before is node:
                past = self._later(self._pasts, node)
                carry.history = carry.history or past
                return past
        if node.op.view:
            source = self.stacked(node.inputs[0])
            return None if source is None else lambda: surely(node, [(source(), True)], self.rows)
        if node.spec.nbytes * self.rows > self.limit:
            return None
        self.extra.setdefault(node, Result(node, lambda: self._rows[node]))
        return lambda: self._rows[node]

    def is_stacked(self, node: Node) -> bool:
        """Whether `stacked` costs nothing more for this node."""
        held = self.outside(node) is not None or node in self.extra
        held = held or any(r.node is node for r in self.kept)
        return held or any(c.before is node and c.history is not None for c in self.live)

    # --- the new scan ---------------------------------------------------------------------------

    def build(self) -> tuple[Node, ...]:
        """The scan of what is left, and a node for each of the original outputs."""
        live, kept = self.live, self.kept
        reached = set(toposort(self.roots()))
        given = [(mark, *self.given[mark]) for mark in self.given if mark in reached]
        xs = [(mark, outer) for mark, outer, sliced in given if sliced]
        captured = [(mark, outer) for mark, outer, sliced in given if not sliced]
        if live or kept:
            marks = (*(c.before for c in live), *(mark for mark, _ in (*xs, *captured)))
            outer = (*(c.start for c in live), *(node for _, node in (*xs, *captured)))
            attrs = {
                "body": Graph(marks, self.roots()),
                "n_carry": len(live),
                "n_xs": len(xs),
                "n_captured": len(captured),
                "length": self.rows,
                "reverse": self.node.attrs["reverse"],
            }
            made = make_node(self.node.op, outer, attrs, like=self.node)
            n, m = len(live), len(live) + len(kept)
            for k, carry in enumerate(live):
                self._finals[carry.before] = pick(made, k)
                self._pasts[carry.before] = pick(made, m + k)
            for k, result in enumerate(kept):
                self._rows[result.node] = pick(made, n + k)
        later = [c.final for c in self.carries] + [r.output for r in self.results]
        later += [c.history for c in self.carries]
        # An output that nobody reads needs no value: the old scan stands in, and is never reached.
        return tuple(self.node if make is None else make() for make in later)


def reshape(node: Node, shape: Sequence[int], like: Node | None = None) -> Node:
    """`node` in another shape; made like another one."""
    if node.spec.shape == tuple(shape):
        return node
    return make_node(_p.reshape, (node,), {"shape": tuple(shape)}, like=like)


def count_uses(roots: Iterable[Node]) -> Counter[Node]:
    """How often each node is an input, or a root, among all that `roots` need."""
    roots = list(roots)
    return Counter([*roots, *(source for node in toposort(roots) for source in node.inputs)])
