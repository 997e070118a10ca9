"""`steps_per_epoch`: epochs of a fixed number of batches, whatever a pass holds."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np

from kerasish.data.arrays import need_rng
from kerasish.data.batch import Batch
from kerasish.data.checks import check_count
from kerasish.data.source import DataSource

_NO_SEED = -1


class StepsSource(DataSource):
    """Epochs of `steps` batches that go on where the last epoch stopped.

    When the source's pass ends, the next pass begins within the epoch, in a new order if shuffled.
    A generator that ends early ends the epoch, with a warning.
    """

    def __init__(self, source: DataSource, steps: int) -> None:
        """Args:
        source: where the batches come from.
        steps: batches per epoch, 1 or more.
        """
        self._source = source
        self._steps = check_count("steps", steps)
        self._live: Iterator[Batch] | None = None
        self._position = 0  # batches already taken from the current pass
        self._seed = _NO_SEED

    @property
    def num_batches(self) -> int:
        return self._steps

    @property
    def num_samples(self) -> int | None:
        size = self._source.batch_size
        return None if size is None else size * self._steps

    @property
    def batch_size(self) -> int | None:
        return self._source.batch_size

    @property
    def one_shot(self) -> bool:
        return self._source.one_shot

    @property
    def worth_a_thread(self) -> bool:
        return self._source.worth_a_thread

    def batches(
        self,
        *,
        shuffle: bool = False,
        rng: np.random.Generator | None = None,
        start: int = 0,
    ) -> Iterator[Batch]:
        given = 0
        for batch in self._endless(shuffle, rng):
            if given >= start:
                yield batch
            given += 1
            if given == self._steps:
                return
        warnings.warn(
            f"The data ended after {given} of {self._steps} steps; the epoch ends here. "
            "A generator must give steps_per_epoch * epochs batches.",
            stacklevel=2,
        )

    def _endless(self, shuffle: bool, rng: np.random.Generator | None) -> Iterator[Batch]:
        """Batch after batch, over the ends of passes; ends where a new pass gives nothing."""
        while True:
            before = self._position
            if self._live is None:
                self._live = self._begin_pass(shuffle, rng)
            for batch in self._live:
                self._position += 1
                yield batch
            if before == self._position == 0:
                return
            self._live, self._position, self._seed = None, 0, _NO_SEED

    def _begin_pass(self, shuffle: bool, rng: np.random.Generator | None) -> Iterator[Batch]:
        if shuffle and self._seed == _NO_SEED:
            self._seed = int(need_rng(rng).integers(2**63))
        return self._source.batches(
            shuffle=shuffle,
            rng=np.random.default_rng(self._seed) if shuffle else None,
            start=0 if self._source.one_shot else self._position,
        )

    def first_batch(self) -> Batch:
        return self._source.first_batch()

    def on_epoch_begin(self) -> None:
        self._source.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self._source.on_epoch_end()

    def state_dict(self) -> dict[str, int]:
        """The place in the current pass, and the seed of its order."""
        inner = self._source.state_dict()
        return {**inner, "pass_position": self._position, "pass_seed": self._seed}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self._source.load_state_dict(state)
        self._live = None
        self._position = int(state.get("pass_position", 0))
        self._seed = int(state.get("pass_seed", _NO_SEED))

    def close(self) -> None:
        self._source.close()
