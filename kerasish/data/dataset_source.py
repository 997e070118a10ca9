"""What training asks of a `Dataset`: its elements as batches, resumed wherever a pass stood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

import numpy as np

from kerasish.data.arrays import THREAD_BYTES
from kerasish.data.batch import Batch
from kerasish.data.elements import SKIPPED, leaves_of, summary
from kerasish.data.nodes import FIXED, Node, Pass, Slices, finite, first_of, walk
from kerasish.data.source import DataSource
from kerasish.data.streams import standardize_batch
from kerasish.errors import DataError


class HasNode(Protocol):
    """A dataset: its last node, and how many passes began."""

    node: Node
    passes: int


class DatasetSource(DataSource):
    """The batches of a dataset.

    Where the caller has a generator, as training has, every pass is another one: `shuffle` and
    what is random in `map` go by its number and, without a seed, by the generator. Otherwise, as
    in `evaluate` and `predict`, all passes are the same.
    """

    def __init__(
        self, dataset: HasNode, *, class_weight: Mapping[int, float] | None = None
    ) -> None:
        self._dataset = dataset
        self._node = dataset.node
        self._class_weight = class_weight
        self._first: Batch | None = None

    @property
    def num_batches(self) -> int | None:
        length = self._node.length()
        return length if finite(length) else None

    @property
    def worth_a_thread(self) -> bool:
        if not self._node.pure:
            return False
        if any(not n.inputs and not isinstance(n, Slices) for n in walk(self._node)):
            return True  # files are read
        return sum(leaf.nbytes for leaf in self.first_batch().leaves) >= THREAD_BYTES

    def batches(
        self,
        *,
        shuffle: bool = False,
        rng: np.random.Generator | None = None,
        start: int = 0,
    ) -> Iterator[Batch]:
        if rng is None:
            return self._pass(FIXED, start)
        run = Pass((self._dataset.passes,), (int(rng.integers(2**63)),))
        self._dataset.passes += 1
        return self._pass(run, start)

    def _pass(self, run: Pass, start: int) -> Iterator[Batch]:
        if self._node.skips:  # which are left out is known when they are made
            elements = (e for e in self._node.items(run) if e is not SKIPPED)
            elements = islice(elements, start, None)
        else:
            elements = self._node.items(run, start)
        return (standardize_batch(element, self._class_weight) for element in elements)

    def first_batch(self) -> Batch:
        if self._first is None:
            element = first_of(self._node)
            self._check_batched(element)
            self._first = standardize_batch(element, self._class_weight)
        return self._first

    def _check_batched(self, element: Any) -> None:
        """Refuse single samples.

        Raises:
            DataError: with what to do.
        """
        leaves = [np.shape(leaf) for leaf in leaves_of(element)]
        several = len({shape[:1] for shape in leaves}) == 1 and leaves[0] != ()
        made = self._node.batched is False and several and leaves[0][0] == 1
        if (self._node.batched is False and not made) or not several:
            raise DataError(
                "A Dataset",
                expected="batches, whose parts have one length along their first axis",
                received=f"single samples, {summary(element)}",
                fix="Put `.batch(32)` at its end.",
            )

    def state_dict(self) -> dict[str, int]:
        """The number of the next pass."""
        return {"dataset_pass": self._dataset.passes}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self._dataset.passes = int(state.get("dataset_pass", 0))
