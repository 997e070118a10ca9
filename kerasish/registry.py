"""The closed registry of names: the only way from a name in a file or a string to an object.

Kinds in use: op, layer, activation, initializer, regularizer, constraint, loss, metric,
optimizer, schedule, callback, dataset, model, method. Nothing here imports anything by a name
that it is given; `home` says which module of the package enters the built-in names of a kind.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from kerasish import budget
from kerasish.errors import ArgumentError, UnknownNameError

T = TypeVar("T")

_entries: dict[str, dict[str, Any]] = {}
_homes: dict[str, Callable[[], Any]] = {}


def home(kind: str, load: Callable[[], Any]) -> None:
    """Say what enters the built-in names of a kind; called when one of them is not there yet."""
    _homes[kind] = load


def add(kind: str, obj: T, *names: str, replace: bool = False) -> T:
    """Enter `obj` under every one of `names`.

    Raises:
        ArgumentError: a name is taken by another object and `replace` is False.
    """
    table = _entries.setdefault(kind, {})
    for name in names:
        held = table.get(name)
        if held is not None and held is not obj and not replace:
            raise ArgumentError(
                f"The {kind} name {name!r} is taken",
                expected="a new name",
                received=f"{obj!r}, while {held!r} holds it",
                fix="Choose another name, or pass replace=True.",
            )
        table[name] = obj
    return obj


def entry(kind: str, *names: str) -> Callable[[T], T]:
    """Decorator form of `add`; without names the object's own `__name__` is used."""

    def decorate(obj: T) -> T:
        return add(kind, obj, *(names or (str(getattr(obj, "__name__", obj)),)))

    return decorate


def lookup(kind: str, name: str) -> Any:
    """The object entered under `name`.

    Raises:
        UnknownNameError: no such name; the message lists the nearest ones.
    """
    try:
        return _entries[kind][name]
    except KeyError:
        if contains(kind, name):
            return _entries[kind][name]
        raise UnknownNameError(
            f"Unknown {kind}",
            expected=f"a registered {kind} name",
            received=repr(name),
            fix=hint(name, names(kind), 3),
        ) from None


def contains(kind: str, name: str) -> bool:
    """Whether `name` is entered under `kind`."""
    if name not in _entries.get(kind, {}) and kind in _homes:
        _homes[kind]()
    return name in _entries.get(kind, {})


def names(kind: str) -> list[str]:
    """All names of a kind, sorted."""
    if kind in _homes:
        _homes[kind]()
    return sorted(_entries.get(kind, {}))


def nearest(name: str, choices: list[str] | tuple[str, ...], count: int = 3) -> list[str]:
    """Up to `count` of `choices` that look like `name`, ignoring case and underscores."""

    def plain(text: str) -> str:
        return text.lower().replace("_", "")

    if not budget.afford("hints", len(choices)):
        return []

    def alike(choice: str) -> float:
        return difflib.SequenceMatcher(None, str(name), choice).ratio()

    by_plain: dict[str, list[str]] = {}
    for choice in choices:
        by_plain.setdefault(plain(choice), []).append(choice)
    found = difflib.get_close_matches(plain(str(name)), list(by_plain), n=count, cutoff=0.6)
    return [max(by_plain[key], key=alike) for key in found]


def hint(name: str, known: Iterable[str], count: int = 1) -> str:
    """ "Did you mean 'epochs'?", or "" where nothing is near; up to `count` names."""
    near = nearest(name, list(known), count)
    return f"Did you mean {' or '.join(map(repr, near))}?" if near else ""
