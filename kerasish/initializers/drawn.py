"""Initializers that draw: plain distributions, variance scaling, orthogonal matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from kerasish import random, registry
from kerasish.arguments.rules import offering
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.hints import one_of
from kerasish.initializers.initializer import RandomInitializer, Shape
from kerasish.spec import dtype_name

# Standard deviation of a normal distribution cut off at two standard deviations.
TRUNCATED_STDDEV = 0.87962566103423978
MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")
Mode = Annotated[str, offering(*MODES)]
Distribution = Annotated[str, offering(*DISTRIBUTIONS, "normal")]


@registry.entry("initializer", "normal")
class RandomNormal(RandomInitializer):
    """Normal draws.

    Args:
        mean, stddev: of the distribution.
        seed: see `RandomInitializer`.
    """

    mean: float = 0.0
    stddev: float = 0.05

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return random.normal(shape, self.mean, self.stddev, dtype_name(dtype), self._draw_seed)


class TruncatedNormal(RandomNormal):
    """Normal draws, those beyond two standard deviations drawn again."""

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return random.truncated_normal(
            shape, self.mean, self.stddev, dtype_name(dtype), self._draw_seed
        )


@registry.entry("initializer", "uniform")
class RandomUniform(RandomInitializer):
    """Uniform draws from [minval, maxval).

    Args:
        minval, maxval: the interval.
        seed: see `RandomInitializer`.
    """

    minval: float = -0.05
    maxval: float = 0.05

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return random.uniform(shape, self.minval, self.maxval, dtype_name(dtype), self._draw_seed)


Axes = Sequence[int] | None


def fans(shape: Shape, input_axes: Axes = None, output_axes: Axes = None) -> tuple[int, int]:
    """(inputs, outputs) of one unit of a kernel: (..., in, out), windows counted in both.

    With `input_axes` and `output_axes`: the products of the sizes of those axes.
    """
    sizes = tuple(shape)
    if input_axes is not None and output_axes is not None:
        ends = (input_axes, output_axes)
        fan_in, fan_out = (math.prod(sizes[a] for a in axes) for axes in ends)
        return fan_in, fan_out
    if len(sizes) < 2:
        size = sizes[0] if sizes else 1
        return size, size
    window = math.prod(sizes[:-2])
    return sizes[-2] * window, sizes[-1] * window


class VarianceScaling(RandomInitializer, order="scale mode distribution seed *"):
    """Draws whose variance is scale / n, n the fan in, the fan out or their mean.

    Args:
        scale: positive factor.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal", "untruncated_normal" or "uniform".
        seed: see `RandomInitializer`.
        input_axes, output_axes: the axes of a kernel that count inputs and outputs; by default
            the last but one and the last, both times the others.

    Source: Glorot and Bengio (2010); He et al. (2015).
    """

    scale: float = 1.0
    mode: Mode = "fan_in"
    distribution: Distribution = "truncated_normal"
    input_axes: Axes = None
    output_axes: Axes = None

    def __post_init__(self) -> None:
        if self.scale <= 0:
            raise ArgumentError("scale", expected="a positive number", received=self.scale)
        one_of("mode", self.mode, MODES)
        if self.distribution == "normal":
            self.distribution = "truncated_normal"
        one_of("distribution", self.distribution, DISTRIBUTIONS)

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        fan_in, fan_out = fans(shape, self.input_axes, self.output_axes)
        count = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
        variance = self.scale / max(1.0, count[self.mode])
        name, seed = dtype_name(dtype), self._draw_seed
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return random.uniform(shape, -limit, limit, name, seed)
        if self.distribution == "truncated_normal":
            stddev = math.sqrt(variance) / TRUNCATED_STDDEV
            return random.truncated_normal(shape, 0.0, stddev, name, seed)
        return random.normal(shape, 0.0, math.sqrt(variance), name, seed)


class GlorotUniform(VarianceScaling):
    """Uniform in +-sqrt(6 / (fan_in + fan_out)). Glorot and Bengio (2010)."""

    scale, mode, distribution = 1.0, "fan_avg", "uniform"


class GlorotNormal(VarianceScaling):
    """Truncated normal, stddev sqrt(2 / (fan_in + fan_out)). Glorot and Bengio (2010)."""

    scale, mode, distribution = 1.0, "fan_avg", "truncated_normal"


class HeUniform(VarianceScaling):
    """Uniform in +-sqrt(6 / fan_in). He et al. (2015)."""

    scale, mode, distribution = 2.0, "fan_in", "uniform"


class HeNormal(VarianceScaling):
    """Truncated normal, stddev sqrt(2 / fan_in). He et al. (2015)."""

    scale, mode, distribution = 2.0, "fan_in", "truncated_normal"


class LecunUniform(VarianceScaling):
    """Uniform in +-sqrt(3 / fan_in). Klambauer et al. (2017)."""

    scale, mode, distribution = 1.0, "fan_in", "uniform"


class LecunNormal(VarianceScaling):
    """Truncated normal, stddev sqrt(1 / fan_in). Klambauer et al. (2017)."""

    scale, mode, distribution = 1.0, "fan_in", "truncated_normal"


@registry.entry("initializer", "OrthogonalInitializer")
class Orthogonal(RandomInitializer):
    """An orthogonal matrix times `gain`, the trailing axis against all others.

    The Q of the QR decomposition of a normal matrix, signs fixed by R's diagonal (Saxe et al.,
    2014).

    Args:
        gain: factor.
        seed: see `RandomInitializer`.
    """

    gain: float = 1.0

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        sizes = tuple(shape)
        if len(sizes) < 2:
            raise ShapeError(
                "Orthogonal", expected="a shape of at least 2 dimensions", received=shape
            )
        rows, columns = math.prod(sizes[:-1]), sizes[-1]
        flat = (max(rows, columns), min(rows, columns))
        drawn = random.normal(flat, dtype="float32", seed=self._draw_seed).numpy()
        q, r = np.linalg.qr(drawn)
        q = q * np.where(np.diag(r) < 0, -1, 1)
        q = q.T if rows < columns else q
        return convert_to_tensor(self.gain * q.reshape(sizes), dtype_name(dtype))
