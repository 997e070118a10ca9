"""How control flow is done for many rows at once: its bodies are.

scan, body                 ->  scan, body for all rows
switch, one index          ->  switch, branches for all rows
switch, an index per row   ->  every branch, then a choice per row
while, one condition       ->  while, body for all rows
while, one per row         ->  while any row goes on; rows that are done stay as they are

Where a row has its own condition, bodies run for rows that would not run them. If a body may refuse
their values, such as an index that only the condition keeps in range, it is done row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.graph.batching import Batch, lift, lift_graph, spread
from kerasish.graph.node import CONSTANT, Graph, interning, placeholder, substitute
from kerasish.graph.primitives import move_axis, reshape
from kerasish.graph.tensor import Tensor, node_of, tensor_of
from kerasish.ops.basic.elementwise import equal, select
from kerasish.ops.basic.reduction import any_
from kerasish.ops.control.primitives import scan_op, switch_op, while_op


def _carried(
    body: Graph, stacked: Sequence[bool], n_carry: int, rows: Any
) -> tuple[Graph, list[bool], list[bool]]:
    """A loop's body for all rows: (body, which inputs are stacked, which outputs are).

    A carried value is stacked from the start if it is after any round.
    """
    flags = list(stacked)
    while True:
        _, found = lift_graph(body, flags, rows)
        grown = [a or b for a, b in zip(flags[:n_carry], found[:n_carry], strict=True)]
        if grown == flags[:n_carry]:
            wanted = [*grown, *found[n_carry:]]
            return lift_graph(body, flags, rows, wanted)[0], flags, wanted
        flags[:n_carry] = grown


def _may_refuse(graph: Graph) -> bool:
    """Whether an op inside may refuse values that are not known now."""
    return any(
        any(node.inputs[i].op is not CONSTANT for i in node.op.refuses)
        or any(_may_refuse(inner) for inner in _graphs(node.attrs))
        for node in graph.nodes
    )


def _graphs(attrs: dict[str, Any]) -> list[Graph]:
    """The graphs among attributes, alone or in tuples."""
    values = [v if isinstance(v, tuple) else (v,) for v in attrs.values()]
    return [item for value in values for item in value if isinstance(item, Graph)]


def _spread(b: Batch, x: Sequence[Tensor], wanted: Sequence[bool]) -> list[Tensor]:
    """The inputs with the rows in front wherever they are wanted."""
    flags = zip(x, b.stacked, wanted, strict=True)
    return [spread(t, b.rows) if w and not s else t for t, s, w in flags]


@scan_op.batching
def _(b: Batch, *x: Tensor, body: Graph, n_carry: int, n_xs: int, **_: Any) -> Any:
    graph, flags, wanted = _carried(body, b.stacked, n_carry, b.rows)
    given = _spread(b, x, flags)
    for i in range(n_carry, n_carry + n_xs):
        given[i] = move_axis(given[i], 1, 0) if flags[i] else given[i]
    found = b.again(*given, body=graph)
    over = (*wanted, *flags[:n_carry])  # results, then the carried values of every round
    return tuple(
        move_axis(t, 1, 0) if s and i >= n_carry else t
        for i, (t, s) in enumerate(zip(found, over, strict=True))
    )


@switch_op.batching
def _(b: Batch, index: Tensor, *captured: Tensor, branches: tuple[Graph, ...]) -> Any:
    flags = b.stacked[1:]
    if b.stacked[0]:
        partial = any(map(_may_refuse, branches))
        return None if partial else _chosen(b, index, captured, branches)
    found = [lift_graph(graph, flags, b.rows)[1] for graph in branches]
    wanted = [any(column) for column in zip(*found, strict=True)]
    graphs = tuple(lift_graph(graph, flags, b.rows, wanted)[0] for graph in branches)
    return switch_op(index, *captured, branches=graphs)


def _chosen(b: Batch, index: Tensor, captured: Sequence[Tensor], branches: Sequence[Graph]) -> Any:
    """What the branch of each row gives, of all branches; out of range means the nearest."""
    pairs = list(zip(captured, b.stacked[1:], strict=True))
    results = [
        lift(graph.outputs, dict(zip(graph.inputs, pairs, strict=True)), b.rows)
        for graph in branches
    ]
    chosen = []
    for column in zip(*results, strict=True):
        tensors = [t if s else spread(t, b.rows) for t, s in column]
        at = reshape(index, shape=(b.rows, *(1,) * (tensors[0].ndim - 1)))
        y = tensors[-1]
        for i in reversed(range(len(tensors) - 1)):
            y = select(at <= i if i == 0 else equal(at, i), tensors[i], y)
        chosen.append(y)
    return tuple(chosen)


@while_op.batching
def _(b: Batch, *x: Tensor, cond: Graph, body: Graph, n_carry: int, **_: Any) -> Any:
    graph, flags, _wanted = _carried(body, b.stacked, n_carry, b.rows)
    test, (differs,) = lift_graph(cond, flags, b.rows)
    if differs:
        if _may_refuse(cond) or _may_refuse(body):
            return None
        flags = [True] * n_carry + flags[n_carry:]
        test, graph = _any_row(cond, body, flags, n_carry, b.rows)
    return b.again(*_spread(b, x, flags), cond=test, body=graph)


def _any_row(
    cond: Graph, body: Graph, flags: Sequence[bool], n_carry: int, rows: Any
) -> tuple[Graph, Graph]:
    """(whether any row goes on, a round that leaves the other rows as they are)."""
    tests, _ = lift_graph(cond, flags, rows)
    moved, _ = lift_graph(body, flags, rows, [True] * n_carry)
    with interning():
        fresh = [placeholder(n.spec, "v") for n in tests.inputs]
        (test,) = substitute(tests.outputs, dict(zip(tests.inputs, fresh, strict=True)))
        news = substitute(moved.outputs, dict(zip(moved.inputs, fresh, strict=True)))
        holds = tensor_of(test)
        goes_on = Graph(fresh, [node_of(any_(holds, axis=(0,), keepdims=False))])
        outputs = []
        for new, old in zip(news, fresh[:n_carry], strict=True):
            at = reshape(holds, shape=(rows, *(1,) * (len(new.spec.shape) - 1)))
            outputs.append(node_of(select(at, tensor_of(new), tensor_of(old))))
    return goes_on, Graph(fresh, outputs)
