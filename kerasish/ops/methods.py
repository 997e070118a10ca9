"""What the methods of tensors mean: numpy's methods of arrays, as calls of public functions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish import registry
from kerasish.errors import ArgumentError
from kerasish.graph.tensor import METHODS
from kerasish.ops import numpy as np_ops
from kerasish.ops.core.tensors import cast


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
# What numpy's functions of the same names (`np.mean(x)`) hand to a method beside what its own
# function takes, as long as their callers leave it alone.
_LEFT_ALONE: dict[str, tuple[Any, ...]] = {
    "out": (None,), "dtype": (None,), "ddof": (0,), "order": ("C", "K", "A", None),
    "mode": ("raise",), "kind": (None, "stable"), "stable": (None, True), "initial": (),
    "where": (), "sorter": (None,), "copy": (True, False, None), "casting": ("unsafe",),
    "subok": (True, False),
}  # fmt: skip

# What methods take themselves, of these.
_OWN = {
    "astype": "dtype", "cumprod": "dtype", "cumsum": "dtype", "max": "initial", "min": "initial",
    "prod": "dtype",
}  # fmt: skip


def _of_numpy(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that numpy's function of its name may call too.

    `np.argmax(x)` calls `x.argmax(axis=None, out=None)`. What tensors compute without is left out
    where it asks for nothing; else numpy computes, on the values.
    """

    @functools.wraps(method)
    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs and not kwargs.keys().isdisjoint(_LEFT_ALONE):
            if kwargs.get("out") is not None:
                raise ArgumentError(
                    f"{name}, out",
                    expected="None, since a tensor is a value and results are new ones",
                    received="an array",
                    fix="Assign what is returned.",
                )
            for key, alone in _LEFT_ALONE.items():
                if key in kwargs and key != _OWN.get(name):
                    if not any(kwargs[key] is a or kwargs[key] == a for a in alone):
                        return getattr(np.asarray(x), name)(*args, **kwargs)
                    del kwargs[key]
        return method(x, *args, **kwargs)

    return call


for _name in METHODS:
    _method = OTHER.get(_name) or getattr(np_ops, _name)
    registry.add("method", _of_numpy(_name, _method), _name)
registry.add("method", np_ops.transpose, "T")
