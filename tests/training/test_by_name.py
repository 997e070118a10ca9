"""Tables are matched with the inputs and outputs of a model by their columns' names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import kerasish as keras
from kerasish.errors import DataError
from kerasish.frames import is_table

RNG = np.random.default_rng(0)
COLUMNS = {
    "extra": ["text that nobody asks for"] * 40,
    "b": RNG.random(40) < 0.5,
    "a": RNG.normal(size=40),
    "y": RNG.normal(size=40),
    "z": RNG.normal(size=40),
}
FRAMES = {"pandas": pd.DataFrame(COLUMNS), "polars": pl.DataFrame(COLUMNS)}
ARRAYS = {name: np.asarray(COLUMNS[name])[:, None] for name in "abyz"}
X = {"a": ARRAYS["a"], "b": ARRAYS["b"]}


def nullable():
    frame = FRAMES["pandas"].copy()
    frame["b"] = pd.array(frame["b"], "boolean")
    frame["a"] = frame["a"].astype("double[pyarrow]")
    return frame


FRAMES["nullable"] = nullable()


def model(structure=list, outputs="y"):
    keras.utils.set_random_seed(0)
    a, b = keras.Input((1,), name="a"), keras.Input((1,), name="b")
    joined = keras.layers.Concatenate()([a, b])
    made = [keras.layers.Dense(1, name=name)(joined) for name in outputs]
    inputs = {"a": a, "b": b} if structure is dict else [a, b]
    model = keras.Model(inputs, made if len(made) > 1 else made[0])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("structure", [list, dict])
def test_inputs(frame, structure):
    one, other = model(structure), model(structure)
    options = {"epochs": 2, "verbose": 0, "shuffle": False, "validation_split": 0.25}
    found = one.fit(frame, frame["y"], **options).history
    assert found == other.fit(X, ARRAYS["y"], **options).history
    options = {"verbose": 0, "shuffle": False, "validation_data": (frame, frame["z"])}
    found = one.fit(frame, frame["y"], **options).history
    options["validation_data"] = (X, ARRAYS["z"])
    assert found == other.fit(X, ARRAYS["y"], **options).history
    assert one.evaluate(frame, frame["y"], verbose=0) == other.evaluate(X, ARRAYS["y"], verbose=0)
    np.testing.assert_array_equal(one.predict(frame, verbose=0), other.predict(X, verbose=0))
    np.testing.assert_array_equal(one.predict_on_batch(frame), other.predict_on_batch(X))
    assert one.test_on_batch(frame, frame["y"]) == other.test_on_batch(X, ARRAYS["y"])
    assert one.train_on_batch(frame, frame["y"]) == other.train_on_batch(X, ARRAYS["y"])


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_targets_and_weights(frame):
    one, other = model(outputs="yz"), model(outputs="yz")
    weights = frame[["y", "z"]].abs() if is_table(frame) else frame.select(pl.col("y", "z").abs())
    targets = {name: ARRAYS[name] for name in "yz"}
    given = {name: abs(ARRAYS[name][:, 0]) for name in "yz"}
    found = one.fit(frame, frame, sample_weight=weights, verbose=0, shuffle=False).history
    wanted = other.fit(X, targets, sample_weight=given, verbose=0, shuffle=False)
    assert found == wanted.history


def test_dicts_of_columns():
    frame = FRAMES["pandas"]
    columns = {"a": frame["a"], "b": FRAMES["polars"]["b"], "extra": frame["extra"]}
    np.testing.assert_array_equal(
        model().predict(columns, verbose=0), model().predict(X, verbose=0)
    )
    mixed = {"a": frame["a"], "b": keras.ops.convert_to_tensor(ARRAYS["b"])}  # no column: stays
    np.testing.assert_array_equal(model().predict(mixed, verbose=0), model().predict(X, verbose=0))


def test_a_frame_for_one_input_is_one_matrix():
    one = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    both = np.concatenate([ARRAYS["a"], ARRAYS["b"]], axis=1)
    for frame in FRAMES.values():
        np.testing.assert_array_equal(one.predict(frame[["a", "b"]], verbose=0), one.predict(both))
    with pytest.raises(DataError, match=r"x, column 'extra'.*numbers.*text that nobody"):
        one.predict(FRAMES["pandas"])


def test_several_columns_for_one_input():
    a, b = keras.Input((2,), name="a"), keras.Input((), name="b")
    joined = keras.layers.Concatenate()([a, keras.layers.Reshape((1,))(b)])
    made = keras.Model([a, b], joined)
    levels = pd.MultiIndex.from_tuples([("a", "x"), ("a", "y"), ("b", "x")])
    frame = pd.DataFrame(np.arange(6.0).reshape(2, 3), columns=levels)
    assert made.predict(frame, verbose=0).tolist() == [[0, 1, 2], [3, 4, 5]]
    lists = pl.DataFrame({"b": [2.0, 5.0], "a": [[0, 1], [3, 4]]})
    assert made.predict(lists, verbose=0).tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_text_goes_to_inputs_of_text(name):
    table = {"words": ["x", "y", "x"], "n": [1.0, 2.0, 3.0], "y": [0.0, 1.0, 0.0]}
    frame = pd.DataFrame(table) if name == "pandas" else pl.DataFrame(table)
    words = keras.Input((1,), name="words", dtype="string")
    n = keras.Input((1,), name="n")
    lookup = keras.layers.StringLookup(vocabulary=["x", "y"], output_mode="one_hot")
    made = keras.Model([words, n], keras.layers.Concatenate()([lookup(words), n]))
    wanted = [[0, 1, 0, 1], [0, 0, 1, 2], [0, 1, 0, 3]]
    assert made.predict(frame, verbose=0).tolist() == wanted
    columns = {key: frame[key] for key in ("words", "n")}
    assert made.predict(columns, verbose=0).tolist() == wanted
    head = keras.Model([words, n], keras.layers.Dense(1)(made.output))
    head.compile("sgd", "mse")
    assert np.isfinite(head.fit(frame, frame["y"], verbose=0).history["loss"]).all()


def test_what_is_wrong_is_named():
    frame = FRAMES["pandas"]
    with pytest.raises(DataError, match=r"inputs, \['a', 'b'\].*without \['b'\]"):
        model().predict(frame.rename(columns={"b": "c"}))
    with pytest.raises(DataError, match="Did you mean 'A'"):
        model().predict(frame.rename(columns={"a": "A"}))
    with pytest.raises(DataError, match=r"names of the model's outputs, \['p', 'q'\]"):
        model(outputs="pq").fit(frame, frame)
    gaps = frame.assign(a=frame["a"].where(frame.index != 7))
    with pytest.raises(DataError, match=r"x\['a'\], column 'a'.*1 missing, the first in row 7"):
        model().fit(gaps, frame["y"])
    category = frame.assign(b=frame["b"].astype(str).astype("category"))
    with pytest.raises(DataError, match=r"x\['b'\], column 'b'.*cat\.codes"):
        model().fit(category, frame["y"])


def test_adapt():
    for frame in FRAMES.values():
        found, wanted = keras.layers.Normalization(), keras.layers.Normalization()
        found.adapt(frame[["a", "b"]])
        wanted.adapt(np.concatenate([ARRAYS["a"], ARRAYS["b"]], axis=1))
        np.testing.assert_array_equal(found.mean, wanted.mean)
        lookup = keras.layers.StringLookup()
        lookup.adapt(frame["extra"])
        assert lookup.vocabulary_size() == 2
