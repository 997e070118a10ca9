"""Standard datasets, each a module with `load_data() -> (x_train, y_train), (x_test, y_test)`."""

from kerasish.datasets import california_housing, digits, fashion_mnist, mnist
from kerasish.names import namespace

__all__ = ["california_housing", "digits", "fashion_mnist", "mnist"]
__getattr__, __dir__ = namespace(__name__, __all__)
