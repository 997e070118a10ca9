"""Tables of houses: an `.npz` file with `x` and `y`, put into an order and split."""

from __future__ import annotations

import numpy as np

from kerasish.data.fetch import fetch
from kerasish.data.npz import open_npz
from kerasish.errors import ArgumentError

Arrays = tuple[np.ndarray, np.ndarray]

BASE_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def check_split(test_split: float) -> None:
    """Raise ArgumentError unless something is left to train with."""
    if not 0 <= test_split < 1:
        raise ArgumentError("test_split", expected="0 <= fraction < 1", received=repr(test_split))


def order_of(count: int, rng: np.random.RandomState) -> np.ndarray:
    """The order into which Keras puts `count` samples with a generator."""
    order = np.arange(count)
    rng.shuffle(order)
    return order


def load(
    name: str, path: str, sha256: str, test_split: float, seed: int | None, rows: int | None = None
) -> tuple[Arrays, Arrays]:
    """(x_train, y_train), (x_test, y_test) of a table.

    Args:
        name: of the dataset.
        path: what its file is called where it is kept.
        sha256: of the file.
        test_split: fraction for testing.
        seed: of the order before the split.
        rows: how many to use; None for all.
    """
    check_split(test_split)
    with open_npz(fetch(name, path, f"{BASE_URL}{name}.npz", sha256)) as file:
        x, y = file.read("x")[:rows], file.read("y")[:rows]
    order = order_of(len(x), np.random.RandomState(seed))
    x, y = x[order], y[order]
    cut = int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])
