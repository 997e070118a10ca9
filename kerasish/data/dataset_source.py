"""What training asks of a `Dataset`: its elements as batches, resumed wherever a pass stood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

import numpy as np

from kerasish.data.arrays import THREAD_BYTES, ArrayPass, ArraySource
from kerasish.data.batch import Batch, unpack_x_y_sample_weight
from kerasish.data.elements import SKIPPED, leaves_of, rows_of, summary
from kerasish.data.nodes import FIXED, INFINITE, Node, Pass, Slices, finite, first_of, walk
from kerasish.data.shuffling import Shuffled
from kerasish.data.source import DataSource
from kerasish.data.stages import Ahead, Batched, Taken
from kerasish.data.streams import standardize_batch
from kerasish.errors import DataError


class HasNode(Protocol):
    """A dataset: its last node, and how many passes began."""

    node: Node
    passes: int


def source_of(
    dataset: HasNode, class_weight: Mapping[int, float] | None = None
) -> DatasetSource | DatasetRows:
    """What training reads a dataset by."""
    found = rows_in_memory(dataset.node)
    if found is None:
        return DatasetSource(dataset, class_weight=class_weight)
    return DatasetRows(dataset, *found, class_weight=class_weight)


class Passes:
    """The passes of a dataset.

    Where the caller has a generator, as training has, every pass is another one: `shuffle` and
    what is random in `map` go by its number and, without a seed, by the generator. Otherwise, as
    in `evaluate` and `predict`, all passes are the same.
    """

    _dataset: HasNode

    def begin(self, rng: np.random.Generator | None) -> Pass:
        """The next pass."""
        if rng is None:
            return FIXED
        run = Pass((self._dataset.passes,), (int(rng.integers(2**63)),))
        self._dataset.passes += 1
        return run

    def state_dict(self) -> dict[str, int]:
        """The number of the next pass."""
        return {"dataset_pass": self._dataset.passes}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Take up the number of the next pass."""
        self._dataset.passes = int(state.get("dataset_pass", 0))


class DatasetSource(Passes, DataSource):
    """The batches of a dataset."""

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
    def endless(self) -> bool:
        return self._node.length() == INFINITE

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
        return self._pass(self.begin(rng), start)

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
                received=f"{'' if self._node.batched else 'single samples, '}{summary(element)}",
                fix="" if self._node.batched else "Put `.batch(32)` at its end.",
            )


class DatasetRows(Passes, ArraySource):
    """Batches of arrays in memory, in the order of a dataset: gathered where training wants them.

    The same as `DatasetSource`, without a copy of every batch in between.
    """

    def __init__(
        self,
        dataset: HasNode,
        arrays: Any,
        shuffles: list[Shuffled],
        batched: Batched,
        *,
        class_weight: Mapping[int, float] | None = None,
    ) -> None:
        x, y, sample_weight = unpack_x_y_sample_weight(arrays)
        super().__init__(x, y, sample_weight, batch_size=batched.size, class_weight=class_weight)
        self._dataset = dataset
        self._shuffles = shuffles
        if batched.drop:
            self._rows -= self._rows % batched.size

    def one_pass(
        self, *, shuffle: bool = False, rng: np.random.Generator | None = None
    ) -> ArrayPass:
        run = self.begin(rng)
        order = None
        for node in self._shuffles:
            own = node.order(run)
            order = own if order is None else order[own]
        if order is None and self._rows < len(self._arrays[0]):
            order = np.arange(self._rows)
        order = None if order is None else order[: self._rows]
        return ArrayPass(self._arrays, self._dtypes, self._batch_size, order)


def rows_in_memory(node: Node) -> tuple[Any, list[Shuffled], Batched] | None:
    """The arrays that batches are gathered from, and what shuffles their rows, the first first;
    None for any other dataset."""
    while isinstance(node, Ahead):
        node = node.input
    if not isinstance(node, Batched) or node.form is not None:
        return None
    batched, shuffles = node, []
    node = node.input
    while isinstance(node, (Ahead, Shuffled)):
        if isinstance(node, Shuffled):
            shuffles.insert(0, node)
        node = node.input
    cuts: list[slice] = []
    while isinstance(node, Taken):
        cuts.insert(0, slice(node.begin, node.end, node.step))
        node = node.input
    if type(node) is not Slices or node.lazy or not batched.length():
        return None
    arrays = node.arrays
    for cut in cuts:
        arrays = rows_of(arrays, cut)
    return arrays, shuffles, batched
