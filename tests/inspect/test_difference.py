"""Differences of layers, arguments and weights."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.errors import ArgumentError


def model(units: int = 3, activation: str = "relu"):
    return keras.Sequential(
        [
            keras.Input((4,), name="x"),
            layers.Dense(units, activation, name="first"),
            layers.Dense(2, name="last"),
        ]
    )


def test_nothing_differs_from_a_copy():
    one = model()
    two = keras.models.clone_model(one)
    two.set_weights(one.get_weights())
    found = one.diff(two)
    assert found.same
    assert str(found) == "3 layers and 4 weights compared: no difference"


def test_weights_arguments_and_layers():
    one, two = model(), model(5, "tanh")
    found = one.diff(two)
    assert found.arguments["first"] == {"units": (3, 5), "activation": ("relu", "tanh")}
    assert found.weights["first/kernel"].shapes == ((4, 3), (4, 5))
    three = keras.models.clone_model(one)
    three.set_weights([w + (0.5 if i == 2 else 0) for i, w in enumerate(one.get_weights())])
    moved = one.diff(three)
    assert list(moved.weights) == ["last/kernel"]
    assert moved.weights["last/kernel"].largest == pytest.approx(0.5, rel=1e-5)
    norm = np.linalg.norm(one.get_weights()[2])
    assert moved.weights["last/kernel"].relative == pytest.approx(0.5 * 6**0.5 / norm, rel=1e-4)
    four = keras.Sequential([keras.Input((4,), name="x"), layers.Dense(2, name="last")])
    assert one.diff(four).layers == {"first": "first"}
    assert "first: only the first model has it" in str(one.diff(four))
    with pytest.raises(ArgumentError, match="Model"):
        one.diff("model")
