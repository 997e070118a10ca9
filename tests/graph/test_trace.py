"""Tracing: structures, variables in traces, symbols that outlive their trace."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish.errors import GraphError
from kerasish.graph import GradientTape, Variable, convert_to_tensor, eagerly, trace
from kerasish.graph.interpret import run_graph
from kerasish.graph.trace import current_trace, tracing
from kerasish.graph.verify import verify
from kerasish.spec import TensorSpec

SPEC = TensorSpec((3,), "float64")
X = np.array([1.0, 2.0, 3.0])


def results(graph, *values):
    return [np.asarray(t) for t in run_graph(graph, map(convert_to_tensor, values))]


def test_the_structure_of_the_result_is_kept():
    graph, structure = trace(lambda x: {"a": x + 1, "b": (x * 2, "text", None)}, [SPEC])
    assert structure == {"a": 0, "b": (1, "text", None)}
    a, b = results(graph, X)
    np.testing.assert_array_equal(a, X + 1)
    np.testing.assert_array_equal(b, X * 2)


def test_inputs_have_names():
    graph, _ = trace(lambda x, y: x + y, [SPEC, SPEC], ["left", "right"])
    assert [n.attrs["name"] for n in graph.inputs] == ["left", "right"]


def test_an_unused_input_stays():
    graph, _ = trace(lambda x, y: x, [SPEC, SPEC])
    assert len(graph.inputs) == 2
    assert graph.outputs == (graph.inputs[0],)


def test_reading_and_assigning_variables():
    v = Variable(np.zeros(3), name="v")

    def step(x):
        before = v + 0
        v.assign(v + x)
        v.assign_add(x)
        return before, v * 1

    graph, _ = trace(step, [SPEC])
    before, after, update = results(graph, X)
    np.testing.assert_array_equal(before, np.zeros(3))
    np.testing.assert_array_equal(after, 2 * X)
    np.testing.assert_array_equal(update, 2 * X)
    assert [variable for variable, _ in graph.updates] == [v]
    np.testing.assert_array_equal(v.numpy(), np.zeros(3))


def test_a_variable_is_one_node_until_assigned():
    v = Variable(np.ones(3))
    graph, _ = trace(lambda x: x * v + v, [SPEC])
    assert sum(n.op.name == "variable" for n in graph.nodes) == 1


def test_eagerly_leaves_the_trace():
    v = Variable(np.ones(3))

    def func(x):
        with eagerly():
            assert current_trace() is None
            v.assign(v * 5)
            value = v.numpy()
        return x + value

    graph, _ = trace(func, [SPEC])
    assert graph.updates == ()
    np.testing.assert_array_equal(v.numpy(), 5 * np.ones(3))


def test_values_of_tapes_become_constants():
    x = convert_to_tensor(X)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * 2
        graph, _ = trace(lambda z: z + y, [SPEC])
    verify(graph)
    np.testing.assert_array_equal(results(graph, X)[0], 3 * X)


def test_a_symbol_must_not_outlive_its_trace():
    kept = []

    def leak(x):
        kept.append(x * 2)
        return x

    trace(leak, [SPEC])
    with pytest.raises(GraphError, match="outlived"):
        trace(lambda x: x + kept[0], [SPEC])


def test_an_error_leaves_no_open_trace():
    with pytest.raises(ZeroDivisionError):
        trace(lambda x: 1 // 0, [SPEC])
    assert current_trace() is None


def test_traces_nest():
    def outer(x):
        inner, _ = trace(lambda y: y * 3, [SPEC])
        return x + results(inner, X)[0]

    graph, _ = trace(outer, [SPEC])
    np.testing.assert_array_equal(results(graph, X)[0], 4 * X)


def test_tracing_gives_the_trace():
    with tracing() as made:
        assert current_trace() is made
    assert current_trace() is None
