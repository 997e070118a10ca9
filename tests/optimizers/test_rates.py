"""Rates of single layers: a factor is a parameter group with its own rate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasish as keras
from kerasish.errors import ArgumentError
from kerasish.optimizers import SGD, Adam, AdamW, LossScaleOptimizer, MultiOptimizer, OptimizerMap
from kerasish.optimizers.rates import fits, unfit

RNG = np.random.default_rng(0)
START = {name: RNG.normal(size=3) for name in ("a", "b", "c")}
GRADIENTS = [{name: RNG.normal(size=3) for name in START} for _ in range(4)]
RATE, FACTOR = 0.1, {"a": 0.25, "b": 1.0, "c": 0.0}


def steps(optimizer: Any) -> dict[str, np.ndarray]:
    """The weights after four updates in one compiled function."""
    optimizer.rates = {"*": 0.5, "body": 0.25, "body/b": 1, "c": 0}
    weights = {}
    for name, value in START.items():
        with keras.name_scope("body" if name != "c" else "head"):
            weights[name] = keras.Variable(value, dtype="float64", name=name)
    optimizer.build(list(weights.values()))

    def step(*gradients: Any) -> Any:
        optimizer.apply(gradients)
        return optimizer.iterations.value

    compiled = keras.function(step)
    for gradient in GRADIENTS:
        compiled(*gradient.values())
    return {name: weight.numpy() for name, weight in weights.items()}


def sgd(w: np.ndarray, rate: float, name: str) -> np.ndarray:
    """Of torch: b <- 0.9 b + g; w <- w - lr b, after g <- g + decay w."""
    buffer = np.zeros(3)
    for gradient in GRADIENTS:
        buffer = 0.9 * buffer + gradient[name]
        w = w - rate * buffer
    return w


def adam(w: np.ndarray, rate: float, name: str, decay: float = 0.0) -> np.ndarray:
    """Of torch's AdamW: w <- w (1 - lr decay); then w <- w - lr m' / (sqrt(v') + epsilon)."""
    m = v = np.zeros(3)
    for t, gradient in enumerate(GRADIENTS, 1):
        g = gradient[name]
        w = w * (1 - rate * decay)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        w = w - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-12)
    return w


@pytest.mark.parametrize(
    ("optimizer", "formula"),
    [
        (lambda: SGD(RATE, momentum=0.9), sgd),
        (lambda: Adam(RATE, epsilon=1e-12), adam),
        (lambda: AdamW(RATE, weight_decay=0.3, epsilon=1e-12), lambda *a: adam(*a, 0.3)),
        (lambda: LossScaleOptimizer(SGD(RATE, momentum=0.9), initial_scale=1.0), sgd),
    ],
)
def test_a_factor_is_a_group_with_its_own_rate(optimizer: Any, formula: Any) -> None:
    found = steps(optimizer())
    for name, start in START.items():
        wanted = formula(start, RATE * FACTOR[name], name)
        np.testing.assert_allclose(found[name], wanted, rtol=2e-6, err_msg=name)
    assert (found["c"] == START["c"]).all()


def model() -> keras.Model:
    body = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, name="one")], name="body")
    return keras.Sequential([keras.Input((3,)), body, keras.layers.Dense(1, name="head")])


def test_in_fit_with_a_schedule_and_from_its_file(tmp_path: Path) -> None:
    made = model()
    optimizer = SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5))
    optimizer.rates = {"body": 0.5}
    made.compile(optimizer, "mse")
    before = made.get_weights()
    x, y = np.ones((2, 3)), np.ones((2, 1))
    made.save(tmp_path / "m.keras")
    made.fit(x, y, epochs=2, verbose=0)
    assert optimizer.get_config()["rates"] == {"body": 0.5}
    again = keras.saving.load_model(tmp_path / "m.keras")
    again.fit(x, y, epochs=2, verbose=0)
    for one, two, start in zip(made.get_weights(), again.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, two)
        assert not np.array_equal(one, start)
    flat = SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5))
    third = keras.models.clone_model(made)
    third.set_weights(before)
    flat.rates = {"head": 0}
    third.compile(MultiOptimizer(OptimizerMap(flat)), "mse")
    third.fit(x, y, epochs=1, verbose=0)
    moved = [not np.array_equal(a, b) for a, b in zip(third.get_weights(), before, strict=True)]
    assert moved == [True, True, False, False]
    assert "rates" not in SGD().get_config()


def test_what_is_wrong_is_told() -> None:
    optimizer = Adam()
    for value, told in (
        ([1], "{pattern: factor}"),
        ({"a": -1.0}, "a number of at least 0"),
        ({"a": True}, "a number of at least 0"),
        ({"a": float("inf")}, "a number of at least 0"),
    ):
        with pytest.raises(ArgumentError, match=told):
            optimizer.rates = value
    optimizer.rates = {"bod": 0.5}
    made = model()
    made.compile(optimizer, "mse")
    with pytest.raises(ArgumentError, match="fits none of body/one, head"):
        made.fit(np.ones((2, 3)), np.ones((2, 1)), verbose=0)
    built = Adam()
    built.build(made.trainable_variables)
    with pytest.raises(ArgumentError, match="before the first step"):
        built.rates = {"head": 0.5}
    several = MultiOptimizer(OptimizerMap(SGD(0.1)))
    with pytest.raises(AttributeError, match="set `rates` of its `optimizers`"):
        several.rates = {"a": 1.0}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab.1", min_size=1, max_size=3), min_size=1, max_size=4), st.data())
def test_a_pattern_fits_names_in_a_row(names: list[str], data: st.DataObject) -> None:
    path = "/".join(names)
    start = data.draw(st.integers(0, len(names) - 1))
    end = data.draw(st.integers(start + 1, len(names)))
    part = "/".join(names[start:end])
    cut = data.draw(st.integers(0, len(part)))
    assert fits(part, path)
    assert fits(part[:cut] + "*", path)
    assert fits("*" + part[cut:], path)
    assert not fits(part + "x", path)
    assert unfit([part, part + "x", "*"], [path]) == [part + "x"]
