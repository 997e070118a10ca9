"""`steps_per_epoch`: epochs of a fixed number of batches, whatever a pass holds."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np

from kerasish.data.arrays import need_rng
from kerasish.data.batch import Batch
from kerasish.data.checks import check_count
from kerasish.data.source import DataSource, OverSource

_NO_SEED = -1


class StepsSource(OverSource):
    """Epochs of up to `steps` batches of a source.

    An epoch goes on where the last one stopped, and ends where the source's pass ends: the rest of
    a pass is a shorter epoch, of which a warning tells. The next epoch then begins a new pass, in a
    new order if shuffled. What runs once, such as a generator, has nothing more to give.
    """

    def __init__(self, source: DataSource, steps: int, *, go_on: bool = True) -> None:
        """Args:
        source: where the batches come from.
        steps: batches per epoch, 1 or more.
        go_on: whether an epoch goes on where the last one stopped; otherwise each begins a new
            pass, as validation does, unless the source runs only once.
        """
        super().__init__(source)
        self._steps = check_count("steps", steps)
        self._go_on = go_on or source.one_shot
        self._live: Iterator[Batch] | None = None
        self._length: int | None = None  # batches of the current pass, where known
        self._position = 0  # batches already taken from it
        self._seed = _NO_SEED
        self._at_pass: dict[str, int] = {}  # the source's state before the current pass

    @property
    def num_batches(self) -> int:
        return self._steps

    @property
    def num_samples(self) -> int | None:
        size, whole = self._source.batch_size, self._source.num_samples
        if size is None:
            return None
        return size * self._steps if whole is None else min(size * self._steps, whole)

    def batches(
        self,
        *,
        shuffle: bool = False,
        rng: np.random.Generator | None = None,
        start: int = 0,
    ) -> Iterator[Batch]:
        if not self._go_on:
            self._end_pass()
        given = 0
        while given < self._steps:
            inside = self._position > 0
            batch = self._next(shuffle, rng)
            if batch is None and inside and given == 0 and not self.one_shot:
                continue  # the last epoch took all of a pass whose length is not known
            if batch is None:
                break
            given += 1
            at_end = self._position == 0
            if given > start:
                yield batch
            if at_end:
                break
        if 0 < given < self._steps:
            warnings.warn(
                f"The data ended after {given} of {self._steps} steps, and so does the epoch. For "
                "epochs of equal size, let the number of batches be a multiple of the steps, or "
                "let a generator give steps * epochs batches.",
                stacklevel=2,
            )

    def _next(self, shuffle: bool, rng: np.random.Generator | None) -> Batch | None:
        """The next batch of the current pass, or of a new one; None where the pass has ended."""
        if self._live is None:
            self._live = self._begin_pass(shuffle, rng)
        batch = next(self._live, None)
        self._position += 1
        if batch is None or self._position == self._length:
            self._end_pass()
        return batch

    def _begin_pass(self, shuffle: bool, rng: np.random.Generator | None) -> Iterator[Batch]:
        if shuffle:
            need_rng(rng)
        if rng is not None and self._seed == _NO_SEED:
            self._seed = int(rng.integers(2**63))
        self._at_pass = {} if self.one_shot else self._source.state_dict()
        # What runs once tells its end by ending.
        self._length = None if self.one_shot else self._source.num_batches
        return self._source.batches(
            shuffle=shuffle,
            rng=None if rng is None else np.random.default_rng(self._seed),
            start=0 if self.one_shot else self._position,
        )

    def _end_pass(self) -> None:
        self._live, self._position, self._seed, self._at_pass = None, 0, _NO_SEED, {}

    def state_dict(self) -> dict[str, int]:
        """The place in the current pass, and the seed of its order."""
        inner = {**self._source.state_dict(), **self._at_pass}
        return {**inner, "pass_position": self._position, "pass_seed": self._seed}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self._source.load_state_dict(state)
        self._live = None
        self._position = int(state.get("pass_position", 0))
        self._seed = int(state.get("pass_seed", _NO_SEED))
