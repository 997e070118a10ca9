"""Datasets larger than memory: contiguous blocks read in a random order and mixed in a window.

The rows are cut into blocks of neighbouring rows. A shuffled pass takes the blocks in a random
order, reads as many as fit into the buffer, front to back as they lie in the file, and shuffles
their rows in memory. Every row comes once per pass; rows of one block stay within one window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.config import floatx
from kerasish.data.arrays import need_rng
from kerasish.data.batch import Batch
from kerasish.data.checks import (
    check_count,
    check_numbers,
    check_rows,
    is_lazy,
    numbers_to_arrays,
    place,
    to_numpy,
    working_dtype,
)
from kerasish.data.source import RowSource
from kerasish.data.weights import with_class_weight
from kerasish.spec import np_dtype

BUFFER_BYTES = 64 << 20
BLOCK_BYTES = 1 << 20


class Rows:
    """Rows `start` to `stop` of an array on disk, not read until sliced."""

    def __init__(self, array: Any, start: int, stop: int) -> None:
        self.array = array
        self.start = start
        self.shape = (stop - start, *array.shape[1:])
        self.dtype = array.dtype
        self.chunks = getattr(array, "chunks", None)

    def __getitem__(self, rows: slice) -> np.ndarray:
        begin, end, _ = rows.indices(self.shape[0])
        return self.array[self.start + begin : self.start + end]


class BlockSource(RowSource):
    """h5py datasets, or anything else with `shape`, `dtype`, `chunks` and slicing."""

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int = 32,
        class_weight: Mapping[int, float] | None = None,
        buffer_bytes: int = BUFFER_BYTES,
    ) -> None:
        """Plan the blocks; nothing is read yet.

        Args:
            x: arrays on disk or in memory, mixed as you like; see `ArraySource`.
            y: targets.
            sample_weight: weights.
            batch_size: samples per batch.
            class_weight: from integer label to weight.
            buffer_bytes: memory for rows read ahead; the more, the better mixed they are.
        """
        self._batch_size = check_count("batch_size", batch_size)
        self._class_weight = class_weight
        self._form = Batch(
            _leaves(x, "x"), _leaves(y, "y"), _leaves(sample_weight, "sample_weight")
        )
        self._rows = check_rows(self._form)
        self._arrays = self._form.leaves
        weights = len(Batch(None, None, self._form.sample_weight).leaves)
        self._dtypes = [working_dtype(np.dtype(array.dtype)) for array in self._arrays]
        self._dtypes[len(self._dtypes) - weights :] = [np_dtype(floatx())] * weights
        row_bytes = sum(
            int(np.prod(array.shape[1:], dtype=np.int64)) * dtype.itemsize
            for array, dtype in zip(self._arrays, self._dtypes, strict=True)
        )
        self._block = self._rows_per_block(max(row_bytes, 1))
        self._window = max(1, buffer_bytes // (max(row_bytes, 1) * self._block))

    def _rows_per_block(self, row_bytes: int) -> int:
        chunked = [array for array in self._arrays if getattr(array, "chunks", None)]
        chunk = max((array.chunks[0] for array in chunked), default=1)
        wanted = max(1, BLOCK_BYTES // row_bytes)
        return -(-wanted // chunk) * chunk

    @property
    def worth_a_thread(self) -> bool:
        return True  # batches are parts of windows that are read anew

    def batches(
        self,
        *,
        shuffle: bool = False,
        rng: np.random.Generator | None = None,
        start: int = 0,
    ) -> Iterator[Batch]:
        # One draw now, so that the order does not depend on when or from where the pass is read.
        seed = int(need_rng(rng).integers(2**63)) if shuffle else None
        return self._pass(seed, start * self._batch_size)

    def first_batch(self) -> Batch:
        return self._packed(self._read([(0, min(self._batch_size, self._rows))]))

    def _pass(self, seed: int | None, skip: int) -> Iterator[Batch]:
        size = self._batch_size
        left: list[np.ndarray] | None = None
        for rows in self._windows(seed, skip):
            if left is not None:
                rows = [np.concatenate(pair) for pair in zip(left, rows, strict=True)]
            count = len(rows[0])
            full = count - count % size
            for begin in range(0, full, size):
                yield self._packed([array[begin : begin + size] for array in rows])
            left = [array[full:].copy() for array in rows] if full < count else None
        if left is not None:
            yield self._packed(left)

    def _windows(self, seed: int | None, skip: int) -> Iterator[list[np.ndarray]]:
        """The rows of the pass in order, window by window, without the first `skip`."""
        starts = np.arange(0, self._rows, self._block)
        if seed is not None:
            starts = np.random.default_rng(seed).permutation(starts)
        for number, first in enumerate(range(0, len(starts), self._window)):
            chosen = np.sort(starts[first : first + self._window])
            spans = _merged([(int(at), min(int(at) + self._block, self._rows)) for at in chosen])
            count = sum(end - begin for begin, end in spans)
            if skip >= count:
                skip -= count
                continue
            rows = self._read(spans)
            if seed is not None:
                order = np.random.default_rng([seed, number]).permutation(count)[skip:]
                rows = [array.take(order, 0) for array in rows]
            elif skip:
                rows = [array[skip:] for array in rows]
            skip = 0
            yield rows

    def _read(self, spans: list[tuple[int, int]]) -> list[np.ndarray]:
        count = sum(end - begin for begin, end in spans)
        rows = []
        for array, dtype in zip(self._arrays, self._dtypes, strict=True):
            out = np.empty((count, *array.shape[1:]), dtype)
            at = 0
            for begin, end in spans:
                out[at : at + end - begin] = array[begin:end]
                at += end - begin
            rows.append(out)
        return rows

    def _packed(self, leaves: list[np.ndarray]) -> Batch:
        return with_class_weight(self._form.filled(leaves), self._class_weight)


def _leaves(structure: Any, role: str) -> Any:
    """The structure with its lazy leaves untouched and every other leaf a numpy array."""
    if structure is None:
        return None
    structure = numbers_to_arrays(structure)
    leaves = []
    for path, leaf in tree.flatten_with_path(structure):
        if is_lazy(leaf):
            check_numbers(leaf, place(role, path))
        kept = leaf is None or is_lazy(leaf)
        leaves.append(leaf if kept else to_numpy(leaf, place(role, path)))
    return tree.pack_sequence_as(structure, leaves)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted spans with neighbours joined, so that they are read in one go."""
    joined: list[tuple[int, int]] = []
    for begin, end in spans:
        if joined and joined[-1][1] == begin:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return joined
