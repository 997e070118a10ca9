"""Hand whole recurrent layers to a library, together with their gradients.

y, h, c, gates, cells = lstm(x); lstm_grad(x, y, gates, cells, g)
    ->  y, h, c, kept = rnn_train(x); rnn_backward(x, y, h, c, kept, g)

A library keeps something of its own for the backward pass in place of the gates. So the forward
op is handed over only where nobody else reads its gates, and with all of its gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.backend.base import Backend
from kerasish.compiler.provider import find
from kerasish.graph.node import PICK, Graph, Node, make_node, pick, rewrite
from kerasish.graph.op import Op, case, declare
from kerasish.graph.op import get as get_op
from kerasish.spec import TensorSpec, np_dtype

# cell -> (inputs, results that users see, results that only the gradient reads)
CELLS = {"lstm": (6, 3, 2), "gru": (5, 2, 1)}


def _results(cell: str, specs: tuple[TensorSpec, ...]) -> tuple[TensorSpec, ...]:
    found: Any = get_op(cell).infer(*specs)
    return found[: CELLS[cell][1]]


def _train_infer(*specs: TensorSpec, cell: str, kept: int) -> tuple[TensorSpec, ...]:
    return (*_results(cell, specs), TensorSpec((kept,), "uint8"))


def _forward_kernel(xp: Any, *arrays: Any, cell: str) -> Any:
    return get_op(cell).kernel(xp, *arrays)[: CELLS[cell][1]]


def _train_kernel(xp: Any, *arrays: Any, cell: str, kept: int) -> Any:
    return (*_forward_kernel(xp, *arrays, cell=cell), xp.zeros(kept, np_dtype("uint8")))


def _backward_infer(*specs: TensorSpec, cell: str) -> tuple[TensorSpec, ...]:
    return specs[: CELLS[cell][0]]


def _backward_kernel(xp: Any, *arrays: Any, cell: str) -> Any:
    inputs, shown, hidden = CELLS[cell]
    given, seeds = arrays[:inputs], arrays[inputs + shown + 1 :]
    results = get_op(cell).kernel(xp, *given)
    return get_op(f"{cell}_grad").kernel(xp, *given[:-1], results[0], *results[-hidden:], *seeds)


_GRU = ((2, 4, 3), (2, 5), (3, 15), (5, 15), (2, 15))
_GRU_BACK = (*_GRU, (2, 4, 5), (2, 5), np.zeros(8, np.uint8), (2, 4, 5), (2, 5))
# The pass runs after differentiation, so these have no gradients.
FORWARD = declare(
    Op(
        "rnn_forward",
        lambda *specs, cell: _results(cell, specs),
        _forward_kernel,
        cases=(case(*_GRU, cell="gru", domain=(-0.7, 0.7), differentiate=()),),
        doc="The results of a recurrent layer.",
    )
)
TRAIN = declare(
    Op(
        "rnn_train",
        _train_infer,
        _train_kernel,
        cases=(case(*_GRU, cell="gru", kept=8, domain=(-0.7, 0.7), differentiate=()),),
        doc="The results of a recurrent layer, and what a library keeps for its gradient.",
    )
)
BACKWARD = declare(
    Op(
        "rnn_backward",
        _backward_infer,
        _backward_kernel,
        cases=(case(*_GRU_BACK, cell="gru", domain=(-0.7, 0.7), differentiate=()),),
        doc="The gradients of a recurrent layer's inputs, from what rnn_train kept.",
    )
)


def recurrent(graph: Graph, device: Backend) -> Graph:
    """Replace lstm and gru, and their gradients, by a library's whole-sequence ops."""
    taken = _taken(graph, device)
    if not taken:
        return graph

    def forward(node: Node, inputs: tuple[Node, ...]) -> Node:
        cell, kept = node.op.name, taken[node]
        if kept is None:
            return make_node(FORWARD, inputs, {"cell": cell}, like=node)
        return make_node(TRAIN, inputs, {"cell": cell, "kept": kept}, like=node)

    made: dict[Node, Node] = {}

    def rule(node: Node, inputs: tuple[Node, ...]) -> Any:
        if node in taken:
            made[node] = forward(node, inputs)
            shown = [pick(made[node], i) for i in range(CELLS[node.op.name][1])]
            return (*shown, *[shown[0]] * CELLS[node.op.name][2])  # nobody reads the last ones
        source = _source(node)
        if source is None or source not in taken:
            return None
        cell = source.op.name
        count, shown_count, hidden = CELLS[cell]
        whole = made[source]
        results = [pick(whole, i) for i in range(shown_count + 1)]
        seeds = inputs[count + hidden :]
        back = make_node(BACKWARD, (*whole.inputs, *results, *seeds), {"cell": cell}, like=node)
        return tuple(pick(back, i) for i in range(count))

    return rewrite(graph, rule)


def _source(node: Node) -> Node | None:
    """The lstm or gru node that a gradient node belongs to."""
    cell = node.op.name.removesuffix("_grad")
    if cell == node.op.name or cell not in CELLS:
        return None
    picked = node.inputs[CELLS[cell][0] - 1]
    owner = picked.inputs[0] if picked.inputs else None
    return owner if owner is not None and owner.op.name == cell else None


def _taken(graph: Graph, device: Backend) -> dict[Node, int | None]:
    """The recurrent nodes a library takes, with the bytes it keeps (None: no gradient)."""
    gradients: dict[Node, list[Node]] = {}
    hidden_readers: dict[Node, set[Node]] = {}
    for node in graph.nodes:
        source = _source(node)
        if source is not None:
            gradients.setdefault(source, []).append(node)
        for i in node.inputs:
            if i.op is PICK and i.inputs[0].op.name in CELLS and _is_hidden(i):
                hidden_readers.setdefault(i.inputs[0], set()).add(node)
    shown = {n for n in graph.results if n.op is PICK and n.inputs[0].op.name in CELLS}
    leaking = {n.inputs[0] for n in shown if _is_hidden(n)}
    taken: dict[Node, int | None] = {}
    for node in graph.nodes:
        if node.op.name not in CELLS or node in leaking:
            continue
        own = gradients.get(node, [])
        if hidden_readers.get(node, set()) <= set(own):
            kept = _kept(node, bool(own), device)
            if kept is not False:
                taken[node] = kept
    return taken


def _is_hidden(picked: Node) -> bool:
    """Whether an output of a recurrent node is one that only its gradient should read."""
    return picked.attrs["index"] >= CELLS[picked.inputs[0].op.name][1]


def _kept(node: Node, training: bool, device: Backend) -> Any:
    """Bytes that the library keeps, None for a forward pass alone, False if it declines."""
    cell = node.op.name
    specs = _results(cell, tuple(i.spec for i in node.inputs))
    forward = Node(FORWARD, node.inputs, {"cell": cell}, specs)
    found = find(forward, device.name)
    if found is None or found.workspace is None:
        return False
    return found.workspace(forward) if training else None
