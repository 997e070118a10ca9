"""A method must follow the model's parameters."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import explain, layers
from kerasish.errors import ArgumentError
from kerasish.explain.sanity import _correlation, _ranked
from tests.explain.models import attention, image, table, two_towers


def edges(model, x, target):
    """What an edge detector sees: nothing of the model."""
    return np.abs(np.diff(x, axis=1, prepend=0))


def test_gradients_pass_and_an_edge_detector_fails():
    model, x = image()
    weights = model.get_weights()
    good = explain.sanity_check(explain.saliency, model, x)
    assert good.passed
    assert good
    assert good.correlation.shape == (4, 4, 3)
    assert [path.split("/")[-1] for path in good.layers] == [
        "dense", "conv2d_1", "batch_normalization", "conv2d"
    ]  # fmt: skip
    bad = explain.sanity_check(edges, model, x)
    assert not bad.passed
    np.testing.assert_allclose(bad.correlation, 1)
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert "saliency: rank correlation" in repr(good)
    assert repr(good).splitlines()[-1].startswith("passed")
    assert repr(bad).splitlines()[-1].startswith("failed")
    assert "edges" in bad._repr_html_()


def test_layers_below_count_only_once_they_are_drawn():
    """Of the last of two linear layers the gradient mixes the rows of the first: it moves."""
    model = keras.Sequential([keras.Input((6,)), layers.Dense(6, use_bias=False), layers.Dense(1)])
    model.set_weights([np.diag([1.0, 2, 3, 4, 5, 6]), np.ones((6, 1)), np.zeros(1)])
    x = np.ones((2, 6), "f4")
    found = explain.sanity_check(explain.saliency, model, x, repeats=40)
    assert [path.split("/")[-1] for path in found.layers] == ["dense_1", "dense"]
    first, last = np.abs(found.correlation).mean((1, 2))
    assert first > last + 0.05


@pytest.mark.parametrize("method", [explain.lrp, explain.deeplift])
def test_of_other_methods_and_models(method):
    model, x = table()
    found = explain.sanity_check(method, model, x, 1, repeats=10)
    assert found.passed
    again = explain.sanity_check(method, model, x, 1, repeats=10)
    np.testing.assert_array_equal(found.correlation, again.correlation)


def test_arguments_of_the_method_and_models_of_other_inputs():
    assert explain.sanity_check(explain.occlusion, *attention(), 0, baseline=2).passed
    model, x = two_towers()
    found = explain.sanity_check(explain.saliency, model, x, output="price", repeats=10)
    assert found.correlation.shape[1:] == (4, 10)


def test_the_target_is_that_of_the_model_itself():
    model, x = table()
    seen = []

    def method(model, x, target):
        seen.append(target)
        return x * 1.0

    explain.sanity_check(method, model, x, repeats=1)
    expected = model.predict(x, verbose=0).argmax(1)
    assert all((target[:, 0] == expected).all() for target in seen)


def test_ranks_and_their_correlation_as_spearman_defined_them():
    a = np.array([[1.0, 5, 3, 3], [2, 2, 2, 2]])
    np.testing.assert_array_equal(_ranked(a, 2, False), [[-1.5, 1.5, 0, 0], [0, 0, 0, 0]])
    np.testing.assert_array_equal(_ranked(-a, 2, True), _ranked(a, 2, False))
    b = np.array([[1.0, 2, 3, 4], [4, 3, 2, 1]])
    ranks = _ranked(np.array([[3.0, 1, 4, 2], [4, 3, 2, 1]]), 2, False)
    # 1 - 6 * sum of squared differences / (n (n^2 - 1))
    np.testing.assert_allclose(_correlation(_ranked(b, 2, False), ranks), [1 - 6 * 10 / 60, 1])
    np.testing.assert_array_equal(_correlation(ranks * 0, ranks), [0, 0])
    np.testing.assert_array_equal(_correlation(ranks * 0, ranks * 0), [1, 1])


def test_what_makes_no_sense():
    model, x = table()
    with pytest.raises(ArgumentError, match="a function"):
        explain.sanity_check("saliency", model, x)  # type: ignore[arg-type]
    bare = keras.Sequential([keras.Input((5,)), layers.Activation("relu")])
    with pytest.raises(ArgumentError, match="with parameters"):
        explain.sanity_check(explain.saliency, bare, x)
    with pytest.raises(ArgumentError, match="of 5 rows"):
        explain.sanity_check(lambda model, x, target: x[:2], model, x)
    with pytest.raises(ArgumentError, match="a result of method"):
        explain.sanity_check(lambda model, x, target: None, model, x)
