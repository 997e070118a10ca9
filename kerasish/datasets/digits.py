"""Digits: 1,797 handwritten digits of 8x8 pixels, shipped with the package.

The test part of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, UCI Machine
Learning Repository, 1998), CC BY 4.0; see digits.txt beside the data.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kerasish import registry
from kerasish.data.npz import open_npz

Arrays = tuple[np.ndarray, np.ndarray]

TEST_FRACTION = 0.2
_FILE = Path(__file__).with_name("digits.npz")


@registry.entry("dataset", "digits")
def load_data() -> tuple[Arrays, Arrays]:
    """(x_train, y_train), (x_test, y_test): 1,442 and 355 images of digits.

    The split is fixed: of every class the last fifth of its images, rounded down, in the order of
    the original file is for testing. Both parts keep that order.

    Returns:
        x: uint8 (n, 8, 8, 1), 0 (white) to 16 (black). y: uint8 (n,), 0 to 9.
    """
    with open_npz(_FILE) as file:
        images, labels = file.read("images")[..., np.newaxis], file.read("labels")
    is_test = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        is_test[places[len(places) - int(len(places) * TEST_FRACTION) :]] = True
    return (images[~is_test], labels[~is_test]), (images[is_test], labels[is_test])
