from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import callbacks
from kerasish.errors import ArgumentError
from tests.golden import fit_cases


class Given(callbacks.Callback):
    """Puts values into the logs, one per epoch."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["watched"] = self.values[epoch]


def fit(values, callback):
    model = fit_cases.plain(keras)
    model.compile("sgd", "mse")
    given = [Given(values), callback]
    model.fit(fit_cases.X, fit_cases.Y, epochs=len(values), verbose=0, callbacks=given)
    return model


MAKERS = {
    "stopping": lambda at: callbacks.EarlyStopping("watched", mode="min", patience=9),
    "plateau": lambda at: callbacks.ReduceLROnPlateau("watched", mode="min"),
    "checkpoint": lambda at: callbacks.ModelCheckpoint(
        at / "x.weights.h5", "watched", mode="min", save_best_only=True, save_weights_only=True
    ),
}


@pytest.mark.parametrize("name", MAKERS)
def test_one_number_in_any_form(tmp_path, name: str):
    tensor = keras.ops.convert_to_tensor([1.0])
    callback = MAKERS[name](tmp_path)
    fit([np.array([3.0]), np.float32(2.0), np.array([[1.5]]), tensor, 5], callback)
    assert callback.best == 1.0


@pytest.mark.parametrize("name", MAKERS)
def test_nan_at_first_is_no_best(tmp_path, name: str):
    callback = MAKERS[name](tmp_path)
    callback.verbose = 1
    fit([float("nan"), 3.0, float("nan"), 2.0], callback)
    assert callback.best == 2.0


@pytest.mark.parametrize("name", MAKERS)
def test_several_numbers_say_what_to_do(tmp_path, name: str):
    with pytest.raises(ArgumentError, match="average='macro'"):
        fit([np.array([1.0, 2.0])], MAKERS[name](tmp_path))


@pytest.mark.parametrize("name", MAKERS)
def test_nothing_and_misspelt_names_are_told(tmp_path, name: str):
    with pytest.warns(UserWarning, match="the log 'watched'"):
        fit([None], MAKERS[name](tmp_path))
    callback = MAKERS[name](tmp_path)
    callback.monitor = "wached"
    with pytest.warns(UserWarning, match="Did you mean 'watched'"):
        fit([1.0], callback)


def test_lines_are_those_of_keras(tmp_path, capsys):
    path = tmp_path / "x.weights.h5"
    save = callbacks.ModelCheckpoint(
        path, "watched", 1, save_best_only=True, save_weights_only=True, mode="min"
    )
    fit([3.0, 2.0, 4.0], save)
    assert capsys.readouterr().out.split("\n\n") == [
        f"\nEpoch 1: watched improved from None to 3.00000, saving model to {path}",
        f"Epoch 2: watched improved from 3.00000 to 2.00000, saving model to {path}",
        "Epoch 3: watched did not improve from 2.00000\n",
    ]
    fit([1.0, 2.0], callbacks.EarlyStopping("watched", mode="min", verbose=1))
    assert capsys.readouterr().out == "Epoch 2: early stopping\n"
    fit([1.0, 2.0], callbacks.ReduceLROnPlateau("watched", mode="min", patience=1, verbose=1))
    assert "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.00" in capsys.readouterr().out
