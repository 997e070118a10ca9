from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from kerasish.errors import DataError
from kerasish.frames import is_table, numbers, texts

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
        ({"a": pd.array([1, None, 2], "Int64"), "b": COUNT}, "float64", [1, 0]),
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


def test_missing_numbers_are_nan():
    found = numbers(pd.Series([1, None, 3], dtype="Int64"), "x")
    np.testing.assert_array_equal(found, [1, np.nan, 3])


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
    frame["c"] = ["z", None]
    with pytest.raises(DataError, match=r"column 'c'.*1 missing, the first in row 1.*fillna"):
        texts(frame, "x")


def test_pandas_is_not_imported():
    assert "pandas" not in vars(sys.modules["kerasish.frames"])
