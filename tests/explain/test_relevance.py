"""LRP keeps the score in every layer, DeepLIFT adds up to the difference, rules as published."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import explain, layers, ops
from kerasish.errors import ArgumentError, GradientError
from tests.explain.models import KINDS, attention, image, lack, settled, table, words


@pytest.mark.parametrize("kind", KINDS)
def test_deeplift_adds_up_to_the_difference(kind):
    model, x = KINDS[kind]()
    found = explain.deeplift(model, x, 1)
    assert found.values.shape == x.shape
    assert np.abs(lack(found)).max() < 1e-4 * max(1.0, np.abs(found.score).max())


def test_deeplift_between_two_images():
    model, x = image(activation="elu")
    found = explain.deeplift(model, x[:2], 1, baseline=x[2])
    assert np.abs(lack(found)).max() < 1e-4
    assert (explain.deeplift(model, x[:1], 1, baseline=x[0]).values == 0).all()


WITHOUT_BIASES = {
    "table": lambda: table(bias=False),
    "image": lambda: image(bias=False),
    "words": lambda: words(bias=False),
}


@pytest.mark.parametrize("kind", WITHOUT_BIASES)
@pytest.mark.parametrize("rule", ["epsilon", "gamma", "alpha_beta"])
def test_without_biases_every_layer_holds_the_score(kind, rule):
    model, x = WITHOUT_BIASES[kind]()
    found = explain.lrp(model, x, 1, rule=rule, epsilon=0.0)
    scale = np.abs(found.score).max()
    np.testing.assert_allclose(lack(found), 0, atol=1e-4 * scale)
    if kind != "words":
        assert len(found.layers) >= 3
        for path, relevance in found.layers.items():
            np.testing.assert_allclose(relevance, found.score, atol=1e-4 * scale, err_msg=path)


def test_with_biases_the_residual_is_their_share():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("f4")
    model.layers[0].bias.assign([0.75])
    found = explain.lrp(model, x, epsilon=0)
    np.testing.assert_allclose(lack(found), 0.75, rtol=1e-4)


def test_attention_keeps_what_no_bias_takes():
    model, x = attention()
    for weight in model.weights:
        if weight.path.endswith(("bias", "beta")):
            weight.assign(np.zeros(weight.shape))
    found = explain.lrp(model, x, 1, epsilon=0.0)
    np.testing.assert_allclose(lack(found), 0, atol=1e-4 * np.abs(found.score).max())


def dense(rule, **more):
    """(relevance of kerasish, x, w, b, z) of one layer of sums."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    settled(model)
    x = np.random.default_rng(3).normal(size=(5, 4)).astype("f4")
    w, b = model.get_weights()
    return explain.lrp(model, x, 2, rule=rule, **more).values, x, w[:, 2], b[2], x @ w[:, 2]


def test_epsilon_as_published():
    found, x, w, b, z = dense("epsilon", epsilon=0.25)
    total = z + b
    expected = x * w * (total / (total + 0.25 * np.where(total >= 0, 1, -1)))[:, None]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_gamma_as_published():
    found, x, w, _, z = dense("gamma", gamma=0.5, epsilon=0)
    raised = w + 0.5 * np.maximum(w, 0)
    np.testing.assert_allclose(found, x * raised * (z / (x @ raised))[:, None], rtol=1e-3)


def test_alpha_beta_as_published():
    found, x, w, _, z = dense("alpha_beta", alpha=2.0, beta=1.0)
    parts = x * w
    up, down = np.maximum(parts, 0), np.minimum(parts, 0)
    share = 2 * up / up.sum(1, keepdims=True) - down / down.sum(1, keepdims=True)
    one_sign = (up.sum(1) == 0) | (down.sum(1) == 0)
    share[one_sign] = (parts / parts.sum(1, keepdims=True))[one_sign]
    np.testing.assert_allclose(found, share * z[:, None], rtol=1e-3, atol=1e-5)


def test_rules_by_layer():
    model, x = image(bias=False)
    plain = explain.lrp(model, x, 1, epsilon=0)
    mixed = explain.lrp(model, x, 1, epsilon=0, rules={"conv2d*": "alpha_beta"})
    assert np.abs(plain.values - mixed.values).max() > 1e-3
    np.testing.assert_allclose(mixed.values.sum((1, 2, 3)), mixed.score, rtol=1e-3)
    with pytest.raises(ArgumentError, match="epsilon"):
        explain.lrp(model, x, 1, rule="zeta")


def test_the_share_of_a_gate_goes_to_what_it_opens_for():
    x = keras.Input((2,))
    model = keras.Model(x, ops.sum(ops.sigmoid(x[:, :1]) * x[:, 1:], axis=1, keepdims=True))
    rows = np.array([[0.5, 2.0], [-1.0, 3.0]], "f4")
    found = explain.lrp(model, rows, epsilon=0)
    np.testing.assert_allclose(found.values[:, 0], 0)
    np.testing.assert_allclose(found.values[:, 1], found.score, rtol=1e-5)


def test_max_pooling_between_two_inputs():
    model = keras.Sequential([keras.Input((4, 1)), layers.MaxPooling1D(4), layers.Flatten()])
    x, base = np.array([[1, 5, 2, 0]], "f4")[..., None], np.array([[0, 1, 3, 0]], "f4")[..., None]
    found = explain.deeplift(model, x, baseline=base)
    # high = max(5, 3) = 5: 5 - 3 by what is largest now, 5 - 5 by what was.
    np.testing.assert_allclose(found.values[0, :, 0], [0, 2, 0, 0])
    back = explain.deeplift(model, base, baseline=x)
    np.testing.assert_allclose(back.values[0, :, 0], [0, -2, 0, 0])


@pytest.fixture
def cube():
    from kerasish.graph.op import Op

    made = Op("cube_of_a_test", lambda s: s, lambda xp, x: x**3, vjp=lambda g, y, x: g * 3 * x * x)
    x = keras.Input((3,))
    return made, keras.Model(x, ops.sum(made(layers.Dense(3)(x)), axis=1, keepdims=True))


def test_an_op_without_a_rule_is_named(cube):
    _, model = cube
    x = np.ones((2, 3), "f4")
    with pytest.raises(GradientError, match=r"cube_of_a_test.*explaining"):
        explain.lrp(model, x)
    with pytest.raises(GradientError, match="deeplift through op"):
        explain.deeplift(model, x)


def test_an_op_of_ones_own_says_how_relevance_goes_through_it(cube):
    made, model = cube
    x = np.random.default_rng(0).normal(size=(2, 3)).astype("f4")

    @made.explaining()
    def rule(way, m, y, x):
        return m * (y - way.reference()) / (x - way.reference(0))

    model.layers[1].bias.assign(np.zeros(3))
    for found in (explain.lrp(model, x, epsilon=0), explain.deeplift(model, x)):
        np.testing.assert_allclose(lack(found), 0, atol=1e-3)
    with pytest.raises(ArgumentError, match="lrp"):
        made.explaining("shap")
