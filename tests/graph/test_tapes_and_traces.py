"""What a trace and a tape keep from each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, ops

MODES = pytest.mark.parametrize("how", [lambda f: f, keras.function], ids=["eager", "compiled"])


@MODES
def test_what_was_given_to_a_variable_before_it_was_watched_does_not_count(how: Any) -> None:
    held = keras.Variable(1.0)

    def step(x: Any) -> Any:
        with keras.GradientTape(persistent=True) as tape:
            first = held * 1.0
            given = x * 2.0
            held.assign(given)
            tape.watch(given)
            y = held * 3.0 + given + 0.0 * first
        return tape.gradient(y, given)

    assert float(how(step)(ops.convert_to_tensor(0.5))) == 1.0


def test_steps_that_are_traced_under_a_tape_are_hidden_from_it() -> None:
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1, use_bias=False)])
    (kernel,) = model.weights
    with keras.GradientTape() as tape:
        model.predict(np.ones((3, 2), "float32"), verbose=0)
        y = ops.sum(kernel * kernel)
    np.testing.assert_allclose(tape.gradient(y, kernel), 2 * kernel.numpy())


@MODES
def test_what_makes_a_weight_is_hidden_from_tapes(how: Any) -> None:
    scale = keras.Variable(2.0)
    layer = layers.Dense(
        1, use_bias=False, kernel_initializer=lambda shape, dtype: scale * ops.ones(shape)
    )

    def step(x: Any) -> Any:
        with keras.GradientTape() as tape:
            y = ops.sum(layer(x)) * scale
        return tape.gradient(y, scale)

    assert float(how(step)(ops.ones((1, 3)))) == 6.0


def test_what_a_failed_body_assigned_stays_under_a_tape() -> None:
    held = keras.Variable(1.0)
    x = ops.convert_to_tensor(3.0)

    def fails() -> None:
        held.assign(x * x)
        raise ZeroDivisionError

    with keras.GradientTape() as tape:
        tape.watch(x)
        first = held * 2.0
        with pytest.raises(ZeroDivisionError):
            ops.cond(x > 0, fails, fails)
        y = held * first
    assert float(y) == 18.0
    assert float(tape.gradient(y, x)) == 12.0
