"""Everything a file can name: what is built in, and one's own that is registered or in scope."""

from __future__ import annotations

import inspect
from typing import Any

from kerasish import (
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    registry,
    regularizers,
)
from kerasish.naming import snake_case
from kerasish.serialization import get_custom_objects

KINDS = (
    "layer", "activation", "initializer", "regularizer", "constraint", "loss", "metric",
    "optimizer", "schedule", "callback", "dataset",
)  # fmt: skip
# A Lambda is code, a MultiOptimizer is made of functions; a file holds none.
REFUSED = frozenset({layers.Lambda, optimizers.MultiOptimizer})
# Names that `compile` takes for others, as Keras does.
SPELLINGS = {"metric": {"acc": "accuracy"}}


# Where a class of one's own says by what it inherits from what it is.
BASES: dict[str, type] = {
    "layer": layers.Layer,
    "initializer": initializers.Initializer,
    "regularizer": regularizers.Regularizer,
    "constraint": constraints.Constraint,
    "loss": losses.Loss,
    "metric": metrics.Metric,
    "optimizer": optimizers.Optimizer,
    "schedule": optimizers.schedules.LearningRateSchedule,
    "callback": callbacks.Callback,
}
# What a function, or a class that inherits from none of these, may be.
_OPEN = ("activation", "initializer", "regularizer", "constraint", "loss", "metric")


def contains(kind: str, name: str) -> bool:
    """Whether a file may use `name` where an object of a kind is meant."""
    if registry.contains(kind, name):
        return registry.lookup(kind, name) not in REFUSED
    return name in SPELLINGS.get(kind, ()) or name in _own(kind)


def lookup(kind: str, name: str) -> Any:
    """The object of that name; `contains` must have said that there is one."""
    name = SPELLINGS.get(kind, {}).get(name, name)
    return registry.lookup(kind, name) if registry.contains(kind, name) else _own(kind)[name]


def names(kind: str) -> list[str]:
    """The names to offer: of layers the class names only, though files may write others."""
    found = {one: registry.lookup(kind, one) for one in registry.names(kind)}
    if kind == "layer":
        alias = {snake_case(cls.__name__) for cls in found.values()} - {"lambda"}
        found = {one: cls for one, cls in found.items() if one not in alias or one == cls.__name__}
    offered = [one for one, obj in found.items() if obj not in REFUSED]
    entered = [id(obj) for obj in found.values()]
    own = {one: obj for one, obj in _own(kind).items() if id(obj) not in entered}
    short = [id(obj) for one, obj in own.items() if ">" not in one]
    return offered + [one for one, obj in own.items() if ">" not in one or id(obj) not in short]


def aliases(kind: str) -> list[str]:
    """The names that a file may write besides those that are offered."""
    offered = set(names(kind))
    known = [*registry.names(kind), *SPELLINGS.get(kind, ())]
    return [one for one in known if contains(kind, one) and one not in offered]


def _own(kind: str) -> dict[str, Any]:
    """One's own objects of a kind: by "package>Name", and by Name where only one has it."""
    found = {label: obj for label, obj in get_custom_objects().items() if _may_be(kind, obj)}
    named: dict[str, dict[int, Any]] = {}
    for label, obj in found.items():
        named.setdefault(label.rpartition(">")[2], {})[id(obj)] = obj
    return {n: next(iter(of.values())) for n, of in named.items() if len(of) == 1} | found


def _may_be(kind: str, obj: Any) -> bool:
    if isinstance(obj, type):
        bases = [one for one, base in BASES.items() if issubclass(obj, base)]
        if bases:
            return kind in bases
    name = str(getattr(obj, "__name__", ""))
    return kind in ([one for one in _OPEN if _is_entered(one, name, obj)] or _OPEN)


def _is_entered(kind: str, name: str, obj: Any) -> bool:
    forms = [form for form in (name, snake_case(name)) if registry.contains(kind, form)]
    return any(registry.lookup(kind, form) is obj for form in forms)


def kind_of(name: str) -> str | None:
    """A kind that has this name."""
    return next((kind for kind in KINDS if contains(kind, name)), None)


def is_unregistered(kind: str, name: str) -> bool:
    """Whether the program has a class of this name and kind that nobody registered."""
    waiting = [BASES[kind]] if kind in BASES else []
    while waiting:
        cls = waiting.pop()
        if cls.__name__ == name and not inspect.isabstract(cls):
            return True
        waiting += cls.__subclasses__()
    return False
