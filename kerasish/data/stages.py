"""Steps of a dataset that choose, order, join and cut elements, whatever is in them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, count, islice, tee
from typing import Any

import numpy as np

from kerasish.data.elements import (
    SKIPPED,
    count_rows,
    joined,
    map_element,
    rows_of,
    specs_map,
    stack,
    unstacked,
)
from kerasish.data.nodes import INFINITE, UNKNOWN, Node, Pass, Rows, finite
from kerasish.data.prefetch import Prefetcher
from kerasish.spec import TensorSpec


class Taken(Node):
    """Elements `begin` to `end`, each `step`-th; `end` None: to the end."""

    decides = ("begin", "end", "step")

    def __init__(self, node: Node, begin: int, end: int | None, step: int = 1) -> None:
        super().__init__(node)
        self.begin, self.end, self.step = begin, end, step
        self.indexable = node.indexable

    def length(self) -> int:
        total = self.input.length()
        if finite(total):
            return len(
                range(self.begin, total if self.end is None else min(self.end, total), self.step)
            )
        if total == INFINITE:
            if self.end is None:
                return INFINITE
            return len(range(self.begin, self.end, self.step))
        return UNKNOWN if self.end != self.begin else 0

    def items(self, run: Pass, start: int = 0) -> Iterator[Any]:
        begin = self.begin + start * self.step
        if self.end is not None and begin >= self.end:
            return iter(())
        inner = self.input.items(run, begin)
        return islice(inner, 0, None if self.end is None else self.end - begin, self.step)

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        return self.input.pick(run, (self.begin + self.step * index for index in order))

    def rows(self, run: Pass) -> Rows | None:
        inner = self.input.rows(run)
        return inner and (lambda indices: inner(self.begin + self.step * indices))

    def blocks(self, run: Pass, start: int) -> Iterator[Any] | None:
        inner = self.input.blocks(run, self.begin + start)
        if self.step != 1 or inner is None:
            return super().blocks(run, start)
        return inner if self.end is None else _first_rows(inner, self.end - self.begin - start)


def _first_rows(blocks: Iterator[Any], wanted: int) -> Iterator[Any]:
    while wanted > 0 and (block := next(blocks, None)) is not None:
        rows = count_rows(block, "Dataset.take")
        yield block if rows <= wanted else rows_of(block, slice(wanted))
        wanted -= rows


def without_rows(blocks: Iterator[Any], start: int) -> Iterator[Any]:
    """Blocks without the first `start` rows."""
    for block in blocks:
        rows = count_rows(block, "A dataset")
        if start < rows:
            yield rows_of(block, slice(start, None)) if start else block
        start = max(start - rows, 0)


class Repeated(Node):
    """All elements, `times` times; None: without end."""

    decides = ("times",)

    def __init__(self, node: Node, times: int | None) -> None:
        super().__init__(node)
        self.times = times

    def length(self) -> int:
        total = self.input.length()
        if total == 0 or self.times == 0:
            return 0
        if self.times is None:
            return INFINITE
        return total * self.times if finite(total) else total

    def items(self, run: Pass, start: int = 0) -> Iterator[Any]:
        return chain.from_iterable(self._rounds(run, start, self.input.items))

    def blocks(self, run: Pass, start: int) -> Iterator[Any] | None:
        if self.input.blocks(run, 0) is None:
            return None
        if finite(self.input.length()):
            return chain.from_iterable(self._rounds(run, start, self.input.blocks))
        return without_rows(chain.from_iterable(self._rounds(run, 0, self.input.blocks)), start)

    def _rounds(self, run: Pass, start: int, part: Any) -> Iterator[Iterable[Any]]:
        total = self.input.length()
        if total == 0:
            return
        known = finite(total)
        first, start = divmod(start, total) if known else (0, start)
        for index in count(first) if self.times is None else range(first, self.times):
            if known:
                yield part(run.round(index), start)
                start = 0
                continue
            counted = _Counted(part(run.round(index), 0))
            yield islice(counted, start, None)
            start = max(start - counted.seen, 0)
            if not counted.seen:
                return  # a round without an element: so are all others


class _Counted(Iterator[Any]):
    """An iterator that knows how many it gave."""

    def __init__(self, items: Iterator[Any]) -> None:
        self._items = items
        self.seen = 0

    def __next__(self) -> Any:
        item = next(self._items)
        self.seen += 1
        return item


class Zipped(Node):
    """Elements of several datasets side by side, in the form that these were given in."""

    decides = ("form",)

    def __init__(self, nodes: Any) -> None:
        parts: list[Node] = []
        map_element(parts.append, nodes)
        super().__init__(*parts)
        numbers = iter(range(len(parts)))
        self.form = map_element(lambda _: next(numbers), nodes)
        self.indexable = all(node.indexable for node in parts)

    def length(self) -> int:
        lengths = [node.length() for node in self.inputs]
        known = [n for n in lengths if finite(n)]
        if UNKNOWN in lengths:
            return UNKNOWN if 0 not in lengths else 0
        return min(known, default=INFINITE)

    def _together(self, parts: tuple[Any, ...]) -> Any:
        if any(part is SKIPPED for part in parts):
            return SKIPPED
        return map_element(lambda i: parts[i], self.form)

    def items(self, run: Pass, start: int = 0) -> Iterator[Any]:
        parts = [node.items(run.branch(i), start) for i, node in enumerate(self.inputs)]
        return map(self._together, zip(*parts, strict=False))

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        orders = tee(order, len(self.inputs))
        parts = [n.pick(run.branch(i), orders[i]) for i, n in enumerate(self.inputs)]
        return map(self._together, zip(*parts, strict=False))

    def rows(self, run: Pass) -> Rows | None:
        parts = [node.rows(run.branch(i)) for i, node in enumerate(self.inputs)]
        if None in parts:
            return None
        return lambda indices: self._together(tuple(part(indices) for part in parts if part))

    def blocks(self, run: Pass, start: int) -> Iterator[Any] | None:
        return super().blocks(run, start) if finite(self.length()) else None

    def spec(self) -> Any:
        return self._together(tuple(node.spec() for node in self.inputs))


class Joined(Node):
    """The elements of one dataset and then those of another."""

    def __init__(self, first: Node, second: Node) -> None:
        super().__init__(first, second)
        self.indexable = first.indexable and second.indexable
        self.batched = first.batched if first.batched == second.batched else None

    def length(self) -> int:
        lengths = [node.length() for node in self.inputs]
        if INFINITE in lengths:
            return INFINITE
        return UNKNOWN if UNKNOWN in lengths else sum(lengths)

    def items(self, run: Pass, start: int = 0) -> Iterator[Any]:
        first, second = self.inputs
        total = first.length()
        if finite(total):
            head = first.items(run, start) if start < total else iter(())
            return chain(head, second.items(run.branch(1), max(start - total, 0)))
        return islice(chain(first.items(run), second.items(run.branch(1))), start, None)

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        first, second = self.inputs
        total = first.length()
        which, low, high = tee(order, 3)
        head = first.pick(run, (i for i in low if i < total))
        rest = second.pick(run.branch(1), (i - total for i in high if i >= total))
        return (next(head if index < total else rest) for index in which)

    def blocks(self, run: Pass, start: int) -> Iterator[Any] | None:
        first, second = self.inputs
        total = first.length()
        if not finite(total):
            return None
        head = first.blocks(run, min(start, total))
        rest = second.blocks(run.branch(1), max(start - total, 0))
        return None if head is None or rest is None else chain(head, rest)


class Numbered(Node):
    """Pairs (number, element)."""

    decides = ("first",)

    def __init__(self, node: Node, first: int) -> None:
        super().__init__(node)
        self.first = first
        self.indexable = node.indexable

    def _pair(self, index: int, element: Any) -> Any:
        return SKIPPED if element is SKIPPED else (np.int64(self.first + index), element)

    def items(self, run: Pass, start: int = 0) -> Iterator[Any]:
        return map(self._pair, count(start), self.input.items(run, start))

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        mine, inner = tee(order)
        return map(self._pair, mine, self.input.pick(run, inner))

    def spec(self) -> Any:
        return (TensorSpec((), "int64"), self.input.spec())


class Batched(Node):
    """Groups of `size` elements that follow each other, made one by `form`."""

    batched = True
    decides = ("size", "drop", "form")

    def __init__(
        self, node: Node, size: int, drop: bool, form: Callable[[list[Any], str], Any] | None = None
    ) -> None:
        super().__init__(node)
        self.batched = True
        self.name = "Dataset.batch" if form is None else "Dataset.padded_batch"
        self.size, self.drop = size, drop
        self.form = form
        self.full = drop and node.skips  # what is left out must not make a batch shorter
        self.indexable = node.indexable and not self.full

    def length(self) -> int:
        total = self.input.length()
        if not finite(total):
            return total
        return total // self.size if self.drop else -(-total // self.size)

    def items(self, run: Pass, start: int = 0) -> Iterator[Any]:
        if self.full:
            there = (element for element in self.input.items(run) if element is not SKIPPED)
            return islice(self._grouped(there), start, None)
        if self.form is None:
            if self.indexable and self.input.rows(run) is not None:
                return self.pick(run, range(start, self.length()))
            blocks = self.input.blocks(run, start * self.size)
            if blocks is not None:
                return self._cut(blocks)
        return self._grouped(self.input.items(run, start * self.size))

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        rows, total = self.input.rows(run), self.input.length()

        def span(index: int) -> range:
            return range(index * self.size, min((index + 1) * self.size, total))

        if rows is not None and self.form is None:
            return (rows(np.arange(span(i).start, span(i).stop)) for i in order)
        sizes, inner = tee(order)
        elements = self.input.pick(run, chain.from_iterable(map(span, inner)))
        return (self._one(list(islice(elements, len(span(index))))) for index in sizes)

    def _one(self, elements: list[Any]) -> Any:
        there = [element for element in elements if element is not SKIPPED]
        if not there:
            return SKIPPED
        return stack(there, self.name) if self.form is None else self.form(there, self.name)

    def _grouped(self, elements: Iterator[Any]) -> Iterator[Any]:
        while group := list(islice(elements, self.size)):
            if len(group) == self.size or not self.drop:
                yield self._one(group)

    def _cut(self, blocks: Iterator[Any]) -> Iterator[Any]:
        held: deque[Any] = deque()
        rows = 0
        for block in blocks:
            held.append(block)
            rows += count_rows(block, self.name)
            if rows < self.size:
                continue
            whole = joined(list(held), self.name)
            held.clear()
            full = rows - rows % self.size
            for at in range(0, full, self.size):
                yield rows_of(whole, slice(at, at + self.size))
            rows -= full
            if rows:
                held.append(rows_of(whole, slice(full, None)))
        if rows and not self.drop:
            yield joined(list(held), self.name)

    def spec(self) -> Any:
        lead = self.size if self.drop else None
        free = self.form is not None

        def batch(spec: TensorSpec | None) -> TensorSpec | None:
            shape = spec and (lead, *((None,) * len(spec.shape) if free else spec.shape))
            return spec and spec._replace(shape=shape)

        return specs_map(batch, self.input.spec())


class Unbatched(Node):
    """The rows of batches, one by one."""

    batched = False

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        self.batched = False
        self.name = "Dataset.unbatch"

    def length(self) -> int:
        cut = self.input
        whole = isinstance(cut, Batched) and not cut.drop and not cut.skips
        return cut.input.length() if whole else UNKNOWN

    def stream(self, run: Pass) -> Iterator[Any]:
        return unstacked(self._there(run), self.name)

    def _there(self, run: Pass) -> Iterator[Any]:
        return (block for block in self.input.items(run) if block is not SKIPPED)

    def blocks(self, run: Pass, start: int) -> Iterator[Any] | None:
        return without_rows(self._there(run), start)

    def spec(self) -> Any:
        return specs_map(lambda s: s and s._replace(shape=s.shape[1:]), self.input.spec())


class Ahead(Node):
    """Elements made in a thread before they are asked for."""

    transparent = True

    def __init__(self, node: Node, depth: int) -> None:
        super().__init__(node)
        self.depth = depth
        self.indexable = node.indexable

    def items(self, run: Pass, start: int = 0) -> Iterator[Any]:
        with Prefetcher(self.input.items(run, start), self.depth, own=False) as ahead:
            yield from ahead

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        return self.input.pick(run, order)

    def rows(self, run: Pass) -> Rows | None:
        return self.input.rows(run)

    def blocks(self, run: Pass, start: int) -> Iterator[Any] | None:
        return self.input.blocks(run, start)
