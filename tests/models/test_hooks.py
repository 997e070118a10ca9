"""Hooks on layers: what they see, what they change, and that they go."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.errors import UnknownNameError


@pytest.fixture
def model():
    inner = keras.Sequential([layers.Dense(3, name="a"), layers.Dense(3, name="b")], name="inner")
    made = keras.Sequential([keras.Input((4,)), inner, layers.Dense(2, name="last")])
    made.compile("sgd", "mse")
    return made


X = np.ones((2, 4), "f4")


def test_a_hook_takes_the_place_of_outputs_and_goes(model):
    before = model.predict(X, verbose=0)
    with model.hook("last", lambda layer, inputs, outputs: outputs * 2):
        np.testing.assert_allclose(model.predict(X, verbose=0), 2 * before, rtol=1e-6)
    np.testing.assert_allclose(model.predict(X, verbose=0), before, rtol=1e-6)


def test_patterns_choose_layers_at_any_depth(model):
    seen = []
    note = lambda layer, inputs, outputs: seen.append((layer.name, outputs.shape))  # noqa: E731
    handle = model.hook("inner/*", note)
    model(X)
    assert seen == [("a", (2, 3)), ("b", (2, 3))]
    handle.remove()
    model(X)
    assert len(seen) == 2
    with model.hook("*", note):
        model(X)
    assert [name for name, _ in seen[2:]] == ["a", "b", "inner", "last"]


def test_values_with_run_eagerly(model):
    model.compile("sgd", "mse", run_eagerly=True)
    found = []
    with model.hook("a", lambda layer, inputs, outputs: found.append(outputs.numpy())):
        model.predict(X, verbose=0)
    np.testing.assert_allclose(found[0], model.get_layer("inner").get_layer("a")(X), rtol=1e-6)


def test_several_hooks_in_order(model):
    plain = np.asarray(model(X))
    with (
        model.hook("last", lambda layer, inputs, outputs: outputs + 1),
        model.hook("last", lambda layer, inputs, outputs: outputs * 2),
    ):
        np.testing.assert_allclose(model(X), (plain + 1) * 2, rtol=1e-6)


def test_no_such_layer(model):
    with pytest.raises(UnknownNameError, match="inner/a"):
        model.hook("conv*", print)
