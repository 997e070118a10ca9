"""The input that a unit answers most to: optima that are known, regularisers by their formula."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import explain, layers
from kerasish.errors import ArgumentError
from kerasish.explain.maximise import _blurred, _variation_slope
from tests.explain.models import image, settled, table, words


def linear():
    return settled(keras.Sequential([keras.Input((4,)), layers.Dense(3)]))


def test_of_a_linear_unit_with_a_penalty_it_is_the_weights():
    model = linear()
    w = model.get_weights()[0][:, 2]
    found = explain.activation_maximisation(model, None, 2, l2=0.5, steps=400)
    np.testing.assert_allclose(found.values, [w / 0.5], atol=1e-2)
    np.testing.assert_allclose(found.score, model.predict(found.values, verbose=0)[:, 2], rtol=1e-5)
    assert found.history.shape == (401, 1)


def test_within_bounds_it_is_a_corner():
    model = linear()
    w = model.get_weights()[0][:, 1]
    found = explain.activation_maximisation(model, None, 1, bounds=(0, 2), rate=0.2)
    np.testing.assert_allclose(found.values, [2 * (w > 0)], atol=1e-6)


def test_channels_and_neurons_of_a_layer():
    model, x = image()
    channel = explain.activation_maximisation(model, "conv2d", 1, start=x, steps=30)
    assert channel.values.shape == x.shape
    behind = keras.Model(model.input, model.get_layer("conv2d").output)
    said = behind.predict(channel.values, verbose=0)
    np.testing.assert_allclose(channel.score, said[..., 1].mean((1, 2)), rtol=1e-4)
    assert (channel.score > behind.predict(x, verbose=0)[..., 1].mean((1, 2))).all()
    neuron = explain.activation_maximisation(model, model.layers[0], (3, 4, 1), steps=30)
    touched = np.abs(neuron.values - explain.activation_maximisation(
        model, model.layers[0], (3, 4, 1), steps=1, rate=0.0).values).sum(-1)[0] > 0  # fmt: skip
    assert touched[2:5, 3:6].all()
    assert not touched[5:].any()


def test_a_probability_is_climbed_before_its_sigmoid():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1, "sigmoid")])
    model.set_weights([np.array([[100.0], [0.0]]), np.array([-200.0])])
    start = np.zeros((1, 2), "f4")
    found = explain.activation_maximisation(model, None, 0, start=start)
    assert found.score[0] > 0
    assert model.predict(found.values, verbose=0)[0, 0] > 0.99
    still = explain.activation_maximisation(model, None, 0, start=start, before_activation=False)
    np.testing.assert_array_equal(still.values, start)


def test_total_variation_is_the_derivative_of_its_sum():
    x = np.random.default_rng(0).normal(size=(2, 4, 3, 2))
    slope = _variation_slope(x)

    def total(v):
        return np.abs(np.diff(v, axis=1)).sum() + np.abs(np.diff(v, axis=2)).sum()

    for at in [(0, 0, 0, 0), (1, 2, 1, 1), (0, 3, 2, 0)]:
        step = np.zeros_like(x)
        step[at] = 1e-5
        np.testing.assert_allclose(slope[at], (total(x + step) - total(x - step)) / 2e-5, atol=1e-4)
    assert (_variation_slope(x[:, 0, :, 0]) == 0).all()  # a table has no neighbours


def test_regularisers_make_images_smooth():
    model, x = image()

    def rough(**more):
        found = explain.activation_maximisation(model, "conv2d", 0, start=x, steps=60, **more)
        return np.abs(np.diff(found.values, axis=1)).mean()

    plain = rough()
    assert rough(total_variation=0.02) < 0.8 * plain
    assert rough(blur=1.0) < 0.8 * plain
    even = np.ones((1, 5, 5, 2))
    np.testing.assert_allclose(_blurred(even, 1.5), even)
    point = np.zeros((1, 9, 9, 1))
    point[0, 4, 4] = 1
    spread = _blurred(point, 1.0)[0, ..., 0]
    np.testing.assert_allclose(spread.sum(), 1)
    np.testing.assert_allclose(spread[4, 5] / spread[4, 4], np.exp(-0.5))


def test_the_number_of_rows_in_a_batch_changes_nothing():
    model, x = image()
    whole, parts = (
        explain.activation_maximisation(model, None, 1, start=x, steps=5, batch_size=size)
        for size in (32, 3)
    )
    np.testing.assert_allclose(whole.values, parts.values, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(whole.history, parts.history, rtol=1e-4, atol=1e-5)


class Called(keras.Model):
    """A model with a `call` of its own."""

    def __init__(self):
        super().__init__()
        self.last = layers.Dense(2)

    def call(self, x):
        return self.last(x)


def test_a_model_without_symbols_says_what_it_needs():
    model, x = Called(), np.ones((2, 3), "f4")
    model(x)
    found = explain.activation_maximisation(model, None, 1, start=x)
    assert (found.score > found.history[0]).all()
    with pytest.raises(ArgumentError, match="inputs to start from"):
        explain.activation_maximisation(model, None, 1)
    with pytest.raises(ArgumentError, match="has no symbols"):
        explain.activation_maximisation(model, model.last, 1, start=x)
    assert explain.sanity_check(explain.saliency, model, x, repeats=1).correlation.shape == (
        1,
        2,
        1,
    )


def test_what_makes_no_sense():
    model, x = image()
    with pytest.raises(ArgumentError, match="conv2d_9"):
        explain.activation_maximisation(model, "conv2d_9", 0)
    for unit in (4, (0, 0), (9, 0, 0), "red", 0.5):
        with pytest.raises(ArgumentError, match="number of a channel, or 3 indices"):
            explain.activation_maximisation(model, "conv2d", unit)
    with pytest.raises(ArgumentError, match="low < high"):
        explain.activation_maximisation(model, None, 0, bounds=(1, 1))
    with pytest.raises(ArgumentError, match=r"blur.*0 or more"):
        explain.activation_maximisation(model, None, 0, blur=-1)
    text, tokens = words()
    with pytest.raises(ArgumentError, match="inputs to start from"):
        explain.activation_maximisation(text, None, 0)
    with pytest.raises(ArgumentError, match="input of floats"):
        explain.activation_maximisation(text, None, 0, start=tokens)
    other, _ = table()
    with pytest.raises(ArgumentError, match="a layer that stands in"):
        explain.activation_maximisation(model, other.layers[0], 0)
    assert x.shape == (4, 8, 8, 3)
