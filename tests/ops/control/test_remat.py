"""remat: the same values and gradients, and less memory in the plan."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import ops
from kerasish.compiler import function
from kerasish.graph import GradientTape, Variable, value_and_grad
from kerasish.ops.control.remat import remat
from kerasish.spec import TensorSpec
from tests.tolerances import assert_close

SPEC = TensorSpec((256, 256), "float32")


def block(x: Any, w: Any) -> Any:
    """A matrix product between chains whose intermediate values the gradient needs."""
    return ops.tanh(ops.matmul(ops.sin(ops.tanh(x)), w))


def chain(body: Any, argnums: Any = (0, 1)) -> Any:
    """Eight blocks and a mean, with its gradients."""

    def loss(x: Any, w: Any) -> Any:
        for _ in range(8):
            x = body(x, w)
        return ops.mean(x * x)

    return function(value_and_grad(loss, argnums=argnums))


def test_values_and_gradients_are_the_same() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=SPEC.shape).astype("float32")
    w = (rng.normal(size=SPEC.shape) / 16).astype("float32")
    plain, again = chain(block), chain(remat(block))
    (value, grads), (value_again, grads_again) = plain(x, w), again(x, w)
    assert_close(value_again, value.numpy())
    for g, h in zip(grads, grads_again, strict=True):
        assert_close(h.numpy(), g.numpy(), "first_gradient")


def test_the_plan_is_smaller() -> None:
    before = chain(block, 0).plan_for(SPEC, SPEC).memory.size
    after = chain(remat(block), 0).plan_for(SPEC, SPEC).memory.size
    assert after < 0.6 * before


def test_gradients_reach_variables_read_inside() -> None:
    w = Variable(np.array([2.0, 3.0], "float32"), name="w")

    @function
    def step(x: Any) -> Any:
        with GradientTape() as tape:
            y = ops.sum(remat(lambda t: ops.sin(t * w))(x))
        return tape.gradient(y, w)

    x = np.array([0.5, -0.5], "float32")
    assert_close(step(x).numpy(), x * np.cos(x * w.numpy()))


def test_plain_values_and_structures_pass_through() -> None:
    @function
    def step(x: Any) -> Any:
        return remat(lambda t, scale, flag: {"a": t["x"] * scale, "flag": flag})(
            {"x": x}, 2.0, flag=True
        )

    found = step(np.ones(3, "float32"))
    assert found["flag"] is True
    assert_close(found["a"].numpy(), np.full(3, 2.0, "float32"))
