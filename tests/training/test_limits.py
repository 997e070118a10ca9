"""`config.max_epochs` and `max_steps_per_epoch` cut runs short, from programs and environments."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError


@pytest.fixture
def limits():
    yield
    keras.config.set_max_epochs(None)
    keras.config.set_max_steps_per_epoch(None)


class Counted(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.counts = {"train": 0, "test": 0, "predict": 0}

    def on_train_batch_end(self, batch, logs=None):
        self.counts["train"] += 1

    def on_test_batch_end(self, batch, logs=None):
        self.counts["test"] += 1

    def on_predict_batch_end(self, batch, logs=None):
        self.counts["predict"] += 1


def counts(**options):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((12, 1))
    seen = Counted()
    every = {"batch_size": 2, "verbose": 0, "callbacks": [seen]}
    model.fit(x, x, validation_data=(x, x), **every, **options)
    model.predict(x, **every)
    return list(seen.counts.values())


def test_steps(limits):
    assert counts() == [6, 6, 6]
    keras.config.set_max_steps_per_epoch(4)
    assert keras.config.max_steps_per_epoch() == 4
    with pytest.warns(UserWarning, match="Limiting steps to 4"):
        assert counts() == [4, 4, 4]
    with pytest.warns(UserWarning, match="Limiting steps to 4"):
        assert counts(steps_per_epoch=3) == [3, 4, 4]
    keras.config.set_max_steps_per_epoch(6)
    assert counts() == [6, 6, 6]


def test_epochs(limits):
    keras.config.set_max_epochs(2)
    assert keras.config.max_epochs() == 2
    with pytest.warns(UserWarning, match="Limiting epochs to 2"):
        assert counts(epochs=5) == [12, 12, 6]
    assert counts(epochs=1) == [6, 6, 6]


def test_generators_are_limited(limits):
    keras.config.set_max_steps_per_epoch(3)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    endless = (np.ones((2, 1)) for _ in iter(int, 1))
    with pytest.warns(UserWarning, match="Limiting steps to 3"):
        assert model.predict(endless, verbose=0).shape == (6, 1)


@pytest.mark.parametrize("value", [0, -1, 1.5, "many"])
def test_what_is_no_limit(value, limits):
    with pytest.raises(ArgumentError, match=r"max_epochs.*1 or more, or None"):
        keras.config.set_max_epochs(value)


def test_the_environment():
    code = "import kerasish as k; print(k.config.max_epochs(), k.config.max_steps_per_epoch())"
    given = {"KERASISH_MAX_EPOCHS": "3", "KERASISH_MAX_STEPS_PER_EPOCH": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **given},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "3 7\n"
