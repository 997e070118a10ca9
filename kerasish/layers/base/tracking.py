"""What a layer holds: sublayers, variables and seed generators, found through its attributes.

Nothing is entered anywhere: lists and dicts may change at any time, and the order is that in
which attributes were first set, as in Keras.
"""

# pyright: reportPrivateUsage=false
# The files of this room share what a layer keeps to itself.

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from kerasish import naming
from kerasish.changes import Versioned
from kerasish.errors import ArgumentError
from kerasish.graph.variable import Variable
from kerasish.random import SeedGenerator

H = TypeVar("H")

if TYPE_CHECKING:
    from kerasish.layers.base.holder import Holder


Held = list[tuple[str, Any]]  # attribute paths and objects
_CONTAINERS: Any = (list, tuple, dict)
_MAPPING: Any = dict
# What can hold no weight, left out before anything else: a model is walked often.
_PLAIN = frozenset({str, int, float, bool, type(None), FunctionType})

# What metrics have, and no layer that adapts has all of.
_OF_METRICS = ("update_state", "reset_state", "result")


def attributes(layer: Holder) -> Held:
    """Pairs (attribute path, object) of what a layer holds itself, but for plain values."""
    untracked = layer.untracked
    found: Held = []
    for name, value in list(vars(layer).items()):
        if type(value) in _PLAIN or name in untracked:
            continue
        if isinstance(value, _CONTAINERS):
            _enter(value, name.lstrip("_"), found)
        else:
            found.append((name.lstrip("_"), value))
    return found


def _enter(value: Any, path: str, found: Held, around: tuple[int, ...] = ()) -> None:
    """Append an object, or those inside a list or dict, each with its path.

    Args:
        around: the containers around this one; a container may hold itself.
    """
    if not isinstance(value, _CONTAINERS):
        found.append((path, value))
    elif id(value) not in around:
        inside = (*around, id(value))
        for key, item in value.items() if isinstance(value, _MAPPING) else enumerate(value):
            if type(item) not in _PLAIN:
                _enter(item, f"{path}/{key}", found, inside)


def sublayers(layer: Holder, kind: type[H], held: Held) -> list[H]:
    """The direct sublayers among what a layer holds, each once."""
    found: dict[int, H] = {}
    for _, value in held:
        if isinstance(value, kind) and value is not layer:
            found.setdefault(id(value), value)
    return list(found.values())


def seed_generators(layer: Holder, held: Held | None = None) -> list[SeedGenerator]:
    """The seed generators that a layer holds itself."""
    held = attributes(layer) if held is None else held
    return list({id(v): v for _, v in held if isinstance(v, SeedGenerator)}.values())


def own_variables(layer: Holder, held: Held | None = None) -> list[Variable]:
    """The layer's own variables: those made trainable first, then the others, by age."""
    for _, value in attributes(layer) if held is None else held:
        if isinstance(value, Variable):
            layer._own(value)  # a variable in a list is met here for the first time
    return sorted(layer._weights, key=lambda v: id(v) in layer._frozen)


def collect(layer: Holder, own: Callable[[Holder, Held], Sequence[Any]]) -> list[Any]:
    """What `own(layer, held)` gives, and then, depth first, for its sublayers; each once.

    Args:
        own: takes a layer and what it holds, looked up once.
    """
    found: dict[int, Any] = {}
    _walk(layer, own, found, set())
    return list(found.values())


# A function of its own: one inside `collect` would hold itself, and what it found, until the
# garbage collector comes by.
def _walk(
    here: Holder,
    own: Callable[[Holder, Held], Sequence[Any]],
    found: dict[int, Any],
    seen: set[int],
) -> None:
    if id(here) in seen:
        return
    seen.add(id(here))
    held = attributes(here)
    for item in own(here, held):
        found.setdefault(id(item), item)
    for child in here._sublayers(held):
        _walk(child, own, found, seen)


def deciding(layer: Holder) -> tuple[list[Versioned], list[Variable]]:
    """What of a layer and all below it decides what a step does: parts with versions, variables."""

    def own(here: Holder, held: Held) -> list[Any]:
        parts = [value for _, value in held if isinstance(value, Versioned)]
        states = [generator.state for generator in seed_generators(here, held)]
        return [here, *parts, *own_variables(here, held), *states]

    found = collect(layer, own)
    parts = [item for item in found if isinstance(item, Versioned)]
    return parts, [item for item in found if isinstance(item, Variable)]


def containers(parts: Sequence[object]) -> list[tuple[Any, list[Any]]]:
    """The lists and dicts of parts that users wrote, with what is in them: they may change at any
    time, and nobody is told."""
    found: dict[int, tuple[Any, list[Any]]] = {}
    for part in parts:
        if not type(part).__module__.startswith("kerasish."):
            skipped = getattr(part, "untracked", ())
            waiting = [value for name, value in vars(part).items() if name not in skipped]
            waiting.reverse()
            while waiting:
                value = waiting.pop()
                if isinstance(value, _CONTAINERS) and id(value) not in found:
                    found[id(value)] = value, inside(value)
                    waiting.extend(reversed(found[id(value)][1]))
    return [(value, items) for value, items in found.values() if not isinstance(value, tuple)]


def inside(container: Any) -> list[Any]:
    """What is in a list or dict."""
    return list(container.values() if isinstance(container, _MAPPING) else container)


def with_metrics(layer: Holder) -> tuple[list[Holder], list[Any]]:
    """A layer and all below it, and the metrics that they hold."""
    layers: list[Holder] = []

    def own(here: Holder, held: Held) -> list[Any]:
        layers.append(here)
        return [m for _, m in held if all(hasattr(m, name) for name in _OF_METRICS)]

    return layers, collect(layer, own)


def variable_keys(layer: Holder) -> list[tuple[str, Variable]]:
    """A layer's own variables with names that do not depend on how often it was built.

    That is the name it was given, or the attribute that holds it.
    """
    held = attributes(layer)
    attribute = {id(value): path for path, value in reversed(held) if "/" not in path}
    keys: list[tuple[str, Variable]] = []
    for variable in own_variables(layer, held):
        key = variable.name
        if naming.is_automatic(key, "variable"):
            key = attribute.get(id(variable), "variable")
        keys.append((key, variable))
    return keys


def weight_paths(layer: Holder, above: str = "") -> dict[Variable, str]:
    """The weights of a layer and all below it, with the names of the layers around each and its
    own: "body/conv1/kernel". Of a shared one the first."""
    found = {variable: f"{above}{variable.name}" for variable in own_variables(layer)}
    for part in layer._flatten_layers(include_self=False, recursive=False):
        below = weight_paths(part, f"{above}{part.name}/")
        found = {**below, **found}
    return found


def make_names_unique(layers: Iterable[Any], owner: str) -> None:
    """Number automatic names anew where the same name stands for another layer of the model.

    Raises:
        ArgumentError: two different layers were given the same name.
    """
    members = list({id(layer): layer for layer in layers}.values())
    taken: dict[str, Any] = {}
    for layer in members:
        if not layer._auto_named:
            if layer.name in taken:
                raise ArgumentError(
                    owner,
                    expected="a different name for every layer",
                    received=f"{layer.name!r} twice",
                    fix="Pass another `name` to one of them.",
                )
            taken[layer.name] = layer
    for layer in members:
        if layer._auto_named:
            name, number = layer.name, 0
            while name in taken:
                number += 1
                name = f"{layer._base_name}_{number}"
            if name != layer.name:
                layer._rename(name)
            taken[name] = layer
