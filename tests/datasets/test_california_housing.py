from __future__ import annotations

import numpy as np
import pytest

from kerasish.data.fetch import digest
from kerasish.datasets import california_housing
from kerasish.errors import ArgumentError


@pytest.fixture(autouse=True)
def made_up(tmp_path, monkeypatch):
    """A file of the same form, with numbered rows."""
    folder = tmp_path / "california_housing"
    folder.mkdir()
    y = np.arange(1000.0)
    np.savez(folder / california_housing.FILE, x=np.repeat(y[:, None], 8, 1), y=y)
    monkeypatch.setenv("KERASISH_DATA", str(tmp_path))
    monkeypatch.setattr(california_housing, "SHA256", digest(folder / california_housing.FILE))


@pytest.mark.parametrize(("version", "sizes"), [("large", (800, 200)), ("small", (480, 120))])
def test_split(version, sizes):
    (x_train, y_train), (_, y_test) = california_housing.load_data(version)
    assert (len(y_train), len(y_test)) == sizes
    np.testing.assert_array_equal(x_train[:, 7], y_train)
    rows = np.concatenate([y_train, y_test])
    assert sorted(rows) == list(range(sum(sizes))) != rows.tolist()


def test_keras_order():
    # numpy's RandomState(113).shuffle, which Keras uses, is fixed for all numpy versions.
    expected = np.random.RandomState(113).permutation(1000)
    (_, y_train), _ = california_housing.load_data(test_split=0.0)
    np.testing.assert_array_equal(y_train, expected)


@pytest.mark.parametrize("options", [{"version": "tiny"}, {"test_split": 1.0}])
def test_refused(options):
    with pytest.raises(ArgumentError):
        california_housing.load_data(**options)
