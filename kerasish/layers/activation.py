"""Activation functions as layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import activations, ops
from kerasish.arguments.fields import weights
from kerasish.arguments.rules import IntOrTuple, as_axes
from kerasish.errors import ArgumentError
from kerasish.graph.tensor import Tensor
from kerasish.layers.base.input_spec import InputSpec
from kerasish.layers.base.layer import Layer
from kerasish.spec import Shape, fits


def _least(value: Any, least: float, what: str) -> None:
    if value is not None and value < least:
        raise ArgumentError(f"{what} must be at least {least}", received=value)


class ReLU(Layer):
    """max(x, 0), with an optional ceiling, slope and threshold.

    f(x) = max_value where x >= max_value; x where threshold < x; else
    negative_slope * (x - threshold).

    Args:
        max_value: ceiling; None for none.
        negative_slope: slope below the threshold.
        threshold: where the output begins to follow the input.
    """

    floats_only = True
    max_value: float | None = None
    negative_slope: float = 0.0
    threshold: float = 0.0
    supports_masking = True

    def __post_init__(self) -> None:
        _least(self.max_value, 0, "ReLU.max_value")
        _least(self.negative_slope, 0, "ReLU.negative_slope")
        _least(self.threshold, 0, "ReLU.threshold")

    def call(self, inputs: Tensor) -> Tensor:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(Layer):
    """x where x > 0, else negative_slope * x.

    Args:
        negative_slope: slope of the negative part.
    """

    floats_only = True
    negative_slope: float = 0.3
    renamed = {"alpha": "negative_slope"}
    supports_masking = True

    def __post_init__(self) -> None:
        _least(self.negative_slope, 0, "LeakyReLU.negative_slope")

    def call(self, inputs: Tensor) -> Tensor:
        return ops.leaky_relu(inputs, negative_slope=self.negative_slope)


class ELU(Layer):
    """x where x > 0, else alpha * (exp(x) - 1).

    Args:
        alpha: scale of the negative part.
    """

    floats_only = True
    alpha: float = 1.0
    supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return ops.elu(inputs, alpha=self.alpha)


class PReLU(Layer):
    """x where x > 0, else alpha * x, with learned slopes alpha.

    Args:
        alpha_initializer: initial slopes.
        alpha_regularizer: penalty on the slopes.
        alpha_constraint: applied after each update.
        shared_axes: axes along which slopes are shared.

    Source: He et al., Delving Deep into Rectifiers (2015).
    """

    floats_only = True
    learned = weights(alpha="Zeros")
    shared_axes: IntOrTuple | None = None
    supports_masking = True

    def __post_init__(self) -> None:
        if self.shared_axes is not None:
            self.shared_axes = list(as_axes(self.shared_axes))

    def build(self, input_shape: Shape) -> None:
        shared: Sequence[int] = self.shared_axes or ()
        if any(axis >= len(input_shape) for axis in shared):
            raise self._misfit(f"an input that has all of shared_axes={shared}", input_shape)
        shape = [1 if i in shared else d for i, d in enumerate(input_shape)][1:]
        self.alpha = self._declared_weight("alpha", shape)
        axes = {i: d for i, d in enumerate(input_shape) if i and i not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs: Tensor) -> Tensor:
        return ops.relu(inputs) - self.alpha * ops.relu(-inputs)


class Softmax(Layer):
    """exp(x) / sum(exp(x)) along an axis; masked elements get 0.

    Args:
        axis: one axis or several.
    """

    floats_only = True
    axis: IntOrTuple = -1
    supports_masking = True

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return ops.softmax(inputs, axis=self.axis)
        if not fits(mask.shape, inputs.shape):
            raise self._misfit(f"a mask that broadcasts to {inputs.shape}", mask.shape)
        low = -3e4 if inputs.dtype == "float16" else -1e9
        kept = mask if mask.dtype == "bool" else mask > 0.5
        # Zeros at the end, too, since a fully masked row would come out uniform.
        return ops.where(kept, ops.softmax(ops.where(kept, inputs, low), axis=self.axis), 0.0)
