"""Layers of `model:` that learn from the data before training: scales, vocabularies, bins.

They learn from the training part when they are called, as layers in `data:` do. What they read must
not depend on weights that are trained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kerasish import budget, layers
from kerasish.declarative.building.construct import one_line
from kerasish.declarative.check.items import Item
from kerasish.declarative.check.specification import ModelSection, SequentialSection
from kerasish.declarative.sections.steps import LOAD
from kerasish.declarative.text.errors import Diagnostics
from kerasish.errors import KerasishError
from kerasish.models import Model
from kerasish.models.feature_space import learns, never_learned
from kerasish.ops.symbol import KerasTensor
from kerasish.preparation import Prepared
from kerasish.preparation.learning import symbols_of

TEXT_LAYERS = ("TextVectorization", "StringLookup", "Hashing", "HashedCrossing")


class Learning:
    """Adapts layers as they are called.

    Args:
        data: gives the data, which are read at the first layer that learns; None where the config
            has none.
        needed: whether a layer that has learned nothing is an error: the config trains.
        diagnostics: receives K503.
    """

    def __init__(
        self, data: Callable[[], Prepared] | None, needed: bool, diagnostics: Diagnostics
    ) -> None:
        self.data = data
        self.needed = needed
        self.diagnostics = diagnostics

    def __call__(self, item: Item, layer: Any, inputs: Any) -> None:
        """Let a layer learn what it reads, where it has anything to learn."""
        if not isinstance(layer, layers.Layer) or not learns(layer):
            return
        if not isinstance(inputs, KerasTensor):
            return
        if self.data is None:
            if self.needed or self.diagnostics.command:
                message = f"{item.label} has learned nothing, and there are no data to learn from"
                hint = "give what it learns (mean and variance, vocabulary), or a 'data' section"
                self.diagnostics.add("K503", message, item.mark, hint)
            return
        before = _first_trained(inputs)
        if before is not None:
            message = f"{item.label} learns from the data, but reads what {before!r} is trained to"
            hint = "put it before the layers with weights, or into data.x"
            self.diagnostics.add("K503", message, item.mark, hint)
            return
        data = self.data()
        try:
            with budget.charged():  # what learning takes grows with the data, not with the file
                layer.adapt(data.learning(inputs))  # pyright: ignore[reportAttributeAccessIssue]
        except (KerasishError, ValueError, TypeError) as error:
            message = f"{item.label} cannot learn from the data: {one_line(error)}"
            self.diagnostics.add("K503", message, item.mark)


def check_learned(model: Model, section: ModelSection, diagnostics: Diagnostics) -> None:
    """Record K503 for layers inside of others that have learned nothing, and never will."""
    places = {item.arguments.get("name"): item.mark for item in _items(section)}
    kinds = {item.name: item.mark for item in _items(section)}
    loaded = next((item.mark for item in _items(section) if item.kind == LOAD), section.mark)
    for layer in model._flatten_layers():
        if not never_learned(layer):
            continue
        outer = next((one for one in model.layers if layer in one._flatten_layers()), layer)
        usual = kinds.get(type(outer).__name__, loaded)
        mark = places.get(outer.name, usual)
        inside = "" if outer is layer else f" inside of {type(outer).__name__}"
        inside = " inside of a model that is loaded" if isinstance(outer, Model) else inside
        message = f"{type(layer).__name__}{inside} has learned nothing"
        hint = "put it into data.x, or give what it learns (mean and variance, vocabulary)"
        diagnostics.add("K503", message, mark, hint)
    diagnostics.raise_if_any()


def reads_texts(section: ModelSection) -> bool:
    """Whether a model has layers that read texts."""
    return any(item.name in TEXT_LAYERS for item in _items(section))


def learning_layers(section: ModelSection) -> bool:
    """Whether a model has layers that may have to learn from the data before training."""
    return any(hasattr(item.factory, "adapt") for item in _items(section))


def _items(section: ModelSection) -> Iterator[Item]:
    if isinstance(section, SequentialSection):
        yield from section.layers
        return
    yield from section.shared.values()
    for node in section.nodes:
        yield from node.items


def _first_trained(symbol: KerasTensor) -> str | None:
    """The name of a layer with weights that are trained, which a symbol depends on."""
    called = [one.history.record.operation for one in symbols_of(symbol)]
    trained = [one for one in called if getattr(one, "trainable_weights", ())]
    return trained[-1].name if trained else None
