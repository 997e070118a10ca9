"""Small data and networks that tests of saved runs share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import kerasish as keras
from kerasish import layers
from kerasish import preparation as prep

Case = tuple[prep.Table, prep.Prepared, Any]


def table_of(**columns: Any) -> prep.Table:
    """A table of arrays and lists."""
    return prep.Table({name: prep.column_of(np.array(v)) for name, v in columns.items()})


def priced() -> Case:
    """A scaled price of an age with gaps and a city."""
    rng = np.random.default_rng(0)
    age = rng.normal(40, 10, 60)
    age[3] = np.nan
    table = table_of(age=age, city=rng.choice(["a", "b", "c"], 60), price=rng.normal(1000, 200, 60))
    parts = prep.split(table, {"validation": {"split": 0.2}})
    columns = prep.Columns(parts.train)
    filled = columns.apply(layers.FillMissing("median"), columns["age"])
    features = [
        columns.apply(layers.Normalization(), filled),
        columns.apply(layers.StringLookup(output_mode="one_hot"), columns["city"]),
    ]
    x = {"features": layers.Concatenate()(features)}
    y = {"price": columns.apply(layers.Normalization(), columns["price"])}
    network = keras.Sequential([keras.Input((5,)), layers.Dense(3, "relu"), layers.Dense(1)])
    network.compile("adam", "mse", metrics=["mae"])
    return table, prep.Prepared(parts, columns, x, y), network


def classes() -> Case:
    """Two classes by name, of a network that gives logits."""
    rng = np.random.default_rng(1)
    table = table_of(x=rng.normal(size=20), kind=rng.choice(["no", "yes"], 20))
    columns = prep.Columns(table)
    lookup = layers.StringLookup(vocabulary=["no", "yes"], num_oov_indices=0)
    data = prep.Prepared(
        prep.Parts(table), columns, {"x": columns["x"]}, {"kind": lookup(columns["kind"])}
    )
    network = keras.Sequential([keras.Input((1,)), layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile("adam", loss, metrics=["accuracy"])
    return table, data, network


def spoken() -> Case:
    """Texts of two classes by words."""
    texts = ["win a prize", "see you at home", "prize now", "at home, you see"] * 4
    table = table_of(text=texts, label=["spam", "ham", "spam", "ham"] * 4)
    columns = prep.Columns(table)
    words = columns.apply(layers.TextVectorization(output_sequence_length=6), columns["text"])
    mapped = layers.ValueMap(["ham", "spam"], [0, 1])(columns["label"])
    data = prep.Prepared(prep.Parts(table), columns, {"words": words}, {"label": mapped})
    network = keras.Sequential(
        [
            keras.Input((6,), dtype="int64"),
            layers.Embedding(20, 4),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1, "sigmoid"),
        ]
    )
    network.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return table, data, network


def series() -> Case:
    """Two hours of a load from the four before."""
    rng = np.random.default_rng(2)
    table = replace(
        table_of(hour=np.arange(30) * 1.0, load=rng.normal(100, 10, 30)), time=("hour",)
    )
    columns = prep.Columns(table)
    scaled = columns.apply(layers.Normalization(), columns["load"])
    window = prep.Window(history=4, horizon=2)
    data = prep.Prepared(
        prep.Parts(table), columns, {"history": scaled}, {"load": scaled}, window=window
    )
    network = keras.Sequential([keras.Input((4, 1)), layers.Flatten(), layers.Dense(2)])
    network.compile("adam", "mse")
    return table, data, network


def several() -> Case:
    """Two inputs; a class and a quantity."""
    rng = np.random.default_rng(3)
    table = table_of(
        a=rng.normal(size=(10, 3)), b=rng.normal(size=(10, 2)),
        kind=rng.choice(["no", "yes"], 10), size=rng.normal(size=10),
    )  # fmt: skip
    columns = prep.Columns(table)
    kind = layers.StringLookup(vocabulary=["no", "yes"], num_oov_indices=0)(columns["kind"])
    x = {"a": columns["a"], "b": columns["b"]}
    y = {"kind": kind, "size": columns["size"]}
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    joined = layers.Concatenate()([a, b])
    outputs = {
        "kind": layers.Dense(1, "sigmoid", name="kind")(joined),
        "size": layers.Dense(1, name="size")(joined),
    }
    network = keras.Model({"a": a, "b": b}, outputs)
    network.compile("adam", {"kind": "binary_crossentropy", "size": "mse"})
    return table, prep.Prepared(prep.Parts(table), columns, x, y), network


def written(text: str = "the cat sat on the mat. " * 6, every: bool = True) -> Case:
    """The next character of a text, at every place of a window or after it."""
    table = table_of(text=np.array(list(text), object))
    columns = prep.Columns(table)
    lookup = layers.StringLookup()
    x = {"text": columns.apply(lookup, columns["text"])}
    offsets = {"next": (-7, 1)} if every else {}
    window = prep.Window(history=8, horizon=1, offsets=offsets)
    data = prep.Prepared(
        prep.Parts(table), columns, x, {"next": lookup(columns["text"])}, window=window
    )
    size = lookup.vocabulary_size()
    inputs = keras.Input((8,), dtype="int64")
    hidden = layers.GRU(12, return_sequences=every)(layers.Embedding(size, 6)(inputs))
    network = keras.Model(inputs, layers.Dense(size)(hidden))
    network.compile(
        keras.optimizers.Adam(0.02), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    return table, data, network
