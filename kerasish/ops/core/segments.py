"""Sums, products and extremes over segments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasish.errors import ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.hints import whole
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.elementwise import where
from kerasish.ops.basic.indexing import as_indices, scatter_add
from kerasish.ops.basic.sorting import known_values
from kerasish.ops.core.scatter import scatter_reduce
from kerasish.ops.declare import composite, ints
from kerasish.ops.numpy.creation import filled
from kerasish.spec import alike, is_float


def _segmented(data: Any, ids: Any, count: int | None) -> tuple[Any, Any, int]:
    """(rows, their segment with one more for those outside, number of segments)."""
    data, ids = convert_to_tensor(data), as_indices("segment", ids)
    if not alike(data.shape[: ids.ndim], ids.shape):
        raise ShapeError(
            "Segments",
            expected=f"an id for each row of the data, {data.shape}",
            received=f"ids of shape {ids.shape}",
        )
    if count is None:
        count = int(known_values("a segment sum without num_segments", ids).max(initial=-1)) + 1
    count = whole("num_segments", count)
    rows = _s.reshape(data, shape=(-1, *data.shape[ids.ndim :]))
    ids = _s.reshape(ids, shape=(-1,))
    inside = _e.logical_and(ids >= 0, ids < count)
    return rows, where(inside, ids, count), count


def _first(y: Any, count: int) -> Any:
    return _s.slice_(y, parts=((0, count, 1), *(None,) * (y.ndim - 1)))


_SEGMENTS = [case((5, 2), segment_ids=np.array([0, 2, 0, 2, 2]), num_segments=4)]
_FULL = [case((5, 2), segment_ids=np.array([0, 1, 0, 2, 2]), num_segments=3)]


@composite(*_SEGMENTS, case(ints((4,)), segment_ids=np.array([1, -1, 3, 0]), num_segments=3))
def segment_sum(
    data: TensorLike, segment_ids: TensorLike, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """The sums of the rows of each segment.

    Args:
        data: (n, ...).
        segment_ids: (n,) the segment of each row; rows outside [0, num_segments) are left out.
        num_segments: how many; by default one more than the largest id, which must be known.
        sorted: accepted for compatibility.
    """
    rows, ids, count = _segmented(data, segment_ids, num_segments)
    return _first(scatter_add(ids, rows, shape=(count + 1, *rows.shape[1:]), axis=0), count)


def _reduced(data: Any, segment_ids: Any, num_segments: Any, mode: str, start: Any) -> Any:
    rows, ids, count = _segmented(data, segment_ids, num_segments)
    if callable(start):
        start = start(rows.dtype)
    blank = filled(start, (count + 1, *rows.shape[1:]), rows.dtype)
    return _first(scatter_reduce(blank, ids, rows, mode=mode), count)


def _lowest(dtype: str) -> float:
    return -math.inf if is_float(dtype) else int(np.iinfo(dtype).min)


def _highest(dtype: str) -> float:
    return math.inf if is_float(dtype) else int(np.iinfo(dtype).max)


@composite(*_FULL)
def segment_max(
    data: TensorLike, segment_ids: TensorLike, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """The maxima of the rows of each segment, -inf (or the least integer) for empty ones."""
    return _reduced(data, segment_ids, num_segments, "max", _lowest)


@composite(*_FULL)
def segment_min(
    data: TensorLike, segment_ids: TensorLike, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """The minima of the rows of each segment, inf (or the largest integer) for empty ones."""
    return _reduced(data, segment_ids, num_segments, "min", _highest)


@composite(*_SEGMENTS)
def segment_prod(
    data: TensorLike, segment_ids: TensorLike, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """The products of the rows of each segment, 1 for empty ones."""
    return _reduced(data, segment_ids, num_segments, "mul", 1)
