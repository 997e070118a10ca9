"""Activation functions and the way from names and configs to them and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish import registry
from kerasish.activations.functions import linear
from kerasish.kinds import forms
from kerasish.names import namespace
from kerasish.serialization import resolve, serialize_keras_object


def get(identifier: Any) -> Callable[..., Any]:
    """The activation that a name, a config or a callable stands for; `linear` for None.

    Raises:
        UnknownNameError: no such name; the message lists the nearest ones.
        ArgumentError: nothing that could stand for an activation.
    """
    return linear if identifier is None else resolve("activation", identifier)


def serialize(activation: Any) -> Any:
    """The name of a built-in activation, the config of any other."""
    name = getattr(activation, "__name__", "")
    if registry.built_in("activation", name) is activation:
        return name
    return serialize_keras_object(activation)


deserialize = forms("activation").deserialize
__getattr__, __dir__ = namespace(__name__, ("get", "serialize", "deserialize"))
