"""The one loop over the batches of an epoch.

A feeder puts batch `index` into the buffers of a step and hands out what runs it. Between two
batches nothing else happens unless a callback asked for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from kerasish.backend.base import current
from kerasish.data.arrays import ArrayPass, ArraySource
from kerasish.data.batch import Batch
from kerasish.data.prefetch import Prefetcher
from kerasish.data.source import DataSource
from kerasish.training.step import Bound, Step, specs_of

Check = Callable[[Batch], None]


class Feeder(Protocol):
    """The batches of one pass, put into the buffers of a step one after the other."""

    def feed(self, index: int) -> Bound | None:
        """Batch `index`, ready to run; None behind the last one."""
        ...

    def close(self) -> None:
        """Give back what the pass holds."""
        ...


class ArrayFeeder:
    """Slices of arrays in memory, or gathered rows, straight into the buffers."""

    def __init__(self, one_pass: ArrayPass, step: Step) -> None:
        self.one_pass = one_pass
        self.step = step
        self.count = len(one_pass)
        self.full = one_pass.rows // one_pass.batch_size
        self._whole: Bound | None = None

    def feed(self, index: int) -> Bound | None:
        if index < self.full:
            bound = self._whole
            if bound is None:
                bound = self._whole = self._bind(self.one_pass.batch_size)
        elif index < self.count:
            bound = self._bind(self.one_pass.rows % self.one_pass.batch_size)
        else:
            return None
        self.one_pass.fill(index, bound.inputs)
        return bound

    def _bind(self, rows: int) -> Bound:
        return self.step.bind(specs_of([array[:rows] for array in self.one_pass.arrays]))

    def close(self) -> None:
        """Nothing is held."""


class StreamFeeder:
    """Batches of any other source, copied into the buffers; made ahead where the source says so.

    Otherwise batch n + 1 is made when step n and its callbacks are done.
    """

    def __init__(
        self,
        batches: Iterator[Batch],
        step: Callable[[Batch], Step],
        check: Check | None,
        ahead: bool,
    ) -> None:
        self._ahead = Prefetcher(batches, own=False) if ahead else None
        self._batches: Iterator[Batch] = self._ahead or batches
        self._step = step
        self._check = check

    def feed(self, index: int) -> Bound | None:
        batch = next(self._batches, None)
        if batch is None:
            return None
        if self._check is not None:
            self._check(batch)
        leaves = batch.leaves
        bound = self._step(batch).bind(specs_of(leaves))
        for buffer, leaf in zip(bound.inputs, leaves, strict=True):
            np.copyto(buffer, leaf, casting="unsafe")
        return bound

    def close(self) -> None:
        if self._ahead is not None:
            self._ahead.close()


def feeder(
    source: DataSource,
    step: Callable[[Batch], Step],
    check: Check | None = None,
    *,
    shuffle: bool = False,
    rng: np.random.Generator | None = None,
    start: int = 0,
    only_x: bool = False,
) -> Feeder:
    """The feeder for one pass over `source`.

    Args:
        step: the step for a batch, by its structure.
        check: called with every batch of a stream.
        only_x: whether targets and weights are left out.
    """
    if isinstance(source, ArraySource) and (current().host or not source.worth_a_thread):
        one_pass = source.one_pass(shuffle=shuffle, rng=rng)
        return ArrayFeeder(one_pass, step(source.pack(one_pass.arrays)))
    batches = source.batches(shuffle=shuffle, rng=rng, start=start)
    if only_x:
        batches = (Batch(batch.x) for batch in batches)
    return StreamFeeder(batches, step, check, source.worth_a_thread)


class Hooks(Protocol):
    """What a loop asks its callbacks."""

    on_begin: list[Callable[..., None]]
    on_end: list[Callable[..., None]]
    tick_seconds: float

    def tick(self, step: int, logs: Callable[[], dict[str, Any]]) -> None:
        """Show progress."""
        ...


def run_epoch(
    feed: Feeder,
    start: int,
    hooks: Hooks,
    batch_logs: Callable[[Bound], dict[str, Any]],
    running_logs: Callable[[], dict[str, Any]],
    stopped: Callable[[], bool],
    position: Callable[[int], None] | None = None,
) -> int:
    """Run the batches from number `start` on; returns how many there were in all.

    Args:
        batch_logs: the logs after a step, for callbacks that see every batch.
        running_logs: the metrics so far, for those that see progress now and then.
        stopped: whether a callback wants no more batches.
        position: told the number of batches done, before callbacks see a batch's end.
    """
    begin, end = hooks.on_begin, hooks.on_end
    due = perf_counter() + hooks.tick_seconds if hooks.tick_seconds else math.inf
    index = start
    try:
        while (bound := feed.feed(index)) is not None:
            for call in begin:
                call(index, {})
            bound.run()
            index += 1
            if end:
                if position is not None:
                    position(index)
                logs = batch_logs(bound)
                for call in end:
                    call(index - 1, logs)
                if stopped():
                    break
            if perf_counter() > due:
                hooks.tick(index, running_logs)
                due = perf_counter() + hooks.tick_seconds
    finally:
        feed.close()
    return index
