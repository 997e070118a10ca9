"""Warnings about outputs that a cross-entropy does not take: once, and only where it is certain."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, losses, ops

X = np.ones((4, 2), "float32")
LABELS = np.arange(4) % 2

LOGITS = losses.SparseCategoricalCrossentropy(from_logits=True)
BINARY_LOGITS = losses.BinaryCrossentropy(from_logits=True)
SPARSE = "sparse_categorical_crossentropy"


def said(model: keras.Model, loss, y=LABELS) -> list[str]:
    model.compile("sgd", loss)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            model.fit(X, y, verbose=0)
            model.evaluate(X, y, verbose=0)
    return [str(warning.message) for warning in caught]


def chain(*stack) -> keras.Model:
    return keras.Sequential([keras.Input((2,)), *stack])


@pytest.mark.parametrize(
    ("stack", "loss", "message"),
    [
        ([layers.Dense(2)], SPARSE, "ends without an activation.*from_logits=True.*'softmax'"),
        ([layers.Dense(1)], "binary_crossentropy", "from_logits=True.*'sigmoid'"),
        ([layers.Dense(1, "linear")], "crossentropy", "ends without an activation"),
        ([layers.Dense(2, "softmax")], LOGITS, "ends in softmax.*Leave out"),
        ([layers.Dense(2), layers.Softmax()], LOGITS, "ends in softmax"),
        ([layers.Dense(2), layers.Activation("softmax")], LOGITS, "ends in softmax"),
        ([layers.Dense(1, "sigmoid")], BINARY_LOGITS, "ends in sigmoid"),
        ([layers.Dense(1, "softmax")], "mse", "softmax over one unit"),
        ([chain(layers.Dense(2))], SPARSE, "ends without"),
        ([layers.Reshape((2, 1)), layers.TimeDistributed(layers.Dense(1))], "bce", "ends without"),
    ],
)
def test_what_is_certain_is_said_once(stack, loss, message):
    y = np.zeros((4, 2, 1)) if len(stack) > 1 and loss == "bce" else LABELS
    found = said(chain(*stack), loss, y)
    assert len(found) == 1
    assert re.search(message, found[0])


@pytest.mark.parametrize(
    ("stack", "loss"),
    [
        ([layers.Dense(2, "softmax")], SPARSE),
        ([layers.Dense(1, "sigmoid")], "bce"),
        ([layers.Dense(2)], LOGITS),
        ([layers.Dense(1)], BINARY_LOGITS),
        ([layers.Dense(1)], "mse"),
        ([layers.Dense(1)], "hinge"),
        ([layers.Dense(2, "relu")], SPARSE),
        ([layers.Dense(2), layers.Lambda(ops.softmax)], SPARSE),
        ([layers.Dense(2), layers.Reshape((2,))], SPARSE),
        ([layers.Dense(2, "softmax"), layers.Activation("linear")], SPARSE),
    ],
)
def test_what_is_right_or_unknown_is_not_said(stack, loss):
    assert said(chain(*stack), loss) == []


def test_functions_as_outputs_and_one_output_of_several():
    x = keras.Input((2,))
    a = ops.softmax(layers.Dense(2)(x))
    b = layers.Dense(1, name="b")(x)
    model = keras.Model(x, [a, b])
    found = said(model, [LOGITS, "bce"], [LABELS, LABELS[:, None]])
    assert len(found) == 2
    assert "ends in softmax" in found[0]
    assert "'b' ends without" in found[1]


def test_a_subclass_does_not_tell():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    assert said(Own(), SPARSE) == []


def test_compiling_again_says_it_again():
    model = chain(layers.Dense(2))
    assert len(said(model, SPARSE)) == len(said(model, SPARSE)) == 1


def test_a_sequential_without_an_input():
    assert len(said(keras.Sequential([layers.Dense(2)]), SPARSE)) == 1


def test_one_warning_for_all_batches():
    x, y = np.ones((6, 2), "float32"), np.ones((6, 1), "float32")
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1, activation="softmax")])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="softmax over one unit") as seen:
        model.fit(iter([(x, y)] * 3), verbose=0)
    assert len(seen) == 1
    model.evaluate(x, y, verbose=0)  # a warning would be an error
