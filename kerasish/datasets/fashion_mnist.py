"""Fashion-MNIST: articles of clothing, 28x28 (Xiao, Rasul and Vollgraf, 2017)."""

from __future__ import annotations

from kerasish import registry
from kerasish.datasets.idx import Arrays, load

BASE_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
# In the order of the labels.
CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
SHA256 = {
    "x_train": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "y_train": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "x_test": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "y_test": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}


@registry.entry("dataset", "fashion_mnist")
def load_data() -> tuple[Arrays, Arrays]:
    """(x_train, y_train), (x_test, y_test): 60,000 and 10,000 images of clothing.

    Read from `$KERASISH_DATA/fashion_mnist/` or the cache, and downloaded otherwise.
    Copyright Zalando SE, MIT licence.

    Returns:
        x: uint8 (n, 28, 28), 0 to 255. y: uint8 (n,), 0 to 9.

    Raises:
        DataError: the files are nowhere and cannot be downloaded, or are not the expected ones.
    """
    return load("fashion_mnist", BASE_URL, SHA256)
