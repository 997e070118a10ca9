"""Tracing: running Python once on symbolic tensors, and what variables hold meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kerasish import tree
from kerasish.errors import GraphError
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
from kerasish.graph.recording import Held, alias, recording, unrecorded
from kerasish.graph.tensor import Tensor, input_tensor, node_of
from kerasish.spec import TensorSpec

if TYPE_CHECKING:
    from kerasish.graph.variable import Variable


class Trace(Held):
    """What variables hold while one function is traced, and what it and its bodies `assigned`."""

    def __init__(self) -> None:
        super().__init__()
        self.assigned: list[dict[Variable, Node]] = [{}]

    def peek(self, variable: Variable) -> Node:
        """What a variable holds, without a read that tapes would count."""
        layer = self.layers[self.depth(variable)]
        if variable not in layer:
            layer[variable] = start(variable)
        return layer[variable]

    def assign(self, variable: Variable, value: Tensor) -> None:
        """Make `value` what the variable holds from here on."""
        node = self.assigned[-1][variable] = node_of(value)
        own = recording.tapes or node.op is PLACEHOLDER  # tapes tell it from what was given
        self.layers[-1][variable] = alias(node) if own else node

    @contextmanager
    def part(self, carried: dict[Variable, Node]) -> Generator[dict[Variable, Node], None, None]:
        """Context manager: a body that finds variables as they are, or as `carried` says, and
        leaves them so; gives what it has assigned."""
        self.assigned.append({})
        try:
            with self.body(dict(carried)):
                yield self.assigned[-1]
        finally:
            self.assigned.pop()


def start(variable: Variable) -> Node:
    """What a variable holds where a trace begins."""
    return Node(VARIABLE, (), {"variable": variable}, variable.spec)


class _Local(threading.local):
    def __init__(self) -> None:
        self.traces: list[Trace | None] = []


_local = _Local()


def current_trace() -> Trace | None:
    """The trace being made on this thread, or None when ops run eagerly."""
    return _local.traces[-1] if _local.traces else None


def depth() -> int:
    """How many bodies of control flow are being run or traced in each other."""
    return len((current_trace() or recording.held).layers) - 1


@contextmanager
def entered(made: Trace | None) -> Generator[None, None, None]:
    """Context manager: variables are read and written through `made`; None: in their buffers."""
    _local.traces.append(made)
    try:
        yield
    finally:
        _local.traces.pop()


@contextmanager
def tracing() -> Generator[Trace, None, None]:
    """Context manager: ops on symbolic tensors and variable reads inside build one graph."""
    made = Trace()
    with entered(made), unrecorded(), interning():
        yield made


@contextmanager
def eagerly() -> Generator[None, None, None]:
    """Context manager: inside, variables read and write their buffers even during a trace."""
    with entered(None), unrecorded():
        yield


def trace(func: Callable[..., Any], specs: Sequence[TensorSpec], names: Sequence[str] = ()) -> Any:
    """Trace `func` on symbolic tensors of the given specs.

    Returns:
        (graph, structure): the graph, and the nested structure of `func`'s result whose leaves
        are indices into `graph.outputs`, or the plain Python values that are no tensors.
    """
    inputs = [input_tensor(s, names[i] if names else f"x{i}") for i, s in enumerate(specs)]
    with tracing() as made:
        result = func(*inputs)
        outputs, structure = slotted(result)
        nodes = [t.node for t in inputs if t.node is not None]
        graph = _settled(Graph(nodes, outputs, made.assigned[0].items()))
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
                "A symbolic tensor outlived the function it was traced in",
                expected="tensors with values, arguments and what follows from them",
                received=f"{node.spec}, made at {node.source}",
                fix="Return it, or keep it in a kerasish.Variable.",
            )
    return graph


class Slot(int):
    """The position of a result among a graph's outputs."""


def slotted(result: Any) -> tuple[list[Node], Any]:
    """(the nodes of its tensors, `result` with their positions in place of them)."""
    outputs: list[Node] = []

    def enter(leaf: Any) -> Any:
        if isinstance(leaf, Tensor) or hasattr(leaf, "__kerasish_tensor__"):
            outputs.append(node_of(leaf))
            return Slot(len(outputs) - 1)
        return leaf

    return outputs, tree.map_structure(enter, result)
