"""Bodies of control flow: Python functions traced into graphs that close over what they use.

State that a body assigns to variables becomes an explicit value of the loop or of the branch, so
that a compiled loop does to variables what the same loop in Python does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kerasish.graph.node import (
    CONSTANT,
    LEAVES,
    PICK,
    Graph,
    Node,
    interning,
    placeholder,
    rebuild,
    toposort,
)
from kerasish.graph.recording import alias, recording
from kerasish.graph.tensor import Tensor, input_tensor, node_of
from kerasish.graph.trace import current_trace, slotted
from kerasish.graph.variable import Variable
from kerasish.spec import TensorSpec

Flat = Callable[..., Sequence[Any]]  # flat tensors -> flat tensors


def is_symbolic(tensors: Sequence[Tensor]) -> bool:
    """Whether control flow on these values must become part of a graph."""
    return current_trace() is not None or any(t.value is None for t in tensors)


@contextmanager
def inline() -> Iterator[None]:
    """Context manager: a body that is run here and now; what it assigns stays."""
    held = current_trace() or recording.held
    layer: dict[Variable, Node] = {}
    try:
        with held.body(layer):
            yield
    finally:
        held.layers[-1].update(layer)


def handed_on(tensors: Sequence[Tensor]) -> list[Tensor]:
    """What a body that is run here takes or gives: tensors of their own, as in a graph, also where
    it takes what stands around it or gives what it got."""
    return [Tensor(t.spec, t.value, t.node and alias(t.node)) for t in tensors]


@contextmanager
def part(carried: dict[Variable, Node] | None = None) -> Iterator[dict[Variable, Node]]:
    """Context manager: a body of the function being traced; gives what it assigns.

    It finds variables as they are, or as `carried` says, and leaves them as they were. What runs
    eagerly assigns values at once, which stay.
    """
    made = current_trace()
    if made is None:
        with inline():
            yield {}
    else:
        with made.part(carried or {}) as assigned:
            yield assigned


def held_value(variable: Variable) -> Node:
    """What a variable holds at this point of the trace; no read that tapes would count."""
    made = current_trace()
    return node_of(variable.value) if made is None else made.peek(variable)


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


def trace_part(
    func: Callable[..., Any], specs: Sequence[TensorSpec]
) -> tuple[list[Node], list[Node], Any, list[Variable]]:
    """Trace a part of the function being traced, or of what runs eagerly.

    Returns:
        (inputs, outputs, structure, assigned): the placeholders of `specs`; the results, then
        what the part assigns to variables, in `assigned`; as in `trace`, the structure of the
        results. The assignments themselves are left to the caller.
    """
    inputs = [input_tensor(s, f"x{i}") for i, s in enumerate(specs)]
    with part() as assigned:
        outputs, structure = slotted(func(*inputs))
    outputs += assigned.values()
    return [node_of(t) for t in inputs], outputs, structure, list(assigned)


def subgraph(
    func: Callable[..., Any], specs: Sequence[TensorSpec]
) -> tuple[Graph, tuple[Node, ...], Any, list[Variable]]:
    """Trace a part of the function being traced as a graph of its own.

    Returns:
        (graph, captured, structure, assigned): as in `trace_part`; nodes from outside that the
        part uses have become further inputs of `graph`, listed in `captured`.
    """
    inputs, outputs, structure, assigned = trace_part(func, specs)
    graph, captured = close_over(inputs, outputs)
    return graph, captured, structure, assigned


class LoopBody:
    """The traced body of a loop.

    Attributes:
        own: placeholders of the loop's values, then of `variables`.
        outputs: the results, then the values of `variables` after one round.
        variables: what the body assigns; the loop carries their values.
    """

    def __init__(self, func: Flat, specs: Sequence[TensorSpec]) -> None:
        self.variables: dict[Variable, None] = {}
        while True:
            inputs = [input_tensor(s, f"x{i}") for i, s in enumerate(specs)]
            marks = [placeholder(v.spec, v.path) for v in self.variables]
            results, new = self._round(func, inputs, marks)
            if not new:
                break
            self.variables |= dict.fromkeys(new)  # once more, now with their values carried
        self.own = [node_of(t) for t in inputs] + marks
        self.outputs = results

    def _round(
        self, func: Flat, inputs: list[Tensor], marks: list[Node]
    ) -> tuple[list[Node], list[Variable]]:
        with interning(), part(dict(zip(self.variables, marks, strict=True))) as assigned:
            results = [node_of(t) for t in func(*inputs)]
            results += [held_value(v) for v in self.variables]
        return results, [v for v in assigned if v not in self.variables]


class Branch:
    """One traced branch: its results, and the variables it assigns."""

    def __init__(self, func: Flat) -> None:
        with interning() as table, part() as self.assigned:
            self.outputs = [node_of(t) for t in func()]
        # Outputs of what stands outside are taken there: an op with several is not handed in whole.
        self.within = {n for n in table.values() if n.op not in (*LEAVES, PICK)}


def close_together(
    own: Sequence[Node], results: Sequence[Sequence[Node]], within: Sequence[Any] = ()
) -> tuple[tuple[Graph, ...], tuple[Node, ...]]:
    """(graphs, captured): one graph for each list of results, all with the same inputs.

    Args:
        own: placeholders, the first inputs of every graph.
        results: the outputs of each graph.
        within: for each graph, the nodes that stay inside though they do not use `own`.
    """
    closed = [
        close_over(own, list(outputs), within[i] if within else ())
        for i, outputs in enumerate(results)
    ]
    names: dict[Node, str] = {}
    for _, nodes in closed:
        for node in nodes:
            names.setdefault(node, f"captured{len(names)}")
    graphs = []
    for graph, nodes in closed:
        # Each graph has placeholders of its own; those of the other graphs stay unused.
        known = dict(zip(nodes, graph.inputs[len(own) :], strict=True))
        rest = [known.get(node) or placeholder(node.spec, name) for node, name in names.items()]
        graphs.append(Graph((*own, *rest), graph.outputs))
    return tuple(graphs), tuple(names)
