"""Relus and biases behind max pooling: the same bits and less work, where nobody else looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kerasish import function, ops
from kerasish.backend.base import current
from kerasish.compiler.passes import optimize
from kerasish.compiler.passes.pools import pools
from kerasish.graph import trace, value_and_grad
from kerasish.graph.op import overridden_gradient
from kerasish.graph.verify import verify
from kerasish.spec import TensorSpec
from tests.compiler.passes.shape import check

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 6, 4, 3)).astype("float32")
B = RNG.normal(size=3).astype("float32")


def pooled(x: Any, b: Any) -> Any:
    return ops.max_pool(ops.maximum(x + b, 0), 2)


def test_forward() -> None:
    """NaN and infinities too."""
    x = X.copy()
    x[0, 0, 0, 0], x[0, 2, 2, 1], x[1, 0, 0, 2] = np.nan, -np.inf, np.inf
    check(pools, pooled, x, B, ops=["max_pool", "add", "maximum"])
    relu = lambda x: ops.max_pool(ops.maximum(x, 0), 2)  # noqa: E731
    check(pools, relu, x, ops=["max_pool", "maximum"])


def gradients(x: Any, b: Any) -> Any:
    """Of the input and the bias, of a sum whose weights tell all elements apart."""
    weights = np.arange(2 * 3 * 2 * 3, dtype="float32").reshape(2, 3, 2, 3) - 15

    def total(x: Any, b: Any) -> Any:
        return ops.sum(ops.max_pool(ops.relu(x + b), 2) * weights)

    value, (dx, db) = value_and_grad(total, (0, 1))(x, b)
    return value, dx * 1.5, db


def test_gradients_are_masked_and_summed_while_they_are_small() -> None:
    specs = [TensorSpec(a.shape, "float32") for a in (X, B)]
    graph, _ = trace(gradients, specs)
    before = optimize(graph, current(), "hoist")
    after = verify(pools(before, current()))
    sizes = {n.op.name: n.spec.size for n in after.nodes if n.op.name in ("select", "greater")}
    assert sizes == {"select": X.size // 4, "greater": X.size // 4}
    assert [n.inputs[0].spec.size for n in after.nodes if n.op.name == "sum"][-1] == X.size // 4
    for got, want in zip(function(gradients)(X, B), gradients(X, B), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


STAY: dict[str, Callable[..., Any]] = {
    "the relu is a result": lambda x, b: (ops.maximum(x + b, 0), pooled(x, b)),
    "the relu is read": lambda x, b: ops.sum(ops.maximum(x + b, 0)) + pooled(x, b),
    "its mask is read": lambda x, b: (
        ops.where(ops.maximum(x + b, 0) > 0, x, 1) + ops.max(pooled(x, b))
    ),
    "no relu": lambda x, b: ops.max_pool(ops.maximum(x + b, 1), 2),
    "a minimum": lambda x, b: ops.max_pool(ops.minimum(x + b, 0), 2),
    "as many windows as elements": lambda x, b: ops.max_pool(
        ops.maximum(x + b, 0), 2, strides=1, padding="same"
    ),
    "integers": lambda x, b: ops.max_pool(ops.maximum(ops.cast(x * 9, "int32"), 0), 2),
    "average pooling": lambda x, b: ops.average_pool(ops.maximum(x + b, 0), 2),
}  # fmt: skip


@pytest.mark.parametrize("name", STAY)
def test_what_stays(name: str) -> None:
    graph, _ = trace(STAY[name], [TensorSpec(a.shape, "float32") for a in (X, B)])
    before = optimize(graph, current(), "hoist")
    assert pools(before, current()) is before


PART: dict[str, Callable[..., Any]] = {
    "the sum is read": lambda x, b: (x + b, ops.max_pool(ops.maximum(x + b, 0), 2)),
    "a bias per place": lambda x, b: ops.max_pool(ops.maximum(x + ops.flip(x, 0), 0), 2),
}


@pytest.mark.parametrize("name", PART)
def test_a_relu_alone_moves(name: str) -> None:
    made = check(pools, PART[name], X, B)
    (relu,) = [n for n in made.nodes if n.op.name == "maximum"]
    assert relu.spec.size == X.size // 4
    (total,) = [n for n in made.nodes if n.op.name == "add"]
    assert total.spec.size == X.size


def test_a_gradient_of_its_own_stays() -> None:
    """A mask that is not the pooling's gradient alone."""

    def straight(g: Any, y: Any, x: Any, **_: Any) -> Any:
        return ops.sum(g[0]) * ops.ones_like(x)

    specs = [TensorSpec(a.shape, "float32") for a in (X, B)]
    with overridden_gradient("max_pool", straight):
        graph, _ = trace(gradients, specs)
    before = optimize(graph, current(), "hoist")
    assert pools(before, current()) is before


def test_a_second_pooling_of_the_same_relu() -> None:
    def both(x: Any, b: Any) -> Any:
        y = ops.maximum(x + b, 0)
        return ops.max_pool(y, 2), ops.max_pool(y, (3, 2))

    graph, _ = trace(both, [TensorSpec(a.shape, "float32") for a in (X, B)])
    before = optimize(graph, current(), "hoist")
    assert pools(before, current()) is before
