"""Sparse matrices of scipy as rows that are made dense when they are asked for.

scipy itself is never imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

# What one piece takes where a matrix is gone through as a whole.
PIECE_BYTES = 16 << 20


def is_sparse(x: Any) -> bool:
    """Whether `x` is a sparse matrix or array of scipy, in any of its formats."""
    return hasattr(x, "tocsr") and any(
        base.__module__.startswith("scipy.sparse") for base in type(x).__mro__
    )


class SparseRows:
    """The rows of a sparse matrix, in the way of an array of (rows, columns) in memory.

    Slices and `take` give dense arrays of the rows asked for; the whole is never made dense.

    Args:
        matrix: of two dimensions.
    """

    ndim = 2

    def __init__(self, matrix: Any) -> None:
        self._matrix = matrix.tocsr()
        self.shape: tuple[int, int] = self._matrix.shape
        self.dtype: np.dtype[Any] = self._matrix.dtype

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def size(self) -> int:
        """The number of values that all rows would have, made dense."""
        return self.shape[0] * self.shape[1]

    @property
    def nbytes(self) -> int:
        """The bytes that all rows would take, made dense."""
        return self.size * self.dtype.itemsize

    def __getitem__(self, rows: slice) -> np.ndarray:
        return self._matrix[rows].toarray()

    def take(
        self, rows: np.ndarray, axis: int = 0, out: np.ndarray | None = None, mode: str = "raise"
    ) -> np.ndarray:
        """Rows by number, dense, as `numpy.ndarray.take` gives them along axis 0."""
        dense = self._matrix[rows].toarray()
        if out is None:
            return dense
        out[...] = dense
        return out

    def between(self, start: int, stop: int) -> SparseRows:
        """Some of the rows, as sparse as they are."""
        return SparseRows(self._matrix[start:stop])

    def astype(self, dtype: np.dtype[Any]) -> SparseRows:
        """The rows in another dtype, where scipy has it; else as they are."""
        known = dtype.kind in "biuc" or dtype in (np.float32, np.float64)
        return SparseRows(self._matrix.astype(dtype, copy=False)) if known else self

    def pieces(self) -> Iterator[np.ndarray]:
        """All rows, dense, some at a time; one piece without rows where there are none."""
        return map(self.__getitem__, self.spans())

    def spans(self) -> Iterator[slice]:
        """Which rows belong to the pieces."""
        size = max(1, PIECE_BYTES // max(1, self.shape[1] * self.dtype.itemsize))
        return (slice(i, i + size) for i in range(0, max(len(self), 1), size))
