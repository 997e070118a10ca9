"""Closure conversion: bodies over outer nodes become closed graphs."""

from __future__ import annotations

from kerasish import ops
from kerasish.graph import Graph, convert_to_tensor
from kerasish.graph.interpret import run_graph
from kerasish.graph.node import CONSTANT
from kerasish.graph.tensor import input_tensor, node_of
from kerasish.graph.verify import verify
from kerasish.ops.control.closure import close_over
from kerasish.spec import TensorSpec

F3 = TensorSpec((3,), "float32")


def test_what_does_not_depend_on_the_body_is_captured_late() -> None:
    outer, x = input_tensor(F3, "outer"), input_tensor(F3, "x")
    dear = ops.exp(outer) * 2  # loop-invariant
    result = x * dear + 1
    graph, captured = close_over([node_of(x)], [node_of(result)])
    verify(graph)
    assert captured == (node_of(dear),)
    assert [n.op.name for n in graph.nodes if n.inputs] == ["multiply", "add"]
    assert len(graph.inputs) == 2
    x_value, dear_value = convert_to_tensor([1.0, 2.0, 3.0]), convert_to_tensor([4.0, 4.0, 4.0])
    assert run_graph(graph, [x_value, dear_value])[0].numpy().tolist() == [5, 9, 13]


def test_constants_are_copied_not_captured() -> None:
    x = input_tensor(F3)
    graph, captured = close_over([node_of(x)], [node_of(x * 3)])
    assert captured == ()
    assert any(n.op is CONSTANT for n in graph.nodes)


def test_outputs_may_be_inputs_or_captured() -> None:
    outer, x = input_tensor(F3), input_tensor(F3)
    graph, captured = close_over([node_of(x)], [node_of(x), node_of(outer), node_of(outer)])
    verify(graph)
    assert captured == (node_of(outer),)
    assert graph.outputs == (graph.inputs[0], graph.inputs[1], graph.inputs[1])


def test_a_closed_body_stays_itself() -> None:
    x = input_tensor(F3)
    y = node_of(ops.exp(x))
    graph, captured = close_over([node_of(x)], [y])
    assert isinstance(graph, Graph)
    assert graph.outputs == (y,)
    assert captured == ()
