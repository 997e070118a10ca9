"""Wrappers: timesteps of layers that train on the batch as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.compiler.functions import function
from tests.tolerances import assert_close

layers = keras.layers
X = np.array([[[0.0], [10.0]], [[2.0], [14.0]]], "float32")


def nested() -> layers.Layer:
    return keras.Sequential([layers.BatchNormalization(momentum=0.5)])


@pytest.mark.parametrize("make", [lambda: layers.BatchNormalization(momentum=0.5), nested])
@pytest.mark.parametrize("compiled", [False, True])
def test_every_timestep_is_a_batch_of_its_own(make: Any, compiled: bool) -> None:
    layer = layers.TimeDistributed(make())
    layer(X)
    run = function(lambda x: layer(x, training=True)) if compiled else layer
    y = run(X) if compiled else layer(X, training=True)
    assert_close(np.asarray(y).ravel(), [-0.9995, -0.999875, 0.9995, 0.999875])
    assert_close(layer.get_weights()[2], [6.25])  # moved twice: 0.5, then 6.25
    calm = layer(X)
    assert_close(calm[:, 0], layer.layer(X[:, 0]))


def test_masked_rows_of_a_timestep() -> None:
    layer = layers.TimeDistributed(layers.BatchNormalization(momentum=0.0))
    mask = np.array([[True, True], [True, False]])
    layer(X, training=True, mask=mask)
    assert_close(
        layer.get_weights()[2],
        [10.0],
    )


@pytest.mark.parametrize(("merge_mode", "outputs"), [(None, 2), ("concat", 1)])
def test_states_of_both_directions_have_no_mask(merge_mode: str | None, outputs: int) -> None:
    inner = layers.LSTM(2, return_sequences=True, return_state=True)
    layer = layers.Bidirectional(inner, merge_mode=merge_mode)
    mask = np.array([[True, False]])
    found = layer.compute_mask(X[:1], mask)
    assert len(found) == len(layer(X[:1])) == outputs + 4
    assert all(kept is mask for kept in found[:outputs])
    assert found[outputs:] == [None] * 4
