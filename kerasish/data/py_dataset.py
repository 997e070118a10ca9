"""`PyDataset`: batches by index, made by the user's own code, by several workers if wanted."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from itertools import count
from typing import Any

import numpy as np

from kerasish.data.arrays import need_rng
from kerasish.data.batch import Batch
from kerasish.data.source import Batches, DataSource
from kerasish.data.streams import standardize_batch
from kerasish.data.workers import Threads
from kerasish.errors import ArgumentError, DataError
from kerasish.hints import is_whole


class PyDataset(Batches):
    """Base class of datasets that make batch `index` on request.

    A subclass defines `__getitem__(index)`, which returns `x`, `(x, y)` or
    `(x, y, sample_weight)`, and `__len__`, the number of batches; or `num_batches`, which may be
    None for a dataset without end. `on_epoch_begin` and `on_epoch_end` may be defined too.
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        """Args:
        workers: how many batches are made at a time, ahead of their use. With 0 or 1 a batch is
            made when training asks for it. `__getitem__` must be thread-safe above 1.
        use_multiprocessing: whether the workers, from 1 on, are processes; the dataset is sent to
            them once. A script must then begin below `if __name__ == "__main__":`.
        max_queue_size: how many batches may be made ahead; never fewer than there are workers.

        Raises:
            ArgumentError: a count that is negative or no integer.
        """
        counts: dict[str, Any] = {"workers": workers, "max_queue_size": max_queue_size}
        for name, value in counts.items():
            if not is_whole(value) or value < 0:
                raise ArgumentError(name, expected="an integer of 0 or more", received=f"{value!r}")
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
            return _count(type(self).__name__, type(self).__len__(self))  # pyright: ignore
        raise DataError(
            type(self).__name__,
            expected="__len__, the number of batches, or num_batches",
            received="neither",
            fix="Let num_batches be None for a dataset without end.",
        )

    def __iter__(self) -> Iterator[Any]:
        told = hasattr(self, "__len__") or type(self).num_batches is not PyDataset.num_batches
        total = self.num_batches if told else None
        for index in count() if total is None else range(total):
            yield self[index]

    def _training_source(self, class_weight: Mapping[int, float] | None) -> DataSource:
        return PyDatasetSource(self, class_weight=class_weight)

    def on_epoch_begin(self) -> None:
        """Called before every epoch."""

    def on_epoch_end(self) -> None:
        """Called after every epoch."""


class PyDatasetSource(DataSource):
    """The batches of a `PyDataset`; their order can be shuffled, not what is in them.

    They are made one by one, each when it is asked for, or ahead by the dataset's workers.
    """

    def __init__(
        self, dataset: PyDataset, *, class_weight: Mapping[int, float] | None = None
    ) -> None:
        self._dataset = dataset
        self._class_weight = class_weight
        # A subclass that does not call super().__init__() has no settings of its own.
        self._workers: int = getattr(dataset, "workers", 1)
        self._processes: bool = getattr(dataset, "use_multiprocessing", False)
        self._ahead: int = max(getattr(dataset, "max_queue_size", 10), self._workers)
        self._pooling = self._workers > 1 or (self._workers > 0 and self._processes)
        self._pool: Executor | None = None
        self._outdated = False  # whether the processes hold the dataset as it was
        self._begun = False  # whether the dataset was told of the epoch to come

    @property
    def num_batches(self) -> int | None:
        told = self._dataset.num_batches
        return None if told is None else _count(type(self._dataset).__name__, told)

    @property
    def endless(self) -> bool:
        return self.num_batches is None

    def batches(
        self,
        *,
        shuffle: bool = False,
        rng: np.random.Generator | None = None,
        start: int = 0,
    ) -> Iterator[Batch]:
        total = self.num_batches
        if total is None:
            order = count(start)
        elif shuffle:
            order = iter(need_rng(rng).permutation(total)[start:].tolist())
        else:
            order = iter(range(start, total))
        return self._pooled(order) if self._pooling else self._made(order)

    def _made(self, order: Iterator[int]) -> Iterator[Batch]:
        for index in order:
            yield standardize_batch(self._dataset[index], self._class_weight)

    def _pooled(self, order: Iterator[int]) -> Iterator[Batch]:
        """Several batches at a time, given out in their order."""
        if self._outdated:
            self.close()
            self._outdated = False
        pool = self._executor()
        waiting: deque[Future[Any]] = deque()
        try:
            for index in order:
                if self._processes:
                    waiting.append(pool.submit(_make_in_process, index))
                else:
                    waiting.append(pool.submit(self._make, index))
                if len(waiting) >= self._ahead:
                    yield self._result(waiting.popleft())
            while waiting:
                yield self._result(waiting.popleft())
        except (KeyboardInterrupt, SystemExit):
            self.abandon()
            raise
        finally:
            if self._pool is not None:  # an abandoned pool tells its futures itself
                for future in waiting:
                    future.cancel()
                wait(waiting)

    def _make(self, index: int) -> Batch:
        """Batch `index` in memory of its own, since it waits while others are made."""
        return standardize_batch(self._dataset[index], self._class_weight).owned()

    def _result(self, future: Future[Any]) -> Batch:
        try:
            made = future.result()
        except BrokenExecutor as error:
            raise DataError(
                f"{type(self._dataset).__name__}(use_multiprocessing=True)",
                expected="worker processes, each of which runs the script's definitions",
                received="one that ended before it gave a batch; what it printed is above",
                fix=(
                    'Put what a script does below `if __name__ == "__main__":`, or use threads: '
                    "use_multiprocessing=False."
                ),
            ) from error
        return standardize_batch(made, self._class_weight) if self._processes else made

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
            self._pool = Threads(self._workers, "data")
        return self._pool

    def first_batch(self) -> Batch:
        if self.num_batches == 0:
            raise DataError(
                type(self._dataset).__name__, expected="at least one batch", received="length 0"
            )
        # What it does before an epoch may be what its batches are made from.
        self.on_epoch_begin()
        self._begun = True
        return standardize_batch(self._dataset[0], self._class_weight)

    def on_epoch_begin(self) -> None:
        if not self._begun:
            self._dataset.on_epoch_begin()
        self._begun = False

    def on_epoch_end(self) -> None:
        self._dataset.on_epoch_end()
        # A pass that goes on in the next epoch ends with the dataset that it began with.
        if type(self._dataset).on_epoch_end is not PyDataset.on_epoch_end:
            self._outdated = self._processes

    def close(self) -> None:
        """End the workers."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def abandon(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            # Processes are told by name: the executor waits for them at exit otherwise.
            held: dict[int, Any] = getattr(pool, "_processes", None) or {}
            processes = list(held.values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()


def _count(kind: str, told: Any) -> int:
    """The number of batches that a dataset tells.

    Raises:
        DataError: no integer of 0 or more.
    """
    if not is_whole(told) or told < 0:
        raise DataError(
            kind,
            expected="an integer of 0 or more as the number of batches",
            received=f"{told!r}",
            fix="Let __len__ return int(math.ceil(samples / batch_size)).",
        )
    return int(told)  # pyright: ignore


_held: list[PyDataset] = []  # in a worker process, the dataset it serves


def _hold_in_process(dataset: PyDataset) -> None:
    _held[:] = [dataset]


def _make_in_process(index: int) -> Any:
    return _held[0][index]
