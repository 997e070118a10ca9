"""Elements: what may be one, and what is made of several."""

from collections import namedtuple

import numpy as np
import pytest

import kerasish as keras
from kerasish.data import Dataset
from kerasish.data.elements import (
    SKIPPED,
    as_element,
    as_leaf,
    count_rows,
    joined,
    map_element,
    stack,
)
from kerasish.errors import DataError

Pair = namedtuple("Pair", "x y")


class Wrapped:
    """Another library's array."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


class Packed:
    """One that only DLPack can read."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_arrays_of_other_libraries():
    array = np.arange(3, dtype="int16")
    for given in (Wrapped(array), Packed(array), keras.ops.convert_to_tensor(array)):
        found = as_leaf(given)
        assert isinstance(found, np.ndarray)
        assert (found.dtype, found.tolist()) == ("int16", [0, 1, 2])
    assert as_leaf(Wrapped(np.array(2.5))) == 2.5


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (1, "int32"),
        (2**31 - 1, "int32"),
        (-(2**31), "int32"),
        (2**31, "int64"),
        (-(2**31) - 1, "int64"),
        ([1, 2**31 - 1], "int32"),
        ([-(2**31) - 1, 1], "int64"),
        ([1, 2**31], "int64"),
        ([], "float32"),
        (0.5, "float32"),
        (True, "bool"),
        (1j, "complex128"),
        ([np.int16(1), np.int16(2)], "int16"),
        ([np.float64(1)], "float64"),
    ],
)
def test_dtypes_of_numbers(given, dtype):
    found = as_leaf(given)
    assert found.dtype == dtype
    assert found.tolist() == given


def test_arrays_that_are_used_again_are_copied():
    array = np.zeros(2)
    kept, own = as_element((array,)), as_element((array,), own=True)
    array[:] = 1
    assert (kept[0].tolist(), own[0].tolist()) == ([1, 1], [0, 0])


def test_text():
    assert as_leaf(np.array("é")) == "é"
    assert as_leaf(np.array("é", object)) == "é"
    assert as_leaf(b"raw") == b"raw"
    assert as_leaf(np.array(None)) is None
    many = as_leaf(["a", "bc"])
    assert (many.dtype, many.tolist()) == (object, ["a", "bc"])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (object(), r"arrays, tensors.*object"),
        ([[1], [1, 2]], "rows of one length"),
        (np.array({1, 2}, object), r"objects: \{1, 2\}"),
        (np.array(["a", 1], object), "objects: 1"),
    ],
)
def test_what_is_no_element(given, words):
    with pytest.raises(DataError, match=words):
        as_element({"a": given})


def test_elements_of_one_form_become_one():
    rows = [Pair({"a": np.arange(2) + n, "b": None}, f"t{n}") for n in range(3)]
    found = stack(rows, "here")
    assert type(found) is Pair
    assert found.x["a"].tolist() == [[0, 1], [1, 2], [2, 3]]
    assert found.x["b"] is None
    assert found.y.tolist() == ["t0", "t1", "t2"]
    both = joined([found, found])
    assert both.x["a"].shape == (6, 2)
    assert both.x["b"] is None
    assert both.y.tolist() == [*found.y, *found.y]
    assert map_element(lambda leaf: leaf, found)._fields == ("x", "y")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, 1),
        ((1, 2), (1,)),
        ((1,), 1),
        ("t", None),
        (None, "t"),
        (1, "t"),
        (1, None),
        (1, (1,)),
    ],
)
def test_elements_of_other_forms_are_told(one, other):
    given = [as_element(one), as_element(one), as_element(other)]
    with pytest.raises(DataError, match=r"here.*one form, as the first"):
        stack(given, "here")


def test_dicts_in_batches():
    stream = Dataset.from_generator(lambda: ({"a": n, "t": f"t{n}"} for n in range(3)))
    first, last = stream.batch(2)
    assert (first["a"].tolist(), first["t"].tolist()) == ([0, 1], ["t0", "t1"])
    assert (last["a"].tolist(), last["t"].tolist()) == ([2], ["t2"])
    with pytest.raises(DataError, match=r"Dataset\.batch.*one form"):
        list(Dataset.from_generator(lambda: iter([{"a": 1}, {"b": 1}])).batch(2))


def test_rows_have_one_number():
    assert count_rows({"a": np.zeros((3, 2)), "b": None}, "here") == 3
    for wrong in ((np.zeros(2), np.zeros(3)), np.float64(1), None, (np.zeros(2), np.float64(1))):
        with pytest.raises(DataError, match="one length"):
            count_rows(wrong, "here")


def test_the_place_of_one_that_was_left_out():
    assert repr(SKIPPED) == "SKIPPED"
