"""Arrays in memory: a batch is one slice, or one gather straight into the caller's buffers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from kerasish.data.batch import Batch
from kerasish.data.checks import check_count, check_rows, working_dtype
from kerasish.data.source import RowSource
from kerasish.data.weights import read, with_class_weight
from kerasish.errors import DataError
from kerasish.sparse import SparseRows

# Arrays up to this size are converted to their working dtype once, larger ones batch by batch.
CONVERT_ONCE_BYTES = 1 << 30
# Gathering less than this per batch costs less than handing it between threads.
THREAD_BYTES = 4 << 20


class ArrayPass:
    """One pass over arrays in a fixed order; `fill` writes any batch of it into given buffers."""

    def __init__(
        self,
        arrays: Sequence[np.ndarray],
        dtypes: Sequence[np.dtype[Any]],
        batch_size: int,
        order: np.ndarray | None,
    ) -> None:
        self.arrays = list(arrays)
        self.dtypes = list(dtypes)
        self.batch_size = batch_size
        self.rows = len(self.arrays[0]) if order is None else len(order)
        self.order = order

    def __len__(self) -> int:
        return -(-self.rows // self.batch_size)

    def fill(self, index: int, buffers: Sequence[np.ndarray]) -> int:
        """Write batch `index` into `buffers` and return its number of samples.

        Args:
            index: from 0 to `len(self) - 1`.
            buffers: one C-contiguous array for every leaf of (x, y, sample_weight) in the order of
                `Batch.leaves`, with room for `batch_size` samples, of any dtype. What lies behind
                the samples of a short last batch is left alone.
        """
        begin = index * self.batch_size
        end = min(begin + self.batch_size, self.rows)
        rows = end - begin
        if self.order is None:
            for array, buffer in zip(self.arrays, buffers, strict=True):
                buffer[:rows] = array[begin:end]
            return rows
        chosen = self.order[begin:end]
        for array, buffer in zip(self.arrays, buffers, strict=True):
            if array.dtype == buffer.dtype:
                # mode="clip" lets numpy write into the buffer itself; "raise" makes a copy first.
                array.take(chosen, 0, buffer[:rows], "clip")
            else:
                buffer[:rows] = array.take(chosen, 0)
        return rows

    def new_buffers(self, rows: int) -> list[np.ndarray]:
        """Arrays for `rows` samples, one for every leaf, in the working dtypes."""
        return [
            np.empty((rows, *array.shape[1:]), dtype)
            for array, dtype in zip(self.arrays, self.dtypes, strict=True)
        ]


class ArraySource(RowSource):
    """Nested arrays of the same length, in memory."""

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int = 32,
        class_weight: Mapping[int, float] | None = None,
    ) -> None:
        """Check the arrays and bring them into the form that batches are cut from.

        Args:
            x: arrays (n, ...) or `SparseRows`, or a dict, list or tuple of such.
            y: targets of the same n.
            sample_weight: weights (n,) or (n, ...), of the structure of `y` or one array.
            batch_size: samples per batch; the last batch may be shorter.
            class_weight: from integer label to weight, multiplied into `sample_weight`.

        Raises:
            DataError: different lengths, or no numbers.
        """
        self._batch_size = check_count("batch_size", batch_size)
        given = read(x, y, sample_weight)
        self._rows = check_rows(given)
        self._form = with_class_weight(given, class_weight)
        leaves = self._form.leaves
        self._dtypes = [working_dtype(leaf.dtype) for leaf in leaves]
        self._arrays = [_prepared(leaf, to) for leaf, to in zip(leaves, self._dtypes, strict=True)]

    @property
    def worth_a_thread(self) -> bool:
        per_row = sum(array.nbytes for array in self._arrays) // self._rows
        return per_row * self._batch_size >= THREAD_BYTES

    def one_pass(
        self, *, shuffle: bool = False, rng: np.random.Generator | None = None
    ) -> ArrayPass:
        """A pass whose batches can be asked for by index; draws from `rng` once if shuffled."""
        order = need_rng(rng).permutation(self._rows) if shuffle else None
        return ArrayPass(self._arrays, self._dtypes, self._batch_size, order)

    def pack(self, leaves: Sequence[np.ndarray]) -> Batch:
        """The flat arrays of a batch in the structure of (x, y, sample_weight)."""
        return self._form.filled(leaves)

    def batches(
        self,
        *,
        shuffle: bool = False,
        rng: np.random.Generator | None = None,
        start: int = 0,
    ) -> Iterator[Batch]:
        one_pass = self.one_pass(shuffle=shuffle, rng=rng)
        return (self._cut(one_pass, index) for index in range(start, len(one_pass)))

    def first_batch(self) -> Batch:
        return self._cut(self.one_pass(), 0)

    def _cut(self, one_pass: ArrayPass, index: int) -> Batch:
        rows = min(self._batch_size, self._rows - index * self._batch_size)
        buffers = one_pass.new_buffers(rows)
        one_pass.fill(index, buffers)
        return self.pack(buffers)


def need_rng(rng: np.random.Generator | None) -> np.random.Generator:
    """`rng`, which shuffling cannot do without."""
    if rng is None:
        raise DataError("shuffle=True", expected="a numpy Generator as rng", received="None")
    return rng


def _prepared(array: Any, dtype: np.dtype[Any]) -> Any:
    """C-contiguous, because `take` would copy all of any other array for every batch."""
    if isinstance(array, SparseRows):
        return array.astype(dtype)
    small = array.size * dtype.itemsize <= CONVERT_ONCE_BYTES
    return np.ascontiguousarray(array, dtype if small else array.dtype.newbyteorder("="))
