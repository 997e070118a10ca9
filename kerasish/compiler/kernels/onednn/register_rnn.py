"""Connects whole-sequence LSTM and GRU to the ops that the pass `recurrent` makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.compiler.kernels.onednn import rnn
from kerasish.compiler.kernels.onednn.api import UnsupportedError
from kerasish.compiler.kernels.onednn.register import NAME
from kerasish.compiler.provider import Step, kernel
from kerasish.graph.node import Node
from kerasish.spec import known

Arrays = Sequence[Any]


def _sizes(node: Node) -> rnn.Sizes:
    cell = node.attrs["cell"]
    batch, steps, features = known(node.inputs[0].spec.shape)
    (units,) = known(node.inputs[1].spec.shape)[1:]
    return rnn.Sizes(cell, batch, steps, features, units)


def _supports(node: Node) -> bool:
    if any(i.spec.dtype not in ("float32", "uint8") for i in node.inputs):
        return False
    sizes = _sizes(node)
    if 0 in sizes[1:]:
        return False
    try:
        rnn.forward(sizes, True)
        rnn.backward(sizes)
    except UnsupportedError:
        return False
    return True


def _workspace(node: Node) -> int:
    return rnn.workspace_nbytes(_sizes(node))


def _inputs(cell: str, arrays: Arrays) -> rnn.Inputs:
    x, *states, kernel_, recurrent, bias = arrays
    return rnn.Inputs(x, tuple(states), kernel_, recurrent, bias)


def _results(arrays: Arrays) -> rnn.Results:
    return rnn.Results(arrays[0], tuple(arrays[1:]))


@kernel("rnn_forward", provider=NAME, supports=_supports, workspace=_workspace)
def _forward(node: Node, inputs: Arrays, outputs: Arrays) -> Step:
    cell = node.attrs["cell"]
    return rnn.bind_rnn(cell, _inputs(cell, inputs), _results(outputs))


def _supports_training(node: Node) -> bool:
    """Whether what the graph keeps between the passes is what the library wants to keep."""
    given = [i.spec for i in node.inputs] if node.op.name == "rnn_backward" else node.spec
    (kept,) = (known(s.shape) for s in given if s.dtype == "uint8")
    return _supports(node) and kept == (_workspace(node),)


@kernel("rnn_train", provider=NAME, supports=_supports_training)
def _train(node: Node, inputs: Arrays, outputs: Arrays) -> Step:
    cell = node.attrs["cell"]
    return rnn.bind_rnn(cell, _inputs(cell, inputs), _results(outputs[:-1]), outputs[-1])


@kernel("rnn_backward", provider=NAME, supports=_supports_training)
def _backward(node: Node, inputs: Arrays, outputs: Arrays) -> Step:
    cell = node.attrs["cell"]
    count = 6 if cell == "lstm" else 5
    states = count - 4  # h0, and c0 for an LSTM
    given = _inputs(cell, inputs[:count])
    results = _results(inputs[count : count + 1 + states])
    kept = inputs[count + 1 + states]
    seeds = _results(inputs[count + 2 + states :])
    return rnn.bind_rnn_grad(cell, given, results, kept, seeds, _inputs(cell, outputs))
