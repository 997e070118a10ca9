"""What a layer holds: sublayers, variables and seed generators, found through its attributes.

Nothing is entered anywhere: lists and dicts may change at any time, and the order is that in
which attributes were first set, as in Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from kerasish.errors import ArgumentError
from kerasish.graph.variable import Variable
from kerasish.random import SeedGenerator

H = TypeVar("H")

if TYPE_CHECKING:
    from kerasish.layers.holder import Holder


_CONTAINERS = (list, tuple, dict)
# What can hold no weight, left out before anything else: a model is walked often.
_PLAIN = frozenset({str, int, float, bool, type(None), FunctionType})


def _leaves(value: Any, segment: str) -> Iterator[tuple[str, Any]]:
    """The objects inside lists and dicts, each with its attribute path."""
    if isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _leaves(item, f"{segment}/{i}")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{segment}/{key}")
    else:
        yield segment, value


def attributes(layer: Holder) -> Iterator[tuple[str, Any]]:
    """Pairs (attribute path, object) of what a layer holds itself."""
    untracked = layer.untracked
    for name, value in list(vars(layer).items()):
        kind = type(value)
        if kind in _PLAIN or name in untracked:
            continue
        if kind in _CONTAINERS or isinstance(value, _CONTAINERS):
            if not value:
                continue
            yield from _leaves(value, name.lstrip("_"))
        else:
            yield name.lstrip("_"), value


def sublayers(layer: Holder, kind: type[H]) -> list[tuple[str, H]]:
    """The direct sublayers with their attribute paths, each once."""
    found: dict[int, tuple[str, H]] = {}
    for segment, value in attributes(layer):
        if isinstance(value, kind) and value is not layer:
            found.setdefault(id(value), (segment, value))
    return list(found.values())


def seed_generators(layer: Holder) -> list[SeedGenerator]:
    """The seed generators that a layer holds itself."""
    return list({id(v): v for _, v in attributes(layer) if isinstance(v, SeedGenerator)}.values())


def own_variables(layer: Holder) -> list[Variable]:
    """The layer's own variables: those made trainable first, then the others, by age."""
    for _, value in attributes(layer):
        if isinstance(value, Variable):
            layer._own(value)  # a variable in a list is met here for the first time
    return sorted(layer._weights, key=lambda v: id(v) in layer._frozen)


def collect(layer: Holder, own: Callable[[Holder], Sequence[Any]]) -> list[Any]:
    """What `own` gives for a layer and then, depth first, for its sublayers; each once."""
    found: dict[int, Any] = {}
    seen: set[int] = set()

    def walk(here: Holder) -> None:
        if id(here) in seen:
            return
        seen.add(id(here))
        for item in own(here):
            found.setdefault(id(item), item)
        for child in here._sublayers():
            walk(child)

    walk(layer)
    return list(found.values())


def assign_paths(layer: Holder, prefix: str) -> None:
    """Give every variable below `layer` its attribute path as `path`."""
    seen: set[int] = set()

    def walk(here: Holder, path: str) -> None:
        if id(here) in seen:
            return
        seen.add(id(here))
        here._path = path
        for variable in own_variables(here):
            variable.path = f"{path}/{variable.name}" if path else variable.name
        for generator in seed_generators(here):
            generator.state.path = f"{path}/{generator.name}" if path else generator.name
        for segment, child in here._named_sublayers():
            walk(child, f"{path}/{segment}" if path else segment)

    walk(layer, prefix)


def make_names_unique(layers: Iterable[Any], owner: str) -> None:
    """Number the automatic names that appear more than once: dense, dense_1, ...

    Raises:
        ArgumentError: two different layers were given the same name.
    """
    members = list({id(layer): layer for layer in layers}.values())
    taken: dict[str, Any] = {}
    for layer in members:
        if not layer._auto_named:
            if layer.name in taken:
                raise ArgumentError(
                    f"{owner}. Expected: a different name for every layer. Received: "
                    f"{layer.name!r} twice. Pass another `name` to one of them."
                )
            taken[layer.name] = layer
    for layer in members:
        if layer._auto_named:
            name, number = layer.name, 0
            if name in taken:
                while f"{layer._base_name}_{number}" in taken or number == 0:
                    number += 1
                name = f"{layer._base_name}_{number}"
            layer._rename(name)
            taken[name] = layer
