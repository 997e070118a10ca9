"""Results that would alias a leaf, or one another, get buffers of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kerasish import ops
from kerasish.compiler.passes.own_results import own_results, root
from kerasish.graph import Variable, trace
from kerasish.graph.node import LEAVES
from kerasish.spec import TensorSpec
from tests.compiler.passes.shape import check, floats, names

X = floats(3, 4)


def assigning(value: Callable[[Any, Variable], Any]) -> Callable[[Any], Any]:
    v = Variable(X * 2)
    return lambda x: [v.assign(value(x, v))][:0]


OUTPUTS: dict[str, tuple[Callable[[Any], Any], int]] = {
    "an input": (lambda x: x, 1),
    "a view of an input": (lambda x: ops.transpose(x), 1),
    "an input twice": (lambda x: (x, x), 1),
    "a node": (lambda x: ops.exp(x), 0),
    "a view of a node": (lambda x: ops.transpose(ops.exp(x)), 0),
    "a node twice": (lambda x: [y := ops.exp(x), y], 0),
    "one output of several": (lambda x: ops.top_k(x, 2)[1], 0),
    "an update by a node": (assigning(lambda x, v: ops.exp(x)), 0),
    "an update by an input": (assigning(lambda x, v: x), 1),
    "an update by itself": (assigning(lambda x, v: v.value), 1),
    "an update by a view": (assigning(lambda x, v: ops.reshape(ops.exp(x), (4, 3)).T), 1),
    "an update by one output of several": (
        assigning(lambda x, v: ops.top_k(x, 4)[0]),
        0,
    ),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_copies_are_made_where_memory_would_be_shared(name: str) -> None:
    func, count = OUTPUTS[name]
    made = check(own_results, func, X)
    assert names(made).count("copy") == count
    for node in made.outputs:
        assert root(node).op not in LEAVES
    for _, node in made.updates:
        assert root(node).op not in LEAVES
        assert not node.op.view


def test_two_variables_never_share_a_node() -> None:
    a, b = Variable(X), Variable(X)

    def step(x: Any) -> Any:
        y = ops.exp(x)
        a.assign(y)
        b.assign(y)
        return y

    made = check(own_results, step, X)
    first, second = (n for _, n in made.updates)
    assert first is not second
    assert names(made) == ["exp", "copy"]


def test_a_swap_copies_both() -> None:
    a, b = Variable(X), Variable(X)

    def swap() -> Any:
        old = a.value
        a.assign(b.value)
        b.assign(old)
        return []

    assert names(check(own_results, swap)) == ["copy", "copy"]


def test_roots_lie_behind_views_and_picks() -> None:
    graph, _ = trace(
        lambda x: ops.transpose(ops.top_k(x, 2)[0])[0], [TensorSpec((3, 4), "float32")]
    )
    assert root(graph.outputs[0]).op.name == "top_k"
