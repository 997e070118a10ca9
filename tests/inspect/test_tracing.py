"""What a trace says of layers is what models of these layers give, and what a tape finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, ops
from kerasish.errors import ArgumentError, UnknownNameError


@pytest.fixture
def made() -> tuple[Any, np.ndarray, np.ndarray]:
    model = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(3, 3, name="conv_1"),
            layers.ReLU(name="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, "softmax", name="classes"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    return model, rng.normal(size=(6, 8, 8, 2)).astype("f4"), rng.integers(0, 4, 6)


def test_outputs_are_those_of_the_layers(made):
    model, x, _ = made
    found = model.trace(x)
    for name in ("conv_1", "relu", "classes"):
        expected = keras.Model(model.inputs, model.get_layer(name).output).predict(x, verbose=0)
        np.testing.assert_allclose(found[name].output, expected, rtol=1e-5, atol=1e-6)
        assert found[name].seconds > 0
    assert found["conv_1"].gradients == []
    assert found.loss is None


def test_gradients_are_those_of_a_tape(made):
    model, x, y = made
    found = model.trace(x, y)
    head = keras.Model(model.get_layer("relu").output, model.outputs)
    given = ops.convert_to_tensor(found["relu"].output)
    with keras.GradientTape() as tape:
        tape.watch(given)
        loss = model.compute_loss(y=y, y_pred=head(given))
    expected = tape.gradient(loss, given)
    np.testing.assert_allclose(found["relu"].gradient, expected, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(found.loss, float(loss), rtol=1e-5)
    np.testing.assert_allclose(found.loss, model.evaluate(x, y, verbose=0), rtol=1e-5)


def test_names_patterns_and_nodes(made):
    model, x, _ = made
    found = model.trace(x)
    assert [r.name for r in found["*relu*"]] == ["relu"]
    assert [r.name for r in found] == ["conv_1", "relu", "global_average_pooling2d", "classes"]
    assert found["classes/matmul"].output.shape == (6, 4)
    assert "test_tracing.py:" in found["conv_1"].source
    text = str(found)
    assert "conv_1" in text
    assert "float32[6, 6, 6, 3]" in text
    with pytest.raises(UnknownNameError, match="conv_1"):
        found["conv_2"]


def test_layers_inside_layers_and_several_outputs():
    x = keras.Input((5, 4))
    inner = keras.Sequential([layers.Dense(4, name="a"), layers.Dense(4, name="b")], name="inner")
    y, state = layers.SimpleRNN(3, return_state=True, name="rnn")(inner(x))
    model = keras.Model(x, [y, state])
    found = model.trace(np.ones((2, 5, 4), "f4"))
    assert found["inner/b"].output.shape == found["inner"].output.shape == (2, 5, 4)
    assert found["b"] is found["inner/b"]
    assert len(found["rnn"].outputs) >= 1


def test_without_compile_there_is_no_loss(made):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    with pytest.raises(ArgumentError, match="compile"):
        model.trace(np.ones((2, 2)), np.ones((2, 1)))
