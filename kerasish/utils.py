"""keras.utils: helpers for data, names, seeds and configs."""

from __future__ import annotations

from typing import Any

from kerasish.names import namespace
from kerasish.ops.symbol import KerasTensor


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is a symbol of a functional model."""
    return isinstance(x, KerasTensor)


__getattr__, __dir__ = namespace(__name__, ("is_keras_tensor",))
