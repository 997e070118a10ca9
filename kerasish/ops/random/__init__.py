"""Random draws by key and counter, of which `keras.random` is made."""

from kerasish.ops.random import draws as draws
from kerasish.ops.random.distributions import random_bits

__all__ = ["random_bits"]
