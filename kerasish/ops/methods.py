"""What the methods of tensors mean: numpy's methods of arrays, as calls of public functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish import registry
from kerasish.graph.tensor import METHODS
from kerasish.ops import numpy as np_ops
from kerasish.ops.core import cast


def _several(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method that takes a tuple, or its items as arguments of their own."""

    def method(x: Any, *given: Any, **named: Any) -> Any:
        if len(given) > 1:
            return function(x, given, **named)
        return function(x, *given, **named)

    return method


def _clip(x: Any, min: Any = None, max: Any = None) -> Any:
    low, high = float("-inf"), float("inf")
    return np_ops.clip(x, low if min is None else min, high if max is None else max)


# Where a method is not the function of its name.
OTHER: dict[str, Callable[..., Any]] = {
    "astype": cast,
    "clip": _clip,
    "flatten": np_ops.ravel,
    "reshape": _several(np_ops.reshape),
    "transpose": _several(np_ops.transpose),
}
for _name in METHODS:
    registry.add("method", OTHER.get(_name) or getattr(np_ops, _name), _name)
registry.add("method", np_ops.transpose, "T")
