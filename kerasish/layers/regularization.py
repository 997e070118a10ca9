"""Layers that add noise while training: dropout of elements and of channels, Gaussian noise."""

from __future__ import annotations

import math
from typing import ClassVar

from kerasish import ops, random
from kerasish.arguments.rules import DataFormat, NoiseShape, Rate
from kerasish.graph.tensor import Tensor
from kerasish.layers.base.layer import Layer
from kerasish.layers.spatial import Spatial
from kerasish.random import SeedGenerator
from kerasish.regularizers import L1L2


class Noise(Layer):
    """A layer that draws while it trains, and hands its input on otherwise."""

    supports_masking = True

    def __post_init__(self) -> None:
        seed = getattr(self, "seed", None)
        self.seed_generator = SeedGenerator(seed) if self.strength > 0 else None

    def call(self, inputs: Tensor, training: bool | None = False) -> Tensor:
        return self.noisy(inputs) if training and self.strength > 0 else inputs

    @property
    def strength(self) -> float:
        """How much noise there is; 0 for none."""
        return getattr(self, "rate", 0.0)

    def noisy(self, inputs: Tensor) -> Tensor:
        """The input with noise."""
        raise NotImplementedError


class Dropout(Noise):
    """While training, a random share `rate` of elements is zero, the rest times 1 / (1 - rate).

    Args:
        rate: share of zeros, in [0, 1].
        noise_shape: shape of the mask, broadcast to the input's; None entries are the input's own.
        seed: int, for the same draws every time.

    Source: Srivastava et al., Dropout (2014).
    """

    rate: Rate
    noise_shape: NoiseShape | None = None
    seed: int | None = None

    def noisy(self, inputs: Tensor) -> Tensor:
        return random.dropout(inputs, self.rate, self.noise_shape, self.seed_generator)


class SpatialDropout(Noise, Spatial):
    """While training, whole channels are zero, a random share `rate` of them in every sample.

    Args:
        rate: share of zeros, in [0, 1].
        data_format: "channels_last" or "channels_first".
        seed: int, for the same draws every time.

    Source: Tompson et al., Efficient Object Localization (2015).
    """

    unwritten = ("trainable",)
    rate: Rate
    data_format: DataFormat = None
    seed: int | None = None

    def __post_init__(self) -> None:
        Noise.__post_init__(self)
        Spatial.__post_init__(self)

    def noisy(self, inputs: Tensor) -> Tensor:
        ones = (1,) * self.rank
        channels_last = self.data_format == "channels_last"
        shape = (None, *ones, None) if channels_last else (None, None, *ones)
        return random.dropout(inputs, self.strength, shape, self.seed_generator)


class SpatialDropout1D(SpatialDropout):
    rank = 1
    data_format: ClassVar[str] = "channels_last"


class SpatialDropout2D(SpatialDropout):
    rank = 2


class SpatialDropout3D(SpatialDropout):
    rank = 3


class GaussianNoise(Noise):
    """While training, x plus normal noise.

    Args:
        stddev: standard deviation of the noise, in [0, 1].
        seed: int, for the same draws every time.
    """

    stddev: Rate
    seed: int | None = None

    @property
    def strength(self) -> float:
        """The standard deviation."""
        return self.stddev

    def noisy(self, inputs: Tensor) -> Tensor:
        noise = random.normal(
            inputs.shape, 0.0, self.stddev, inputs.dtype, seed=self.seed_generator
        )
        return inputs + noise


class GaussianDropout(Noise):
    """While training, x times normal noise of mean 1 and variance rate / (1 - rate).

    Args:
        rate: as in Dropout, in [0, 1).
        seed: int, for the same draws every time.

    Source: Srivastava et al., Dropout (2014), section 10.
    """

    rate: Rate
    seed: int | None = None

    def noisy(self, inputs: Tensor) -> Tensor:
        stddev = math.sqrt(self.rate / (1.0 - self.rate))
        return inputs * random.normal(
            inputs.shape, 1.0, stddev, inputs.dtype, seed=self.seed_generator
        )


class AlphaDropout(Noise):
    """Dropout for SELU networks: dropped elements become -1.758, then mean and variance are kept.

    Args:
        rate: share of dropped elements, in [0, 1).
        noise_shape: shape of the mask, broadcast to the input's.
        seed: int, for the same draws every time.

    Source: Klambauer et al., Self-Normalizing Neural Networks (2017).
    """

    rate: Rate
    noise_shape: NoiseShape | None = None
    seed: int | None = None

    def noisy(self, inputs: Tensor) -> Tensor:
        low = -1.6732632423543772 * 1.0507009873554804  # selu(-inf)
        given = self.noise_shape or inputs.shape
        shape = tuple(n if n is not None else d for n, d in zip(given, inputs.shape, strict=True))
        draw = random.uniform(shape, seed=self.seed_generator)
        kept = ops.cast(draw >= self.rate, inputs.dtype)
        a = ((1 - self.rate) * (1 + self.rate * low**2)) ** -0.5
        return a * (inputs * kept + low * (1 - kept)) - a * low * self.rate


class ActivityRegularization(Layer):
    """x itself, with a penalty l1 * sum(|x|) + l2 * sum(x**2) per sample.

    Args:
        l1: factor of the sum of absolute values.
        l2: factor of the sum of squares.
    """

    unwritten = ("activity_regularizer",)  # it follows from the others
    l1: float = 0.0
    l2: float = 0.0
    supports_masking = True

    def __post_init__(self) -> None:
        self.activity_regularizer = L1L2(l1=self.l1, l2=self.l2)

    def call(self, inputs: Tensor) -> Tensor:
        return inputs
