"""`HeadSource`: batches whose texts a model's head has read when they arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerasish.data.arrays import ArraySource
from kerasish.data.batch import Batch
from kerasish.data.source import DataSource, OverSource


class HeadSource(OverSource):
    """The batches of a source with a function applied to x: texts in, numbers out.

    Args:
        source: where the batches come from.
        head: what makes x, from x.
        ahead: whether it depends on nothing else, so that another thread may run it.
    """

    def __init__(self, source: DataSource, head: Callable[[Any], Any], ahead: bool) -> None:
        super().__init__(source)
        self._head = head
        self._ahead = ahead

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
