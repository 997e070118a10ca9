from __future__ import annotations

import random

import numpy as np
import pytest

import kerasish as keras
from kerasish.data import Dataset
from kerasish.errors import ArgumentError, DataError

split = keras.utils.split_dataset


def values(dataset) -> list:
    return [np.asarray(x).tolist() for x in dataset]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (0.8, None, (8, 2)), (None, 0.25, (8, 2)), (3, None, (3, 7)), (None, 4, (6, 4)),
        (3, 4, (3, 4)), (0.3, 0.3, (3, 3)), (0.25, None, (2, 8)), (2, 0.5, (2, 5)),
    ],
)  # fmt: skip
def test_sizes_are_those_of_keras(left, right, expected):
    a, b = split(np.arange(10), left, right)
    assert (len(a), len(b)) == expected
    assert values(a) == list(range(expected[0]))
    assert values(b) == list(range(10 - expected[1], 10))


def test_shuffled_as_by_keras():
    a, b = split(np.arange(20), 0.7, shuffle=True, seed=5)
    order = list(range(20))
    random.Random(5).shuffle(order)
    assert values(a) + values(b) == order
    once, again = (values(split(np.arange(20), 0.7, shuffle=True)[0]) for _ in range(2))
    assert once != again


@pytest.mark.parametrize("kind", [tuple, list])
def test_arrays(kind):
    x, y = np.arange(12).reshape(6, 2), np.arange(6)
    left, right = split(kind([x, y]), 4)
    assert [(a.tolist(), int(b)) for a, b in right] == [([8, 9], 4), ([10, 11], 5)]
    assert len(left) == 4


def test_batches_are_split_by_samples():
    dataset = Dataset.from_tensor_slices((np.arange(10), np.arange(10))).batch(4).prefetch(2)
    left, right = split(dataset, 7)
    assert [len(x) for x, _ in left] == [4, 3]
    assert [x.tolist() for x, _ in right] == [[7, 8, 9]]


def test_nothing_is_read_where_elements_can_be_asked_for():
    read = []
    dataset = Dataset.range(10).map(lambda n: read.append(int(n)) or n)
    left, right = split(dataset, 0.5)
    assert not read
    assert values(right) == [5, 6, 7, 8, 9]
    assert min(read) == 5
    assert len(left) == 5


@pytest.mark.parametrize(
    "dataset",
    [
        Dataset.range(12).shuffle(12),
        Dataset.range(12).filter(lambda n: n >= 0),
        Dataset.from_generator(lambda: iter(range(12))),
        Dataset.range(12).shuffle(4).batch(5),
    ],
)
def test_the_halves_never_overlap(dataset):
    left, right = split(dataset, 0.5)
    for _ in range(3):
        parts = [np.concatenate([np.atleast_1d(x) for x in half]) for half in (left, right)]
        assert sorted(np.concatenate(parts).tolist()) == list(range(12))


def test_what_gives_its_elements_by_number():
    class Squares:
        def __len__(self):
            return 10

        def __getitem__(self, index):
            return np.full(2, index**2), index

    left, right = split(Squares(), 0.3)
    assert [int(y) for _, y in left] == [0, 1, 2]
    assert [x.tolist() for x, _ in right][-1] == [81, 81]


def test_names_stay():
    dataset = Dataset.range(4)
    dataset.class_names = ["a"]
    assert split(dataset, 2)[1].class_names == ["a"]


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ((np.arange(5),), ArgumentError, "neither"),
        ((np.arange(5), 5), ArgumentError, "1 to 4"),
        ((np.arange(5), 0), ArgumentError, "left_size"),
        ((np.arange(5), None, 1.0), ArgumentError, "right_size"),
        ((np.arange(5), 3, 3), ArgumentError, "both sides"),
        ((np.arange(5), 0.7, 0.7), ArgumentError, "both sides"),
        ((np.arange(5), 0.05), ArgumentError, "both sides"),
        ((np.arange(5), "half"), ArgumentError, "a number or a fraction"),
        (([[1, 2], [3, 4]], 1), DataError, "arrays"),
        (((), 1), DataError, "arrays"),
        ((iter([1]), 1), DataError, "a Dataset"),
        (("text", 1), DataError, "a Dataset"),
        (({0: 1, 1: 2}, 1), DataError, "a Dataset"),
        ((Dataset.range(3).repeat(), 1), DataError, "with an end"),
        ((Dataset.range(3).batch(2).map(lambda x: x), 1), DataError, "before it is put"),
    ],
)
def test_errors(arguments, error, match):
    with pytest.raises(error, match=match):
        split(*arguments)
