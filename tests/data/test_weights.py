from __future__ import annotations

import numpy as np
import pytest

from kerasish.data.batch import Batch
from kerasish.data.weights import class_weight_to_sample_weights, with_class_weight
from kerasish.errors import DataError


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
    weights = class_weight_to_sample_weights(y, {0: 0.5, 2: 3.0})
    assert weights.dtype == np.float32
    np.testing.assert_array_equal(weights, [0.5, 3, 1, 3])


def test_labels_per_step_are_refused():
    with pytest.raises(DataError, match="one label per sample"):
        class_weight_to_sample_weights(np.zeros((2, 3, 4)), {0: 1.0})


def test_merged_with_sample_weights():
    batch = Batch(np.zeros(2), np.array([0, 1]), np.array([[2.0, 3.0], [4.0, 5.0]]))
    merged = with_class_weight(batch, {1: 10.0})
    np.testing.assert_array_equal(merged.sample_weight, [[2, 3], [40, 50]])
    assert with_class_weight(batch, None) is batch


@pytest.mark.parametrize("y", [None, {"a": np.zeros(2)}])
def test_needs_one_target(y):
    with pytest.raises(DataError, match="one array"):
        with_class_weight(Batch(np.zeros(2), y), {0: 1.0})


def test_labels_that_are_missing_weigh_1():
    found = class_weight_to_sample_weights(np.array([0, np.nan, np.inf]), {0: 3.0})
    assert found.tolist() == [3, 1, 1]
