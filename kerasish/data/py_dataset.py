"""`PyDataset`: batches by index, made by the user's own code, by several workers if wanted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from kerasish.data.arrays import need_rng
from kerasish.data.batch import Batch
from kerasish.data.source import DataSource
from kerasish.data.streams import standardize_batch
from kerasish.errors import ArgumentError, DataError


class PyDataset(ABC):
    """Base class of datasets that make batch `index` on request.

    A subclass defines `__getitem__(index)`, which returns `x`, `(x, y)` or
    `(x, y, sample_weight)`, and `__len__`, the number of batches; or `num_batches`, which may be
    None for a dataset without end. `on_epoch_begin` and `on_epoch_end` may be defined too.
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        """Args:
        workers: how many batches are made at a time. `__getitem__` must be thread-safe above 1.
        use_multiprocessing: whether the workers are processes; the dataset is sent to them once.
        max_queue_size: how many batches may be made ahead.
        """
        for name, value in (("workers", workers), ("max_queue_size", max_queue_size)):
            if value < 1:
                raise ArgumentError(f"{name}. Expected: 1 or more. Received: {value!r}.")
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    @abstractmethod
    def __getitem__(self, index: int) -> Any:
        """Batch `index`."""

    @property
    def num_batches(self) -> int | None:
        """Batches in one epoch; None for a dataset without end."""
        if hasattr(self, "__len__"):
            return len(self)  # pyright: ignore[reportArgumentType]
        raise DataError(
            f"{type(self).__name__}. Expected: __len__, the number of batches, or num_batches. "
            "Received: neither. Let num_batches be None for a dataset without end."
        )

    def __iter__(self) -> Iterator[Any]:
        count = self.num_batches
        index = 0
        while count is None or index < count:
            yield self[index]
            index += 1

    def on_epoch_begin(self) -> None:
        """Called before every epoch."""

    def on_epoch_end(self) -> None:
        """Called after every epoch."""


class PyDatasetSource(DataSource):
    """The batches of a `PyDataset`; their order can be shuffled, not what is in them."""

    def __init__(
        self, dataset: PyDataset, *, class_weight: Mapping[int, float] | None = None
    ) -> None:
        self._dataset = dataset
        self._class_weight = class_weight
        # A subclass that does not call super().__init__() has no settings of its own.
        self._workers: int = getattr(dataset, "workers", 1)
        self._processes: bool = getattr(dataset, "use_multiprocessing", False)
        self._ahead: int = max(getattr(dataset, "max_queue_size", 10), self._workers)
        self._pool: Executor | None = None

    @property
    def num_batches(self) -> int | None:
        return self._dataset.num_batches

    def batches(
        self,
        *,
        shuffle: bool = False,
        rng: np.random.Generator | None = None,
        start: int = 0,
    ) -> Iterator[Batch]:
        count = self.num_batches
        if shuffle and count is not None:
            order = iter(need_rng(rng).permutation(count)[start:].tolist())
        else:
            order = iter(range(start, count)) if count is not None else _from(start)
        return (
            self._made(order) if self._workers <= 1 and not self._processes else self._pooled(order)
        )

    def _made(self, order: Iterator[int]) -> Iterator[Batch]:
        for index in order:
            yield standardize_batch(self._dataset[index], self._class_weight)

    def _pooled(self, order: Iterator[int]) -> Iterator[Batch]:
        """Several batches at a time, given out in their order."""
        pool = self._executor()
        waiting: deque[Future[Any]] = deque()
        make = _make_in_process if self._processes else self._dataset.__getitem__
        try:
            for index in order:
                waiting.append(pool.submit(make, index))
                if len(waiting) >= self._ahead:
                    yield standardize_batch(waiting.popleft().result(), self._class_weight)
            while waiting:
                yield standardize_batch(waiting.popleft().result(), self._class_weight)
        finally:
            for future in waiting:
                future.cancel()
            wait(waiting)

    def _executor(self) -> Executor:
        if self._pool is None and self._processes:
            import multiprocessing  # costs more to import than all else here together
            from concurrent.futures import ProcessPoolExecutor

            # "spawn", because forking a process that runs threads may never return.
            self._pool = ProcessPoolExecutor(
                self._workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_hold_in_process,
                initargs=(self._dataset,),
            )
        elif self._pool is None:
            self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="kerasish-data")
        return self._pool

    def first_batch(self) -> Batch:
        if self.num_batches == 0:
            raise DataError(
                f"{type(self._dataset).__name__}. Expected: at least one batch. Received: length 0."
            )
        return standardize_batch(self._dataset[0], self._class_weight)

    def on_epoch_begin(self) -> None:
        self._dataset.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self._dataset.on_epoch_end()
        if self._processes and type(self._dataset).on_epoch_end is not PyDataset.on_epoch_end:
            self.close()  # the processes hold the dataset as it was before it changed

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def _from(start: int) -> Iterator[int]:
    while True:
        yield start
        start += 1


_held: list[PyDataset] = []  # in a worker process, the dataset it serves


def _hold_in_process(dataset: PyDataset) -> None:
    _held[:] = [dataset]


def _make_in_process(index: int) -> Any:
    return _held[0][index]
