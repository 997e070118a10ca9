"""Vocabularies: given and learned, indices and vectors, texts."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, DataError

layers = keras.layers
WORDS = np.array([["a", "b"], ["c", "z"]])


def test_given_words() -> None:
    layer = layers.StringLookup(vocabulary=["a", "b", "c"])
    np.testing.assert_array_equal(layer(WORDS), [[1, 2], [3, 0]])
    assert layer.get_vocabulary() == ["[UNK]", "a", "b", "c"]
    assert layer.get_vocabulary(include_special_tokens=False) == ["a", "b", "c"]
    back = layers.StringLookup(vocabulary=layer.get_vocabulary(), invert=True)
    np.testing.assert_array_equal(back(layer(WORDS)), [["a", "b"], ["c", "[UNK]"]])


def test_masks_and_unknown_words() -> None:
    layer = layers.StringLookup(vocabulary=["a"], mask_token="", num_oov_indices=3)
    assert layer(["", "a"]).numpy().tolist() == [0, 4]
    seen = set(layer([f"word{i}" for i in range(50)]).numpy().tolist())
    assert seen == {1, 2, 3}
    strict = layers.StringLookup(vocabulary=["a"], num_oov_indices=0)
    assert strict(["a"]).numpy().tolist() == [0]
    with pytest.raises(DataError, match="'b'"):
        strict(["b"])


def test_learned_words() -> None:
    layer = layers.StringLookup(max_tokens=3)
    layer.adapt([["b", "b", "c"], ["a", "c", "b"]])
    assert layer.get_vocabulary() == ["[UNK]", "b", "c"]
    config = json.loads(json.dumps(layer.get_config()))
    assert layers.StringLookup.from_config(config).get_vocabulary() == ["[UNK]", "b", "c"]


def test_numbers_inside_models() -> None:
    layer = layers.IntegerLookup(vocabulary=[42, 7, 1000], mask_token=0)
    x = np.array([[42, 0, 1000], [5, 7, 7]])
    wanted = [[2, 0, 4], [1, 3, 3]]
    np.testing.assert_array_equal(layer(x), wanted)
    symbol = keras.Input((3,), dtype="int64")
    model = keras.Model(symbol, layer(symbol))
    np.testing.assert_array_equal(model.predict(x, verbose=0), wanted)
    again = keras.Model.from_config(json.loads(json.dumps(model.get_config())))
    np.testing.assert_array_equal(again(x), wanted)
    back = layers.IntegerLookup(vocabulary=[42, 7, 1000], mask_token=0, invert=True)
    np.testing.assert_array_equal(back(layer(x)), [[42, 0, 1000], [-1, 7, 7]])
    with pytest.raises(DataError, match="vocabulary"):
        layers.IntegerLookup(vocabulary=[1], num_oov_indices=0)(np.array([2]))


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("multi_hot", [[0, 1, 0], [1, 0, 1]]),
        ("count", [[0, 2, 0], [1, 0, 1]]),
        ("tf_idf", [[0, 2 * 0.5, 0], [1.0, 0, 1.5]]),
    ],
)
def test_vectors(mode: str, wanted: Any) -> None:
    weights = {"idf_weights": [0.5, 1.5]} if mode == "tf_idf" else {}
    layer = layers.StringLookup(vocabulary=["a", "b"], output_mode=mode, **weights)
    np.testing.assert_allclose(layer([["a", "a"], ["z", "b"]]), wanted)
    padded = layers.StringLookup(
        vocabulary=["a", "b"], output_mode=mode, max_tokens=5, pad_to_max_tokens=True, **weights
    )
    assert padded([["a", "a"]]).shape == (1, 5)


def test_learned_weights() -> None:
    layer = layers.TextVectorization(output_mode="tf_idf")
    layer.adapt(["a b", "a"])
    assert layer.get_vocabulary() == ["[UNK]", "a", "b"]
    a, b = np.log(1 + 2 / 3), np.log(1 + 2 / 2)
    np.testing.assert_allclose(layer(["a a b z"]), [[(a + b) / 2, 2 * a, b]], rtol=1e-6)


def test_texts() -> None:
    layer = layers.TextVectorization(output_sequence_length=4)
    layer.adapt(np.array(["The cat, the DOG!", "the end."]))
    assert layer.get_vocabulary() == ["", "[UNK]", "the", "end", "dog", "cat"]
    np.testing.assert_array_equal(layer(["A cat & the dog end"]), [[1, 5, 2, 4]])
    np.testing.assert_array_equal(layer(["cat"]), [[5, 0, 0, 0]])
    free = layers.TextVectorization(vocabulary=["x", "y"])
    np.testing.assert_array_equal(free(["x y", "y"]), [[2, 3], [3, 0]])
    assert free("x y").shape == (2,)


@pytest.mark.parametrize(
    ("arguments", "text", "words"),
    [
        ({"standardize": None}, "A b.", ["A", "b."]),
        ({"standardize": "lower"}, "A b.", ["a", "b."]),
        ({"standardize": "strip_punctuation"}, "A b.", ["A", "b"]),
        ({"standardize": lambda t: t.replace("A", "x")}, "A b", ["x", "b"]),
        ({"split": "character"}, "Ab c", ["a", "b", " ", "c"]),
        ({"split": None}, "Ab c", ["ab c"]),
        ({"split": lambda t: t.split("-"), "standardize": None}, "a-b", ["a", "b"]),
        ({"ngrams": 2}, "a b c", ["a", "b", "c", "a b", "b c"]),
        ({"ngrams": (3,)}, "a b c", ["a b c"]),
    ],
)
def test_words(arguments: Any, text: str, words: list[str]) -> None:
    assert layers.TextVectorization(**arguments).words(text) == words


def test_wrong_arguments() -> None:
    with pytest.raises(ArgumentError, match="vocabulary"):
        layers.StringLookup()(["a"])
    with pytest.raises(ArgumentError, match="once"):
        layers.StringLookup(vocabulary=["a", "a"])
    with pytest.raises(ArgumentError, match="idf_weights"):
        layers.StringLookup(vocabulary=["a"], output_mode="tf_idf")
    with pytest.raises(ArgumentError, match="split"):
        layers.TextVectorization(split="words")
    with pytest.raises(ArgumentError, match="invert"):
        layers.StringLookup(vocabulary=["a"], invert=True, output_mode="count")
    with pytest.raises(DataError, match="none"):
        layers.StringLookup().adapt([[]])
