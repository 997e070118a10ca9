"""The clock of changes: one number that moves whenever something set by hand may change a program.

A compiled step holds what layers, optimizers and settings said when it was traced. Whoever keeps
such steps remembers `clock.now`; while it stands still, nothing was changed and nothing need be
looked at. When it has moved, the version of every part tells which of them changed.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

_numbers = itertools.count(1)
# Values that are compared by what they are, so that setting the same one again changes nothing.
_PLAIN = frozenset((bool, int, float, str, bytes, type(None)))
_MISSING = object()


class _Clock:
    now: int = 0


class _Local(threading.local):
    depth: int = 0


clock = _Clock()
_local = _Local()


def tick() -> int:
    """Move the clock; returns a number that nothing else ever gets."""
    clock.now = made = next(_numbers)
    return made


@contextmanager
def unnoticed() -> Iterator[None]:
    """Context manager: what this thread sets inside is part of a step, and moves nothing."""
    _local.depth += 1
    try:
        yield
    finally:
        _local.depth -= 1


def noticed() -> bool:
    """Whether what is set now counts as a change."""
    return not _local.depth


class Versioned:
    """Base of objects whose attributes decide what a step does.

    Attributes:
        _version: a number of its own for every state that assignments brought the object into.
    """

    _version: int = 0
    # Attributes that no step looks at, or whose values are compared by those who keep steps.
    unversioned: ClassVar[frozenset[str]] = frozenset()

    def __setstate__(self, state: Any) -> None:
        vars(self).update(state)
        self._moved()  # a copy has a version of its own

    def _moved(self) -> None:
        object.__setattr__(self, "_version", tick())

    def _noted(self, name: str, before: Any, value: Any) -> None:
        """Take note that an attribute went from `before` to `value`.

        What a property sets lies in attributes, which are noted themselves.
        """
        if value is before or name in self.unversioned or not noticed():
            return
        if isinstance(getattr(type(self), name, None), property):
            return
        if type(value) is type(before) and type(value) in _PLAIN and value == before:
            return
        self._moved()


def held(owner: Any, name: str) -> Any:
    """What an object holds under a name itself; something that is never set, where nothing."""
    return vars(owner).get(name, _MISSING)


class Flagged:
    """Base of variables: whether optimizers change one is compared by those who keep steps."""

    __slots__ = ("_trainable",)

    _trainable: bool

    @property
    def trainable(self) -> bool:
        """Whether optimizers change it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if value != self._trainable:
            self._trainable = value
            tick()
