"""Everything a file can name: importing this enters the built-in objects into the registry."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from kerasish import (
    activations,
    callbacks,
    constraints,
    datasets,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    registry,
    regularizers,
)

MODULES: tuple[ModuleType, ...] = (
    activations, callbacks, constraints, datasets, initializers, layers, losses, metrics,
    optimizers, regularizers,
)  # fmt: skip
KINDS = (
    "layer", "activation", "initializer", "regularizer", "constraint", "loss", "metric",
    "optimizer", "schedule", "callback", "dataset",
)  # fmt: skip
# A Lambda is code; a file holds none.
REFUSED = frozenset({layers.Lambda})


def contains(kind: str, name: str) -> bool:
    """Whether a file may use `name` where an object of a kind is meant."""
    if registry.contains(kind, name):
        return registry.lookup(kind, name) not in REFUSED
    if ">" not in name or not registry.contains("custom", name):
        return False
    custom = registry.lookup("custom", name)
    is_layer = isinstance(custom, type) and issubclass(custom, layers.Layer)
    return is_layer == (kind == "layer")


def lookup(kind: str, name: str) -> Any:
    """The object of that name; `contains` must have said that there is one."""
    return registry.lookup(kind if registry.contains(kind, name) else "custom", name)


def names(kind: str) -> list[str]:
    """The names to offer: of layers the class names only, though files may write others."""
    built_in = registry.names(kind)
    if kind == "layer":
        built_in = [one for one in built_in if registry.lookup(kind, one).__name__ == one]
    found = [*built_in, *registry.names("custom")]
    return [one for one in found if contains(kind, one)]
