"""Ops defined by ops: inference, kernels, gradients of gradients, multiple outputs."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops, registry
from kerasish.errors import GraphError
from kerasish.graph import case, grad, trace
from kerasish.graph.defined import define, expand
from kerasish.graph.node import placeholder
from kerasish.graph.op import get
from kerasish.spec import TensorSpec
from kerasish.testing import check_grads, check_op


@pytest.fixture
def defined():
    """An op with two outputs, an unused one among the gradients, and an attribute."""

    def definition(x, w, *, power):
        return ops.sum(x * w, axis=-1) ** power, ops.sin(w)

    op = define(
        "planted_pair", definition, cases=(case((2, 3), (3,), power=2), case((4,), (4,), power=3))
    )
    yield op
    for name in [n for n in registry.names("op") if n.startswith("planted_pair")]:
        registry._entries["op"].pop(name)


def test_everything_follows_from_the_definition(defined):
    check_op(defined)


def test_it_stays_one_node(defined):
    graph, _ = trace(
        lambda x, w: defined(x, w, power=2),
        [TensorSpec((2, 3), "float64"), TensorSpec((3,), "float64")],
    )
    assert [n.op.name for n in graph.nodes] == [
        "placeholder", "placeholder", "planted_pair", "pick", "pick",
    ]  # fmt: skip
    assert [n.spec.shape for n in graph.outputs] == [(2,), (3,)]


def test_the_gradient_is_one_node_too(defined):
    def func(x, w):
        return ops.sum(defined(x, w, power=2)[0])

    specs = [TensorSpec((2, 3), "float64"), TensorSpec((3,), "float64")]
    graph, _ = trace(lambda x, w: grad(func, (0, 1))(x, w), specs)
    assert sum(n.op.name == "planted_pair_grad" for n in graph.nodes) == 1
    assert get("planted_pair_grad").definition is not None


def test_third_derivatives(defined):
    rng = np.random.default_rng(1)
    inputs = rng.uniform(0.5, 1.0, (2, 3)), rng.uniform(0.5, 1.0, 3)
    check_grads(lambda x, w: defined(x, w, power=3), inputs, order=3)


def test_expansion(defined):
    inputs = placeholder(TensorSpec((2, 3), "float64")), placeholder(TensorSpec((3,), "float64"))
    first, second = expand(defined, inputs, {"power": 2})
    assert (first.op.name, second.op.name) == ("power", "sin")
    with pytest.raises(GraphError, match="kernel"):
        expand(get("exp"), inputs[:1], {})
