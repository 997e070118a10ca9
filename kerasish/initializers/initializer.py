"""The base of initializers: a callable from a shape and a dtype to first values."""

from __future__ import annotations

import random as python_random
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from kerasish import budget
from kerasish.arguments.configured import Configured
from kerasish.arguments.rules import Seed
from kerasish.graph.tensor import Tensor
from kerasish.random.seed_generator import SeedGenerator, check_seed
from kerasish.serialization import deserialize_keras_object, serialize_keras_object

Shape = tuple[int, ...]


class Initializer(Configured):
    """First values of weights: `initializer(shape, dtype=None) -> Tensor`.

    A subclass writes `__call__` and, where it draws, derives from `RandomInitializer`.
    """

    registry_kind: ClassVar[str] = "initializer"
    _order = "*"

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        """The values.

        Args:
            shape: tuple of ints.
            dtype: name of the dtype; floatx by default.
        """
        raise NotImplementedError(f"{type(self).__name__} must define __call__(shape, dtype).")

    def get_config(self) -> dict[str, Any]:
        """The arguments that build an equal initializer, as plain data."""
        return {name: serialize_keras_object(v) for name, v in super().get_config().items()}

    @classmethod
    @budget.reads_config(budget.FREE_VARIABLES)
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The initializer that `get_config` described."""
        return cls(**{name: deserialize_keras_object(value) for name, value in config.items()})

    def clone(self) -> Self:
        """An equal initializer."""
        with budget.own():
            return self.from_config(self.get_config())


def cloned(initializer: Any) -> Any:
    """An equal initializer, whose draws are its own; a plain function as it is."""
    if not hasattr(initializer, "get_config"):
        return initializer
    with budget.own():
        return type(initializer).from_config(initializer.get_config())


class RandomInitializer(Initializer):
    """Base of initializers that draw.

    Args:
        seed: int, SeedGenerator, or None for an int from Python's generator, which
            `set_random_seed` seeds. But for a SeedGenerator, every call of one instance gives the
            same values, as in Keras.
    """

    _order = "* seed"

    def __init__(self, seed: Seed = None) -> None:
        if seed is not None and not isinstance(seed, (SeedGenerator, Tensor, np.ndarray, Mapping)):
            seed = check_seed(seed)
        self.seed = seed
        self._draw_seed = python_random.getrandbits(31) if seed is None else seed
