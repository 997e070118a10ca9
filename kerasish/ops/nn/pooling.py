"""Max and average pooling with their transposes, ops closed under differentiation; channels last.

y, index = max_pool(x)            index: int32, the row-major position inside the window
dx = max_pool_scatter(g, index)   its transpose: g where index says
y = max_pool_gather(v, index)     the transpose of that: v read where index says
y = avg_pool(x)                   padding does not count, as in Keras
dx = avg_pool_grad(g)

Below them stands pooling with Keras's signatures, and adaptive pooling.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from kerasish import budget, tables
from kerasish.config import standardize_data_format
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.batching import in_batch
from kerasish.graph.op import case, op
from kerasish.graph.primitives import reshape, transpose
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.ops.basic.elementwise import as_float
from kerasish.ops.basic.indexing import gather
from kerasish.ops.basic.matmul import matmul
from kerasish.ops.basic.reduction import max
from kerasish.ops.declare import composite, ints
from kerasish.ops.nn.conv_functions import from_channels_last, to_channels_last
from kerasish.ops.nn.windows import Sizes, Windows, check_rank, per_axis, samples
from kerasish.spec import Padding, Shape, TensorSpec, accumulator, window_output


def _output(x: Shape, window: Sizes, strides: Sizes, padding: Padding) -> Shape:
    check_rank(x, len(window), "pooling")
    spatial = window_output(x[1:-1], window, strides, (1,) * len(window), padding)
    return (x[0], *spatial, x[-1])


def _geometry(x: Sizes, window: Sizes, strides: Sizes, padding: Padding) -> Windows:
    return Windows.of(x[1:-1], window, strides, (1,) * len(window), padding)


def _pool_infer(x: TensorSpec, *_: TensorSpec, **attrs: Any) -> TensorSpec:
    return TensorSpec(_output(x.shape, **attrs), x.dtype)


def _max_infer(x: TensorSpec, **attrs: Any) -> tuple[TensorSpec, TensorSpec]:
    y = _pool_infer(x, **attrs)
    return y, TensorSpec(y.shape, "int32")


def _transposed_infer(g: TensorSpec, *rest: TensorSpec, input_shape: Shape, **attrs: Any) -> Any:
    wanted = _output(input_shape, **attrs)
    if any(len(s.shape) != len(wanted) or s.shape[1:-1] != wanted[1:-1] for s in (g, *rest)):
        raise ShapeError("pooling", expected=f"a gradient of {wanted}", received=g.shape)
    return TensorSpec((g.shape[0], *input_shape[1:]), g.dtype)


def _window_flops(x: TensorSpec, *_: TensorSpec, window: Sizes, **attrs: Any) -> int:
    """One per element of every window, counted at the input when the strides are the window."""
    return x.size * math.prod(window)


_TABLE = (
    # x, window, strides, padding, y
    ((3, 5, 6, 2), (2, 3), (2, 3), "valid", (3, 2, 2, 2)),
    ((3, 5, 6, 2), (3, 2), (2, 1), "same", (3, 3, 6, 2)),
    ((3, 7, 2), (3,), (2,), ((1, 0),), (3, 3, 2)),
    ((2, 3, 4, 3, 1), (2, 2, 2), (1, 1, 1), "valid", (2, 2, 3, 2, 1)),
)


def _cases(inputs: str, shape: bool) -> tuple[Any, ...]:
    made = []
    for x, window, strides, padding, y in _TABLE:
        arrays = {"x": x, "y": y, "i": ints(y, math.prod(window))}
        attrs: dict[str, Any] = {"window": window, "strides": strides, "padding": padding}
        if shape:
            attrs["input_shape"] = x
        made.append(case(*(arrays[name] for name in inputs), **attrs))
    return tuple(made)


_pool_op = functools.partial(op, flops=_window_flops, batch=in_batch, whole=True)


# --- maximum --------------------------------------------------------------------------------------


def lowest(dtype: Any) -> Any:
    """The value below all others of a numpy dtype."""
    if dtype.kind in "iu":
        return np.iinfo(dtype).min
    return False if dtype.kind == "b" else -np.inf


@_pool_op("max_pool", infer=_max_infer, cases=_cases("x", False))
def max_pool_(xp: Any, x: Any, *, window: Sizes, **attrs: Any) -> tuple[Any, Any]:
    """The maximum of every window, and where in the window it first stands."""
    windows = _geometry(x.shape, window, **attrs)
    y = xp.empty((x.shape[0], *windows.output, x.shape[-1]), x.dtype)
    index = xp.empty(y.shape, np.int32)
    small = np.uint8 if math.prod(window) <= 256 else np.int32
    for part in samples(x.shape[0], math.prod(x.shape[1:])):
        padded = windows.pad(xp, x[part], lowest(x.dtype))
        best = padded[windows.at((0,) * len(window))]
        found = xp.zeros(best.shape, small)
        for position, offsets in windows.taps:
            higher = xp.maximum(best, padded[windows.at(offsets)])
            xp.maximum(found, (higher != best) * small(position), out=found)
            best = higher
        y[part], index[part] = best, found
    return y, index


@max_pool_.gradient
def _(g: Any, y: Any, x: Any, **attrs: Any) -> Any:
    if g[0] is None:
        return None
    return max_pool_scatter(g[0], y[1], input_shape=x.shape, **attrs)


@_pool_op("max_pool_scatter", infer=_transposed_infer, cases=_cases("yi", True))
def max_pool_scatter(xp: Any, g: Any, index: Any, *, input_shape: Sizes, **attrs: Any) -> Any:
    """Zeros with every g added at the place of its window that index names."""
    windows = _geometry(input_shape, **attrs)
    dx = xp.zeros((g.shape[0], *windows.padded, input_shape[-1]), g.dtype)
    bits = g.view(f"i{g.itemsize}")  # times a condition: itself or 0, infinity and NaN too
    for part in samples(g.shape[0], math.prod(dx.shape[1:])):
        into = dx[part]
        for position, offsets in windows.taps:
            into[windows.at(offsets)] += (bits[part] * (index[part] == position)).view(g.dtype)
    return windows.unpad(xp, dx)


@max_pool_scatter.gradient
def _(u: Any, y: Any, g: Any, index: Any, *, input_shape: Shape, **attrs: Any) -> Any:
    return max_pool_gather(u, index, **attrs), None


@_pool_op("max_pool_gather", infer=_pool_infer, cases=_cases("xi", False))
def max_pool_gather(xp: Any, v: Any, index: Any, **attrs: Any) -> Any:
    """v read at the place of every window that index names; padding reads as zero."""
    windows = _geometry(v.shape, **attrs)
    v = windows.pad(xp, v)
    y = xp.zeros(index.shape, v.dtype)
    for position, offsets in windows.taps:
        y = xp.where(index == position, v[windows.at(offsets)], y)
    return y


@max_pool_gather.gradient
def _(g: Any, y: Any, v: Any, index: Any, **attrs: Any) -> Any:
    return max_pool_scatter(g, index, input_shape=v.shape, **attrs), None


# --- average --------------------------------------------------------------------------------------


def _counts(xp: Any, windows: Windows, dtype: Any) -> Any:
    """How many elements of every window are no padding, (1, *S', 1)."""
    counts = xp.ones((1,) * (len(windows.window) + 2), dtype)
    axes = zip(
        windows.spatial, windows.window, windows.strides, windows.padding, windows.output,
        strict=True,
    )  # fmt: skip
    for axis, (size, k, s, (lo, _), n) in enumerate(axes):
        first = tables.arange(n) * s - lo
        inside = np.minimum(first + k, size) - np.maximum(first, 0)
        shape = [1] * counts.ndim
        shape[axis + 1] = n
        counts = counts * xp.asarray(np.maximum(inside, 1), dtype).reshape(shape)
    return counts


@_pool_op("avg_pool", infer=_pool_infer, cases=_cases("x", False))
def avg_pool_(xp: Any, x: Any, **attrs: Any) -> Any:
    """The mean of the elements of every window that are no padding."""
    windows = _geometry(x.shape, **attrs)
    x = windows.pad(xp, x)
    y = xp.zeros((x.shape[0], *windows.output, x.shape[-1]), accumulator(x.dtype.name))
    for _, offsets in windows.taps:
        y += x[windows.at(offsets)]
    return (y / _counts(xp, windows, y.dtype)).astype(x.dtype, copy=False)


@avg_pool_.gradient
def _(g: Any, y: Any, x: Any, **attrs: Any) -> Any:
    return avg_pool_grad(g, input_shape=x.shape, **attrs)


@_pool_op("avg_pool_grad", infer=_transposed_infer, cases=_cases("y", True))
def avg_pool_grad(xp: Any, g: Any, *, input_shape: Sizes, **attrs: Any) -> Any:
    """The transpose of avg_pool: every g, divided by its count, added to its whole window."""
    windows = _geometry(input_shape, **attrs)
    share = g / _counts(xp, windows, g.dtype)
    dx = xp.zeros((g.shape[0], *windows.padded, input_shape[-1]), g.dtype)
    for _, offsets in windows.taps:
        dx[windows.at(offsets)] += share
    return windows.unpad(xp, dx)


@avg_pool_grad.gradient
def _(u: Any, y: Any, g: Any, *, input_shape: Shape, **attrs: Any) -> Any:
    return avg_pool_(u, **attrs)


# --- public functions -----------------------------------------------------------------------------


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
