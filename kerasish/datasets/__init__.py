"""Standard datasets, each a module with `load_data() -> (x_train, y_train), (x_test, y_test)`."""

from kerasish.datasets import california_housing, digits, fashion_mnist, mnist

__all__ = ["california_housing", "digits", "fashion_mnist", "mnist"]


def __dir__() -> list[str]:
    return sorted(__all__)
