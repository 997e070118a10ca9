"""What `adapt` takes, the same for every layer that has it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.errors import DataError, ShapeError

FRAME = pd.DataFrame({"colour": ["red", "blue", "red"], "form": ["cube", "red", "ball"]})
ROWS = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]])


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return ROWS[index * 2 : index * 2 + 2], np.zeros(2)


@pytest.mark.parametrize("kind", [layers.StringLookup, layers.TextVectorization])
@pytest.mark.parametrize(
    "make",
    [
        lambda: FRAME,
        lambda: FRAME.to_numpy(),
        lambda: FRAME.to_numpy().tolist(),
        lambda: iter([FRAME[:1], FRAME[1:]]),
        lambda: [FRAME.to_numpy()[:2], FRAME.to_numpy()[2:]],
        lambda: [(FRAME.to_numpy(), np.zeros(3))],
        lambda: FRAME.astype("category"),
        lambda: FRAME.astype("string"),
        lambda: np.char.encode(FRAME.to_numpy().astype("U"), "utf-8"),
    ],
    ids=["frame", "array", "rows", "chunks", "batches", "pairs", "category", "string", "bytes"],
)
def test_words_are_learned(kind, make):
    layer = kind()
    layer.adapt(make())
    assert layer.get_vocabulary()[-4:] == ["red", "cube", "blue", "ball"]


def test_a_column_and_a_list():
    for data in (FRAME["colour"], FRAME["colour"].tolist(), tuple(FRAME["colour"])):
        layer = layers.StringLookup()
        layer.adapt(data)
        assert layer.get_vocabulary() == ["[UNK]", "red", "blue"]


def test_rows_of_different_lengths_are_batches():
    bins = layers.Discretization(num_bins=3)
    bins.adapt([[1.0, 2.0, 3.0], [4.0, 5.0]])
    # Keras 3.15 on TensorFlow.
    np.testing.assert_allclose(bins.bin_boundaries, [1.6666666, 3.3333333], rtol=1e-6)
    words = layers.StringLookup()
    words.adapt([["a", "b"], ["a"]])
    assert words.get_vocabulary() == ["[UNK]", "a", "b"]
    words.adapt([np.array("a"), np.array("b"), np.array("b")])
    assert words.get_vocabulary() == ["[UNK]", "b", "a"]
    moments = layers.Normalization(axis=None)
    moments.adapt(iter([1.0, 2.0, 6.0]))
    assert float(moments.mean[0]) == 3.0
    for layer, data in ((bins, [[[1.0, 2.0], [3.0]]]), (words, iter([[["a"], ["b", "c"]]]))):
        with pytest.raises(DataError, match="rows of different lengths"):
            layer.adapt(data)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ROWS,
        lambda: pd.DataFrame(ROWS, columns=["a", "b"]),
        lambda: pd.DataFrame({"a": pd.array([1, 3, 5], "Int64"), "b": [10.0, 10, 40]}),
        lambda: ROWS.tolist(),
        lambda: keras.ops.convert_to_tensor(ROWS),
        lambda: [ROWS[:2], ROWS[2:]],
        lambda: ((rows, 0) for rows in (ROWS[:2], ROWS[2:])),
        Batches,
    ],
    ids=["array", "frame", "nullable", "rows", "tensor", "batches", "pairs", "PyDataset"],
)
def test_moments_are_learned(make):
    layer = layers.Normalization()
    layer.adapt(make())
    expected = (ROWS - ROWS.mean(0)) / ROWS.std(0)
    np.testing.assert_allclose(layer(ROWS).numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("data", [[1.0, 2, 3, 4], [[1.0, 2], [3, 4]], pd.Series([1, 2, 3, 4])])
def test_bins_are_learned(data):
    layer = layers.Discretization(num_bins=2)
    layer.adapt(data)
    assert layer.bin_boundaries == [2.0]  # as in Keras: half of the numbers are at most 2


@pytest.mark.parametrize(
    "kind",
    [
        layers.StringLookup,
        layers.TextVectorization,
        layers.IntegerLookup,
        layers.Normalization,
        lambda: layers.Discretization(num_bins=2),
    ],
)
@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"a": [1, 2], "b": [1, 2]}, r"a dict with the keys \['a', 'b'\].*data\['a'\]"),
        ([{"a": np.ones(2)}], "a dict with the keys"),
        ({}, "empty dict"),
        ("red", "single value 'red'"),
        (3, "Received: int"),
    ],
    ids=["dict", "dict batches", "empty", "text", "number"],
)
def test_what_is_refused(kind, data, message):
    with pytest.raises(DataError, match=message):
        kind().adapt(data)


@pytest.mark.parametrize("kind", [layers.StringLookup, layers.TextVectorization])
@pytest.mark.parametrize(
    "data",
    [["a", None], np.array(["a", np.nan], object), pd.DataFrame({"a": ["x"], "c": [None]})],
    ids=["None", "NaN", "frame"],
)
def test_a_missing_text_is_no_word(kind, data):
    with pytest.raises(DataError, match="1 missing"):
        kind().adapt(data)
    with pytest.raises(DataError, match="1 missing"):
        kind(vocabulary=["a"])(data)


def test_the_column_is_named():
    with pytest.raises(DataError, match=r"StringLookup\.adapt, column 'c'"):
        layers.StringLookup().adapt(pd.DataFrame({"a": ["x"], "c": [None]}))
    with pytest.raises(DataError, match=r"Normalization\.adapt, column 'c'.*Expected: numbers"):
        layers.Normalization().adapt(pd.DataFrame({"a": [1.0], "c": ["x"]}))


@pytest.mark.parametrize("value", [1.5, np.nan, np.inf])
def test_integers_are_whole(value):
    with pytest.raises(DataError, match="Expected: integers"):
        layers.IntegerLookup().adapt(np.array([1.0, value]))
    layer = layers.IntegerLookup()
    layer.adapt(np.array([4.0, 4.0, 7.0]))
    assert layer.get_vocabulary() == [-1, 4, 7]


def test_layers_are_called_on_frames():
    dense = layers.Dense(1, kernel_initializer="ones")
    mixed = pd.DataFrame({"a": [0.5, 1.5], "b": [True, False], "c": pd.array([1, 2], "Int64")})
    np.testing.assert_array_equal(dense(mixed).numpy(), [[2.5], [3.5]])
    with pytest.raises(DataError, match=r"column 'a'.*Expected: numbers"):
        dense(FRAME.rename(columns={"colour": "a"}))


def test_moments_can_be_read():
    """`mean` and `variance` are what the layer computes with, as in Keras; the config keeps what
    was given."""
    learned = layers.Normalization()
    assert learned.mean is None
    learned.adapt(ROWS)
    np.testing.assert_allclose(learned.mean.numpy(), ROWS.mean(0)[None])
    np.testing.assert_allclose(learned.variance.numpy(), ROWS.var(0)[None], rtol=1e-6)
    assert learned.get_config()["mean"] is None
    assert "mean" not in repr(learned)
    again = keras.models.clone_model(keras.Sequential([keras.Input((2,)), learned])).layers[0]
    again.set_weights([[1.0, 2.0], [3.0, 4.0], 1])
    np.testing.assert_array_equal(again.mean.numpy(), [[1.0, 2.0]])
    given = layers.Normalization(mean=3.0, variance=2.0)
    given(ROWS)
    np.testing.assert_array_equal(given.mean.numpy(), [[3.0, 3.0]])
    assert given.get_config()["mean"] == 3.0


def test_a_normalization_that_saw_nothing_changes_nothing():
    x = np.arange(6, dtype="float32").reshape(2, 3)
    np.testing.assert_allclose(layers.Normalization()(x), x, rtol=1e-6)


def test_a_normalization_needs_known_sizes():
    with pytest.raises(ShapeError, match=r"known sizes on axes \(2,\)"):
        layers.Normalization().build((None, 3, None))
    layers.Normalization(axis=1).build((None, 3, None))


def test_a_text_without_words_is_counted_as_one():
    layer = layers.TextVectorization(output_mode="count", vocabulary=["a", "b"])
    np.testing.assert_array_equal(layer(["a b a", "", "z"]), [[0, 2, 1], [0, 0, 0], [1, 0, 0]])
