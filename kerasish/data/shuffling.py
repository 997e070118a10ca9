"""`Dataset.shuffle`: elements drawn from a buffer that is filled up from behind.

As with tf.data, each draw is one of the `size` elements in the buffer, and the next element takes
its place; the last `size` come in any order. A buffer as large as the data is a permutation.
Where the elements can be asked for by position, only positions wait in the buffer; where they come
in blocks, the buffer is a block. The order is the same in all three.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from kerasish.data.elements import count_rows, joined, map_element, rows_of, unstacked
from kerasish.data.nodes import FIXED, Node, Pass, Rows, finite
from kerasish.data.stages import without_rows

_DRAWS = 4096


class Shuffled(Node):
    """The elements in another order in every pass, or, with `again` false, in the same one."""

    decides = ("size", "seed", "again")

    def __init__(self, node: Node, size: int, seed: int | None, again: bool) -> None:
        super().__init__(node)
        self.name = "Dataset.shuffle"
        self.size, self.seed, self.again = size, seed, again
        self.indexable = node.indexable and finite(node.length())
        self._known: tuple[Any, np.ndarray] | None = None

    def _generators(self, run: Pass) -> tuple[np.random.Generator, np.random.Generator]:
        """Of the draws from a full buffer, and of the order of what is left in it."""
        if not self.again:
            run = FIXED
        return run.rng(self.place, self.seed, 0), run.rng(self.place, self.seed, 1)

    def order(self, run: Pass) -> np.ndarray:
        """The positions in the order of a pass; that of the last pass is kept."""
        known = self._known
        if known is not None and known[0] == run:
            return known[1]
        draws, rest = self._generators(run)
        order = buffered(self.input.length(), self.size, draws, rest)
        self._known = (run, order)
        return order

    def items(self, run: Pass, start: int = 0) -> Iterator[Any]:
        if self.indexable:
            return self.pick(run, range(start, self.length()))
        blocks = self.blocks(run, start)
        if blocks is not None:
            return unstacked(blocks, self.name)
        return islice(self.stream(run), start, None)

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        own = self.order(run)
        return self.input.pick(run, (int(own[index]) for index in order))

    def rows(self, run: Pass) -> Rows | None:
        inner = self.input.rows(run) if self.indexable else None
        if inner is None:
            return None
        own = self.order(run)
        return lambda indices: inner(own[indices])

    def blocks(self, run: Pass, start: int) -> Iterator[Any] | None:
        if self.indexable:
            return super().blocks(run, start)
        inner = self.input.blocks(run, 0)
        if inner is None:
            return None
        return without_rows(_shuffled_blocks(inner, self.size, *self._generators(run)), start)

    def stream(self, run: Pass) -> Iterator[Any]:
        draws, rest = self._generators(run)
        elements = self.input.items(run)
        held = list(islice(elements, self.size))
        for at, element in zip(_draws(draws, self.size), elements, strict=False):
            yield held[at]
            held[at] = element
        for at in rest.permutation(len(held)):
            yield held[at]


def buffered(
    total: int, size: int, draws: np.random.Generator, rest: np.random.Generator
) -> np.ndarray:
    """The order of `total` positions that go through a buffer of `size`."""
    if size >= total:
        return rest.permutation(total)
    held = list(range(size))
    order = np.empty(total, np.int64)
    places = _draws(draws, size)
    for begin in range(size, total, _DRAWS):  # numbers as Python has them take much memory
        out = []
        for index, at in zip(range(begin, min(begin + _DRAWS, total)), places, strict=False):
            out.append(held[at])
            held[at] = index
        order[begin - size : begin - size + len(out)] = out
    order[total - size :] = np.asarray(held)[rest.permutation(size)]
    return order


def _draws(rng: np.random.Generator, size: int) -> Iterator[int]:
    """Places in a buffer of `size`, without end."""
    while True:
        yield from rng.integers(size, size=_DRAWS).tolist()


def _shuffled_blocks(
    blocks: Iterator[Any], size: int, draws: np.random.Generator, rest: np.random.Generator
) -> Iterator[Any]:
    """Blocks of rows that went through a buffer of `size` rows."""
    held, block = _filled(blocks, size)
    if held is None:
        return
    places = _draws(draws, size)
    while block is not None:
        rows = count_rows(block, "Dataset.shuffle")
        if rows:
            yield _exchanged(held, block, size, list(islice(places, rows)))
        block = next(blocks, None)
    yield rows_of(held, rest.permutation(count_rows(held, "Dataset.shuffle")))


def _filled(blocks: Iterator[Any], size: int) -> tuple[Any, Any]:
    """A buffer of `size` rows, or of all there are, and the rows behind it; None for nothing."""
    parts, rows = [], 0
    for block in blocks:
        parts.append(block)
        rows += count_rows(block, "Dataset.shuffle")
        if rows >= size:
            break
    if not parts:
        return None, None
    whole = joined(parts)
    held = map_element(lambda leaf: None if leaf is None else np.array(leaf[:size]), whole)
    return held, rows_of(whole, slice(size, None)) if rows > size else next(blocks, None)


def _exchanged(held: Any, block: Any, size: int, places: list[int]) -> Any:
    """The rows that leave the buffer at `places`, one after the other, for those of the block."""
    there: dict[int, int] = {}  # of the places that changed, the row of the block that is there
    leaving = []
    for row, place in enumerate(places):
        leaving.append(there.get(place, place - size))  # below 0: what was there before
        there[place] = row
    out = np.asarray(leaving)
    before = out < 0
    at, put = np.fromiter(there, np.int64), np.fromiter(there.values(), np.int64)

    def exchange(old: Any, new: Any) -> Any:
        if old is None:
            return None
        kind = np.result_type(old.dtype, new.dtype)
        left = np.empty((len(out), *new.shape[1:]), kind)
        left[before] = old[out[before] + size]
        left[~before] = new[out[~before]]
        old[at] = new[put]
        return left

    return map_element(exchange, held, block)
