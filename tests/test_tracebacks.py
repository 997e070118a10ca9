"""Errors show users their own lines."""

from __future__ import annotations

import traceback

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, ShapeError


class Wrong(keras.layers.Layer):
    def call(self, x):
        return x @ np.ones((7, 3))


class Fails(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        raise ZeroDivisionError


def model():
    made = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    made.compile("sgd", "mse")
    return made


def lines(error):
    return [line.name for line in traceback.extract_tb(error.__traceback__)]


def files(error):
    return {line.filename for line in traceback.extract_tb(error.__traceback__)}


def test_a_mistake_ends_in_the_line_that_made_it():
    with pytest.raises(ShapeError) as caught:
        model().fit(np.ones((3, 5)), np.ones((3, 2)), verbose=0)
    assert files(caught.value) == {__file__}
    with pytest.raises(ShapeError) as caught:
        keras.layers.Dense(3)(np.ones(()))
    assert files(caught.value) == {__file__}
    with pytest.raises(ArgumentError) as caught:
        keras.layers.Dense(-1)
    assert files(caught.value) == {__file__}
    with pytest.raises(ArgumentError) as caught:
        model().fit(np.ones((3, 4)), np.ones((3, 2)), epoch=2)
    assert files(caught.value) == {__file__}


def test_lines_of_users_inside_are_shown():
    with pytest.raises(ShapeError) as caught:
        Wrong()(np.ones((2, 4)))
    assert lines(caught.value)[-1] == "call"
    assert files(caught.value) == {__file__}
    with pytest.raises(ZeroDivisionError) as caught:
        model().fit(np.ones((3, 4)), np.ones((3, 2)), verbose=0, callbacks=[Fails()])
    assert lines(caught.value)[-1] == "on_epoch_begin"
    assert files(caught.value) == {__file__}


def test_all_lines_where_that_is_asked_for():
    assert keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    try:
        assert not keras.config.is_traceback_filtering_enabled()
        with pytest.raises(ShapeError) as caught:
            keras.layers.Dense(3)(np.ones(()))
    finally:
        keras.config.enable_traceback_filtering()
    assert "check_inputs" in lines(caught.value)


def test_an_error_that_is_no_users_keeps_its_lines(monkeypatch):
    monkeypatch.setattr("kerasish.layers.core.Dense.call", lambda self, inputs: {}["nothing"])
    monkeypatch.setattr("kerasish.tracebacks._OWN", __file__[:1])
    with pytest.raises(KeyError) as caught:
        keras.layers.Dense(3)(np.ones((1, 2)))
    assert len(lines(caught.value)) > 3


def test_what_an_error_comes_from_is_shortened_too():
    def loss(y, p):
        try:
            return keras.layers.Dense(3)(np.ones(()))
        except ShapeError as error:
            raise RuntimeError("no loss") from error

    made = model()
    made.compile("sgd", loss)
    with pytest.raises(RuntimeError, match="no loss") as caught:
        made.fit(np.ones((3, 4)), np.ones((3, 2)), verbose=0)
    assert files(caught.value) == files(caught.value.__cause__) == {__file__}
