"""Passes from outside: where they come in, what they are tried on, and that they go again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import compiler, ops
from kerasish.compiler import passes
from kerasish.errors import ArgumentError, GraphError, UnknownNameError
from kerasish.graph import Graph, Node, Variable, rewrite
from kerasish.graph.node import make_node
from kerasish.graph.op import get
from kerasish.inspect import stages

X = np.full((2, 3), 0.5, "float32")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    held = [*passes.PIPELINE]
    yield
    passes.PIPELINE[:] = held
    keras.config.settings.generation += 1


def to_cosine(graph: Graph, device: Any) -> Graph:
    """sin(x) -> cos(x), which can be seen from outside."""

    def rule(node: Node, inputs: tuple[Node, ...]) -> Node | None:
        return make_node(get("cos"), inputs, {}, like=node) if node.op.name == "sin" else None

    return rewrite(graph, rule)


def order() -> list[str]:
    return [name for name, _ in passes.PIPELINE]


def test_the_place_of_a_pass() -> None:
    assert compiler.graph_pass(after="simplify")(to_cosine) is to_cosine
    assert order()[order().index("simplify") + 1] == "to_cosine"
    compiler.remove_pass("to_cosine")
    assert "to_cosine" not in order()
    compiler.graph_pass(before="fuse")(to_cosine)
    assert order()[order().index("fuse") - 1] == "to_cosine"


def test_functions_are_compiled_anew_with_a_pass_and_without() -> None:
    func = keras.function(lambda x: ops.sin(x) + 1)
    plain = func(X).numpy()
    compiler.graph_pass(after="simplify")(to_cosine)
    np.testing.assert_allclose(func(X).numpy(), np.cos(X) + 1, rtol=1e-6)
    assert "cos" in str(func.graph(keras.ops.convert_to_tensor(X).spec, until="to_cosine"))
    compiler.remove_pass("to_cosine")
    assert func(X).numpy().tolist() == plain.tolist()


def test_training_steps_are_compiled_anew_with_a_pass_and_without() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Activation(ops.sin)])
    model.compile()
    plain = model.predict(X, verbose=0)
    compiler.graph_pass(after="simplify")(to_cosine)
    np.testing.assert_allclose(model.predict(X, verbose=0), np.cos(X), rtol=1e-6)
    compiler.remove_pass("to_cosine")
    assert model.predict(X, verbose=0).tolist() == plain.tolist()


def test_the_bodies_of_loops_are_passed_too() -> None:
    compiler.graph_pass(after="simplify")(to_cosine)

    def one_more(y: Any) -> tuple[Any]:
        return (y + ops.sin(y * 0),)

    func = keras.function(lambda x: ops.while_loop(lambda y: ops.sum(y) < 9, one_more, (x,))[0])
    assert func(X).numpy().tolist() == np.full((2, 3), 1.5).tolist()


def test_names_that_are_not_there() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown pass.*'fues'. Did you mean 'fuse'\?"):
        compiler.graph_pass(before="fues")(to_cosine)
    with pytest.raises(UnknownNameError, match=r"Did you mean 'simplify'\?"):
        compiler.remove_pass("simplfy")
    with pytest.raises(UnknownNameError, match=r"Did you mean 'rows'\?"):
        passes.optimize(Graph((), ()), Any, "row")


def test_one_place_and_one_name() -> None:
    for places in ({}, {"before": "fuse", "after": "fuse"}):
        with pytest.raises(ArgumentError, match="before= or after= a pass"):
            compiler.graph_pass(**places)
    compiler.graph_pass(before="fuse")(to_cosine)
    with pytest.raises(ArgumentError, match=r"Call remove_pass\('to_cosine'\) first"):
        compiler.graph_pass(before="sink")(to_cosine)
    with pytest.raises(ArgumentError, match="a function"):
        compiler.graph_pass(before="fuse")("fuse")  # type: ignore[arg-type]


def test_a_pass_that_gives_no_graph_or_another_functions_is_named() -> None:
    def forgetful(graph: Graph, device: Any) -> Any:
        rewrite(graph, lambda node, inputs: None)

    def lone(graph: Graph) -> Any:
        return graph

    compiler.graph_pass(after="expand")(forgetful)
    with pytest.raises(GraphError, match=r"pass 'forgetful'. Expected: a Graph. Received: None"):
        keras.function(ops.sin)(X)
    compiler.remove_pass("forgetful")
    compiler.graph_pass(after="expand")(lone)
    with pytest.raises(ArgumentError, match=r"pass 'lone'. Expected: pass\(graph, device\)"):
        keras.function(ops.sin)(X)
    compiler.remove_pass("lone")
    v = Variable(X)

    def silent(graph: Graph, device: Any) -> Graph:
        return Graph(graph.inputs, graph.outputs)

    compiler.graph_pass(after="expand")(silent)
    with pytest.raises(GraphError, match=r"After the pass 'silent': .*updated variables"):
        keras.function(lambda x: v.assign(x))(X)


def test_stages_show_it() -> None:
    compiler.graph_pass(after="simplify")(to_cosine)
    assert "to_cosine" in stages.stage_names()


def test_graph_pass_says_how_it_is_written() -> None:
    with pytest.raises(ArgumentError, match=r'a pass, as in @graph_pass\(after="simplify"\)'):
        compiler.graph_pass(lambda graph, device: graph)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="It is a stage and no pass"):
        compiler.graph_pass(after="plan")(lambda graph, device: graph)
