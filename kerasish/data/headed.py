"""`HeadSource`: batches whose texts a model's head has read when they arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerasish.data.arrays import ArraySource
from kerasish.data.batch import Batch
from kerasish.data.source import DataSource


class HeadSource(DataSource):
    """The batches of a source with a function applied to x: texts in, numbers out.

    Args:
        source: where the batches come from.
        head: what makes x, from x.
        ahead: whether it depends on nothing else, so that another thread may run it.
    """

    def __init__(self, source: DataSource, head: Callable[[Any], Any], ahead: bool) -> None:
        self._source = source
        self._head = head
        self._ahead = ahead

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
        alone = self._source.worth_a_thread or isinstance(self._source, ArraySource)
        return alone and self._ahead

    def batches(
        self, *, shuffle: bool = False, rng: np.random.Generator | None = None, start: int = 0
    ) -> Iterator[Batch]:
        batches = self._source.batches(shuffle=shuffle, rng=rng, start=start)
        return (self._made(batch) for batch in batches)

    def first_batch(self) -> Batch:
        return self._made(self._source.first_batch())

    def _made(self, batch: Batch) -> Batch:
        return batch._replace(x=self._head(batch.x))

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
