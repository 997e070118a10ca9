from __future__ import annotations

import numpy as np

from kerasish import registry
from kerasish.datasets import digits


def test_shapes_and_split():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert (x_train.shape, x_test.shape) == ((1442, 8, 8, 1), (355, 8, 8, 1))
    assert {array.dtype.name for array in (x_train, y_train, x_test, y_test)} == {"uint8"}
    assert (x_train.min(), x_train.max()) == (0, 16)
    counts = np.bincount(y_train) + np.bincount(y_test)
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert np.bincount(y_test).tolist() == [int(count * 0.2) for count in counts]


def test_a_nearest_neighbour_reads_them():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    train, test = x_train.reshape(-1, 64).astype(float), x_test.reshape(-1, 64).astype(float)
    distance = (train**2).sum(1) - 2 * test @ train.T
    assert np.mean(y_train[distance.argmin(1)] == y_test) > 0.95


def test_found_by_name():
    assert registry.lookup("dataset", "digits") is digits.load_data
