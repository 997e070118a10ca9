"""What cuBLAS must be told to multiply given arrays: a function of shapes and strides alone.

cuBLAS thinks in columns. A row-major y = a b is, in columns, y' = b' a', and a row-major matrix
handed over as it lies is its own transpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

Size = tuple[int, ...]


@dataclass(frozen=True)
class Matrices:
    """A stack of matrices in memory; strides in elements.

    Attributes:
        batch: sizes of the leading axes.
        steps: strides of the leading axes.
        rows, columns: sizes of a matrix.
        down, right: strides of a matrix.
    """

    batch: Size
    steps: Size
    rows: int
    columns: int
    down: int
    right: int

    @staticmethod
    def of(shape: Size, strides: Size, itemsize: int, batch: Size | None = None) -> Matrices:
        """The layout of an array, its leading axes broadcast to `batch`; strides in bytes."""
        steps = [s // itemsize for s in strides]
        if batch is None:
            batch = shape[:-2]
        own = [0 if n == 1 else s for n, s in zip(shape[:-2], steps[:-2], strict=True)]
        lead = (*(0,) * (len(batch) - len(own)), *own)
        return Matrices(tuple(batch), lead, *shape[-2:], *steps[-2:])  # type: ignore[misc]

    @property
    def transposed(self) -> Matrices:
        """The same memory with rows and columns exchanged."""
        return replace(self, rows=self.columns, columns=self.rows, down=self.right, right=self.down)

    @property
    def leading(self) -> int | None:
        """The distance of rows that lie in one piece each; None where they do not."""
        whole = self.right == 1 or self.columns == 1
        if self.rows == 1:
            return self.columns if whole else None
        return self.down if whole and self.down >= self.columns else None

    @property
    def usable(self) -> bool:
        """Whether cuBLAS can read it, as it is or transposed."""
        return self.leading is not None or self.transposed.leading is not None


@dataclass(frozen=True)
class Gemm:
    """The arguments of one call, in columns: first (m, k), second (k, n), result (m, n).

    Attributes:
        swapped: whether `first` is our b (the usual case) or our a.
        turned: of first and second, whether the call transposes them.
        m, n, k: sizes.
        leading: distances of columns, of first, second, result.
        batch: sizes of the axes over which the call goes.
        steps: their strides in elements, per operand.
    """

    swapped: bool
    turned: tuple[bool, bool]
    m: int
    n: int
    k: int
    leading: tuple[int, int, int]
    batch: Size
    steps: tuple[Size, Size, Size]

    def offsets(self, operand: int) -> np.ndarray:
        """Where each matrix of an operand begins, in elements, for all of the batch."""
        found = np.zeros((1,), np.int64)
        for size, step in zip(self.batch, self.steps[operand], strict=True):
            found = (found[:, None] + np.arange(size) * step).reshape(-1)
        return found


def arranged(a: Matrices, b: Matrices, y: Matrices) -> Gemm | None:
    """How to multiply these, or None where y cannot be written or an operand cannot be read."""
    a, b, y = _joined(a, b, y)
    swapped = y.leading is not None
    if not swapped:
        a, b, y = b.transposed, a.transposed, y.transposed
    if y.leading is None or not (a.usable and b.usable):
        return None
    turned, leading = [], []
    for operand in (b, a):
        direct = operand.leading
        turned.append(direct is None)
        leading.append(direct if direct is not None else operand.transposed.leading)
    return Gemm(
        swapped, (turned[0], turned[1]), y.columns, y.rows, a.columns,
        (leading[0] or 1, leading[1] or 1, y.leading), y.batch, (b.steps, a.steps, y.steps),
    )  # fmt: skip


def _joined(a: Matrices, b: Matrices, y: Matrices) -> tuple[Matrices, Matrices, Matrices]:
    """The same product with as few batch axes as there can be; rows take in what they can."""
    sizes: list[int] = []
    steps: list[list[int]] = []
    for size, *strides in zip(y.batch, a.steps, b.steps, y.steps, strict=True):
        if size == 1:
            continue
        if steps and all(s == t * size for s, t in zip(steps[-1], strides, strict=True)):
            sizes[-1] *= size
            steps[-1] = strides
        else:
            sizes.append(size)
            steps.append(strides)
    while steps and steps[-1][1] == 0:
        more_a, more_y = (_longer(v, sizes[-1], steps[-1][i]) for v, i in ((a, 0), (y, 2)))
        if more_a is None or more_y is None:
            break
        a, y = more_a, more_y
        del sizes[-1], steps[-1]
    columns: Sequence[Sequence[int]] = list(zip(*steps, strict=True)) or [(), (), ()]
    made = [
        replace(v, batch=tuple(sizes), steps=tuple(own))
        for v, own in zip((a, b, y), columns, strict=True)
    ]
    return made[0], made[1], made[2]


def _longer(v: Matrices, count: int, step: int) -> Matrices | None:
    """A stack of `count` matrices as one with more rows, where that can be used."""
    if v.rows > 1 and step != v.rows * v.down:
        return None
    made = replace(v, rows=v.rows * count, down=step // v.rows)
    return made if made.usable else None
