"""The built-in classes and functions of a namespace, for tests of all of them."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

# The base, and what holds optimizers and is none by itself.
OPTIMIZERS_OF_OTHERS = ("LossScaleOptimizer", "MultiOptimizer", "Optimizer", "OptimizerMap")


def classes(space: ModuleType, *bases: str) -> list[Any]:
    """Its classes by name, without the bases that are named."""
    found = {getattr(space, name) for name in dir(space) if name not in bases}
    return sorted(filter(inspect.isclass, found), key=lambda cls: cls.__name__)


def functions(space: ModuleType) -> list[Any]:
    """Its functions by name, without those of the kind."""
    found = [getattr(space, name) for name in dir(space)]
    return [f for f in found if inspect.isfunction(f) and f.__module__ != space.__name__]
