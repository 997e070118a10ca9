"""Vocabularies: given and learned, indices and vectors, texts."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, DataError, UnsafeFileError

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


def test_a_text_is_the_path_of_a_file(tmp_path: Any) -> None:
    path = tmp_path / "words.txt"
    path.write_text("alpha\nbeta gamma\r\né\n", encoding="utf-8")
    for given in (str(path), path):
        layer = layers.StringLookup(vocabulary=given)
        assert layer.get_vocabulary() == ["[UNK]", "alpha", "beta gamma", "é"]
    config = json.loads(json.dumps(layer.get_config()))
    assert config["vocabulary"] == ["alpha", "beta gamma", "é"]
    assert layers.TextVectorization(vocabulary=str(path)).vocabulary_size() == 5
    path.write_text("7\n-2")
    assert layers.IntegerLookup(vocabulary=str(path)).get_vocabulary() == [-1, 7, -2]
    with pytest.raises(DataError, match="no such file"):
        layers.StringLookup(vocabulary="word")
    with pytest.raises(UnsafeFileError, match="opens no file"):
        layers.StringLookup.from_config({**config, "vocabulary": str(path)})


def test_the_tokens_of_a_file_of_keras(tmp_path: Any) -> None:
    (tmp_path / "vocabulary.txt").write_text("[UNK]\nb\na", encoding="utf-8")
    layer = layers.StringLookup()
    layer.load_assets(str(tmp_path))
    assert layer.get_vocabulary() == ["[UNK]", "b", "a"]


# Values of Keras 3.15 on TensorFlow.
@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("multi_hot", [[0, 0, 1, 0], [1, 1, 0, 0]]),
        ("count", [[0, 0, 1, 0], [1, 1, 0, 0]]),
        ("tf_idf", [[0, 0, 1.5, 0], [4 / 3, 0.5, 0, 0]]),
    ],
)
def test_vectors_leave_the_mask_token_out(mode: str, wanted: Any) -> None:
    weights = {"idf_weights": [0.5, 1.5, 2.0]} if mode == "tf_idf" else {}
    layer = layers.StringLookup(
        vocabulary=["a", "c", "d"], mask_token="", output_mode=mode, **weights
    )
    np.testing.assert_allclose(layer([["", "c"], ["zz", "a"]]), wanted)
    numbers = layers.IntegerLookup(vocabulary=[5, 7, 9], mask_token=0, output_mode=mode, **weights)
    np.testing.assert_allclose(numbers(np.array([[0, 7], [-3, 5]])), wanted)


def test_a_learned_vocabulary_has_no_special_tokens() -> None:
    layer = layers.StringLookup()
    layer.adapt(np.array(["", "a", "a", "[UNK]"]))
    assert layer.get_vocabulary() == ["[UNK]", "a", ""]
    layer = layers.StringLookup()
    layer.adapt(iter([np.array(["a"]), np.array(["b", "b"]), np.array(["c"] * 9)]), steps=2)
    assert layer.get_vocabulary() == ["[UNK]", "b", "a"]


def test_weights_may_stand_beside_the_special_tokens() -> None:
    layer = layers.StringLookup(
        vocabulary=["[UNK]", "a"], idf_weights=[3.0, 1.0], output_mode="tf_idf"
    )
    np.testing.assert_allclose(layer([["a", "q"]]), [[3, 1]])
    again = layers.StringLookup.from_config(json.loads(json.dumps(layer.get_config())))
    np.testing.assert_allclose(again([["a", "q"]]), [[3, 1]])


def test_only_the_letters_of_ascii_are_lowered_and_spaces_of_ascii_split() -> None:
    layer = layers.TextVectorization()
    assert layer.words("The ÉCOLE isn't\u00a0it\tB\x1cC") == [
        "the", "École", "isnt\u00a0it", "b\x1cc"
    ]  # fmt: skip


def test_texts_that_are_tokens_keep_their_shape() -> None:
    layer = layers.TextVectorization(split=None, vocabulary=["a b", "c"])
    assert layer(["C", "a b", "d"]).numpy().tolist() == [3, 2, 1]
    assert layer([["c"], ["x"]]).numpy().tolist() == [[3], [1]]
    counts = layers.TextVectorization(split=None, vocabulary=["a b", "c"], output_mode="count")
    assert counts(["c", "c"]).numpy().tolist() == [0, 0, 2]


def test_an_empty_text_has_an_empty_vector() -> None:
    layer = layers.TextVectorization(vocabulary=["a"], output_mode="multi_hot")
    assert layer(["", "a"]).numpy().tolist() == [[0, 0], [0, 1]]


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
    with pytest.raises(ArgumentError, match="max_tokens=2"):
        layers.StringLookup(vocabulary=["a", "b"], max_tokens=2)
    with pytest.raises(ArgumentError, match="empty"):
        layers.StringLookup(vocabulary=[])
    with pytest.raises(ArgumentError, match="special tokens"):
        layers.StringLookup(vocabulary=["a", ""], mask_token="")
    with pytest.raises(ArgumentError, match="2 idf_weights"):
        layers.StringLookup(vocabulary=["a", "b"], output_mode="tf_idf", idf_weights=[1.0])
    with pytest.raises(DataError, match="none"):
        layers.StringLookup().adapt([[]])


def test_a_stop_iteration_in_a_split_function_does_not_end_the_vocabulary() -> None:
    def split(text: str) -> list[str]:
        return [next(iter(text.split()))]

    layer = keras.layers.TextVectorization(split=split)
    with pytest.raises((StopIteration, RuntimeError), match="StopIteration"):
        layer.adapt(["a b", "", "c"])


def test_the_three_steps_of_adapt() -> None:
    layer = layers.StringLookup(output_mode="tf_idf")
    for batch in (["a", "b"], ["a"]):  # one axis is one document
        layer.update_state(batch)
    layer.finalize_state()
    assert layer.get_vocabulary() == ["[UNK]", "a", "b"]
    np.testing.assert_allclose(layer([["a"]]), [[0, np.log(1 + 2 / 3), 0]], rtol=1e-6)
    layer.update_state(["z"])
    layer.reset_state()
    layer.finalize_state()
    assert layer.get_vocabulary() == ["[UNK]", "a", "b"]


def test_datasets_are_learned() -> None:
    words = keras.data.Dataset.from_tensor_slices(["b", "a", "b", "c", "c", "c"])
    for data, first in ((words, "b"), (words.batch(2), "c"), ((word for word in "bab"), "b")):
        layer = layers.StringLookup()
        layer.adapt(data, steps=3)
        assert layer.get_vocabulary()[1] == first
    numbers = keras.data.Dataset.from_tensor_slices(np.array([[1], [2], [2]])).batch(2)
    layer = layers.IntegerLookup()
    layer.adapt(numbers.repeat(), steps=2)
    assert layer.get_vocabulary() == [-1, 2, 1]


def test_a_given_vocabulary_is_not_learned_anew() -> None:
    layer = layers.StringLookup(vocabulary=["a"])
    with pytest.raises(ArgumentError, match="made with a vocabulary"):
        layer.adapt(["b"])
    learned = layers.StringLookup()
    learned.adapt(["b"])
    again = layers.StringLookup.from_config(json.loads(json.dumps(learned.get_config())))
    again.adapt(["c"])
    assert again.get_vocabulary() == ["[UNK]", "c"]


def test_hashed_unknown_integers_in_models() -> None:
    layer = layers.IntegerLookup(vocabulary=[7], num_oov_indices=4, oov_method="farmhash", salt=3)
    x = keras.Input((2,), dtype="int64")
    model = keras.Model(x, layers.Embedding(5, 2)(layer(x)))
    rows = np.array([[7, 100], [300, 700]])
    np.testing.assert_array_equal(model.predict(rows, verbose=0), model(rows).numpy())
    assert layer(rows).numpy()[0, 0] == 4


def test_functions_of_arrays_or_of_texts() -> None:
    for function in (np.char.upper, str.upper, lambda t: t.upper()):
        assert layers.TextVectorization(standardize=function).words("a b") == ["A", "B"]
    with pytest.raises(ArgumentError, match="2 texts for 2"):
        layers.TextVectorization(standardize=lambda t: t[:1]).adapt(["a", "b"])


def test_wrong_salts_and_shapes() -> None:
    with pytest.raises(ArgumentError, match="an integer, or two"):
        layers.Hashing(3, salt=[1, 2, 3])
    with pytest.raises(ArgumentError, match="farmhash"):
        layers.IntegerLookup(vocabulary=[1], salt=3)
    with pytest.raises(ArgumentError, match="an integer dtype"):
        layers.Hashing(3, dtype="float32")
    with pytest.raises(ArgumentError, match="two features or more"):
        layers.HashedCrossing(3)([["a"]])
    with pytest.raises(ArgumentError, match="one shape"):
        layers.HashedCrossing(3)((["a"], ["a", "b"]))
    with pytest.raises(ArgumentError, match="texts or integers"):
        layers.HashedCrossing(3)((["a"], [1.5]))
    with pytest.raises(ArgumentError, match=r"\(n,\) or \(n, 1\)"):
        layers.TextVectorization(vocabulary=["a"])([["a", "b"]])
    with pytest.raises(ArgumentError, match="sparse=False"):
        layers.Hashing(3, sparse=True)


def test_indices_back_to_integers() -> None:
    layer = layers.IntegerLookup(vocabulary=[7, 9], invert=True)
    given = np.array([[1, 2], [0, 5]])
    wanted = [[7, 9], [-1, -1]]
    assert layer(given).numpy().tolist() == wanted
    model = keras.Sequential([keras.Input((2,), dtype="int64"), layer])
    assert model.predict(given, verbose=0).tolist() == wanted
    assert (model.output_shape, model.outputs[0].dtype) == ((None, 2), "int64")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"max_tokens": 1}, "max_tokens of at least 2"),
        ({"num_oov_indices": -1}, "num_oov_indices of 0 or more"),
        ({"pad_to_max_tokens": True, "output_mode": "count"}, "max_tokens with pad_to_max_tokens"),
        ({"vocabulary": ["a"], "idf_weights": [1.0]}, "'tf_idf' only"),
    ],
)
def test_arguments_that_do_not_fit(given: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        layers.StringLookup(**given)


def test_what_texts_as_vectors_refuse(tmp_path: Any) -> None:
    (tmp_path / "words").write_text("a\nb")
    with pytest.raises(ArgumentError, match="tokens and idf_weights"):
        layers.StringLookup(vocabulary=str(tmp_path / "words"), output_mode="tf_idf")
    for wrong in (0, (1, 0), "2"):
        with pytest.raises(ArgumentError, match="ngrams"):
            layers.TextVectorization(ngrams=wrong)
    assert layers.TextVectorization(ngrams=[1, 2]).ngrams == (1, 2)
    with pytest.raises(ArgumentError, match="output_sequence_length with output_mode='int' only"):
        layers.TextVectorization(output_mode="count", output_sequence_length=3)


def test_text_has_known_shapes_in_models() -> None:
    words = layers.TextVectorization(vocabulary=["a", "b"], output_sequence_length=3)
    crossed = layers.HashedCrossing(7, output_mode="one_hot")
    hashed = layers.Hashing(5)
    text = keras.Input((), dtype="string")
    found = [words(text), crossed((text, text)), hashed(text)]
    assert [symbol.shape for symbol in found] == [(None, 3), (None, 7), (None,)]
    assert [symbol.dtype for symbol in found] == ["int64", "float32", "int64"]
