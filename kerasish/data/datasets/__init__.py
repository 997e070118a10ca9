"""Standard datasets, each a module with `load_data() -> (x_train, y_train), (x_test, y_test)`."""

from kerasish.data.datasets import california_housing, digits, fashion_mnist, mnist

__all__ = ["california_housing", "digits", "fashion_mnist", "mnist"]
