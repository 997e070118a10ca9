"""Layers that add noise while training: dropout of elements and of channels, Gaussian noise."""

from __future__ import annotations

from typing import Any

from kerasish import random
from kerasish.graph.tensor import Tensor
from kerasish.layers.fields import Rate
from kerasish.layers.layer import Layer, builtin
from kerasish.random import SeedGenerator


class Noise(Layer):
    """A layer that draws while it trains, and hands its input on otherwise."""

    supports_masking = True

    def __post_init__(self) -> None:
        self.seed_generator = SeedGenerator(getattr(self, "seed", None))

    def call(self, inputs: Tensor, training: bool | None = False) -> Tensor:
        return self.noisy(inputs) if training and self.strength > 0 else inputs

    @property
    def strength(self) -> float:
        """How much noise there is; 0 for none."""
        return getattr(self, "rate", 0.0)

    def noisy(self, inputs: Tensor) -> Tensor:
        """The input with noise."""
        raise NotImplementedError


@builtin()
class Dropout(Noise):
    """While training, a random share `rate` of elements is zero, the rest times 1 / (1 - rate).

    Args:
        rate: share of zeros, in [0, 1].
        noise_shape: shape of the mask, broadcast to the input's; None entries are the input's own.
        seed: int, for the same draws every time.

    Source: Srivastava et al., Dropout (2014).
    """

    rate: Rate
    noise_shape: Any = None
    seed: int | None = None

    def noisy(self, inputs: Tensor) -> Tensor:
        return random.dropout(inputs, self.rate, self.noise_shape, self.seed_generator)
