"""Optimizers of one's own and compiled models inside others, in files of both sides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import kerasish as keras
from kerasish import saving
from tests.beside import keras as real
from tests.saving.test_compile_state import X, assert_same, define, stepped

# Keras's variables are arrays in the way of numpy 1.
pytestmark = [
    pytest.mark.conformance,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


@pytest.mark.parametrize("there", [True, False])
def test_optimizers_of_ones_own(there: bool, tmp_path: Path) -> None:
    ours, theirs = define(keras), define(real)
    source, cls, target = (keras, ours, real) if there else (real, theirs, keras)
    model = stepped(source, cls)
    model.save(tmp_path / "m.keras")
    assert_same(model, target.saving.load_model(tmp_path / "m.keras"))


def test_a_compiled_model_inside_another(tmp_path: Path) -> None:
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    inner.compile("adam", "mse")
    inner.fit(X, X, verbose=0)
    model = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    model.save(tmp_path / "m.keras")
    real.saving.load_model(tmp_path / "m.keras").save(tmp_path / "k.keras")
    back = saving.load_model(tmp_path / "k.keras")
    np.testing.assert_array_equal(back.predict(X, verbose=0), model.predict(X, verbose=0))
