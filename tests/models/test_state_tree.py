"""The state of a model as nested dicts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, ShapeError

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 3)).astype("float32"), RNG.normal(size=(4, 1)).astype("float32")


def made() -> Any:
    layers = keras.layers
    stack = [keras.Input((3,)), layers.Dense(1, name="d"), layers.BatchNormalization(name="b")]
    model = keras.Sequential(stack, name="m")
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, verbose=0)
    return model


def test_the_keys_are_the_parts_of_paths() -> None:
    tree = made().get_state_tree()
    assert set(tree["trainable_variables"]["m"]["d"]) == {"kernel", "bias"}
    assert set(tree["non_trainable_variables"]["m"]["b"]) == {"moving_mean", "moving_variance"}
    assert {"iteration", "m_d_kernel_momentum"} < set(tree["optimizer_variables"]["adam"])
    assert set(tree["metrics_variables"]["loss"]) == {"total", "count"}
    assert keras.is_tensor(tree["trainable_variables"]["m"]["d"]["kernel"])
    arrays = made().get_state_tree("numpy_array")
    assert isinstance(arrays["trainable_variables"]["m"]["d"]["kernel"], np.ndarray)


def test_it_comes_back() -> None:
    model = made()
    tree = model.get_state_tree("numpy_array")
    kernel = tree["trainable_variables"]["m"]["d"]["kernel"]
    model.fit(X, Y, verbose=0)
    assert not np.array_equal(model.layers[0].kernel.numpy(), kernel)
    model.set_state_tree(tree)
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), kernel)
    assert int(model.optimizer.iterations.numpy()) == 1


def test_all_or_nothing() -> None:
    model = made()
    before = model.layers[0].kernel.numpy()
    kernel = {"d": {"kernel": np.zeros((3, 1))}}
    wrong = [
        ({"trainable_variables": {"m": {**kernel, "b": {"gamma": np.zeros(7)}}}}, ShapeError),
        ({"trainable_variables": {"m": {**kernel, "e": np.zeros(1)}}}, ArgumentError),
        ({"trainable_variables": {"m": kernel}, "weights": {}}, ArgumentError),
    ]
    for tree, error in wrong:
        with pytest.raises(error, match="set_state_tree"):
            model.set_state_tree(tree)
        np.testing.assert_array_equal(model.layers[0].kernel.numpy(), before)


def test_what_has_no_tree() -> None:
    with pytest.raises(ArgumentError, match="value_format"):
        made().get_state_tree("list")
    x = keras.Input((3,))
    one = keras.Model(x, keras.layers.Dense(3, name="same")(x))
    two = keras.Model(x, keras.layers.Dense(3, name="same")(x))
    with pytest.raises(ArgumentError, match="'same/kernel' twice"):
        keras.Sequential([x, one, two]).get_state_tree()
