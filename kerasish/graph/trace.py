"""Tracing: running Python once on symbolic tensors, and what variables hold meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kerasish import tree
from kerasish.errors import GraphError
from kerasish.graph.closure import close_over
from kerasish.graph.node import (
    CONSTANT,
    PLACEHOLDER,
    VARIABLE,
    Graph,
    Node,
    constant,
    interning,
    substitute,
)
from kerasish.graph.tensor import (
    Tensor,
    alias,
    input_tensor,
    node_of,
    recording,
    tensor_of,
    unrecorded,
)
from kerasish.spec import TensorSpec

if TYPE_CHECKING:
    from kerasish.graph.variable import Variable


class Trace:
    """The variables' symbolic values while one function is traced."""

    def __init__(self) -> None:
        self.held: dict[Variable, Node] = {}  # current value of every variable touched
        self.assigned: dict[Variable, Node] = {}

    def read(self, variable: Variable) -> Tensor:
        """The symbolic value of a variable at this point of the trace."""
        node = self.held.get(variable)
        if node is None:
            node = Node(VARIABLE, (), {"variable": variable}, variable.spec)
            self.held[variable] = node
        elif recording.logs and node is self.assigned.get(variable):
            # The node stands for something else too, whose gradient a tape must not mix in.
            node = self.held[variable] = node_of(alias(tensor_of(node)))
        return tensor_of(node)

    def assign(self, variable: Variable, value: Tensor) -> None:
        """Make `value` what the variable holds from here on."""
        self.held[variable] = self.assigned[variable] = node_of(value)


class _Local(threading.local):
    def __init__(self) -> None:
        self.traces: list[Trace | None] = []


_local = _Local()


def current_trace() -> Trace | None:
    """The trace being made on this thread, or None when ops run eagerly."""
    return _local.traces[-1] if _local.traces else None


@contextmanager
def tracing() -> Iterator[Trace]:
    """Context manager: ops on symbolic tensors and variable reads inside build one graph."""
    made = Trace()
    _local.traces.append(made)
    try:
        with unrecorded(), interning():
            yield made
    finally:
        _local.traces.pop()


@contextmanager
def eagerly() -> Iterator[None]:
    """Context manager: inside, variables read and write their buffers even during a trace."""
    _local.traces.append(None)
    try:
        with unrecorded():
            yield
    finally:
        _local.traces.pop()


def trace(func: Callable[..., Any], specs: Sequence[TensorSpec], names: Sequence[str] = ()) -> Any:
    """Trace `func` on symbolic tensors of the given specs.

    Returns:
        (graph, structure): the graph, and the nested structure of `func`'s result whose leaves
        are indices into `graph.outputs`, or the plain Python values that are no tensors.
    """
    inputs = [input_tensor(s, names[i] if names else f"x{i}") for i, s in enumerate(specs)]
    with tracing() as made:
        result = func(*inputs)
        outputs: list[Node] = []

        structure = tree.map_structure(lambda leaf: _slot(leaf, outputs), result)
        nodes = [t.node for t in inputs if t.node is not None]
        graph = _settled(Graph(nodes, outputs, made.assigned.items()))
    return graph, structure


def _settled(graph: Graph) -> Graph:
    """The graph with the values that tapes follow as constants, and no input but its own.

    Raises:
        GraphError: it uses a symbolic tensor of another trace.
    """
    known = {
        n: constant(n.value, n.spec)
        for n in graph.nodes
        if n.value is not None and n.op is not CONSTANT and isinstance(n.spec, TensorSpec)
    }
    if known:
        results = substitute(graph.results, known)
        count = len(graph.outputs)
        updates = zip((v for v, _ in graph.updates), results[count:], strict=True)
        graph = Graph(graph.inputs, results[:count], updates)
    own = set(graph.inputs)
    for node in graph.nodes:
        if node.op is PLACEHOLDER and node not in own:
            raise GraphError(
                "A symbolic tensor outlived the function it was traced in. Expected: tensors with "
                f"values, arguments and what follows from them. Received: {node.spec}, made at "
                f"{node.source}. Return it, or keep it in a kerasish.Variable."
            )
    return graph


class Slot(int):
    """The position of a result among a graph's outputs."""


def _slot(leaf: Any, outputs: list[Node]) -> Any:
    """Enter a tensor among the outputs; anything else stays itself."""
    if isinstance(leaf, Tensor) or hasattr(leaf, "__kerasish_tensor__"):
        outputs.append(node_of(leaf))
        return Slot(len(outputs) - 1)
    return leaf


def trace_part(
    func: Callable[..., Any], specs: Sequence[TensorSpec]
) -> tuple[list[Node], list[Node], Any, list[Variable]]:
    """Trace a part of the function being traced, or of what runs eagerly.

    Returns:
        (inputs, outputs, structure, assigned): the placeholders of `specs`; the results, then
        what the part assigns to variables, in `assigned`; as in `trace`, the structure of the
        results. The assignments themselves are left to the caller; eagerly, values are assigned
        at once.
    """
    made = current_trace()
    held, before = (dict(made.held), dict(made.assigned)) if made else ({}, {})
    inputs = [input_tensor(s, f"x{i}") for i, s in enumerate(specs)]
    result = func(*inputs)
    outputs: list[Node] = []
    structure = tree.map_structure(lambda leaf: _slot(leaf, outputs), result)
    assigned: list[Variable] = []
    if made is not None:
        assigned = [v for v, node in made.assigned.items() if before.get(v) is not node]
        outputs += [made.assigned[v] for v in assigned]
        first_reads = {v: n for v, n in made.held.items() if n.op is VARIABLE}
        made.held, made.assigned = {**first_reads, **held}, before
    return [node_of(t) for t in inputs], outputs, structure, assigned


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
