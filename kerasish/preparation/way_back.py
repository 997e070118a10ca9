"""The way back: what undoes the preparation of a target, and the names of its classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish import layers
from kerasish.layers.preprocessing.vocabulary import Lookup
from kerasish.ops.symbol import KerasTensor

Step = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Target:
    """A target of the data.

    Attributes:
        name: its name, that of the model's output.
        columns: the columns that it is made of.
        classes: the names of its classes, in order; None where it is a quantity.
        undo: layers that turn predictions back into the file's units, in order; empty where they
            are in these already, None where nothing undoes the preparation.
    """

    name: str
    columns: tuple[str, ...]
    classes: tuple[str, ...] | None
    undo: tuple[Any, ...] | None

    def restored(self, values: np.ndarray) -> np.ndarray:
        """Predictions in the file's units; unchanged where there is nothing to undo."""
        for layer in self.undo or ():
            values = np.asarray(layer(values))
        return values


# What undoes an op of the preparation: the activation of this name.
_INVERSES = {"log": "exp", "log1p": "expm1", "exp": "log", "expm1": "log1p", "sqrt": "square"}


def target_of(name: str, symbol: KerasTensor, values: np.ndarray) -> Target:
    """What is known of a target from the layers that made it.

    Args:
        name: its name.
        symbol: what the layers gave.
        values: its values in the training part.
    """
    undo: list[Any] | None = []
    classes: tuple[str, ...] | None = None
    record = symbol.history.record
    while not isinstance(record.operation, layers.InputLayer):
        layer = record.operation
        known = _classes(layer)
        if known is not None:
            classes, undo = known, []
        elif undo is not None:
            step = _inverse(layer)
            undo = None if step is None else [*undo, *step]
        if len(record.inputs) != 1:
            break
        record = record.inputs[0].history.record
    columns = _columns(symbol)
    if classes is None and undo == [] and values.dtype.kind in "iub":
        classes = tuple(map(str, range(int(values.max(initial=0)) + 1)))
    return Target(name, columns, classes, None if undo is None else tuple(undo))


def _columns(symbol: KerasTensor) -> tuple[str, ...]:
    found: list[str] = []
    waiting = [symbol]
    while waiting:
        record = waiting.pop().history.record
        if isinstance(record.operation, layers.InputLayer):
            found.append(record.operation.name)
        waiting.extend(reversed(record.inputs))
    return tuple(dict.fromkeys(found))


def _classes(layer: Any) -> tuple[str, ...] | None:
    """The names of the classes that a layer numbers."""
    if isinstance(layer, Lookup):
        return tuple(map(str, layer.get_vocabulary()))
    if isinstance(layer, layers.ValueMap) and layer.result_dtype == "int64":
        names: dict[int, str] = {}
        for key, value in zip(layer.keys, layer.values, strict=True):
            names.setdefault(value, str(key))
        if min(names) >= 0:
            return tuple(names.get(i, str(i)) for i in range(max(names) + 1))
    return None


def _inverse(layer: Any) -> list[Any] | None:
    """The layers that undo one; None where none does."""
    if isinstance(layer, layers.Normalization):
        moments = [np.asarray(m).reshape(-1).tolist() for m in (layer.mean, layer.variance)]
        return [layers.Normalization(axis=layer.axis, mean=moments[0], variance=moments[1],
                                     invert=True)]  # fmt: skip
    if isinstance(layer, layers.Rescaling):
        scale, offset = np.asarray(layer.scale, float), np.asarray(layer.offset, float)
        return [layers.Rescaling((1 / scale).tolist(), (-offset / scale).tolist())]
    if isinstance(layer, (layers.FillMissing, layers.Concatenate, layers.Identity)):
        return []
    name = getattr(layer, "name", "")
    return [_INVERSES[name]] if name in _INVERSES else None
