"""`split_dataset`: the first and the last elements of data."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from kerasish.data.checks import type_name
from kerasish.data.dataset import Dataset
from kerasish.data.elements import as_element
from kerasish.data.nodes import INFINITE, Node, Pass, Rows, Slices, walk
from kerasish.data.py_dataset import PyDataset
from kerasish.data.shuffling import Shuffled
from kerasish.data.stages import Ahead, Batched
from kerasish.errors import ArgumentError, DataError
from kerasish.frames import is_table
from kerasish.hints import is_number, is_whole


class Chosen(Node):
    """The elements at some positions, in their order."""

    indexable = True
    decides = ("positions",)

    def __init__(self, node: Node, positions: np.ndarray) -> None:
        super().__init__(node)
        self.name = "split_dataset"
        self.positions = positions

    def length(self) -> int:
        return len(self.positions)

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        return self.input.pick(run, (int(self.positions[index]) for index in order))

    def rows(self, run: Pass) -> Rows | None:
        inner = self.input.rows(run)
        return inner and (lambda indices: inner(self.positions[indices]))


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Dataset, Dataset]:
    """The first and the last elements of data, as two datasets.

    A dataset whose elements can be asked for by number and keep their order (arrays, files, and
    what `map` makes of them) is not read for it; of others all elements are held in memory. What
    is in batches is split by samples, and put into batches of the same size again.

    Args:
        dataset: a `Dataset`, an array, a list or tuple of arrays of one length, or what has a
            length and gives its elements by number, as a dataset of torch does.
        left_size: how many elements go left, or which fraction; None: what right leaves.
        right_size: how many go right, or which fraction; None: what left leaves.
        shuffle: whether to mix the elements first; Keras's order for the same seed.
        seed: of that order.
        preferred_backend: accepted for compatibility.

    Raises:
        ArgumentError: no size, or sizes that do not fit.
        DataError: another kind of data, or a dataset without end.
    """
    node, batch, names = _elements(dataset)
    total = node.length()
    sizes = _sizes(left_size, right_size, total)
    order = [*range(total)]
    if shuffle:
        random.Random(random.randint(0, 10**6) if seed is None else seed).shuffle(order)
    halves = (order[: sizes[0]], order[total - sizes[1] :])
    made = (Dataset(Chosen(node, np.array(half, np.int64)), like=names) for half in halves)
    left, right = (half if batch is None else half.batch(batch) for half in made)
    return left.prefetch(), right.prefetch()


def _elements(data: Any) -> tuple[Node, int | None, Dataset | None]:
    """A node of single elements, how many were in a batch, and whose names they have."""
    if isinstance(data, Dataset):
        node, batch = data.node, None
        while isinstance(node, Ahead):
            node = node.input
        if isinstance(node, Batched) and node.form is None:
            node, batch = node.input, node.size
        elif node.batched:
            raise DataError(
                "split_dataset",
                expected="a dataset of samples, or of those in batches of one size",
                received=repr(data),
                fix="Split it before it is put into batches.",
            )
        if node.length() == INFINITE:
            raise DataError("split_dataset", expected="a dataset with an end", received=repr(data))
        fixed = node.indexable and not any(isinstance(n, Shuffled) or n.skips for n in walk(node))
        return node if fixed else Items(list(Dataset(node))), batch, data
    if isinstance(data, (list, tuple)):
        if not data or not all(isinstance(part, np.ndarray) for part in data):
            raise DataError(
                "split_dataset", expected="a list or tuple of arrays", received=type_name(data)
            )
        return Slices(tuple(data)), None, None
    if isinstance(data, np.ndarray):
        return Slices(data), None, None
    counted = hasattr(data, "__len__") and hasattr(data, "__getitem__")
    if counted and not isinstance(data, (str, bytes, Mapping, PyDataset)) and not is_table(data):
        return Items(data), None, None
    raise DataError(
        "split_dataset", expected="a Dataset, an array, or arrays", received=type_name(data)
    )


class Items(Node):
    """What gives its elements by number."""

    indexable = True
    batched = False
    pure = False
    decides = ("held",)

    def __init__(self, items: Any) -> None:
        super().__init__()
        self.name = "split_dataset"
        self.held = items

    def length(self) -> int:
        return len(self.held)

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        return (as_element(self.held[index]) for index in order)


def _sizes(left: float | None, right: float | None, total: int) -> tuple[int, int]:
    """How many elements go left and right."""

    def count(name: str, size: float | None) -> int | None:
        if size is None:
            return None
        whole = is_whole(size)
        if not is_number(size):
            raise ArgumentError(
                f"split_dataset, {name}", expected="a number or a fraction", received=repr(size)
            )
        if not 0 < size < (total if whole else 1):
            raise ArgumentError(
                f"split_dataset, {name}",
                expected=f"1 to {total - 1} elements, or a fraction between 0 and 1",
                received=repr(size),
            )
        return int(size) if whole else round(size * total)

    taken = count("left_size", left), count("right_size", right)
    if taken == (None, None):
        raise ArgumentError(
            "split_dataset", expected="left_size, right_size or both", received="neither"
        )
    sizes = [total - (taken[1 - i] or 0) if n is None else n for i, n in enumerate(taken)]
    if min(sizes) < 1 or sum(sizes) > total:
        raise ArgumentError(
            "split_dataset, left_size and right_size",
            expected=f"elements on both sides, of {total} in all",
            received=f"{left!r} and {right!r}, which are {sizes[0]} and {sizes[1]}",
        )
    return sizes[0], sizes[1]
