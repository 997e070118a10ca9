"""Pooling with Keras's signatures, in terms of the ops of `pooling`; adaptive pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import budget, tables
from kerasish.config import standardize_data_format
from kerasish.errors import ArgumentError
from kerasish.graph.op import case
from kerasish.graph.primitives import reshape, transpose
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.ops.basic.elementwise import as_float
from kerasish.ops.basic.indexing import gather
from kerasish.ops.basic.matmul import matmul
from kerasish.ops.basic.reduction import max
from kerasish.ops.declare import composite
from kerasish.ops.nn.conv_functions import from_channels_last, to_channels_last
from kerasish.ops.nn.pooling import avg_pool_, max_pool_
from kerasish.ops.nn.windows import per_axis


def _pooled(
    op: Any, x: Any, data_format: str | None, pool_size: Any, strides: Any, padding: str
) -> Any:
    """What an op of the windows gives, in the layout of its input."""
    layout = standardize_data_format(data_format)
    x = to_channels_last(x, layout)
    rank = x.ndim - 2
    name = padding.lower() if isinstance(padding, str) else ""
    if name not in ("valid", "same"):
        raise ArgumentError("padding", expected="'valid' or 'same'", received=repr(padding))
    window = per_axis(pool_size, rank, "pool_size")
    steps = window if strides is None else per_axis(strides, rank, "strides")
    y = op(x, window=window, strides=steps, padding=name)
    return from_channels_last(y[0] if isinstance(y, tuple) else y, layout)


@composite(case((2, 3, 5, 6), pool_size=2, data_format="channels_first"))
def max_pool(
    inputs: TensorLike,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The maximum of every window.

    Args:
        inputs: (batch, *spatial, channels), or (batch, channels, *spatial).
        pool_size: int, or one per spatial axis.
        strides: int, or one per spatial axis; None: the pool size.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first"; None takes the setting.
    """
    x = convert_to_tensor(inputs)
    return _pooled(max_pool_, x, data_format, pool_size, strides, padding)


@composite(case((2, 3, 5, 6), pool_size=2, padding="same", data_format="channels_first"))
def average_pool(
    inputs: TensorLike,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The mean of every window without its padding, floatx for integers. Args as in `max_pool`."""
    return _pooled(avg_pool_, as_float(inputs), data_format, pool_size, strides, padding)


# --- adaptive pooling: windows that tile an axis of any size --------------------------------------


def _edges(size: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Window i of `count` covers [floor(i * size / count), ceil((i + 1) * size / count))."""
    i = tables.arange(count)
    return i * size // count, -(-(i + 1) * size // count)


_ADAPTIVE = [
    case((2, 5, 6, 3), output_size=(2, 3), data_format="channels_last"),
    case((2, 3, 7), output_size=4, data_format="channels_first"),
]


@composite(*_ADAPTIVE)
def adaptive_average_pool(
    inputs: TensorLike, output_size: Any, data_format: str | None = None
) -> Tensor:
    """Means over `output_size` windows per axis that cover the input evenly; integers give floatx.

    Args:
        inputs: (batch, *spatial, channels), or (batch, channels, *spatial).
        output_size: int, or one per spatial axis.
        data_format: "channels_last" or "channels_first"; None takes the setting.
    """
    data_format = standardize_data_format(data_format)
    x = to_channels_last(as_float(inputs), data_format)
    for axis, count in enumerate(per_axis(output_size, x.ndim - 2, "output_size"), 1):
        size = x.shape[axis]
        # With an unknown size only the spec of the result matters, not its value.
        start, stop = _edges(1 if size is None else size, count)
        at = tables.arange(1 if size is None else size)
        covered = tables.outer(np.greater_equal, at, start) & tables.outer(np.less, at, stop)
        budget.room(8 * covered.size, "the shares of an adaptive pooling")
        shares = covered / (stop - start)
        order = [i for i in range(x.ndim) if i != axis] + [axis]
        y = matmul(transpose(x, axes=tuple(order)), convert_to_tensor(shares, x.dtype))
        x = transpose(y, axes=tuple(sorted(range(x.ndim), key=order.__getitem__)))
    return from_channels_last(x, data_format)


@composite(*_ADAPTIVE)
def adaptive_max_pool(
    inputs: TensorLike, output_size: Any, data_format: str | None = None
) -> Tensor:
    """Maxima over `output_size` windows per axis that cover the input evenly.

    Args as in `adaptive_average_pool`.
    """
    data_format = standardize_data_format(data_format)
    x = to_channels_last(convert_to_tensor(inputs), data_format)
    for axis, count in enumerate(per_axis(output_size, x.ndim - 2, "output_size"), 1):
        size = x.shape[axis]
        start, stop = _edges(1 if size is None else size, count)
        # Windows of one length: a shorter one names its last element again.
        ahead = tables.arange((stop - start).max())
        at = np.minimum(tables.outer(np.add, start, ahead), stop[:, None] - 1)
        y = gather(x, convert_to_tensor(at.ravel().astype(np.int32)), axis=axis)
        y = reshape(y, shape=(*x.shape[:axis], *at.shape, *x.shape[axis + 1 :]))
        x = max(y, axis=axis + 1)
    return from_channels_last(x, data_format)
