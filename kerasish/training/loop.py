"""The one loop over the batches of a pass.

A feeder knows whether there is another batch, and puts it into the buffers of a step. Between two
batches nothing else happens unless a callback asked for it. A batch goes into the buffers when the
hooks before it are done, and its results are read before those after it begin: what a hook does
with the model cannot reach the batch in flight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import islice
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from kerasish.backend.base import current
from kerasish.changes import clock
from kerasish.data.arrays import ArrayPass, ArraySource
from kerasish.data.batch import Batch
from kerasish.data.prefetch import Prefetcher
from kerasish.data.source import DataSource
from kerasish.training.step import Bound, Specs, specs_of

# (a batch of the structure at hand, its specs) -> the step for it
Binding = Callable[[Batch, Specs], Bound]
Check = Callable[[Batch], None]


class Feeder(Protocol):
    """The batches of one pass, put into the buffers of a step one after the other."""

    def has(self, index: int) -> bool:
        """Whether there is a batch `index`; asked once per index, in order."""
        ...

    def bind(self, index: int) -> Bound:
        """The step for batch `index`, its buffers filled."""
        ...

    def close(self) -> None:
        """Give back what the pass holds."""
        ...


class ArrayFeeder:
    """Slices of arrays in memory, or gathered rows, straight into the buffers."""

    def __init__(self, one_pass: ArrayPass, example: Batch, binding: Binding) -> None:
        self.one_pass = one_pass
        self.count = len(one_pass)
        self.full = one_pass.rows // one_pass.batch_size
        self._example = example
        self._binding = binding
        self._whole: Bound | None = None
        self._seen = -1

    def has(self, index: int) -> bool:
        return index < self.count

    def bind(self, index: int) -> Bound:
        bound = self._whole
        if index >= self.full:
            bound = self._bound(self.one_pass.rows % self.one_pass.batch_size)
        elif bound is None or self._seen != clock.now:
            bound = self._whole = self._bound(self.one_pass.batch_size)
            self._seen = clock.now
        self.one_pass.fill(index, bound.inputs)
        return bound

    def _bound(self, rows: int) -> Bound:
        specs = specs_of([array[:rows] for array in self.one_pass.arrays])
        return self._binding(self._example, specs)

    def close(self) -> None:
        """Nothing is held."""


class StreamFeeder:
    """Batches of any other source, copied into the buffers; made ahead where the source says so.

    Otherwise batch n + 1 is made when step n and its callbacks are done.
    """

    def __init__(
        self, batches: Iterator[Batch], binding: Binding, check: Check | None, ahead: bool
    ) -> None:
        self._ahead = Prefetcher(batches, own=False) if ahead else None
        self._batches: Iterator[Batch] = self._ahead or batches
        self._binding = binding
        self._check = check
        self._taken: list[Batch] = []

    def has(self, index: int) -> bool:
        self._taken.extend(islice(self._batches, 1))
        return bool(self._taken)

    def bind(self, index: int) -> Bound:
        batch = self._taken.pop()
        if self._check is not None:
            self._check(batch)
        leaves = batch.leaves
        bound = self._binding(batch, specs_of(leaves))
        bound.fill(leaves)
        return bound

    def close(self) -> None:
        if self._ahead is not None:
            self._ahead.close()


def feeder(
    source: DataSource,
    binding: Binding,
    check: Check | None = None,
    *,
    shuffle: bool = False,
    rng: np.random.Generator | None = None,
    start: int = 0,
    only_x: bool = False,
) -> Feeder:
    """The feeder for one pass over `source`.

    Args:
        binding: gives the step for a batch.
        check: called with every batch of a stream.
        only_x: whether targets and weights are left out.
    """
    if isinstance(source, ArraySource) and (current().host or not source.worth_a_thread):
        one_pass = source.one_pass(shuffle=shuffle, rng=rng)
        return ArrayFeeder(one_pass, source.pack(one_pass.arrays), binding)
    batches = source.batches(shuffle=shuffle, rng=rng, start=start)
    if only_x:
        batches = (Batch(batch.x) for batch in batches)
    return StreamFeeder(batches, binding, check, source.worth_a_thread)


class Hooks(Protocol):
    """What a loop asks its callbacks."""

    on_begin: list[Callable[..., None]]
    on_end: list[Callable[..., None]]
    tick_seconds: float

    def tick(self, step: int, logs: Callable[[], dict[str, Any]]) -> None:
        """Show progress."""
        ...


class Looping(Protocol):
    """What a loop asks the run that it is in."""

    stopped: bool
    group: int
    lock: Any

    def ran(self, bound: Bound) -> None:
        """A batch is done; called under the lock."""
        ...

    def logs_of(self, bound: Bound) -> dict[str, Any]:
        """The logs after a group of batches; called under the lock."""
        ...

    def running_logs(self) -> dict[str, Any]:
        """The metrics so far, for those that see progress now and then."""
        ...

    def position(self, done: int) -> None:
        """Told the number of batches done, before callbacks see a batch's end."""
        ...


def run_pass(feed: Feeder, start: int, hooks: Hooks, run: Looping) -> int:
    """Run the batches from number `start` on; returns how many there were in all.

    Hooks are called around every `run.group` batches, as with Keras's `steps_per_execution`: before
    with the number of the first, afterwards with that of the last that a whole group has.
    `run.stopped` is looked at after each group.
    """
    begin, end, lock = hooks.on_begin, hooks.on_end, run.lock
    group = run.group if begin or end else 1  # nobody else would see it
    due = perf_counter() + hooks.tick_seconds if hooks.tick_seconds else math.inf
    ran, index = run.ran, start
    try:
        more = feed.has(index)
        while more:
            for call in begin:
                call(index, {})
            while more:
                with lock:
                    bound = feed.bind(index)
                    bound.run()
                    ran(bound)
                index += 1
                if index % group == 0:
                    break
                more = feed.has(index)
            if end:
                run.position(index)
                with lock:
                    logs = run.logs_of(bound)
                last = (index - 1) // group * group + group - 1
                for call in end:
                    call(last, logs)
            if run.stopped:
                break
            if perf_counter() > due:
                hooks.tick(index, run.running_logs)
                due = perf_counter() + hooks.tick_seconds
            if index % group == 0:
                more = feed.has(index)
    finally:
        feed.close()
    return index
