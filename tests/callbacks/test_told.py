from __future__ import annotations

import sys

import numpy as np
import pytest

import kerasish as keras
from kerasish.showing.screen import on_terminal, tell


def test_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    tell("a line")
    assert capsys.readouterr().out == "a line\n"
    assert not on_terminal()


def test_a_program_without_standard_output_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    stop = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=1e9, verbose=1)
    rate = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1, verbose=1)
    monkeypatch.setattr(sys, "stdout", None)
    x = np.ones((4, 2), "float32")
    history = model.fit(x, x[:, :1], epochs=3, verbose=1, callbacks=[stop, rate])
    assert len(history.epoch) == 2
    assert model.evaluate(x, x[:, :1], verbose=1) >= 0
