"""Where every object of a model stands in Keras's `.weights.h5`: the path of its `vars` group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kerasish.layers.holder import Holder
from kerasish.saving.keys import container_keys

# Held by a model, but written elsewhere or not at all.
_ELSEWHERE = frozenset(("optimizer", "loss", "stop_training", "history"))


def file_class(obj: Any) -> str:
    """The class name that an object has in files: a model of symbols is a Functional."""
    return str(getattr(obj, "file_class", type(obj).__name__))


def walk(model: Any) -> Iterator[tuple[str, Any]]:
    """Pairs (path, object) for a model and everything below it, each object once.

    `layers` comes first for models that are lists or graphs of layers, then attributes by name,
    public ones before private ones, as Keras goes through them.
    """
    yield from _walk(model, "", set())


def _walk(here: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(here) in seen:
        return
    seen.add(id(here))
    yield path, here
    for name, value in _attributes(here):
        yield from _enter(value, f"{path}/{name}" if path else name, seen)


def _enter(value: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Holder):
        yield from _walk(value, path, seen)
    elif isinstance(value, (list, tuple, dict)):
        items = list(value.values() if isinstance(value, dict) else value)
        held = [item for item in items if isinstance(item, (Holder, list, tuple, dict))]
        names = container_keys(
            file_class(item) if isinstance(item, Holder) else "container" for item in held
        )
        for name, item in zip(names, held, strict=True):
            yield from _enter(item, f"{path}/{name}", seen)


def _attributes(here: Any) -> Iterator[tuple[str, Any]]:
    if file_class(here) in ("Sequential", "Functional"):
        yield "layers", here.layers
    held = vars(here)
    untracked = getattr(type(here), "untracked", frozenset())
    names = [n for n in held if n not in untracked and n not in _ELSEWHERE and held[n] is not None]
    for name in sorted(names, key=lambda n: (n.startswith("_"), n)):
        # Keras reaches a private attribute through the public property of the same name.
        public = name.lstrip("_")
        yield (public if hasattr(type(here), public) else name), held[name]
