"""Small data and networks that tests of saved runs share."""

from __future__ import annotations

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
