"""Generators, iterators and iterables that already yield batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from kerasish.data.batch import Batch, unpack_x_y_sample_weight
from kerasish.data.checks import check_rows, working_dtype
from kerasish.data.source import DataSource
from kerasish.data.weights import read, with_class_weight
from kerasish.errors import DataError
from kerasish.tree import map_structure


def standardize_batch(data: Any, class_weight: Mapping[int, float] | None = None) -> Batch:
    """What a user's generator or `PyDataset` gave, as a checked batch of numpy arrays.

    Raises:
        DataError: no batch, no arrays, or different lengths.
    """
    x, y, sample_weight = unpack_x_y_sample_weight(data)
    batch = read(x, y, sample_weight)
    batch = Batch(_working(batch.x), _working(batch.y), batch.sample_weight)
    check_rows(batch)
    return with_class_weight(batch, class_weight)


def _working(structure: Any) -> Any:
    def working(array: Any) -> Any:
        return None if array is None else array.astype(working_dtype(array.dtype), copy=False)

    return map_structure(working, structure)


class StreamSource(DataSource):
    """Batches from any iterable, in its own order, each asked for when it is needed.

    An iterator (a generator, or anything with `__next__`) is passed through once: a pass goes on
    where the one before it stopped. Any other iterable is started anew for every pass.
    """

    def __init__(
        self, iterable: Iterable[Any], *, class_weight: Mapping[int, float] | None = None
    ) -> None:
        """Args:
        iterable: yields `x`, `(x, y)` or `(x, y, sample_weight)`, one batch at a time.
        class_weight: from integer label to weight.
        """
        self._iterable = iterable
        self._class_weight = class_weight
        self._iterator: Iterator[Any] | None = (
            iter(iterable) if isinstance(iterable, Iterator) else None
        )
        self._peeked: Batch | None = None
        self._taken = 0
        self._to_skip = 0
        self._ended = False

    @property
    def num_batches(self) -> int | None:
        try:
            return len(self._iterable)  # pyright: ignore[reportArgumentType]
        except TypeError:
            return None

    @property
    def one_shot(self) -> bool:
        return self._iterator is not None

    @property
    def exhausted(self) -> bool:
        return self._ended

    def batches(
        self,
        *,
        shuffle: bool = False,
        rng: np.random.Generator | None = None,
        start: int = 0,
    ) -> Iterator[Batch]:
        skip, self._to_skip = start + self._to_skip, 0
        return self._pass(self._items(), skip)

    def _items(self) -> Iterator[Any]:
        return self._iterator if self._iterator is not None else iter(self._iterable)

    def _pass(self, items: Iterator[Any], skip: int) -> Iterator[Batch]:
        if self._peeked is not None:
            first, self._peeked = self._peeked, None
            self._taken += 1
            if skip == 0:
                yield first
            skip = max(skip - 1, 0)
        for item in items:
            self._taken += 1
            if skip == 0:
                yield standardize_batch(item, self._class_weight)
            skip = max(skip - 1, 0)
        self._ended = self.one_shot

    def first_batch(self) -> Batch:
        if self._peeked is not None:
            return self._peeked
        for item in self._items():
            batch = standardize_batch(item, self._class_weight)
            if self.one_shot:
                batch = self._peeked = batch.owned()
            return batch
        raise DataError(
            type(self._iterable).__name__, expected="at least one batch", received="none"
        )

    def state_dict(self) -> dict[str, int]:
        """How many batches an iterator has given, for a fresh one to leave out after a restart."""
        return {"taken": self._taken} if self.one_shot else {}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self._to_skip = int(state.get("taken", 0))
