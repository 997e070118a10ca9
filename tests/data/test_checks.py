from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kerasish.data.batch import Batch
from kerasish.data.checks import (
    as_arrays,
    check_count,
    check_rows,
    numbers_to_arrays,
    to_numpy,
    working_dtype,
)
from kerasish.errors import DataError


class OnlyDLPack:
    """An array that speaks DLPack and nothing else."""

    def __init__(self, array):
        self._array = array

    def __dlpack__(self, **kwargs):
        return self._array.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (pd.DataFrame({"a": [1, 2], "b": [3, 4]}), [[1, 3], [2, 4]]),
        (pd.Series([1.5, 2.5]), [1.5, 2.5]),
        (OnlyDLPack(np.arange(6.0).reshape(2, 3)), [[0, 1, 2], [3, 4, 5]]),
        (pd.DataFrame({"a": [0.5, 1], "b": [True, False]}), [[0.5, 1], [1, 0]]),
        (pd.DataFrame({"a": pd.array([1, 2], "Int64"), "b": [3, 4]}), [[1, 3], [2, 4]]),
        (memoryview, None),
    ],
    ids=["DataFrame", "Series", "DLPack", "mixed", "nullable", "unknown"],
)
def test_to_numpy(given, expected):
    if expected is None:
        with pytest.raises(DataError, match=r"x\['a'\].*Received: type"):
            to_numpy(given, "x['a']")
    else:
        np.testing.assert_array_equal(to_numpy(given, "x"), expected)


@pytest.mark.parametrize(
    "given",
    [
        np.array(["a", "b"]),
        np.array([1, None], dtype=object),
        pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
        np.zeros(2, dtype=[("a", "f4")]),
    ],
    ids=["text", "object", "mixed frame", "records"],
)
def test_no_numbers(given):
    with pytest.raises(DataError, match="Expected: numbers"):
        to_numpy(given, "x")


def test_gaps_of_masked_arrays():
    whole = np.ma.masked_array(np.arange(3.0), mask=False)
    assert type(to_numpy(whole, "x")) is np.ndarray
    whole[1] = np.ma.masked
    with pytest.raises(DataError, match="masked array with 1 values left out"):
        to_numpy(whole, "x")


def test_single_value():
    with pytest.raises(DataError, match="first dimension counts the samples"):
        to_numpy(np.float32(3), "x")


def test_numbers_to_arrays():
    found = numbers_to_arrays({"a": [[1, 2], [3, 4]], "b": np.zeros(2)})
    assert found["a"].shape == (2, 2)
    assert numbers_to_arrays([0, 1.5]).dtype == np.float64
    pair = [np.zeros(2), np.zeros(3)]
    assert numbers_to_arrays(pair) is pair


def test_ragged_numbers():
    with pytest.raises(DataError, match="pad_sequences"):
        as_arrays([[1, 2], [3]], "x")


def test_different_lengths_are_listed_by_name():
    batch = Batch({"a": np.zeros(3), "b": np.zeros(4)}, np.zeros(3))
    with pytest.raises(DataError, match=r"x\['a'\] has 3, x\['b'\] has 4, y has 3"):
        check_rows(batch)


@pytest.mark.parametrize("x", [np.zeros((0, 2)), {}, ()], ids=["rows", "dict", "tuple"])
def test_nothing(x):
    with pytest.raises(DataError, match="at least one"):
        check_rows(Batch(x))


@pytest.mark.parametrize("value", [0, -1, True, 2.0, "3", None])
def test_check_count_refuses(value):
    with pytest.raises(DataError, match="batch_size"):
        check_count("batch_size", value)


def test_check_count_accepts_numpy_integers():
    assert type(check_count("steps", np.int64(3))) is int


def test_working_dtype():
    names = ("float64", "float16", "int64", "uint8", "bool")
    assert [working_dtype(np.dtype(name)).name for name in names] == [
        "float32", "float32", "int64", "uint8", "bool",
    ]  # fmt: skip
