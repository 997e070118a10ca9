from __future__ import annotations

import numpy as np
import pytest

from kerasish.data.batch import Batch
from kerasish.data.weights import ClassWeights, weights_as_floats, with_class_weight
from kerasish.errors import ArgumentError, DataError


@pytest.mark.parametrize(
    "y",
    [
        np.array([0, 2, 1, 2]),
        np.array([[0], [2], [1], [2]]),
        np.array([0.0, 2.0, 1.0, 2.0]),
        np.eye(3)[[0, 2, 1, 2]],
    ],
    ids=["labels", "column", "floats", "one-hot"],
)
def test_weights_by_class_and_one_for_the_rest(y):
    weights = ClassWeights({0: 0.5, 2: 3.0}).of(y)
    assert weights.dtype == np.float32
    np.testing.assert_array_equal(weights, [0.5, 3, 1, 3])


STEPS = np.array([[0, 0, 1], [1, 0, 0]])


@pytest.mark.parametrize(
    ("y", "sparse", "expected"),
    [
        (STEPS, True, [[0, 0, 9], [9, 0, 0]]),
        (STEPS, False, [5, 0]),
        (STEPS, None, [5, 0]),
        (np.array([[0, 1, 1], [1, 0, 2]]), None, [[0, 9, 9], [9, 0, 5]]),
        (STEPS[..., None], True, [[0, 0, 9], [9, 0, 0]]),
        (np.eye(3)[STEPS], False, [[0, 0, 9], [9, 0, 0]]),
        (np.array([[0.2, 0.7, 0.1], [0.6, 0.2, 0.2]]), None, [9, 0]),
    ],
)
def test_labels_and_rows_of_classes_per_step(y, sparse, expected):
    weights = ClassWeights({0: 0.0, 1: 9.0, 2: 5.0}, sparse)
    np.testing.assert_array_equal(weights.of(y), expected)


@pytest.mark.parametrize(
    "given", [[0.5, 2.0], np.array([0.5, 2.0]), {0: 0.5, 1: 2}, {0.0: 0.5, 1.0: 2}]
)
def test_forms(given):
    np.testing.assert_array_equal(ClassWeights(given).of(np.array([1, 0])), [2, 0.5])


@pytest.mark.parametrize(
    "given",
    ["balanced", {"0": 1.0}, {0.5: 1.0}, {0: "1"}, {0: float("nan")}, [[1.0]], 3.0, {0: None}],
)
def test_other_forms_are_refused(given):
    with pytest.raises(ArgumentError, match="label: weight"):
        ClassWeights(given)


def test_labels_that_are_no_class():
    with pytest.raises(ArgumentError, match=r"from 0 to 2.*Received: -1, 3"):
        ClassWeights({-1: 1.0, 0: 1.0, 3: 2.0}).of(np.eye(3))


def test_merged_with_sample_weights():
    batch = Batch(np.zeros(2), np.array([0, 1]), np.array([[2.0, 3.0], [4.0, 5.0]]))
    merged = with_class_weight(batch, {1: 10.0})
    np.testing.assert_array_equal(merged.sample_weight, [[2, 3], [40, 50]])
    assert with_class_weight(batch, None) is batch
    steps = Batch(np.zeros(2), np.array([[0, 1], [1, 1]]), np.array([2.0, 3.0]))
    merged = with_class_weight(steps, ClassWeights({1: 10.0}, sparse=True))
    np.testing.assert_array_equal(merged.sample_weight, [[2, 20], [30, 30]])


@pytest.mark.parametrize("y", [None, {"a": np.zeros(2)}])
def test_needs_one_target(y):
    with pytest.raises(DataError, match="one array"):
        with_class_weight(Batch(np.zeros(2), y), {0: 1.0})


def test_labels_that_are_missing_weigh_1():
    found = ClassWeights({0: 3.0}).of(np.array([0, np.nan, np.inf]))
    assert found.tolist() == [3, 1, 1]


@pytest.mark.parametrize("weight", [np.nan, np.inf, 1j])
def test_weights_are_finite_real_numbers(weight):
    with pytest.raises(DataError, match=r"sample_weight.*finite real numbers"):
        weights_as_floats({"a": np.array([1, weight])})
    assert weights_as_floats({"a": np.array([1, 2])})["a"].dtype == np.float32
