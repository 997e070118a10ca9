"""Graphs as text, and the rules that verify enforces."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import GraphError
from kerasish.graph import Graph, Node, Variable, format_graph, scope, trace
from kerasish.graph.node import constant, placeholder
from kerasish.graph.op import get
from kerasish.graph.verify import verify
from kerasish.spec import TensorSpec

SPEC = TensorSpec((2, 3), "float32")


def printed():
    w = Variable(np.ones((3, 4), "float32"), name="kernel")
    w.path = "dense/kernel"
    count = Variable(np.zeros(()), name="count")

    def func(x):
        with scope("dense"):
            y = ops.exp(ops.matmul(x, w)) * 2.0
        values, _ = ops.top_k(y, 2)
        count.assign_add(1.0)
        return ops.sum(values, axis=1)

    return trace(func, [SPEC], ["image"])[0]


def test_a_line_per_node():
    lines = format_graph(printed(), sources=False).splitlines()
    assert lines[0] == "input image : float32[2, 3]"
    assert "variable dense/kernel : float32[3, 4]" in lines
    assert "t0 = image @ dense/kernel : float32[2, 4]" in lines
    assert "t1 = exp(t0) : float32[2, 4]" in lines
    assert "t2 = t1 * 2 : float32[2, 4]" in lines
    assert "t3 = top_k(t2, k=2) : float32[2, 2], int32[2, 2]" in lines
    assert any(row.endswith("= sum(t3.0, axis=(1,), keepdims=False) : float32[2]") for row in lines)
    assert any(row.startswith("count <- t") for row in lines)
    assert lines[-1].startswith("return t")


def test_layers_and_lines_stand_at_the_right():
    text = str(printed())
    line = next(row for row in text.splitlines() if " exp(" in row)
    assert "# dense  test_printer.py:" in line


def test_a_good_graph_passes():
    graph = printed()
    assert verify(graph) is graph


def broken(node: Node) -> Graph:
    return Graph([n for n in (node.inputs or (node,)) if n.op.name == "placeholder"], [node])


def test_wrong_specs_are_found():
    x = placeholder(SPEC)
    wrong = Node(get("exp"), (x,), {}, TensorSpec((2,), "float32"))
    with pytest.raises(GraphError, match=r"exp.*infer"):
        verify(broken(wrong))


def test_free_placeholders_are_found():
    x = placeholder(SPEC)
    with pytest.raises(GraphError, match="among the inputs"):
        verify(Graph([], [x]))


def test_constants_that_are_not_what_they_say_are_found():
    wrong = constant(np.ones(3), TensorSpec((2,), "float64"))
    with pytest.raises(GraphError, match="constant"):
        verify(Graph([], [wrong]))


def test_updates_of_another_shape_are_found():
    v = Variable(np.ones(3), name="v")
    x = placeholder(SPEC)
    with pytest.raises(GraphError, match="of v"):
        verify(Graph([x], [x], [(v, x)]))
