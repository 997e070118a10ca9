"""What an onlooker is told while graphs are made and changed: nothing costs where nobody looks."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple


class Replaced(NamedTuple):
    """A node, what stands in its place, and by which rule ("" where it only has other inputs)."""

    node: Any
    by: Any
    rule: str


class Pulled(NamedTuple):
    """A node through which a gradient went, and the serials around the nodes made for that."""

    node: Any
    first: int
    last: int


class _Watch(threading.local):
    def __init__(self) -> None:
        self.replaced: list[Replaced] | None = None
        self.pulled: list[Pulled] | None = None
        self.rule = ""  # the last rule that was applied, of those that a pass tries in turn


watch = _Watch()


@contextmanager
def replacements() -> Generator[list[Replaced], None, None]:
    """Context manager: what `rewrite` puts in the place of every node, in order."""
    held, watch.replaced = watch.replaced, []
    try:
        yield watch.replaced
    finally:
        watch.replaced = held


@contextmanager
def gradients() -> Generator[list[Pulled], None, None]:
    """Context manager: for which node each node of a gradient is made."""
    held, watch.pulled = watch.pulled, []
    try:
        yield watch.pulled
    finally:
        watch.pulled = held
