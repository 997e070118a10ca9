"""From columns to inputs: padding, gaps filled from before, layers that learn."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import DataError
from kerasish.preparation import Columns, Table, column_of
from kerasish.preparation.columns import missing, with_filled


def ragged(*rows: list[int]) -> np.ndarray:
    found = np.empty(len(rows), object)
    found[:] = [np.array(row) for row in rows]
    return found


@pytest.mark.parametrize(
    ("at", "expected"), [("end", [[1, 2], [3, 0], [0, 0]]), ("start", [[2, 9], [0, 3], [0, 0]])]
)
def test_padding(at: str, expected: list[list[int]]) -> None:
    table = Table({"v": column_of(ragged([1, 2, 9], [3], []))})
    columns = Columns(table)
    symbol = columns.padded("v", 2, at)
    assert symbol.shape == (None, 2)
    assert columns.run({"v": symbol}, table)["v"].tolist() == expected
    scaled = columns.apply(keras.layers.Rescaling(2.0), symbol)
    np.testing.assert_array_equal(columns.run({"v": scaled}, table)["v"], 2 * np.array(expected))


def test_rows_of_different_lengths_need_padding() -> None:
    with pytest.raises(DataError, match=r"different lengths.*pad: \{length"):
        Columns(Table({"v": column_of(ragged([1, 2], [3]))}))["v"]


def test_gaps_hold_the_value_before_within_a_group() -> None:
    a = np.array([np.nan, 1, np.nan, np.nan, 4, np.nan])
    t = np.array(["x", "", "y", "", "", "z"], object)
    g = np.array([0, 0, 0, 1, 1, 1])
    table = Table({"a": column_of(a), "t": column_of(t), "g": column_of(g)}, group="g")
    filled = with_filled(table, {"a.previous": "a", "t.previous": "t"})
    np.testing.assert_array_equal(filled.values("a.previous"), [np.nan, 1, 1, np.nan, 4, 4])
    assert filled.values("t.previous").tolist() == ["x", "x", "y", "", "", "z"]
    mixed = np.array([0, 2, 4, 1, 3, 5])
    order = np.argsort(mixed)
    between = Table({"a": column_of(a[order]), "g": column_of(g[order])}, group="g")
    found = with_filled(between, {"a.previous": "a"}).values("a.previous")
    np.testing.assert_array_equal(found[mixed], [np.nan, 1, 1, np.nan, 4, 4])


def test_gaps_of_a_part_are_filled_from_the_rows_before_it() -> None:
    table = Table({"a": column_of(np.array([1.0, np.nan, np.nan]))})
    part = table.choose(np.array([1, 2]))
    columns = Columns(table)
    symbol = columns.previous("a")
    np.testing.assert_array_equal(columns.run({"a": symbol}, part)["a"], [1, 1])


def test_missing() -> None:
    table = Table({
        "a": column_of(np.array([[1, np.nan], [2, 3]])),
        "t": column_of(np.array(["", "x"], object)),
        "n": column_of(np.array([0, 1])),
    })  # fmt: skip
    assert missing(table, "a").tolist() == missing(table, "t").tolist() == [True, False]
    assert missing(table, "n").tolist() == [False, False]


def test_gaps_teach_nothing() -> None:
    table = Table({"a": column_of(np.array([1.0, np.nan, 3.0]))})
    columns = Columns(table)
    layer = keras.layers.Normalization()
    columns.apply(layer, columns["a"])
    assert np.ravel(layer.mean).tolist() == [2]


def test_a_batch_of_columns_becomes_a_batch_of_inputs() -> None:
    table = Table({"a": column_of(np.arange(4.0)), "v": column_of(ragged([1], [2], [3], [4, 5]))})
    columns = Columns(table)
    outputs = {"a": columns.apply(keras.layers.Rescaling(10.0), columns["a"]),
               "v": columns.padded("v", 2)}  # fmt: skip
    make = columns.maker(outputs)
    found = make({"a": np.array([7.0]), "v": ragged([6])})
    np.testing.assert_array_equal(found["a"], [[70]])
    assert found["v"].tolist() == [[6, 0]]


def test_a_value_that_a_layer_refuses_is_told_with_its_row() -> None:
    table = Table({"t": column_of(["no", "yes", "maybe"])}, place=lambda row: f"f.csv, line {row}")
    columns = Columns(table)
    symbol = columns.apply(keras.layers.ValueMap(["no", "yes"], [0, 1]), columns["t"])
    with pytest.raises(DataError, match=r"f\.csv, line 2.*'maybe'"):
        columns.run({"t": symbol}, table)
