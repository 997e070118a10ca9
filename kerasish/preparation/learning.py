"""What a layer of a model learns from, before it is called: rows of the training part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from kerasish import layers, tree
from kerasish.models import Model
from kerasish.ops.symbol import KerasTensor

_BATCH = 1024


class _Data(Protocol):
    """Prepared data."""

    def part(self, name: str) -> Any: ...
    def dataset(self, part: Any) -> Any: ...


class Learning:
    """What a symbol of a model is for the rows of the training part, batch by batch, as often as it
    is gone through.

    Args:
        data: has the inputs of the model by their names.
        symbol: what the layer is called on.
    """

    def __init__(self, data: _Data, symbol: KerasTensor) -> None:
        self.data, self.symbol = data, symbol
        self.inputs = inputs_of(symbol)

    def __iter__(self) -> Iterator[np.ndarray]:
        part = self.data.part("train")
        plain = len(self.inputs) == 1 and self.symbol is next(iter(self.inputs.values()))
        model = None if plain else Model(self.inputs, self.symbol)
        for element in self.data.dataset(part).batch(_BATCH):
            x = element[0] if isinstance(element, tuple) else element
            held = x if isinstance(x, dict) else dict.fromkeys(self.inputs, x)
            chosen = {name: held[name] for name in self.inputs}
            found = next(iter(chosen.values())) if model is None else model(chosen)
            rows = np.asarray(tree.flatten(found)[0])
            yield rows[:, None] if rows.ndim == 1 else rows


def symbols_of(symbol: KerasTensor) -> Iterator[KerasTensor]:
    """A symbol and all that it comes from."""
    waiting, seen = [symbol], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += one.history.record.inputs


def inputs_of(symbol: KerasTensor) -> dict[str, KerasTensor]:
    """The inputs that a symbol comes from, by name."""
    return {
        one.history.record.operation.name: one
        for one in symbols_of(symbol)
        if isinstance(one.history.record.operation, layers.InputLayer)
    }
