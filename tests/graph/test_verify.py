"""The verifier: every rule it names, broken once."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops
from kerasish.compiler import function, passes
from kerasish.errors import GraphError
from kerasish.graph import Graph, Node, Variable, trace
from kerasish.graph.node import CONSTANT, make_node, placeholder
from kerasish.graph.op import get
from kerasish.graph.verify import verify
from kerasish.spec import TensorSpec

F3 = TensorSpec((3,), "float32")


def test_a_sound_graph_is_returned() -> None:
    v = Variable([1.0, 2.0, 3.0])
    graph, _ = trace(lambda x: v.assign_add(x) * 2, [F3])
    assert verify(graph) is graph


def test_inputs_stand_before_their_users() -> None:
    x = placeholder(F3)
    user = Node(get("exp"), (), {}, F3)
    late = make_node(get("sin"), (x,), {})
    user.inputs = (late,)
    with pytest.raises(GraphError, match="inputs before their users"):
        verify(Graph([x], [user]))


def test_placeholders_are_declared() -> None:
    x = placeholder(F3)
    with pytest.raises(GraphError, match="every placeholder among the inputs"):
        verify(Graph([], [make_node(get("exp"), (x,), {})]))


def test_specs_agree_with_infer() -> None:
    x = placeholder(F3)
    wrong = Node(
        get("exp"), (x,), {}, TensorSpec((4,), "float32"), source="model.py:7", scope="m/d"
    )
    with pytest.raises(
        GraphError, match=r"op 'exp' \(m/d, model.py:7\).*float32\[3\].*float32\[4\]"
    ):
        verify(Graph([x], [wrong]))


def test_constants_hold_what_their_spec_says() -> None:
    wrong = Node(CONSTANT, (), {}, F3, value=np.zeros(3))
    with pytest.raises(GraphError, match=r"float32\[3\]. Received: float64\[3\]"):
        verify(Graph([], [wrong]))


def test_updates_fit_their_variable() -> None:
    v = Variable(np.zeros(3, "float32"), name="v")
    graph, _ = trace(lambda x: ops.sum(x), [F3])
    with pytest.raises(GraphError, match=r"float32\[3\] of v"):
        verify(Graph(graph.inputs, (), [(v, graph.outputs[0])]))


def test_every_pass_is_verified_and_named_by_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(graph: Graph, device: object) -> Graph:
        (node,) = graph.outputs
        wrong = Node(node.op, node.inputs, node.attrs, TensorSpec((4,), "float32"))
        return Graph(graph.inputs, [wrong], graph.updates)

    at = [name for name, _ in passes.PIPELINE].index("hoist")
    changed = [*passes.PIPELINE[: at + 1], ("breaks", broken), *passes.PIPELINE[at + 1 :]]
    monkeypatch.setattr(passes, "PIPELINE", changed)
    with pytest.raises(GraphError, match=r"After the pass 'breaks': .*'sin'.*float32\[4\]"):
        function(ops.sin)(np.ones(3, "float32"))


def test_nodes_that_were_right_are_not_asked_again() -> None:
    graph, _ = trace(lambda x: ops.sin(x) + 1, [F3])
    known: set[Node] = set()
    assert verify(graph, known) is graph
    assert known == set(graph.nodes)
    wrong = Node(get("sin"), graph.inputs, {}, TensorSpec((4,), "float32"))
    broken = Graph(graph.inputs, [wrong], [])
    with pytest.raises(GraphError, match="infer gives"):
        verify(broken, known)
