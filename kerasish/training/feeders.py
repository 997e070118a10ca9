"""Feeders: they know whether there is another batch, and put it into the buffers of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Protocol

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
        example = source.pack(one_pass.arrays)
        if only_x:
            example = Batch(example.x)
            one_pass.arrays = example.leaves
        return ArrayFeeder(one_pass, example, binding)
    batches = source.batches(shuffle=shuffle, rng=rng, start=start)
    if only_x:
        batches = (Batch(batch.x) for batch in batches)
    return StreamFeeder(batches, binding, check, source.worth_a_thread)
