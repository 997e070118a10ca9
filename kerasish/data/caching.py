"""`Dataset.cache`: elements made once and kept, in memory or in a folder.

What is kept must not depend on the pass in which it was made: beneath a cache everything random
is as in the first pass.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import tee
from typing import Any, Protocol

import numpy as np

from kerasish.data.elements import SKIPPED, leaves_of, map_element
from kerasish.data.nodes import FIXED, UNKNOWN, Node, Pass, read_only, walk
from kerasish.errors import DataError

MEMORY_BYTES = 4 << 30
_END: Any = object()


class Store(Protocol):
    """Where elements are kept, by position."""

    total: int | None  # how many there are, once that is known

    def open(self, node: Node) -> None:
        """Called before anything else, with the node that makes the elements."""
        ...

    def has(self, index: int) -> bool:
        """Whether an element is kept; it then stays so."""
        ...

    def get(self, index: int) -> Any:
        """An element that is kept."""
        ...

    def put(self, index: int, element: Any) -> Any:
        """Keep an element; returns what `get` gives."""
        ...

    def complete(self, total: int) -> None:
        """Told how many elements there are."""
        ...


class InMemory:
    """Elements in memory."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.total: int | None = None
        self._kept: dict[int, Any] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def open(self, node: Node) -> None:
        """Nothing is needed."""

    def has(self, index: int) -> bool:
        return index in self._kept

    def get(self, index: int) -> Any:
        return self._kept[index]

    def put(self, index: int, element: Any) -> Any:
        with self._lock:
            if index in self._kept:
                return self._kept[index]
            self._bytes += bytes_of(element)
            if self._bytes > self.limit:
                raise DataError(
                    "Dataset.cache",
                    expected=f"elements of {self.limit:,} bytes or less in all",
                    received=f"more, at element {index}",
                    fix="Give a folder to keep them in, `cache(path)`, or a larger `limit`.",
                )
            kept = element if element is SKIPPED else map_element(_kept, element)
            self._kept[index] = kept
        return kept

    def complete(self, total: int) -> None:
        self.total = total


def _kept(leaf: Any) -> Any:
    return read_only(leaf) if isinstance(leaf, np.ndarray) else leaf


def bytes_of(element: Any) -> int:
    """What an element takes in memory, roughly."""
    if element is SKIPPED:
        return 0
    return sum(_bytes_of(leaf) for leaf in leaves_of(element))


def _bytes_of(leaf: Any) -> int:
    if isinstance(leaf, (str, bytes)):
        return len(leaf)
    if leaf.dtype.kind == "O":
        return sum(map(len, leaf.flat))
    return leaf.nbytes


class Kept(Node):
    """The same elements, each made once."""

    transparent = True

    def __init__(self, node: Node, store: Store) -> None:
        super().__init__(node)
        self.name = "Dataset.cache"
        self.store = store
        self.indexable = node.indexable

    def length(self) -> int:
        told = self.input.length()
        known = self.store.total
        return known if told == UNKNOWN and known is not None else told

    def items(self, run: Pass, start: int = 0) -> Iterator[Any]:
        if self.indexable:
            return self.pick(run, range(start, self.length()))
        return self._in_order(start)

    def _in_order(self, start: int) -> Iterator[Any]:
        store, coming, index = self.store, None, start
        store.open(self.input)
        while store.total is None or index < store.total:
            if coming is None and store.has(index):
                element = store.get(index)
            else:
                coming = coming or self.input.items(FIXED, index)
                element = next(coming, _END)
                if element is _END:
                    if index == 0 or store.has(index - 1):
                        store.complete(index)
                    return
                element = store.put(index, element)
            yield self._counted(index, element)
            index += 1

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        store = self.store
        store.open(self.input)
        store.complete(self.input.length())
        mine, ahead = tee(order)
        asked: deque[int] = deque()  # places in the order whose elements are being made

        def missing() -> Iterator[int]:
            for place, index in enumerate(ahead):
                if not store.has(index):
                    asked.append(place)
                    yield index

        coming = self.input.pick(FIXED, missing())
        for place, index in enumerate(mine):
            if store.has(index) and not (asked and asked[0] == place):
                element = store.get(index)
            else:
                element = next(coming)
                asked.popleft()
                element = store.put(index, element)
            yield self._counted(index, element)

    def _counted(self, index: int, element: Any) -> Any:
        """The element; one that was left out when it was kept counts as left out now."""
        if element is SKIPPED and not any(index in node.skipped for node in walk(self.input)):
            self.skipped[index] = "left out when it was kept"
        return element
