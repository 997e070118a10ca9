"""Optimizers: how weights follow their gradients."""

from __future__ import annotations

from typing import Any

from kerasish import registry
from kerasish import serialization as _serialization
from kerasish.errors import ArgumentError
from kerasish.kinds import forms
from kerasish.names import namespace
from kerasish.optimizers.optimizer import Optimizer


def get(identifier: Any) -> Any:
    """The optimizer that a name (in any case), config, class or instance stands for."""
    if isinstance(identifier, str) and registry.contains("optimizer", identifier.lower()):
        identifier = identifier.lower()
    found = _serialization.resolve("optimizer", identifier)
    if found is not None and not isinstance(found, Optimizer):
        raise ArgumentError(
            "optimizer",
            expected="a name, a config, a class or an instance of Optimizer",
            received=repr(identifier),
        )
    return found


_, serialize, deserialize = forms("optimizer")
__getattr__, __dir__ = namespace(__name__, ("get", "serialize", "deserialize"))
