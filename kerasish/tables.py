"""Arrays on the host whose sizes come from arguments, charged to the open account first.

Ops and layers make their tables of positions, windows and weights here, since their arguments may
come from a file. Without an account each is numpy's function and one look at a context variable.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish import budget

_WHAT = "a table"
_TESTS = (np.greater_equal, np.less)  # give booleans


def _made(size: float, make: Callable[..., np.ndarray], *args: Any, **kwargs: Any) -> np.ndarray:
    account = budget.current()
    if account is None:
        return make(*args, **kwargs)
    budget.room(size, _WHAT)
    found = make(*args, **kwargs)
    account.hold(found)
    return found


def _itemsize(dtype: Any) -> int:
    return 8 if dtype is None else np.dtype(dtype).itemsize


def _count(shape: Any) -> int:
    return math.prod(shape) if isinstance(shape, (tuple, list)) else int(shape)


def arange(*bounds: Any, dtype: Any = None) -> np.ndarray:
    """numpy.arange."""
    first, last, step = (0, *bounds, 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    count = abs((last - first) / step) if step else 0
    return _made(count * _itemsize(dtype), np.arange, *bounds, dtype=dtype)


def zeros(shape: Any, dtype: Any = None) -> np.ndarray:
    """numpy.zeros."""
    return _made(_count(shape) * _itemsize(dtype), np.zeros, shape, dtype)


def ones(shape: Any, dtype: Any = None) -> np.ndarray:
    """numpy.ones."""
    return _made(_count(shape) * _itemsize(dtype), np.ones, shape, dtype)


def full(shape: Any, value: Any, dtype: Any = None) -> np.ndarray:
    """numpy.full."""
    return _made(_count(shape) * _itemsize(dtype), np.full, shape, value, dtype)


def eye(rows: int, columns: int | None = None, k: int = 0, dtype: Any = None) -> np.ndarray:
    """numpy.eye."""
    size = rows * (rows if columns is None else columns) * _itemsize(dtype)
    return _made(size, np.eye, rows, columns, k, **({} if dtype is None else {"dtype": dtype}))


def tri(rows: int, columns: int | None = None, k: int = 0, dtype: Any = None) -> np.ndarray:
    """numpy.tri."""
    size = rows * (rows if columns is None else columns) * _itemsize(dtype)
    return _made(size, np.tri, rows, columns, k, **({} if dtype is None else {"dtype": dtype}))


def linspace(first: float, last: float, count: int) -> np.ndarray:
    """numpy.linspace."""
    return _made(8 * count, np.linspace, first, last, count)


def outer(ufunc: np.ufunc, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """ufunc.outer(a, b)."""
    return _made((1 if ufunc in _TESTS else 8) * a.size * b.size, ufunc.outer, a, b)


def repeat(values: np.ndarray, counts: Any, axis: int | None = None) -> np.ndarray:
    """numpy.repeat."""
    total = int(np.sum(counts)) if np.ndim(counts) else int(counts) * len(values)
    item = values.nbytes // max(1, len(values)) if values.ndim else values.nbytes
    return _made(max(0, total) * item, np.repeat, values, counts, axis)


def window(make: Callable[..., np.ndarray], length: int, *args: float) -> np.ndarray:
    """One of numpy's windows: hanning, hamming, ..."""
    return _made(8 * length, make, length, *args)


def pad(values: np.ndarray, widths: Any, mode: Any) -> np.ndarray:
    """numpy.pad."""
    sides = np.broadcast_to(widths, (values.ndim, 2)).tolist()
    shape = [n + sum(pair) for n, pair in zip(values.shape, sides, strict=True)]
    return _made(math.prod(shape) * values.itemsize, np.pad, values, widths, mode)


def numbers(count: float) -> None:
    """Charge a Python list of `count` numbers that is about to be made, and may live for long."""
    budget.room(32 * count, "a list of numbers")
    budget.spend("tables", 32 * count, "a list of numbers")
