"""Arrays that stay in their files: rows are read when they are asked for by number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from kerasish.saving.files.safe_h5 import open_h5
from kerasish.spec import np_dtype

_CHUNK = 1 << 26  # bytes that are read at once


class Rows(Protocol):
    """Rows of one file."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> Any: ...
    def __getitem__(self, at: np.ndarray) -> np.ndarray: ...


class OnDisk:
    """An array (rows, ...) whose rows lie in files, one behind the other.

    Args:
        parts: what reads the rows of each file: a `np.memmap`, or `Hdf5Rows`.
        dtype: of the values that are given; that of the first file where None.
    """

    def __init__(self, parts: Sequence[Rows], dtype: Any = None) -> None:
        self.parts = list(parts)
        self.dtype = np.dtype(dtype or parts[0].dtype)
        counts = [part.shape[0] for part in parts]
        self._begins = np.cumsum([0, *counts])
        self.shape = (int(self._begins[-1]), *parts[0].shape[1:])

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Some rows: positions, a slice or a mask."""
        if isinstance(rows, (int, np.integer)):
            return self[np.array([rows])][0]
        if isinstance(rows, slice):
            at = np.arange(*rows.indices(len(self)))
        else:
            at = np.asarray(rows)
            at = np.flatnonzero(at) if at.dtype == bool else at
        found = np.empty((len(at), *self.shape[1:]), self.dtype)
        for begin, part in zip(self._begins.tolist(), self.parts, strict=False):
            own = (at >= begin) & (at < begin + part.shape[0])
            if own.any():
                found[own] = part[at[own] - begin]
        return found

    def astype(self, dtype: Any) -> OnDisk:
        """The same rows in another dtype, made as they are read."""
        return OnDisk(self.parts, np_dtype(str(dtype)))

    @property
    def at_once(self) -> int:
        """How many rows are read at once."""
        return max(1, _CHUNK // max(math.prod(self.shape[1:]) * self.dtype.itemsize, 1))


class Hdf5Rows:
    """The rows of a dataset of an HDF5 file, which is opened for each reading.

    Args:
        path: the file.
        name: of the dataset, its groups before it.

    Raises:
        FileFormatError, UnsafeFileError: the dataset cannot be read.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        with open_h5(path) as root:
            node = root.dataset(name)
            node.check()
            self.shape, self.dtype = node.shape, np_dtype(node.dtype)

    def __getitem__(self, at: np.ndarray) -> np.ndarray:
        with open_h5(self.path) as root:
            return root.dataset(self.name).rows(at)
