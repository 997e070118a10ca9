"""check_pass: what it lets through, and what it finds wrong with a pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kerasish import ops
from kerasish.compiler.passes import PIPELINE
from kerasish.errors import GraphError
from kerasish.graph import Graph, Node, Variable, rewrite
from kerasish.graph.node import make_node
from kerasish.graph.op import get
from kerasish.testing import check_pass

X = np.linspace(0.5, 2, 12).reshape(3, 4).astype("float32")


def replacing(old: str, new: str) -> Callable[[Graph, Any], Graph]:
    """A pass that puts one op for another."""

    def swap(graph: Graph, device: Any) -> Graph:
        def rule(node: Node, inputs: tuple[Node, ...]) -> Node | None:
            return make_node(get(new), inputs, {}, like=node) if node.op.name == old else None

        return rewrite(graph, rule)

    return swap


@pytest.mark.parametrize("name", [name for name, _ in PIPELINE])
def test_the_passes_of_the_package_keep_values(name: str) -> None:
    def func(x: Any) -> Any:
        return ops.softmax(ops.tanh(x * 1 + 0) @ ops.transpose(x))

    check_pass(dict(PIPELINE)[name], func, X, changes=False)


def test_the_new_graph_is_returned_and_its_ops_can_be_said() -> None:
    same = replacing("multiply", "multiply")
    made = check_pass(same, lambda x: x * x + 1, X, ops=["multiply", "add"], changes=False)
    assert isinstance(made, Graph)
    with pytest.raises(AssertionError, match=r"left are the ops \['multiply', 'add'\], expected"):
        check_pass(same, lambda x: x * x + 1, X, ops=["add"])


def test_other_values_are_found_on_the_function() -> None:
    with pytest.raises(AssertionError, match=r"the pass 'swap': (.|\n)*result 0(.|\n)*became"):
        check_pass(replacing("sin", "cos"), ops.sin, X, programs=0)


def test_other_values_are_found_on_random_programs() -> None:
    check_pass(replacing("maximum", "add"), ops.sin, X, programs=0, changes=False)
    with pytest.raises(AssertionError, match=r"the pass 'swap' on\nv0 = input"):
        check_pass(replacing("maximum", "add"), ops.sin, X)


def test_other_values_are_found_on_what_the_passes_before_make() -> None:
    def break_fused(graph: Graph, device: Any) -> Graph:
        def rule(node: Node, inputs: tuple[Node, ...]) -> Node | None:
            zeros = {"body": node.attrs["body"]} if node.op.name == "fused" else None
            return None if zeros is None else make_node(get("sin"), inputs[:1], {}, like=node)

        return rewrite(graph, rule)

    def func(x: Any) -> Any:
        return ops.tanh(x) * 2

    check_pass(break_fused, func, X, programs=0, changes=False)
    PIPELINE.append(("break fused", break_fused))
    try:
        with pytest.raises(AssertionError, match="became"):
            check_pass(break_fused, func, X, programs=0)
    finally:
        PIPELINE.pop()


def test_a_pass_that_never_changes_anything_is_told() -> None:
    def ones(graph: Graph, device: Any) -> Graph:
        def rule(node: Node, inputs: tuple[Node, ...]) -> Node | None:
            return ops.ones(()).node if node.op.name == "sin" else None  # None: a value has none

        return rewrite(graph, rule)

    with pytest.raises(AssertionError, match=r"'ones'(.|\n)*leaves all as they are(.|\n)*node_of"):
        check_pass(ones, ops.sin, X, programs=2)
    check_pass(ones, ops.sin, X, programs=0, changes=False)


def test_a_pass_without_return_is_told() -> None:
    with pytest.raises(GraphError, match=r"'forgetful'\. Expected: a Graph\. Received: None"):
        check_pass(lambda_named("forgetful"), ops.sin, X, programs=0)


def lambda_named(name: str) -> Any:
    def apply(graph: Graph, device: Any) -> None:
        rewrite(graph, lambda node, inputs: None)

    apply.__name__ = name
    return apply


def test_a_graph_that_is_changed_in_place_is_found() -> None:
    def in_place(graph: Graph, device: Any) -> Graph:
        made = rewrite(graph, lambda node, inputs: None)
        graph.outputs = (graph.nodes[0],)
        return made

    with pytest.raises(AssertionError, match="changed the graph that it was given"):
        check_pass(in_place, ops.sin, X, programs=0)


def summed(outputs: tuple[Node, ...]) -> Node:
    return make_node(get("sum"), outputs, {"axis": (0,), "keepdims": True})


@pytest.mark.parametrize(
    "broken",
    [
        lambda g: Graph(g.inputs, (), g.updates),
        lambda g: Graph(g.inputs, g.outputs, ()),
        lambda g: Graph((*g.inputs, *g.inputs), g.outputs, g.updates),
        lambda g: Graph(g.inputs, [summed(g.outputs)], g.updates),
    ],
)
def test_a_graph_of_another_function_is_found(broken: Callable[[Graph], Graph]) -> None:
    v = Variable(X)

    def func(x: Any) -> Any:
        v.assign(x + v)
        return ops.sin(x)

    with pytest.raises(GraphError, match="takes the place of another"):
        check_pass(lambda graph, device: broken(graph), func, X, programs=0)
