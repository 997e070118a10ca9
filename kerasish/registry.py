"""The closed registry of names: the only way from a name in a file or a string to an object.

Kinds in use: op, layer, activation, initializer, regularizer, constraint, loss, metric,
optimizer, schedule, callback, dataset, model. Nothing here imports anything by a name
that it is given; `home` says how a built-in name of a kind is entered when it is asked for.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from kerasish import budget
from kerasish.errors import ArgumentError, UnknownNameError

T = TypeVar("T")

_entries: dict[str, dict[str, Any]] = {}
_homes: dict[str, tuple[Callable[[str], Any], Callable[[], Iterable[str]] | None]] = {}
_above: dict[str, Callable[[], Any]] = {}


def offer(name: str, load: Callable[[], Any]) -> None:
    """Say where lower floors find a function of a higher one; `load` gives it at the first call."""
    _above[name] = load


def above(name: str) -> Any:
    """A function of a higher floor, by the name under which it is offered."""
    return _above[name]()


def home(
    kind: str, load: Callable[[str], Any], known: Callable[[], Iterable[str]] | None = None
) -> None:
    """Say how the built-in names of a kind come in.

    Args:
        kind: a kind.
        load: `load(name)` enters this name, if it is a built-in one that is not there yet.
        known: returns all built-in names; without it, `load` enters all of them.
    """
    _homes[kind] = load, known


def add(kind: str, obj: T, *names: str, replace: bool = False) -> T:
    """Enter `obj` under every one of `names`.

    Raises:
        ArgumentError: a name is taken by another object and `replace` is False.
    """
    table = _entries.setdefault(kind, {})
    own = str(getattr(obj, "__module__", "")).partition(".")[0] == __name__.partition(".")[0]
    for name in names:
        if not own and name not in table:  # a built-in one holds its name before it is loaded
            built_in(kind, name)
        held = table.get(name)
        if held is not None and held is not obj and not replace:
            raise ArgumentError(
                f"The {kind} name {name!r} is taken",
                expected="a new name",
                received=f"{obj!r}, while {held!r} holds it",
                fix="Choose another name"
                + ("." if kind == "op" else "; keras.register(..., replace=True) takes one over."),
            )
        table[name] = obj
    return obj


# Kinds of which every class has the kind's base; and those that are classes only.
_BASED = ("layer", "initializer", "regularizer", "constraint", "loss", "metric", "optimizer")
_CLASSES = ("layer", "optimizer", "callback", "model", "policy")


def check_kind(kind: str, obj: Any, namespace: str) -> None:
    """Check that an object can be of a kind, whose base class is in a namespace.

    Raises:
        ArgumentError: it is another class, an instance that cannot be called, or a function of a
            kind that has only classes.
    """
    base = f"a subclass of {namespace}.{kind.capitalize()}" if kind in _BASED else ""
    one_of_them = getattr(obj, "registry_kind", None) == kind  # an object, or a class
    right = callable(obj) and kind not in _CLASSES and not one_of_them
    if isinstance(obj, type):
        right = not base or one_of_them
    if not right:
        words = base or "a class" * (kind in _CLASSES), "a function" * (kind not in _CLASSES)
        expected = " or ".join(filter(None, words))
        raise ArgumentError(f"register({kind!r})", expected=expected, received=repr(obj))


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
        _homes[kind][0](name)
    return name in _entries.get(kind, {})


def labels(kind: str, obj: Any) -> list[str]:
    """The names under which an object is entered, in the order of their entering."""
    return [name for name, held in _entries.get(kind, {}).items() if held is obj]


def names(kind: str) -> list[str]:
    """All names of a kind, sorted."""
    if kind in _homes and _homes[kind][1] is None:
        _homes[kind][0]("")
    return sorted({*_entries.get(kind, {}), *_built_in(kind)})


def built_in(kind: str, name: str) -> Any:
    """The built-in object of this name; None where there is none."""
    return lookup(kind, name) if name in _built_in(kind) else None


def _built_in(kind: str) -> Iterable[str]:
    known = _homes[kind][1] if kind in _homes else None
    return known() if known else ()


def nearest(name: str, choices: list[str] | tuple[str, ...], count: int = 3) -> list[str]:
    """Up to `count` of `choices` that look like `name`, ignoring case and underscores."""

    def plain(text: str) -> str:
        return text.lower().replace("_", "")

    if not budget.afford("hints", len(choices)):
        return []

    def alike(choice: str) -> tuple[float, bool]:
        same_case = choice.islower() == str(name).islower()
        return difflib.SequenceMatcher(None, str(name), choice).ratio(), same_case

    by_plain: dict[str, list[str]] = {}
    for choice in choices:
        by_plain.setdefault(plain(choice), []).append(choice)
    found = difflib.get_close_matches(plain(str(name)), list(by_plain), n=count, cutoff=0.6)
    return [max(by_plain[key], key=alike) for key in found]


def alike(name: str, choices: Iterable[str]) -> str | None:
    """The one of `choices` that `name` is beyond doubt meant for: it differs in case, in
    underscores or in a few letters, and no other is as near; None where there is none."""
    near = nearest(name, list(choices), 2)
    if not near:
        return None
    low = [one.lower().replace("_", "") for one in (name, *near)]
    ratios = [difflib.SequenceMatcher(None, low[0], one).ratio() for one in low[1:]]
    sure = ratios[0] >= 0.8 and (len(ratios) == 1 or ratios[0] > ratios[1])
    return near[0] if sure else None


def hint(name: str, known: Iterable[str], count: int = 1) -> str:
    """ "Did you mean 'epochs'?", or "" where nothing is near; up to `count` names."""
    near = nearest(name, list(known), count)
    return f"Did you mean {' or '.join(map(repr, near))}?" if near else ""
