"""Names that nobody gave, and the scopes that paths of variables are made of.

Automatic names count over the whole program, as Keras's do: dense, dense_1, ... `reset_names`
begins anew. They are for people and logs; what a file or a checkpoint finds its parts by are the
keys of `member_keys`, in which no such count is left.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kerasish.errors import ArgumentError

_counts: dict[str, int] = {}


@functools.lru_cache(4096)
def snake_case(name: str) -> str:
    """Keras's lower-case form of a class name: MaxPooling2D -> max_pooling2d."""
    split = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", split).lower()


def auto_name(class_name: str) -> str:
    """A name for an object of this class that no other object of the program was given so."""
    return uniquify(snake_case(class_name))


def named(given: Any, class_name: str) -> str:
    """The name that an object was given, or one for its class.

    Raises:
        ArgumentError: it is no text.
    """
    if given is not None and not isinstance(given, str):
        raise ArgumentError(f"{class_name}, name", expected="text", received=repr(given))
    return given or auto_name(class_name)


def uniquify(name: str) -> str:
    """`name` the first time, then name_1, name_2, ..."""
    count = _counts.get(name, 0)
    _counts[name] = count + 1
    return f"{name}_{count}" if count else name


def get_uid(prefix: str = "") -> int:
    """How often a name with this prefix was asked for, this time included."""
    _counts[prefix] = _counts.get(prefix, 0) + 1
    return _counts[prefix]


def reset_names() -> None:
    """Begin all counts anew."""
    _counts.clear()


@contextmanager
def uncounted() -> Iterator[None]:
    """Context manager: automatic names that are given inside do not count."""
    held = dict(_counts)
    try:
        yield
    finally:
        _counts.clear()
        _counts.update(held)


def object_name(obj: Any) -> str:
    """The name that an object goes by in logs: its own, else its function's or its class's."""
    name = getattr(obj, "name", None) or getattr(obj, "__name__", None)
    if isinstance(name, str):
        return name if hasattr(obj, "name") else snake_case(name)
    return snake_case(type(obj).__name__)


# --- keys ---------------------------------------------------------------------------------------


def is_automatic(name: str, base: str) -> bool:
    """Whether `name` has the form of an automatic name of objects called `base`."""
    return name == base or re.fullmatch(re.escape(base) + r"_\d+", name) is not None


def member_keys(members: Sequence[tuple[str, str]]) -> list[str]:
    """Names for the members of one model that are the same however often it was built.

    A name that was given stays; automatic ones are numbered in the order of the members.

    Args:
        members: (name, name of the class in snake case) of every member.
    """
    automatic = [is_automatic(name, base) for name, base in members]
    taken = {name for (name, _), own in zip(members, automatic, strict=True) if not own}
    keys = []
    for (name, base), own in zip(members, automatic, strict=True):
        key = name
        if own:
            key, number = base, 0
            while key in taken:
                number += 1
                key = f"{base}_{number}"
            taken.add(key)
        keys.append(key)
    return keys


# --- scopes -------------------------------------------------------------------------------------


class _Scopes(threading.local):
    def __init__(self) -> None:
        # Of each: its path, its last part, who opened it.
        self.open: tuple[tuple[str, str, Any], ...] = ()


scopes = _Scopes()


def current_path() -> str:
    """The path of the innermost open scope; "" outside of all."""
    return scopes.open[-1][0] if scopes.open else ""


def below(parent: str, name: str) -> str:
    """The path of `name` inside `parent`."""
    return f"{parent}/{name}" if parent else name


def part(what: str, name: Any) -> str:
    """`name`, if it can be one part of a path.

    Raises:
        ArgumentError: it is no string, or has a "/".
    """
    if not isinstance(name, str) or "/" in name:
        raise ArgumentError(what, expected="a string without '/'", received=f"name={name!r}")
    return name


class opened:
    """Context manager: variables made inside have paths below `name`.

    Args:
        name: one part of a path.
        caller: whose scope it is; one that is innermost already is not entered again.
        parent: the path around it; by default that of the innermost open scope.
    """

    __slots__ = ("_around", "caller", "name", "parent")

    def __init__(self, name: str, caller: Any = None, parent: str | None = None) -> None:
        self.name = part("name", name)
        self.caller = caller
        self.parent = parent

    def __enter__(self) -> opened:
        self._around = held = scopes.open
        inside = bool(held) and self.caller is not None and held[-1][2] is self.caller
        if not (inside and held[-1][1] == self.name):
            parent = current_path() if self.parent is None else self.parent
            scopes.open = (*held, (below(parent, self.name), self.name, self.caller))
        return self

    def __exit__(self, *error: Any) -> None:
        scopes.open = self._around
