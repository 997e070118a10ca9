"""A function's graph at every stage, with one number for a node as long as it stays what it is."""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerasish.backend.base import current
from kerasish.compiler.passes import PIPELINE, applied
from kerasish.compiler.region import FUSED
from kerasish.graph.node import LEAVES, PICK, Graph, Node, attr_key
from kerasish.graph.watching import Pulled, Replaced, replacements
from kerasish.inspect.profile import BACKWARD
from kerasish.inspect.stages import TRACED


def place_of(scope: str) -> tuple[str, bool]:
    """(path of the layer, whether differentiation made it) of a node's scope."""
    parts = scope.split("/") if scope else []
    return "/".join(p for p in parts if p != BACKWARD), BACKWARD in parts


@dataclass(frozen=True)
class Rewritten:
    """A node that a pass made: its number, those it stands for, and by which rule."""

    number: int
    stands_for: tuple[int, ...]
    rule: str


@dataclass
class Stage:
    """The graph at one stage, and what changed since the one before.

    Attributes:
        name: "traced" or the name of a pass.
        graph: the graph.
        numbers: of its nodes, leaves and all.
        gone: numbers of nodes that are there no more.
        new: nodes that were not there before.
        rules: how often each rule was applied.
    """

    name: str
    graph: Graph
    numbers: dict[Node, int]
    gone: list[int] = field(default_factory=list[int])
    new: list[Rewritten] = field(default_factory=list[Rewritten])
    rules: Counter[str] = field(default_factory=Counter[str])


@dataclass
class Book:
    """All stages of one function.

    Attributes:
        stages: in order.
        nodes: for every number, the first node that had it.
        origins: for the number of a gradient's node, the number of the node that it is for.
    """

    stages: list[Stage]
    nodes: list[Node]
    origins: dict[int, int]


def read(traced: Graph, pulled: Sequence[Pulled] = ()) -> Book:
    """The stages of a traced graph.

    Args:
        pulled: for which nodes its gradients were made (`graph.watching.gradients`).
    """
    nodes: list[Node] = []
    numbers = {node: _numbered(node, nodes) for node in traced.nodes}
    stages = [Stage(TRACED, traced, numbers)]
    for name, step in PIPELINE:
        with replacements() as told:
            graph = applied(name, step, stages[-1].graph, current())
        stages.append(_next(name, graph, stages[-1], told, nodes))
    return Book(stages, nodes, _origins(numbers, pulled))


def _numbered(node: Node, nodes: list[Node]) -> int:
    nodes.append(node)
    return len(nodes) - 1


def _origins(numbers: Mapping[Node, int], pulled: Sequence[Pulled]) -> dict[int, int]:
    """The innermost span of serials that a gradient's node was made in says what it is for."""
    spans = sorted((p for p in pulled if p.node in numbers), key=lambda p: p.first)
    starts = [p.first for p in spans]
    found: dict[int, int] = {}
    for node, number in numbers.items():
        for span in reversed(spans[: bisect.bisect(starts, node.serial)]):
            if span.first < node.serial < span.last:
                found[number] = numbers[span.node]
                break
            if node.serial - span.first > 5000:  # spans are short
                break
    return found


def _likeness(node: Node) -> Any:
    try:
        attrs = hash(attr_key(node.attrs))
    except TypeError:
        attrs = len(node.attrs)
    return node.op.name, node.scope, node.source, node.specs, attrs


def _next(
    name: str, graph: Graph, before: Stage, told: Sequence[Replaced], nodes: list[Node]
) -> Stage:
    """The stage after a pass. Whoever rewrites says what became of each node; what is the same
    object is the same; the rest is matched in order by op, place, line, shapes and attributes."""
    kept, made, rules = _followed(before, told, name)
    numbers: dict[Node, int] = {}
    waiting: dict[Any, list[int]] = defaultdict(list)
    claimed: set[int] = set()
    for node in graph.nodes:
        held = before.numbers.get(node, kept.get(node))
        if held is not None and held not in claimed:
            numbers[node] = held
            claimed.add(held)
    for node, number in before.numbers.items():
        if number not in claimed:
            waiting[_likeness(node)].append(number)
    new: list[Rewritten] = []
    for node in graph.nodes:
        if node in numbers:
            continue
        sources, rule = made.get(node, ((), ""))
        alike = [] if rule else waiting.get(_likeness(node), [])
        if alike:
            numbers[node] = alike.pop(0)
            continue
        numbers[node] = _numbered(node, nodes)
        new.append(Rewritten(numbers[node], sources, rule or name))
    there = set(numbers.values())
    gone = [number for number in before.numbers.values() if number not in there]
    return Stage(name, graph, numbers, gone, new, rules)


def _followed(
    before: Stage, told: Sequence[Replaced], pass_name: str
) -> tuple[dict[Node, int], dict[Node, tuple[tuple[int, ...], str]], Counter[str]]:
    """(numbers of nodes that stayed, what stands for which by which rule, how often each rule)."""
    numbers: dict[Node, int] = dict(before.numbers)
    made: dict[Node, tuple[tuple[int, ...], str]] = {}
    rules: Counter[str] = Counter()
    for node, by, name in told:
        number = numbers.get(node)
        rule = pass_name if name in ("rule", "apply") else name
        each = by if isinstance(by, tuple) else (by,)
        if rule:
            rules[rule] += 1
        if number is None:
            if node in made:  # a pass that rewrites several times
                for one in each:
                    made.setdefault(one, made[node])
            continue
        for one in each:
            if not rule:
                numbers.setdefault(one, number)
            elif one not in numbers:
                held, first = made.get(one, ((), rule))
                made[one] = (*held, number), first
    return numbers, made, rules


def inner(node: Node) -> list[Node]:
    """The ops inside a fused node, in order; those of another are none."""
    body: Any = node.attrs.get("body")
    if node.op is not FUSED or not isinstance(body, Graph):
        return []
    return [n for n in body.nodes if n.op not in LEAVES and n.op is not PICK]


def drawn_nodes(nodes: Iterable[Node]) -> list[Node]:
    """The nodes that pictures show: no constants, no single outputs of others."""
    return [n for n in nodes if n.op is not PICK and n.op not in LEAVES]
