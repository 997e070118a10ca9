"""First values of weights, under Keras's names, and the way from names and configs to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.initializers.fixed import Constant
from kerasish.kinds import forms
from kerasish.names import namespace
from kerasish.serialization import resolve


def get(identifier: Any) -> Callable[..., Any] | None:
    """The initializer that a name, a config, an array, a class or a callable stands for.

    Raises:
        UnknownNameError: no such name; the message lists the nearest ones.
        ArgumentError: nothing that could stand for an initializer.
    """
    if isinstance(identifier, np.ndarray) or hasattr(identifier, "is_symbolic"):
        return Constant(np.asarray(identifier))
    return resolve("initializer", identifier)


_, serialize, deserialize = forms("initializer")
__getattr__, __dir__ = namespace(__name__, ("get", "serialize", "deserialize"))
