"""CIFAR-10: small photographs of ten kinds of things (Krizhevsky, 2009)."""

from __future__ import annotations

import numpy as np

from kerasish import registry
from kerasish.datasets.cifar import Arrays, load

FILE = "cifar-10-python.tar.gz"
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
# In the order of the labels.
CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
TRAIN = tuple(f"data_batch_{i}" for i in range(1, 6))


@registry.entry("dataset", "cifar10")
def load_data() -> tuple[Arrays, Arrays]:
    """(x_train, y_train), (x_test, y_test): 50,000 and 10,000 photographs.

    Read from `$KERASISH_DATA/cifar10/` or the cache, and downloaded otherwise; the archive of
    170 MB is read where it lies, and its pickles are never run. Its authors state no licence and
    ask to cite A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009).

    Returns:
        x: uint8 (n, 32, 32, 3), 0 to 255, or (n, 3, 32, 32) where `image_data_format()` is
        "channels_first". y: uint8 (n, 1), 0 to 9; see `CLASSES`.

    Raises:
        DataError: the file is nowhere and cannot be downloaded, or is not the expected one.
    """
    (x_train, y_train), (x_test, y_test) = load(
        "cifar10", FILE, SHA256, "labels", TRAIN, ("test_batch",)
    )
    return (x_train, y_train.astype(np.uint8)), (x_test, y_test.astype(np.uint8))
