"""Inputs of texts in YAML."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish.declarative import from_yaml, to_yaml

STACK = """
kerasish: 1
model:
  input: {shape: [1], dtype: string}
  layers:
    - TextVectorization: {vocabulary: [good, bad], output_mode: count}
    - Dense: 1
"""
GRAPH = """
kerasish: 1
model:
  inputs:
    text: {shape: [1], dtype: string}
    age: [1]
  nodes:
    words: {StringLookup: {vocabulary: [good, bad], output_mode: one_hot}, from: text}
    both: {Concatenate: {}, from: [words, age]}
    out: {Dense: 1, from: both}
  outputs: out
"""


def test_a_stack_that_begins_with_texts() -> None:
    model = from_yaml(STACK)
    model.compile("sgd", "mse")
    model.fit(["good", "bad bad"], np.ones(2), verbose=0)
    expected = model.predict(["good good", "else"], verbose=0)
    again = from_yaml(to_yaml(model))
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(["good good", "else"], verbose=0), expected)
    assert "dtype: string" in to_yaml(model)


def test_texts_beside_numbers() -> None:
    model = from_yaml(GRAPH)
    rows = {"text": ["good", "so"], "age": np.array([1.0, 2.0])}
    assert model.predict(rows, verbose=0).shape == (2, 1)
    assert [s.dtype for s in from_yaml(to_yaml(model)).inputs] == ["string", "float32"]


def test_only_inputs_are_of_text() -> None:
    with pytest.raises(keras.errors.KerasishError, match="string"):
        from_yaml(STACK.replace("dtype: string", "dtype: strings"))
