from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest

from kerasish.errors import DataError
from kerasish.frames import is_columns, is_frame, is_table, names, numbers, texts

COUNT = np.arange(3)


def test_what_is_a_table():
    for given in (pd.DataFrame({"a": [1]}), pd.Series([1]), pd.Index([1]), pd.array([1, None])):
        assert is_table(given)
    for given in (np.zeros(2), [1], {"a": 1}, None, pd.DataFrame):
        assert not is_table(given)


def test_a_subclass_counts():
    class Mine(pd.DataFrame):
        pass

    assert is_table(Mine({"a": [1]}))


@pytest.mark.parametrize(
    ("columns", "dtype", "first"),
    [
        ({"a": COUNT, "b": COUNT}, "int64", [0, 0]),
        ({"a": COUNT * 1.5, "b": COUNT}, "float64", [0, 0]),
        ({"a": COUNT * 1.5, "b": COUNT == 0}, "float64", [0, 1]),
        ({"a": COUNT == 0, "b": COUNT == 1}, "bool", [True, False]),
        ({"a": COUNT.astype("uint8"), "b": COUNT == 0}, "uint8", [0, 1]),
        ({"a": COUNT.astype("float32"), "b": COUNT.astype("float32")}, "float32", [0, 0]),
        ({"a": pd.array(COUNT, "Int64"), "b": COUNT}, "int64", [0, 0]),
        ({"a": pd.array(COUNT, "Int8")}, "int8", [0]),
        ({"a": pd.Series([1, 0, 1], dtype="int8[pyarrow]"), "b": COUNT == 0}, "int8", [1, 1]),
        ({"a": pd.Series([1.5, 2, 3], dtype="double[pyarrow]")}, "float64", [1.5]),
        ({"a": pd.Series([True, False, True], dtype="bool[pyarrow]")}, "bool", [True]),
        ({"a": pd.array([True, False, True], "boolean"), "b": COUNT * 0.5}, "float64", [1, 0]),
        ({"a": pd.array([1.5, 2.5, 3.5], "Float32")}, "float32", [1.5]),
        ({"a": pd.arrays.SparseArray([0.0, 1.0, 0.0])}, "float64", [0]),
        ({"a": pd.Series([1, 2.5, True], dtype=object), "b": COUNT}, "float64", [1, 0]),
    ],
    ids=str,
)
def test_columns_meet_in_one_dtype(columns, dtype, first):
    found = numbers(pd.DataFrame(columns), "x")
    assert found.dtype == dtype
    assert found.shape == (3, len(columns))
    assert found[0].tolist() == first


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, None, 3], dtype="Int64"),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series([1, None, 3], dtype="int64[pyarrow]"),
        pd.Series([1.5, np.nan, 2.5]),
        pd.Series([1, None, 2.5], dtype=object),
        pl.Series([1, None, 3]),
        pl.Series([True, None, False]),
        pl.Series([1.5, float("nan"), 3]),
    ],
    ids=lambda column: str(column.dtype),
)
def test_a_missing_number_is_told_by_column_and_row(column):
    frame = pl.DataFrame if isinstance(column, pl.Series) else pd.DataFrame
    table = frame({"good": COUNT, "bad one": column})
    with pytest.raises(
        DataError, match=r"x, column 'bad one'.*1 missing, the first in row 1.*Fill"
    ):
        numbers(table, "x")
    assert np.isnan(numbers(table, "x", gaps=True)[:, 1]).tolist() == [False, True, False]


POLARS = pl.DataFrame(
    {
        "a": [1, 2],
        "b": [True, False],
        "c": [0.5, 1.5],
        "d": pl.Series([1, 2]).cast(pl.Decimal(10, 2)),
        "e": [[1, 2], [3, 4]],
        "f": pl.Series(np.ones((2, 2))),
    }
)


def test_tables_of_polars():
    assert numbers(POLARS, "x").tolist() == [
        [1, 1, 0.5, 1, 1, 2, 1, 1],
        [2, 0, 1.5, 2, 3, 4, 1, 1],
    ]
    assert numbers(POLARS[["a", "b"]], "x").dtype == "int64"
    assert numbers(POLARS["b"], "x").tolist() == [True, False]
    frame = pl.DataFrame({"t": ["x", "y"], "c": pl.Series(["u", "v"], dtype=pl.Categorical)})
    assert texts(frame, "x").tolist() == [["x", "u"], ["y", "v"]]
    assert texts(frame["t"], "x").tolist() == ["x", "y"]
    with pytest.raises(DataError, match=r"column 'a'.*1 missing, the first in row 0"):
        texts(pl.DataFrame({"a": [None, "b"]}), "x")


@pytest.mark.parametrize(
    ("column", "hint"),
    [
        (["x", "y"], "StringLookup"),
        (pl.Series(["x", "y"], dtype=pl.Categorical), r"to_physical"),
        (pl.Series(["2020-01-01", "2020-01-02"]).str.to_date(), "epoch"),
        ([[1], [2, 3]], "one length"),
    ],
    ids=["text", "category", "date", "lists"],
)
def test_a_column_of_polars_that_is_no_numbers_is_named(column, hint):
    frame = pl.DataFrame({"good": [1.0, 2.0], "bad one": column})
    with pytest.raises(DataError, match=rf"x, column 'bad one'.*numbers.*{hint}"):
        numbers(frame, "x")


def test_what_has_columns():
    assert all(map(is_columns, (POLARS, POLARS["a"], pd.Series([1]), pd.Index([1]))))
    assert not any(map(is_columns, (POLARS.lazy(), np.zeros(2), {"a": 1}, None)))
    assert is_frame(POLARS)
    assert is_frame(pd.DataFrame({"a": [1]}))
    assert not is_frame(POLARS["a"])
    assert names(POLARS) == list("abcdef")
    levels = pd.DataFrame(np.eye(3), columns=pd.MultiIndex.from_tuples(["ax", "ay", "bx"]))
    assert names(levels) == ["a", "b"]


def test_lists_of_one_length_are_columns():
    frame = pd.DataFrame({"a": [[1.0, 2.0], [3.0, 4.0]], "b": [5, 6]})
    assert numbers(frame, "x").tolist() == [[1, 2, 5], [3, 4, 6]]
    frame["a"] = [[1.0], [3.0, 4.0]]
    with pytest.raises(DataError, match=r"column 'a'.*such as \[1.0\]"):
        numbers(frame, "x")


def test_a_column_is_one_dimensional():
    assert numbers(pd.Series([True, False]), "x").tolist() == [True, False]
    assert numbers(pd.RangeIndex(3), "x").tolist() == [0, 1, 2]


def test_equal_names():
    frame = pd.DataFrame(np.array([[1, 2.0]]), columns=pd.Index(["a", "a"]))
    frame["b"] = True
    np.testing.assert_array_equal(numbers(frame, "x"), [[1, 2, 1]])


@pytest.mark.parametrize(
    ("column", "hint"),
    [
        (["x", "y"], "StringLookup"),
        (pd.Series(["x", "y"], dtype="category"), r"cat\.codes"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), "total_seconds"),
        (pd.to_timedelta([1, 2], unit="s"), "total_seconds"),
        (pd.Series([1, "y"], dtype=object), "astype"),
    ],
    ids=["text", "category", "time", "duration", "object"],
)
def test_the_column_that_is_no_numbers_is_named(column, hint):
    frame = pd.DataFrame({"good": [1.0, 2.0], "bad one": column})
    with pytest.raises(DataError, match=rf"x\['a'\], column 'bad one'.*numbers.*{hint}"):
        numbers(frame, "x['a']")


def test_texts():
    frame = pd.DataFrame({"a": ["x", "y"], "b": pd.Series(["u", "v"], dtype="category")})
    assert texts(frame, "x").tolist() == [["x", "u"], ["y", "v"]]
    assert texts(pd.array(["x", "y"]), "x").tolist() == ["x", "y"]
    assert texts(pd.Index(["x", "y"]), "x").tolist() == ["x", "y"]
    with pytest.raises(DataError, match="such as 'x'"):
        numbers(pd.array(["x", "y"]), "x")
    frame["c"] = ["z", None]
    with pytest.raises(DataError, match=r"column 'c'.*1 missing, the first in row 1.*fillna"):
        texts(frame, "x")


def test_neither_is_imported():
    assert not {"pandas", "polars"} & set(vars(sys.modules["kerasish.frames"]))
