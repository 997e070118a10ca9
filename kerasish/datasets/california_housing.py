"""California housing: 20,640 districts of the 1990 US census (Pace and Barry, 1997; StatLib)."""

from __future__ import annotations

import numpy as np

from kerasish import registry
from kerasish.data.fetch import fetch
from kerasish.data.npz import open_npz
from kerasish.errors import ArgumentError

Arrays = tuple[np.ndarray, np.ndarray]

FILE = "california_housing.npz"
BASE_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
SHA256 = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
SMALL = 600


@registry.entry("dataset", "california_housing")
def load_data(
    version: str = "large", test_split: float = 0.2, seed: int = 113
) -> tuple[Arrays, Arrays]:
    """(x_train, y_train), (x_test, y_test): eight features and the median house value.

    Read from `$KERASISH_DATA/california_housing/` or the cache, and downloaded otherwise. The
    order and the split are Keras's for the same arguments.

    Args:
        version: "large" for all 20,640 districts, "small" for 600.
        test_split: fraction for testing, 0 <= fraction < 1.
        seed: of the order before the split.

    Returns:
        x: float (n, 8): median income, house age, rooms and bedrooms per household, population,
        household size, latitude, longitude. y: float (n,), US dollars.

    Raises:
        ArgumentError: an unknown version, or a fraction out of range.
        DataError: the file is nowhere and cannot be downloaded, or is not the expected one.
    """
    if version not in ("large", "small"):
        raise ArgumentError("version", expected="'large' or 'small'", received=repr(version))
    if not 0 <= test_split < 1:
        raise ArgumentError("test_split", expected="0 <= fraction < 1", received=repr(test_split))
    path = fetch("california_housing", FILE, BASE_URL + FILE, SHA256)
    with open_npz(path) as file:
        x, y = file.read("x"), file.read("y")
    if version == "small":
        x, y = x[:SMALL], y[:SMALL]
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    x, y = x[order], y[order]
    cut = int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])
