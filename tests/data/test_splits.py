from __future__ import annotations

import h5py
import numpy as np
import pytest

from kerasish.data import ArraySource, train_validation_split
from kerasish.errors import DataError


@pytest.mark.parametrize(
    ("n", "split", "train"), [(10, 0.2, 8), (10, 0.25, 7), (3, 0.1, 2), (7, 0.5, 3)]
)
def test_the_last_fraction_validates(n, split, train):
    x = np.arange(n)
    first, second = train_validation_split({"a": x}, x, None, validation_split=split)
    assert first.x["a"].tolist() == first.y.tolist() == list(range(train))
    assert second.x["a"].tolist() == list(range(train, n))
    assert first.sample_weight is None is second.sample_weight
    assert np.shares_memory(first.y, x)


def test_arrays_on_disk_are_read_late(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.arange(10.0)
        first, second = train_validation_split(file["x"], np.arange(10), validation_split=0.3)
        file["x"][9] = 99.0
        assert second.x[:].tolist() == [7, 8, 99]
        batch = ArraySource(*first, batch_size=7).first_batch()
        np.testing.assert_array_equal(batch.x, batch.y)


@pytest.mark.parametrize("split", [0, 1, -0.1, 1.5, 0.99])
def test_fractions_out_of_range_or_too_far(split):
    with pytest.raises(DataError, match="validation_split"):
        train_validation_split(np.arange(3), validation_split=split)


def test_no_arrays():
    with pytest.raises(DataError, match="validation_data"):
        train_validation_split((x for x in ()), validation_split=0.5)
