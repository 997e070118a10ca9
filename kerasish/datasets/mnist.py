"""MNIST: handwritten digits, 28x28 (LeCun, Cortes and Burges)."""

from __future__ import annotations

from kerasish import registry
from kerasish.data.fetch import fetch, held
from kerasish.data.npz import open_npz
from kerasish.datasets.idx import Arrays, load

BASE_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/"
SHA256 = {
    "x_train": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "y_train": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "x_test": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "y_test": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
NPZ_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
NPZ = "mnist.npz"
NPZ_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


@registry.entry("dataset", "mnist")
def load_data(path: str = NPZ) -> tuple[Arrays, Arrays]:
    """(x_train, y_train), (x_test, y_test): 60,000 and 10,000 images of digits.

    Read from `$KERASISH_DATA/mnist/` or the cache: one file, as Keras keeps them, or the four of
    their authors, which are downloaded otherwise.
    Copyright Yann LeCun and Corinna Cortes; Keras states CC BY-SA 3.0.

    Args:
        path: what Keras's file is called there.

    Returns:
        x: uint8 (n, 28, 28), 0 to 255. y: uint8 (n,), 0 to 9.

    Raises:
        DataError: the files are nowhere and cannot be downloaded, or are not the expected ones.
    """
    if held("mnist", path) is None:
        return load("mnist", BASE_URL, SHA256)
    with open_npz(fetch("mnist", path, NPZ_URL, NPZ_SHA256)) as file:
        x_train, y_train, x_test, y_test = (file.read(part) for part in SHA256)
    return (x_train, y_train), (x_test, y_test)
