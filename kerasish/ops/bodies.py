"""Bodies of control flow: Python functions traced into graphs that close over what they use.

State that a body assigns to variables becomes an explicit value of the loop or of the branch, so
that a compiled loop does to variables what the same loop in Python does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kerasish.graph.closure import close_over
from kerasish.graph.node import LEAVES, VARIABLE, Graph, Node, interning, placeholder, toposort
from kerasish.graph.tensor import Tensor, input_tensor, node_of
from kerasish.graph.trace import Trace, current_trace
from kerasish.graph.variable import Variable
from kerasish.spec import TensorSpec

Flat = Callable[..., Sequence[Any]]  # flat tensors -> flat tensors


def is_symbolic(tensors: Sequence[Tensor]) -> bool:
    """Whether control flow on these values must become part of a graph."""
    return current_trace() is not None or any(t.value is None for t in tensors)


def _restore(made: Trace, held: dict[Any, Node], assigned: dict[Any, Node]) -> None:
    """Put back what variables held before a body; variables it read first stay known."""
    for variable, node in made.held.items():
        if node.op is VARIABLE and variable not in held:
            held[variable] = node
    made.held, made.assigned = held, assigned


def _assigned_since(made: Trace, before: dict[Any, Node]) -> list[Variable]:
    return [v for v, node in made.assigned.items() if before.get(v) is not node]


class LoopBody:
    """The traced body of a loop.

    Attributes:
        own: placeholders of the loop's values, then of `variables`.
        outputs: the results, then the values of `variables` after one round.
        variables: what the body assigns; the loop carries their values.
    """

    def __init__(self, func: Flat, specs: Sequence[TensorSpec]) -> None:
        self.variables: list[Variable] = []
        while True:
            inputs = [input_tensor(s, f"x{i}") for i, s in enumerate(specs)]
            marks = [placeholder(v.spec, v.path) for v in self.variables]
            results, new = self._round(func, inputs, marks)
            if not new:
                break
            self.variables += new  # once more, now with their values carried
        self.own = [node_of(t) for t in inputs] + marks
        self.outputs = results

    def _round(
        self, func: Flat, inputs: list[Tensor], marks: list[Node]
    ) -> tuple[list[Node], list[Variable]]:
        made = current_trace()
        if made is None:
            with interning():
                return [node_of(t) for t in func(*inputs)], []
        held, assigned = dict(made.held), dict(made.assigned)
        made.held.update(zip(self.variables, marks, strict=True))
        try:
            with interning():
                results = [node_of(t) for t in func(*inputs)]
                results += [node_of(made.read(v)) for v in self.variables]
            new = [v for v in _assigned_since(made, assigned) if v not in self.variables]
        finally:
            for variable in self.variables:
                made.held.pop(variable, None)
            _restore(made, held, assigned)
        return results, new


class Branch:
    """One traced branch: its results, and the variables it assigns."""

    def __init__(self, func: Flat) -> None:
        made = current_trace()
        self.assigned: dict[Variable, Node] = {}
        if made is None:
            with interning() as table:
                self.outputs = [node_of(t) for t in func()]
        else:
            held, assigned = dict(made.held), dict(made.assigned)
            try:
                with interning() as table:
                    self.outputs = [node_of(t) for t in func()]
                changed = _assigned_since(made, assigned)
                self.assigned = {v: made.assigned[v] for v in changed}
                for node in toposort([*self.outputs, *self.assigned.values()]):
                    if node.op is VARIABLE:  # read before it was assigned here
                        held.setdefault(node.attrs["variable"], node)
            finally:
                _restore(made, held, assigned)
        self.within = {node for node in table.values() if node.op not in LEAVES}


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
