"""`DataSource`: what training asks of its data, whatever they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np

from kerasish import tree
from kerasish.data.batch import Batch
from kerasish.spec import TensorSpec, input_dtype


class DataSource(ABC):
    """Batches, pass after pass.

    Everything random in a pass comes from the generator that the caller gives. To resume exactly,
    save `state_dict()` and the generator's state before the pass and the number of batches taken;
    afterwards restore both and call `batches(..., start=taken)`.
    """

    @property
    @abstractmethod
    def num_batches(self) -> int | None:
        """Batches in one pass; None where that is unknown or without end."""

    @property
    def num_samples(self) -> int | None:
        """Samples in one pass, where known."""
        return None

    @property
    def batch_size(self) -> int | None:
        """Samples per full batch, where known."""
        return None

    @property
    def one_shot(self) -> bool:
        """Whether there is only one pass, as with a generator."""
        return False

    @property
    def exhausted(self) -> bool:
        """Whether it is known that no pass has anything more to give."""
        return False

    @property
    def endless(self) -> bool:
        """Whether it is known that a pass has no end."""
        return False

    @property
    def worth_a_thread(self) -> bool:
        """Whether batches are made ahead of their use, in another thread.

        Only a source whose batches depend on nothing but its arguments, and lie in memory of their
        own, may say so. What runs the user's code is asked for a batch when it is needed: it may
        look at the model, draw from a shared generator, or fill one array again and again.
        """
        return False

    @abstractmethod
    def batches(
        self,
        *,
        shuffle: bool = False,
        rng: np.random.Generator | None = None,
        start: int = 0,
    ) -> Iterator[Batch]:
        """One pass.

        Args:
            shuffle: whether to draw a new order. A generator or iterable keeps its own order.
            rng: where the order comes from; needed with `shuffle`.
            start: batches to leave out at the beginning. The order is the same for every `start`.
        """

    @abstractmethod
    def first_batch(self) -> Batch:
        """A batch to read shapes and dtypes from; the next pass still yields all batches."""

    def spec(self) -> Batch:
        """The `TensorSpec` of every array of a batch, the number of samples left open."""

        def describe(leaf: Any) -> TensorSpec | None:
            if leaf is None:
                return None
            return TensorSpec((None, *leaf.shape[1:]), input_dtype(leaf.dtype))

        return tree.map_structure(describe, self.first_batch())

    def on_epoch_begin(self) -> None:
        """Called by training before every epoch."""

    def on_epoch_end(self) -> None:
        """Called by training after every epoch."""

    def state_dict(self) -> dict[str, int]:
        """What, besides the caller's generator, decides the coming passes."""
        return {}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Restore what `state_dict` gave."""

    def close(self) -> None:
        """Give back threads, processes and files held by the source itself."""

    def abandon(self) -> None:
        """`close` that waits for nobody: the program was interrupted, and a worker may block."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        interrupted = kind is not None and issubclass(kind, (KeyboardInterrupt, SystemExit))
        self.abandon() if interrupted else self.close()


class Batches(ABC):
    """Base of what says itself by which `DataSource` training reads it.

    So what reads files is loaded only where a program uses it.
    """

    @abstractmethod
    def _training_source(self, class_weight: Mapping[int, float] | None) -> DataSource: ...


class RowSource(DataSource):
    """Base of sources whose samples are rows that can be counted, cut into batches of one size."""

    _rows: int
    _batch_size: int

    @property
    def num_batches(self) -> int:
        return -(-self._rows // self._batch_size)

    @property
    def num_samples(self) -> int:
        return self._rows

    @property
    def batch_size(self) -> int:
        return self._batch_size


class OverSource(DataSource):
    """Base of sources that change something of another one, and leave the rest to it.

    Args:
        source: where the batches come from.
    """

    def __init__(self, source: DataSource) -> None:
        self._source = source

    @property
    def num_batches(self) -> int | None:
        return self._source.num_batches

    @property
    def num_samples(self) -> int | None:
        return self._source.num_samples

    @property
    def batch_size(self) -> int | None:
        return self._source.batch_size

    @property
    def one_shot(self) -> bool:
        return self._source.one_shot

    @property
    def exhausted(self) -> bool:
        return self._source.exhausted

    @property
    def worth_a_thread(self) -> bool:
        return self._source.worth_a_thread

    def first_batch(self) -> Batch:
        return self._source.first_batch()

    def on_epoch_begin(self) -> None:
        self._source.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self._source.on_epoch_end()

    def state_dict(self) -> dict[str, int]:
        return self._source.state_dict()

    def load_state_dict(self, state: dict[str, int]) -> None:
        self._source.load_state_dict(state)

    def close(self) -> None:
        self._source.close()

    def abandon(self) -> None:
        self._source.abandon()
