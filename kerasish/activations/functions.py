"""Activation functions by name, with the signatures of `keras.activations`."""

from __future__ import annotations

from typing import Any

from kerasish import registry
from kerasish.graph.tensor import convert_to_tensor
from kerasish.ops import nn
from kerasish.ops.basic import elementwise as _elementwise
from kerasish.ops.nn import activation as _ops
from kerasish.ops.nn.activation import leaky_relu, relu6
from kerasish.ops.numpy import arithmetic
from kerasish.ops.operation import public_as


@public_as("activations.relu")
def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """max(x, 0), or with arguments a leaky, bounded or shifted form of it.

    Args:
        x: tensor.
        negative_slope: slope below the threshold: negative_slope * (x - threshold).
        max_value: the largest value; None for no bound.
        threshold: below it, the unit is off.
    """
    x = convert_to_tensor(x)
    if negative_slope and max_value is None and not threshold:
        return leaky_relu(x, negative_slope)
    if threshold:
        positive = _elementwise.where(x > threshold, x, 0)
    else:
        positive = relu6(x) if max_value == 6 else _ops.relu_(x)
    if max_value is not None and (threshold or max_value != 6):
        positive = _elementwise.minimum(positive, max_value)
    return positive - negative_slope * _ops.relu_(threshold - x) if negative_slope else positive


@registry.entry("activation", "swish")
def silu(x: Any) -> Any:
    """x * sigmoid(x)."""
    return nn.silu(x)


def softplus(x: Any) -> Any:
    """log(1 + exp(x))."""
    return nn.softplus(x)


def gelu(x: Any, approximate: bool = False) -> Any:
    """x times the normal distribution function of x (by tanh where `approximate`)."""
    return _ops.gelu(x, approximate)


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return nn.sigmoid(x)


def tanh(x: Any) -> Any:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x))."""
    return arithmetic.tanh(x)


def exponential(x: Any) -> Any:
    """exp(x)."""
    return arithmetic.exp(x)


def linear(x: Any) -> Any:
    """x itself."""
    return x
