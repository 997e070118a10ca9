"""Bodies of control flow as graphs: what they capture, and what they do to variables."""

from __future__ import annotations

import numpy as np

from kerasish import ops
from kerasish.graph import Graph, Variable, convert_to_tensor, trace
from kerasish.graph.interpret import run_graph
from kerasish.graph.node import CONSTANT
from kerasish.graph.tensor import input_tensor, node_of
from kerasish.graph.verify import verify
from kerasish.ops.control.bodies import close_over, subgraph
from kerasish.spec import TensorSpec

SPEC = TensorSpec((3,), "float64")
X = np.array([1.0, 2.0, 3.0])
F3 = TensorSpec((3,), "float32")


def results(graph, *values):
    return [np.asarray(t) for t in run_graph(graph, map(convert_to_tensor, values))]


def test_a_subgraph_captures_what_it_uses():
    v = Variable(np.ones(3))

    def func(x):
        twice = x * 2
        graph, captured, structure, assigned = subgraph(lambda y: y + twice + v, [SPEC])
        assert [n.op.name for n in captured] == ["multiply", "variable"]
        assert (structure, assigned) == (0, [])
        assert len(graph.inputs) == 3
        verify(graph)
        return x

    trace(func, [SPEC])


def test_constants_are_copied_into_a_subgraph():
    def func(x):
        graph, captured, _, _ = subgraph(lambda y: y + X, [SPEC])
        assert captured == ()
        np.testing.assert_array_equal(results(graph, X)[0], 2 * X)
        return x

    trace(func, [SPEC])


def test_loop_invariant_work_stays_outside():
    def func(x):
        _, captured, _, _ = subgraph(lambda y: y + ops.exp(ops.sin(x)), [SPEC])
        assert [n.op.name for n in captured] == ["exp"]
        return x

    trace(func, [SPEC])


def test_assignments_of_a_subgraph_are_handed_to_the_caller():
    v = Variable(np.zeros(3))

    def func(x):
        def body(y):
            v.assign(y * 2)
            return y

        graph, _, _, assigned = subgraph(body, [SPEC])
        assert assigned == [v]
        np.testing.assert_array_equal(results(graph, X)[1], 2 * X)
        return x + v

    graph, _ = trace(func, [SPEC])
    assert graph.updates == ()


# --- closure conversion: bodies over outer nodes become closed graphs -----------------------------


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
