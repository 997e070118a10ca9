"""keras.utils: helpers for data, names, seeds and configs."""

from __future__ import annotations

from typing import Any

from kerasish.names import namespace
from kerasish.ops.symbol import KerasTensor


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is a symbol of a functional model."""
    return isinstance(x, KerasTensor)


def get_source_inputs(tensor: Any) -> Any:
    """The symbols of inputs from which a symbol was made, in order; another value as it is.

    Args:
        tensor: a symbol of a functional model.
    """
    if not is_keras_tensor(tensor):
        return tensor
    found: dict[int, Any] = {}
    pending, seen = [tensor], set()
    while pending:
        symbol = pending.pop()
        if id(symbol) in seen:
            continue
        seen.add(id(symbol))
        made_from = [] if symbol.history is None else symbol.history.record.inputs
        for one in (symbol,) if not made_from else ():
            found[id(one)] = one
        pending.extend(reversed(made_from))
    return list(found.values())


__getattr__, __dir__ = namespace(__name__, ("get_source_inputs", "is_keras_tensor"))
