"""Everything a file can name: importing this enters the built-in objects into the registry."""

from __future__ import annotations

from types import ModuleType

from kerasish.data import datasets

MODULES: tuple[ModuleType, ...] = (datasets,)
KINDS = (
    "layer", "activation", "initializer", "regularizer", "constraint", "loss", "metric",
    "optimizer", "schedule", "callback", "dataset",
)  # fmt: skip
