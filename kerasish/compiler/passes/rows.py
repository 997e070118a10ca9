"""Update only the rows of a table that a step can change: sparse gradients of embeddings.

g = scatter_add(i, u); m, w = fused(g, m, w)  ->  m, w = update_rows(i, u, m, w)

A gradient that is zero outside some rows need not be written out as a table. What the update does
to the other rows follows from the region itself: where the gradient's row is zero, and the rows
of the optimizer's slots are zero too, nothing may change. Rows whose slots are not zero (Adam's
moments, momentum) move on without a gradient, so they are kept account of and updated as well:
the result is that of the whole sweep. Regions that move every row (weight decay) stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.backend.base import Backend
from kerasish.compiler.providers import find
from kerasish.compiler.region import FUSED
from kerasish.graph import primitives as _p
from kerasish.graph.node import (
    CONSTANT,
    PICK,
    PLACEHOLDER,
    VARIABLE,
    Graph,
    Node,
    interning,
    make_node,
    pick,
    placeholder,
    rewrite,
)
from kerasish.graph.op import Op, case, declare
from kerasish.graph.tensor import node_of, tensor_of
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.indexing import scatter_add
from kerasish.ops.declare import ints
from kerasish.spec import TensorSpec, known

SMALL = 1 << 18  # elements of a table that is swept as fast as its rows are found


def _infer(*specs: TensorSpec, body: Graph, **_: Any) -> Any:
    return FUSED.infer(body=body)


def _kernel(xp: Any, ids: Any, updates: Any, *others: Any, body: Graph, at: int, **_: Any) -> Any:
    shape = known(body.inputs[at].spec.shape)
    g = scatter_add.kernel(xp, ids, updates, shape=shape, axis=0)
    return FUSED.kernel(xp, *others[:at], g, *others[at:], body=body)


def _sample() -> Graph:
    """w - 0.5 g, for a sample call."""
    with interning():
        g, w = (placeholder(TensorSpec((6, 4), "float32"), name) for name in "gw")
        return Graph((g, w), (node_of(tensor_of(w) - tensor_of(g) * 0.5),))


UPDATE_ROWS = declare(
    Op(
        "update_rows",
        _infer,
        _kernel,
        cases=(
            case(
                ints((5,), 6),
                np.ones((5, 4), "float32"),
                np.ones((6, 4), "float32"),
                body=_sample(),
                at=0,
                states=(),
                tables=(1,),
                differentiate=(),
            ),
        ),
        # at: the gradient's place among the inputs of the region, whose other inputs follow ids
        # and updates here; states: those of the slots; tables: what each output is the update of.
        doc="A region over tables, for the rows that a sparse gradient can change.",
    )
)


def rows(graph: Graph, device: Backend) -> Graph:
    """Replace sweeps over tables by updates of their rows."""
    users = graph.users
    found = {n: match for n in graph.nodes if n.op is FUSED and (match := _match(graph, n, users))}

    def rule(node: Node, inputs: tuple[Node, ...]) -> Any:
        if node not in found:
            return None
        match = found[node]
        at = match["at"]
        attrs = {"body": node.attrs["body"], **match}
        given = (*inputs[at].inputs, *inputs[:at], *inputs[at + 1 :])
        made = make_node(UPDATE_ROWS, given, attrs, node.spec, like=node)
        if find(made, device.name) is None:
            return None
        return (
            made
            if isinstance(node.spec, TensorSpec)
            else tuple(pick(made, k) for k in range(len(node.spec)))
        )

    return rewrite(graph, rule) if found else graph


def _match(graph: Graph, node: Node, users: dict[Node, list[Node]]) -> dict[str, Any] | None:
    """The attributes of the op that can take a region's place, but for its body; or None."""
    body: Graph = node.attrs["body"]
    sparse = [i for i, source in enumerate(node.inputs) if source.op is scatter_add]
    if len(sparse) != 1 or users[node.inputs[sparse[0]]] != [node]:
        return None
    at = sparse[0]
    g = node.inputs[at]
    shape = known(g.spec.shape)
    if g.attrs["axis"] or len(shape) != 2 or g.spec.size < SMALL:
        return None
    if 2 * g.inputs[0].spec.size > shape[0]:
        return None
    tables = {
        i: source.attrs["variable"]
        for i, source in enumerate(node.inputs)
        if source.op is VARIABLE and source.spec == g.spec
    }
    others = (s for i, s in enumerate(node.inputs) if i != at and i not in tables)
    if any(s.spec.size != 1 for s in others):
        return None
    written = _written(graph, node, users)
    if written is None or any(o.spec != g.spec for o in body.outputs):
        return None
    place = {variable: i for i, variable in tables.items()}
    if len(place) != len(tables) or any(v not in place for v in written):
        return None
    if any(u.serial > node.serial for i in tables for u in users[node.inputs[i]]):
        return None  # somebody reads the old value later
    kept = [body.inputs[place[v]] for v in written]
    # The fewest slots that must be zero: none, or all but the weights themselves.
    for states in ((), *(tuple(i for i in tables if i != main) for main in tables)):
        zero = {body.inputs[i] for i in (at, *states)}
        values = _outside(body, zero)
        pairs = zip(body.outputs, kept, strict=True)
        if all(values[o] == (0 if k in zero else k) for o, k in pairs):
            return {"at": at, "states": states, "tables": tuple(place[v] for v in written)}
    return None


def _written(graph: Graph, node: Node, users: dict[Node, list[Node]]) -> list[Any] | None:
    """The variable that each output of a region becomes, if that is all that becomes of it."""
    if isinstance(node.spec, TensorSpec):
        outputs = {node: 0}
    else:
        outputs = {u: u.attrs["index"] for u in users.get(node, ()) if u.op is PICK}
        if len(outputs) != len(users.get(node, ())):
            return None
    if any(users.get(n) for n in outputs) or any(n in outputs for n in graph.outputs):
        return None
    owners = {outputs[n]: variable for variable, n in graph.updates if n in outputs}
    count = len(node.attrs["body"].outputs)
    updated = sum(n in outputs for _, n in graph.updates)
    return [owners[k] for k in range(count)] if len(owners) == count == updated else None


def _outside(body: Graph, zero: set[Node]) -> dict[Node, Any]:
    """What each value is in a row where the inputs `zero` are: 0, an input unchanged, or None.

    Factors are taken to be finite and divisors not to be zero, where nothing else is known.
    """
    held: dict[Node, Any] = {}
    for node in body.nodes:
        if node.op is PLACEHOLDER:
            held[node] = 0 if node in zero else node
        elif node.op is CONSTANT:
            held[node] = 0 if not np.any(node.value) else node
        else:
            held[node] = _combined(node, [held[i] for i in node.inputs])
    return held


# What is 0 where its input is.
KEEP_ZERO = (_e.square, _e.sqrt, _e.negative, _e.absolute, _e.sign, _e.tanh, _p.cast_)


def _combined(node: Node, inputs: Sequence[Any]) -> Any:
    op, first = node.op, inputs[0]
    if op is _p.add and 0 in inputs:
        return inputs[1] if first == 0 else first
    if op is _e.subtract and inputs[1] == 0:
        return first
    if op is _p.multiply and 0 in inputs:
        return 0
    if op is _e.divide and first == 0 and inputs[1] != 0:
        return 0
    if op in KEEP_ZERO and first == 0:
        return 0
    if op in (_e.maximum, _e.minimum) and first is inputs[1]:
        return first
    if op is _e.select and inputs[1] is inputs[2]:
        return inputs[1]
    if op in (_p.reshape, _p.broadcast_to, _p.expand_dims):
        return first
    return None
