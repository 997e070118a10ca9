"""Gradients against finite differences, closed forms of linear models, completeness."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import explain, layers
from kerasish.errors import ArgumentError
from tests.explain.models import KINDS, lack, settled, table, two_towers, words


@pytest.fixture
def linear():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    return settled(model), np.random.default_rng(2).normal(size=(6, 4)).astype("f4")


def test_of_a_linear_model_every_method_gives_its_weights_times_the_input(linear):
    model, x = linear
    kernel, _ = model.get_weights()
    w = kernel[:, 1]
    np.testing.assert_allclose(explain.saliency(model, x, 1).values, np.abs(w) + 0 * x, rtol=1e-6)
    base = np.array([1.0, 2.0, -1.0, 0.5], "f4")
    for found, expected in (
        (explain.gradient_x_input(model, x, 1), w * x),
        (explain.lrp(model, x, 1, epsilon=0), w * x),
        (explain.integrated_gradients(model, x, 1, steps=1), w * x),
        (explain.integrated_gradients(model, x, 1, baseline=base), w * (x - base)),
        (explain.deeplift(model, x, 1, baseline=base), w * (x - base)),
    ):
        np.testing.assert_allclose(found.values, expected, rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(
        explain.smoothgrad(model, x, 1, samples=3).values, w + 0 * x, rtol=1e-5
    )


def test_saliency_is_the_derivative():
    model, x = table()
    found = explain.saliency(model, x, 2).values
    for i in range(x.shape[1]):
        step = np.zeros(5, "f4")
        step[i] = 1e-2
        rise = model.predict(x + step, verbose=0)[:, 2] - model.predict(x - step, verbose=0)[:, 2]
        np.testing.assert_allclose(found[:, i], np.abs(rise) / 2e-2, rtol=0.05, atol=2e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_integrated_gradients_add_up(kind):
    model, x = KINDS[kind]()
    found = explain.integrated_gradients(model, x, 1)
    assert found.values.shape == x.shape
    said = model.predict(x, verbose=0)[:, 1]
    np.testing.assert_allclose(found.score, said, rtol=1e-5, atol=1e-6)
    difference = found.values.reshape(len(x), -1).sum(1) + lack(found)
    assert (np.abs(lack(found)) <= 1e-3 * np.abs(difference) + 1e-6).all()


def test_the_residual_is_what_the_values_lack():
    model, x = table()
    base = np.full(5, 0.5, "f4")
    found = explain.integrated_gradients(model, x, 0, baseline=base, steps=2, tolerance=None)
    difference = found.score - model.predict(np.tile(base, (5, 1)), verbose=0)[:, 0]
    np.testing.assert_allclose(lack(found), difference - found.values.sum(1), atol=1e-6)
    assert np.abs(lack(found)).max() > 1e-4


def test_a_baseline_of_tokens_is_what_stands_for_them():
    model, x = words()
    x = np.where(x == 0, 1, x)
    found = explain.integrated_gradients(model, x, 1, baseline=2, steps=60)
    base = model.predict(np.full_like(x, 2), verbose=0)[:, 1]
    np.testing.assert_allclose(found.values.sum(1), found.score - base, atol=1e-4)
    np.testing.assert_allclose(found.values[x == 2], 0, atol=1e-6)


def test_padding_counts_nothing():
    model, x = words()
    for method in (explain.saliency, explain.gradient_x_input, explain.lrp, explain.deeplift):
        assert (method(model, x, 1).values[x == 0] == 0).all()


def test_the_number_of_rows_in_a_batch_changes_nothing():
    model, x = table()
    for method in (explain.saliency, explain.integrated_gradients, explain.lrp, explain.deeplift):
        whole, parts = method(model, x), method(model, x, batch_size=2)
        np.testing.assert_allclose(whole.values, parts.values, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(whole.target, parts.target)


def test_targets_are_the_largest_class_or_the_one_that_is_named():
    model, x = table()
    said = model.predict(x, verbose=0)
    np.testing.assert_array_equal(explain.saliency(model, x).target[:, 0], said.argmax(1))
    each = np.array([0, 1, 2, 0, 1])
    found = explain.saliency(model, x, each)
    np.testing.assert_allclose(found.score, said[np.arange(5), each], rtol=1e-5)
    alone = explain.saliency(model, x[1:2], 1)
    np.testing.assert_allclose(found.values[1:2], alone.values, rtol=1e-5)
    with pytest.raises(ArgumentError, match=r"indices into \(3,\)"):
        explain.saliency(model, x, 3)
    with pytest.raises(ArgumentError, match="whole numbers"):
        explain.saliency(model, x, "cat")


def test_inputs_by_name_and_one_of_several_outputs():
    model, x = two_towers()
    found = explain.integrated_gradients(model, x, output="price")
    assert {k: v.shape for k, v in found.values.items()} == {"numbers": (4, 3), "kind": (4, 1)}
    assert np.abs(lack(found)).max() < 1e-3
    with pytest.raises(ArgumentError, match="one of 'price', 'class'"):
        explain.saliency(model, x)


def test_scores_before_the_last_activation():
    model, x = table()
    held = model.layers[-2].output
    kernel, bias = model.layers[-1].get_weights()
    before = explain.gradient_x_input(model, x, 1, before_activation=True)
    scores = keras.Model(model.inputs, held).predict(x, verbose=0) @ kernel + bias
    np.testing.assert_allclose(before.score, scores[:, 1], rtol=1e-5)
    assert (explain.gradient_x_input(model, x, 1).score <= 1).all()
