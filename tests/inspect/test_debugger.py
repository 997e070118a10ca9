"""A session in the debugger, typed and read."""

from __future__ import annotations

import io
import re

import numpy as np

import kerasish as keras
from kerasish import layers
from kerasish.inspect.debugger import debug


def session(*commands: str) -> tuple[str, keras.Model]:
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, "relu", name="first"), layers.Dense(2, name="last")]
    )
    model.compile("sgd", "mse")
    x, y = np.ones((5, 4), "f4"), np.zeros((5, 2), "f4")
    before = model.get_weights()
    out = io.StringIO()
    debug(model, (x, y, None), stdin=io.StringIO("\n".join([*commands, "quit", ""])), stdout=out)
    for one, two in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    return out.getvalue(), model


def test_steps_are_run_one_by_one():
    said, _ = session("print", "next", "where", "list", "next 2")
    assert "No step has run." in said
    assert "float32[5, 3]" in said
    assert "->    2" in said
    assert "made at" in said


def test_until_a_layer_or_an_op():
    said, _ = session("until last", "next", "until first")
    assert "last" in said.split("(step)")[1]
    assert "first (gradient)" in said


def test_to_the_end_and_again():
    said, _ = session("continue", "next", "restart", "print 1", "nonsense")
    assert "All steps have run." in said
    assert "->    1" in said
    assert "No command 'nonsense'" in said


def test_the_numbers_are_printed():
    said, model = session("until first", "next", "print numbers")
    given = np.ones((5, 4), "f4") @ model.get_weights()[0]
    shown = [float(word) for word in re.findall(r"-?\d+\.\d*", said.split("[[")[1])[:3]]
    np.testing.assert_allclose(shown, given[0], atol=1e-3)
