"""Bodies of control flow as graphs: what they capture, and what they do to variables."""

from __future__ import annotations

import numpy as np

from kerasish import ops
from kerasish.graph import Variable, convert_to_tensor, trace
from kerasish.graph.interpret import run_graph
from kerasish.graph.verify import verify
from kerasish.ops.control.bodies import subgraph
from kerasish.spec import TensorSpec

SPEC = TensorSpec((3,), "float64")
X = np.array([1.0, 2.0, 3.0])


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
