"""Activation functions and the way from names and configs to them and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.activations.functions import (
    FUNCTIONS,
    celu,
    elu,
    exponential,
    gelu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    linear,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)
from kerasish.hints import namespace
from kerasish.kinds import forms
from kerasish.serialization import resolve, serialize_keras_object

swish = silu
hard_swish = hard_silu


def get(identifier: Any) -> Callable[..., Any]:
    """The activation that a name, a config or a callable stands for; `linear` for None.

    Raises:
        UnknownNameError: no such name; the message lists the nearest ones.
        ArgumentError: nothing that could stand for an activation.
    """
    return linear if identifier is None else resolve("activation", identifier)


def serialize(activation: Any) -> Any:
    """The name of a built-in activation, the config of any other."""
    if any(activation is function for function in FUNCTIONS):
        return activation.__name__
    return serialize_keras_object(activation)


deserialize = forms("activation").deserialize


__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]
__getattr__, __dir__ = namespace(__name__, __all__)
