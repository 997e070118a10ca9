"""Texts in models: read on the host when a batch is made, the rest compiled."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

import kerasish as keras
from kerasish import layers, ops
from kerasish.errors import ArgumentError, DataError, DTypeError
from kerasish.models.head import Head

TEXTS = ["good film", "bad film", "good good good", "awful", "a good film of films"] * 4
LABELS = np.array([1, 0, 1, 0, 1] * 4)
KINDS = {
    "list": lambda: TEXTS,
    "array": lambda: np.array(TEXTS),
    "objects": lambda: np.array(TEXTS, object),
    "bytes": lambda: np.array([t.encode() for t in TEXTS]),
    "column": lambda: np.array(TEXTS)[:, None],
    "series": lambda: pd.Series(TEXTS),
    "string": lambda: pd.Series(TEXTS, dtype="string"),
    "category": lambda: pd.Series(TEXTS, dtype="category"),
}


def vectorizer(**options: Any) -> Any:
    layer = layers.TextVectorization(**options)
    layer.adapt(TEXTS)
    return layer


def functional() -> Any:
    x = keras.Input((1,), dtype="string", name="text")
    y = layers.Embedding(20, 4)(vectorizer()(x))
    y = layers.GlobalAveragePooling1D()(y)
    return keras.Model(x, layers.Dense(1, activation="sigmoid")(y))


def stacked() -> Any:
    return keras.Sequential(
        [
            keras.Input((), dtype="string"),
            vectorizer(output_mode="count"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def open_stack() -> Any:
    return keras.Sequential([vectorizer(output_mode="tf_idf"), layers.Dense(1)])


def nested() -> Any:
    x = keras.Input((1,), dtype="string")
    return keras.Model(x, layers.Dense(1)(functional()(x, training=False)))


def deep() -> Any:
    x = keras.Input((1,), dtype="string")
    inside = keras.Sequential([nested(), layers.Dense(2)])
    return keras.Model({"a": x}, layers.Dense(1)(inside(x)))


MODELS = {m.__name__: m for m in (functional, stacked, open_stack, nested, deep)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["functional", "stacked"])
def test_texts_of_every_kind(name: str, kind: str) -> None:
    model = MODELS[name]()
    expected = model(np.array(TEXTS)).numpy()
    x = KINDS[kind]()
    np.testing.assert_allclose(model.predict(x, verbose=0, batch_size=7), expected, rtol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(x), expected, rtol=1e-5)
    np.testing.assert_allclose(model(x).numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_compiled_steps_are_those_op_by_op(name: str) -> None:
    compiled = MODELS[name]()
    x: Any = {"a": np.array(TEXTS)} if name == "deep" else np.array(TEXTS)
    compiled(x)
    eager = keras.models.clone_model(compiled)
    eager(x)
    eager.set_weights(compiled.get_weights())
    logs = []
    for model, flag in ((compiled, False), (eager, True)):
        model.compile("sgd", "mse", metrics=["mae"], run_eagerly=flag)
        history = model.fit(x, LABELS, epochs=2, batch_size=6, shuffle=False, verbose=0)
        logs.append([*history.history["loss"], *model.evaluate(x, LABELS, verbose=0)])
        logs[-1] += model.train_on_batch(x, LABELS) + model.test_on_batch(x, LABELS)
        logs[-1] += model.predict(x, verbose=0, batch_size=3).ravel().tolist()
    np.testing.assert_allclose(*logs, rtol=2e-5)


def test_what_follows_the_texts_is_trained() -> None:
    model = nested()
    model.compile("adam", "mse")
    assert len(model.trainable_variables) == 5
    before = [v.numpy() for v in model.trainable_variables]
    model.fit(TEXTS, LABELS, verbose=0)
    assert all(
        (v.numpy() != b).any() for v, b in zip(model.trainable_variables, before, strict=True)
    )


def test_batches_of_several_inputs() -> None:
    text = keras.Input((1,), dtype="string", name="text")
    city = keras.Input((1,), dtype="string", name="city")
    age = keras.Input((1,), name="age")
    parts = [
        vectorizer(output_mode="multi_hot")(text),
        layers.Hashing(4, output_mode="one_hot")(city),
        layers.Dense(2)(age),
    ]
    model = keras.Model([text, city, age], layers.Dense(1)(layers.Concatenate()(parts)))
    model.compile("sgd", "mse")
    columns = {"city": ["Ulm", "Bath"] * 10, "age": np.arange(20.0), "text": TEXTS}
    expected = model({k: np.array(v) for k, v in columns.items()}).numpy()
    for x in (
        columns,
        pd.DataFrame(columns),
        [np.array(columns[k]) for k in ("text", "city", "age")],
    ):
        np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5)
        model.evaluate(x, LABELS, verbose=0)

    def batches() -> Any:
        for i in range(0, 20, 5):
            x = {k: np.array(v[i : i + 5]) for k, v in columns.items()}
            yield x, LABELS[i : i + 5]

    model.fit(batches(), verbose=0)
    model.fit(columns, LABELS, validation_split=0.25, verbose=0, batch_size=4)
    assert model.predict((b[0] for b in batches()), verbose=0).shape == (20, 1)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("name", ["functional", "stacked", "nested"])
def test_saved_with_their_vocabulary(name: str, ending: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    expected = model.predict(TEXTS, verbose=0)
    model.save(tmp_path / f"m{ending}")
    for again in (
        keras.models.load_model(tmp_path / f"m{ending}"),
        copy.deepcopy(model),
    ):
        np.testing.assert_allclose(again.predict(TEXTS, verbose=0), expected, rtol=1e-6)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_allclose(clone.predict(TEXTS, verbose=0), expected, rtol=1e-6)
    model.summary(print_fn=lambda _: None)


@pytest.mark.parametrize("mode", ["multi_hot", "count", "tf_idf"])
def test_learned_vocabularies_of_files_of_keras(mode: str, tmp_path: Path) -> None:
    # Keras leaves what was learned out of the config, and keeps it in files of its own.
    words = layers.TextVectorization(output_mode=mode)
    words.adapt(["a b c", "a b", "d a a"])
    numbers = layers.IntegerLookup(output_mode=mode)
    numbers.adapt(np.array([[1, 2], [3, 1]]))
    text, codes = keras.Input((1,), dtype="string"), keras.Input((2,), dtype="int64")
    both = layers.Concatenate()([words(text), ops.cast(numbers(codes), "float32")])
    model = keras.Model([text, codes], layers.Dense(2)(both))
    model.save(tmp_path / "ours.keras")
    with zipfile.ZipFile(tmp_path / "ours.keras") as ours:
        held = {name: ours.read(name) for name in ours.namelist()}
    config = json.loads(held["config.json"])
    for layer, made in ((words, "text_vectorization"), (numbers, "integer_lookup")):
        inside = next(c for c in config["config"]["layers"] if c["name"] == layer.name)["config"]
        assert inside["vocabulary_size"] == layer.vocabulary_size()
        inside.update(vocabulary=None, idf_weights=None)
        del inside["has_input_vocabulary"]
        lines = "\n".join(map(str, layer.get_vocabulary()))
        held[f"assets/layers/{made}/vocabulary.txt"] = lines.encode()
    held["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(tmp_path / "keras.keras", "w") as theirs:
        for name, data in held.items():
            theirs.writestr(name, data)
    given = [np.array([["a d"], ["c zz"]]), np.array([[1, 3], [7, 2]])]
    wanted = model.predict(given, verbose=0)
    loaded = keras.models.load_model(tmp_path / "keras.keras")
    np.testing.assert_array_equal(loaded.predict(given, verbose=0), wanted)
    assert loaded.get_layer(words.name).get_vocabulary() == words.get_vocabulary()
    with h5py.File(io.BytesIO(held["model.weights.h5"])) as file:  # where Keras looks for weights
        made = ("text_vectorization", "text_vectorization/_lookup_layer", "integer_lookup")
        places = [f"layers/{place}/vars/idf_weights" for place in made]
        assert [place in file for place in places] == [mode == "tf_idf"] * 3


def test_a_vocabulary_has_the_size_that_the_file_told() -> None:
    layer = layers.StringLookup.from_config(
        {"output_mode": "count", "vocabulary": None, "vocabulary_size": 3}
    )
    assert layer(keras.Input((2,), dtype="string")).shape == (None, 3)
    with pytest.raises(ArgumentError, match="Expected: a vocabulary of 3, special tokens included"):
        layer.set_vocabulary(["a", "b", "c"])
    layer.set_vocabulary(["a", "b"])
    assert layer.vocabulary_size() == 3


@pytest.mark.parametrize("how", ["input_shape", "build"])
def test_a_sequential_that_begins_with_texts(how: str) -> None:
    for layer in (
        layers.TextVectorization(vocabulary=["a", "b"], output_sequence_length=3),
        layers.StringLookup(vocabulary=["a", "b"]),
    ):
        kind, config = type(layer), layer.get_config()
        if how == "input_shape":
            model = keras.Sequential([kind(**{**config, "input_shape": (1,)})])
        else:
            model = keras.Sequential([layer])
            model.build((None, 1))
        assert model.inputs[0].dtype == "string"
        given = np.array([["a"], ["c"]])
        np.testing.assert_array_equal(model.predict(given, verbose=0), layer(given))


@pytest.mark.parametrize("kind", ["texts", "bytes", "read as texts"])
def test_texts_on_disk(kind: str, tmp_path: Path) -> None:
    texts = np.array(["good", "schön", "bad", "good bad"] * 5)
    with h5py.File(tmp_path / "texts.h5", "w") as file:
        if kind == "bytes":
            x = file.create_dataset("x", data=np.char.encode(texts, "utf-8"))
        else:
            x = file.create_dataset("x", data=texts.astype(object), dtype=h5py.string_dtype())
        x = x.asstr() if kind == "read as texts" else x
        words = layers.TextVectorization(output_mode="multi_hot")
        words.adapt(x)
        assert words.get_vocabulary() == ["[UNK]", "good", "bad", "schön"]
        model = keras.Sequential([words, layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(x, np.zeros(20), epochs=1, verbose=0)
        found = model.predict(x, verbose=0)
        np.testing.assert_array_equal(found, model.predict(texts, verbose=0))


@pytest.mark.parametrize("dtype", ["float16", "float64", "bfloat16"])
def test_what_the_head_gives_has_the_dtype_of_its_symbol(dtype: str) -> None:
    text = keras.Input((1,), dtype="string")
    bins = layers.Hashing(3, output_mode="one_hot", dtype=dtype)(text)
    model = keras.Model(text, [bins, ops.add(bins, bins)])
    for found in (*model.predict(["a", "b"], verbose=0), *model(["a", "b"])):
        assert str(found.dtype) == bins.dtype == dtype


def test_lists_of_texts_and_numbers_are_inputs() -> None:
    text, number = keras.Input((1,), dtype="string"), keras.Input((1,))
    lookup = layers.StringLookup(vocabulary=["a"], output_mode="one_hot")
    model = keras.Model([text, number], layers.Concatenate()([lookup(text), number]))
    found = model.predict([["a", "b"], [2.0, 3.0]], verbose=0)
    assert found.tolist() == [[0, 1, 2], [1, 0, 3]]
    with pytest.raises(DataError, match="1 missing, the first at position 1"):
        model.predict([["a", None], [2.0, 3.0]], verbose=0)


def test_texts_as_results() -> None:
    x = keras.Input((3,))
    names = layers.StringLookup(vocabulary=["cat", "dog"], num_oov_indices=0, invert=True)
    model = keras.Model(x, names(keras.ops.argmax(x[:, :2], axis=-1)))
    assert model.output.dtype == "string"
    rows = np.eye(3)[[0, 1, 1]]
    assert model.predict(rows, verbose=0).tolist() == ["cat", "dog", "dog"]


class Shout(layers.Layer):
    """A layer of a user's that reads text and gives text."""

    runs_on_host = True

    def call(self, inputs):
        return np.array([t.upper() for t in inputs.ravel()], object).reshape(inputs.shape)


class Letters(layers.Layer):
    runs_on_host = True

    def call(self, inputs):
        width = max(map(len, inputs.ravel()))
        return np.array([[*map(ord, t.ljust(width))] for t in inputs.ravel()], "int32")


def test_layers_of_the_users() -> None:
    x = keras.Input((1,), dtype="string")
    loud = Shout()(x)
    assert (loud.shape, loud.dtype) == ((None, 1), "string")
    codes = Letters()(loud)
    assert (codes.shape, codes.dtype) == ((None, None), "int32")
    model = keras.Model(x, layers.GlobalMaxPooling1D()(layers.Embedding(100, 3)(codes)))
    texts = np.array(["ab", "abc", "xyz"])
    np.testing.assert_allclose(model.predict(texts, verbose=0), model(texts).numpy(), rtol=1e-6)
    assert Letters()(np.array(["a"])).numpy().tolist() == [[97]]


class Own(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.words = vectorizer(output_mode="count")
        self.out = layers.Dense(1)

    def call(self, inputs):
        return self.out(self.words(inputs))


def test_a_model_with_a_call_of_its_own_runs_op_by_op() -> None:
    model, asked = Own(), Own()
    texts = np.array(TEXTS)
    assert model(texts).shape == asked(texts).shape == (20, 1)
    asked.set_weights(model.get_weights())
    model.compile("sgd", "mse", metrics=["mae"])
    asked.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)
    for given in (texts, TEXTS):
        found, wanted = (
            m.fit(given, LABELS, shuffle=False, validation_data=(given, LABELS), verbose=0).history
            for m in (model, asked)
        )
        assert found == wanted
    np.testing.assert_array_equal(model.predict(TEXTS, verbose=0), asked.predict(texts, verbose=0))
    assert model.evaluate(texts, LABELS, verbose=0) == asked.evaluate(texts, LABELS, verbose=0)
    assert model.predict_on_batch(texts[:3]).shape == (3, 1)


def test_text_in_a_trace_says_what_to_do() -> None:
    words = vectorizer(output_mode="count")
    compiled = keras.function(lambda x: words(x))
    with pytest.raises(ArgumentError, match=r"Model\(inputs, outputs\).*run_eagerly=True"):
        compiled(keras.ops.ones((2, 1)))


def test_what_does_not_read_text_refuses_it() -> None:
    x = keras.Input((1,), dtype="string")
    texts = np.array(TEXTS)[:, None]
    for layer in (layers.Dense(1), layers.Flatten(), layers.Embedding(3, 2), layers.Rescaling(1)):
        for given in (x, texts):
            with pytest.raises(DTypeError, match=r"Expected: numbers.*Received: text"):
                layer(given)
    for function in (keras.ops.sum, lambda t: t + 1, lambda t: keras.ops.reshape(t, (-1,))):
        with pytest.raises(DTypeError, match="Received: text"):
            function(x)
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    with pytest.raises(DTypeError, match=r"Input 'input_layer.*Received: text"):
        model.predict(TEXTS, verbose=0)
    with pytest.raises(DataError, match="Expected: texts"):
        functional().predict(np.ones((3, 1)), verbose=0)
    with pytest.raises(DataError, match="1 missing"):
        functional().predict(np.array(["a", None], object), verbose=0)


def test_tensors_of_text() -> None:
    given: Any = ["a", "b"]
    texts = keras.ops.convert_to_tensor(given, dtype="string")
    assert (texts.shape, texts.dtype, texts.numpy().tolist()) == ((2,), "string", ["a", "b"])
    assert layers.StringLookup(vocabulary=["b"])(texts).numpy().tolist() == [0, 1]
    for found in (given, tuple(given), np.array(given), np.array(given, object), [b"a", b"b"]):
        same = keras.ops.convert_to_tensor(found)
        assert (same.dtype, same.numpy().tolist()) == ("string", given)
    one: Any = "a"
    assert keras.ops.convert_to_tensor(one).shape == ()
    uneven: Any = [["a"], ["b", "c"]]
    for value, match in ((uneven, "rows of equal length"), (["a", 1], "Expected: numbers")):
        with pytest.raises((DataError, DTypeError), match=match):
            keras.ops.convert_to_tensor(value)
    with pytest.raises(DTypeError):
        keras.ops.cast(keras.ops.ones(2), "string")


def test_batches_made_ahead_are_the_same(monkeypatch: Any) -> None:
    model = functional()
    start = model.get_weights()
    losses = []
    for ahead in (True, False):
        monkeypatch.setattr(Head, "ours", ahead)
        model.set_weights(start)
        model.compile("sgd", "mse")
        losses.append(model.fit(TEXTS, LABELS, batch_size=3, shuffle=False, verbose=0).history)
    assert losses[0] == losses[1]
