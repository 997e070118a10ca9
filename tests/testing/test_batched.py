"""check_batched on rules of one's own: right ones pass, wrong ones are told with their inputs."""

from __future__ import annotations

from typing import Any

import pytest

from kerasish import ops, registry
from kerasish.graph.op import Op, case, get
from kerasish.ops.declare import Composite
from kerasish.testing import check_batched


def flipped(rule: Any) -> Op:
    """An op of one's own, x in reverse order along the first axis, with a batching rule."""
    return Op(
        "flipped",
        lambda x: x,
        lambda xp, x: x[::-1],
        vjp=lambda g, y, x: get("flipped")(g),
        cases=(case((3, 4)),),
        batch=rule,
    )


@pytest.fixture
def planted():
    def plant(rule: Any) -> Op:
        return registry.add("op", flipped(rule), "flipped", replace=True)

    yield plant
    registry._entries["op"].pop("flipped", None)


def test_a_right_rule_passes(planted):
    check_batched(planted(lambda b, x: ops.flip(x, axis=1)))


def test_an_op_without_a_rule_passes(planted):
    check_batched(planted(None))


def test_a_wrong_rule_is_told(planted):
    with pytest.raises(
        AssertionError, match=r"flipped\(\(3,4\)\), inputs 0 stacked: \s*.*\s*value"
    ):
        check_batched(planted(lambda b, x: ops.flip(x, axis=0)))


def test_a_wrong_gradient_is_told():
    @ops.custom_gradient
    def square(x: Any) -> Any:
        return x * x, lambda upstream: upstream * ops.roll(x, 1, axis=0)

    right = Composite("right", lambda x: square(x), (case((3,)),), (-2.0, 2.0))
    check_batched(right)
    made = []

    def changing(x: Any) -> Any:
        made.append(x)
        return ops.stop_gradient(x) * x if len(made) % 2 else x * x

    wrong = Composite("wrong", changing, (case((3,), differentiate=(0,)),), (-2.0, 2.0))
    with pytest.raises(AssertionError, match="gradient, 5 rows at once"):
        check_batched(wrong)


def test_which_inputs_were_stacked_is_told():
    def first_only(a: Any, b: Any) -> Any:
        return a * b if a.is_symbolic == b.is_symbolic else a + b

    wrong = Composite("mixed", first_only, (case((3,), (3,)),), (0.5, 2.0))
    with pytest.raises(AssertionError, match=r"inputs (0|1) stacked"):
        check_batched(wrong)
