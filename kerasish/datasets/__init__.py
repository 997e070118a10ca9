"""Standard datasets, each a module with `load_data() -> (x_train, y_train), (x_test, y_test)`."""

from kerasish.datasets import (
    boston_housing,
    california_housing,
    cifar10,
    cifar100,
    digits,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
)
from kerasish.names import namespace

__all__ = [
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "digits",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
]
__getattr__, __dir__ = namespace(__name__, __all__)
