"""Steps of a dataset that call a user's function: map, filter, and what they share.

A draw inside the function (a random layer or op) comes from a key made of the pass and the
element's position, so it does not depend on how many workers there are or on who came first.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, tee
from typing import Any

import numpy as np

from kerasish.data.elements import (
    SKIPPED,
    as_element,
    call_with,
    leaves_of,
    specs_map,
    summary,
)
from kerasish.data.nodes import AUTOTUNE, UNKNOWN, Node, Pass, first_of, specs
from kerasish.data.workers import Threads
from kerasish.errors import ArgumentError
from kerasish.hints import asked, label, noted
from kerasish.random.seed_generator import keyed


def workers(number: int | None) -> int:
    """How many threads `num_parallel_calls` asks for."""
    if number == AUTOTUNE:
        return min(os.cpu_count() or 1, 8)
    return 1 if number is None else number


class Called(Node):
    """Base of nodes that call a function with every element."""

    step = ""
    pure = False
    decides: tuple[str, ...] = ("func",)

    def __init__(self, node: Node, func: Callable[..., Any]) -> None:
        super().__init__(node)
        self.pure = False
        self.func = func
        self.name = f"Dataset.{self.step}({label(func)})"

    def result(self, run: Pass, index: int, element: Any, read: Callable[..., Any]) -> Any:
        """What `read` makes of the function's result for the element at `index`; where either
        fails, a note says for which element."""

        def made() -> Any:
            with keyed(run.key(self.place, None, index)):
                return read(asked(self.name, "f(element)", call_with, self.func, element))

        return noted(lambda: f"In {self.name}, element {index}: {summary(element)}.", made)


class Mapped(Called):
    """What a function makes of every element, by several threads if wanted, in their order."""

    step = "map"
    decides = ("func", "skip")

    def __init__(
        self, node: Node, func: Callable[..., Any], parallel: int | None = None, skip: bool = False
    ) -> None:
        """Args:
        node: where the elements come from.
        func: called with an element, the parts of a tuple as arguments of their own.
        parallel: how many threads; None for the caller's own.
        skip: whether an element is left out, and counted, where the function fails.
        """
        super().__init__(node, func)
        self.parallel = workers(parallel)
        self.skip = skip
        self.indexable = node.indexable

    @property
    def skips(self) -> bool:
        return self.skip or super().skips

    def items(self, run: Pass, start: int = 0) -> Iterator[Any]:
        return self._made(run, enumerate(self.input.items(run, start), start))

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        mine, inner = tee(order)
        return self._made(run, zip(mine, self.input.pick(run, inner), strict=True))

    def one(self, run: Pass, index: int, element: Any) -> Any:
        """The element at `index`, made."""
        if element is SKIPPED:
            return SKIPPED
        try:
            return self.result(run, index, element, as_element)
        except Exception as error:
            if not self.skip:
                raise
            self.skipped[index] = f"{type(error).__name__}: {error}"
            return SKIPPED

    def _made(self, run: Pass, pairs: Iterator[tuple[int, Any]]) -> Iterator[Any]:
        if self.parallel <= 1:
            return (self.one(run, index, element) for index, element in pairs)
        return self._in_threads(run, pairs)

    def _in_threads(self, run: Pass, pairs: Iterator[tuple[int, Any]]) -> Iterator[Any]:
        pool = Threads(self.parallel, "map")
        waiting: deque[Any] = deque()
        patient = True
        try:
            for index, element in pairs:
                waiting.append(pool.submit(self.one, run, index, element))
                if len(waiting) > 2 * self.parallel:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except (KeyboardInterrupt, SystemExit):
            patient = False  # what a thread waits for may never come
            raise
        finally:
            pool.shutdown(wait=patient, cancel_futures=True)

    def spec(self) -> Any:
        given = self.input.spec()
        first = first_of(self.input)
        made = specs(first_of(self))
        rows = {leaf.shape[0] for leaf in leaves_of(first) if np.ndim(leaf)}
        open_ends: list[bool] = []
        specs_map(lambda s: open_ends.append(bool(s and s.shape and s.shape[0] is None)), given)
        if not any(open_ends) or len(rows) != 1:
            return made
        (count,) = rows  # a batch of as many rows as came in: their number is open

        def opened(spec: Any) -> Any:
            batch = spec and spec.shape and spec.shape[0] == count
            return spec._replace(shape=(None, *spec.shape[1:])) if batch else spec

        return specs_map(opened, made)


class Filtered(Called):
    """The elements for which a function is true."""

    step = "filter"

    def length(self) -> int:
        return UNKNOWN

    def stream(self, run: Pass) -> Iterator[Any]:
        for index, element in enumerate(self.input.items(run)):
            if element is not SKIPPED and self.result(run, index, element, bool):
                yield element


class WhileTrue(Filtered):
    """The elements before the first for which a function is false."""

    step = "take_while"

    def stream(self, run: Pass) -> Iterator[Any]:
        for index, element in enumerate(self.input.items(run)):
            if element is SKIPPED:
                continue
            if not self.result(run, index, element, bool):
                return
            yield element


class Interleaved(Called):
    """The elements of the datasets that a function makes, `cycle` of them in turns of `turn`."""

    step = "interleave"
    decides = ("func", "cycle", "turn")

    def __init__(self, node: Node, func: Callable[..., Any], cycle: int = 1, turn: int = 1) -> None:
        super().__init__(node, func)
        self.cycle, self.turn = cycle, turn
        self.batched = None

    def length(self) -> int:
        return UNKNOWN

    def _inner(self, run: Pass) -> Iterator[Iterator[Any]]:
        for index, element in enumerate(self.input.items(run)):
            if element is SKIPPED:
                continue
            yield self.result(run, index, element, self._node).items(run.branch(index))

    def _node(self, made: Any) -> Node:
        node = getattr(made, "node", None)
        if not isinstance(node, Node):
            raise ArgumentError(
                self.name, expected="a Dataset from the function", received=type(made).__name__
            )
        return node

    def stream(self, run: Pass) -> Iterator[Any]:
        coming = self._inner(run)
        open_now = deque(islice(coming, self.cycle))
        while open_now:
            one = open_now.popleft()
            part = list(islice(one, self.turn))
            yield from part
            if len(part) == self.turn:
                open_now.append(one)
            else:
                open_now.extend(islice(coming, 1))

    def spec(self) -> Any:
        return specs(first_of(self))
