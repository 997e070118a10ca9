"""keras.ops.numpy, quantiles: median, quantile, percentile, and those that ignore NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.graph import primitives as _s
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.hints import one_of
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic import reduction as _r
from kerasish.ops.basic.elementwise import as_float, cast, cast_like, where
from kerasish.ops.basic.indexing import take_along
from kerasish.ops.basic.sorting import sort_
from kerasish.ops.declare import composite
from kerasish.ops.numpy.axes import product
from kerasish.ops.refusals import values_that
from kerasish.spec import accumulator, normalize_axes, promote_float, reduce_shape

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")
_CASES = [
    case((3, 5), q=0.3),
    case((3, 4), q=np.array([0.1, 0.9]), axis=1),
    case((2, 3, 4), q=0.5, axis=(0, 2), keepdims=True),
    case((3, 5), q=0.4, axis=1, method="midpoint"),
    case((3, 5), q=0.4, axis=1, method="nearest"),
    case((3, 5), q=0.4, axis=1, method="lower"),
    case((3, 5), q=0.4, axis=1, method="higher"),
]
_HOLES = np.array([[1.0, np.nan, 3.0], [np.nan] * 3])
_PERCENT = [case((3, 5), q=30.0), case((3, 4), q=[10, 90], axis=1)]
_AXES = [case((3, 5)), case((2, 3, 4), axis=(0, 2)), case((3, 4), axis=1, keepdims=True)]


def _rows(x: Any, axes: tuple[int, ...]) -> Any:
    """x with the reduced axes flattened into the last one."""
    rest = tuple(a for a in range(x.ndim) if a not in axes)
    moved = _s.transpose(x, axes=(*rest, *axes))
    kept = tuple(x.shape[a] for a in rest)
    return _s.reshape(moved, shape=(*kept, product([x.shape[a] for a in axes])))


def _quantile(x: Any, q: Any, axis: Any, method: str, keepdims: bool, skip: bool) -> Any:
    one_of("quantile, method", method, METHODS)
    q = values_that(lambda v: (v >= 0) & (v <= 1), "q", q, "shares in [0, 1], or 0 to 100 percent")
    given = convert_to_tensor(x)
    dtype = promote_float(given.dtype)
    # Positions among many elements need more digits than floats of 16 bits have.
    x = cast(given, accumulator(dtype))
    q = cast_like(cast(q, dtype), x)
    axes = normalize_axes(axis, x.ndim)
    rows = sort_(_rows(x, axes), axis=x.ndim - len(axes))  # NaN comes last
    nan = _e.isnan(rows)
    missing = _r.sum(cast_like(nan, x), axis=-1, keepdims=True)
    size = 1 if rows.shape[-1] is None else rows.shape[-1]
    last = size - 1 - missing if skip else cast_like(size - 1.0, x)
    levels = _s.reshape(q, shape=(*(1,) * (rows.ndim - 1), -1))
    place = _e.maximum(last * levels, 0.0)
    low = _between(rows, place, method)
    found = low if skip else where(missing > 0, cast_like(np.nan, x), low)
    if skip:
        found = where(last < 0, cast_like(np.nan, x), found)
    return cast(_arranged(found, x.shape, axes, keepdims, q.ndim == 0), dtype)


def _between(rows: Any, place: Any, method: str) -> Any:
    """The value at a fractional position of each sorted row."""

    def at(position: Any) -> Any:
        index = cast(position, "int32")
        lead = tuple(rows.shape[:-1])
        return take_along(
            rows, _s.broadcast_to(index, shape=(*lead, index.shape[-1])), axis=len(lead)
        )

    if method == "nearest":
        return at(_e.round_half_even(place))
    floor, ceil = _e.floor(place), _e.ceil(place)
    if method == "lower":
        return at(floor)
    if method == "higher":
        return at(ceil)
    share = cast_like(0.5, place) * cast_like(ceil > floor, place)
    share = share if method == "midpoint" else place - floor
    below, above = at(floor), at(ceil)
    # Two infinities have no difference, and none is needed where both are one element.
    alike = _e.logical_and(_e.equal(below, above), _e.isinf(below))
    step = where(alike, 0.0, above - below)
    return below + where(_e.equal(share, 0), 0.0, step * share)


def _arranged(y: Any, shape: Any, axes: tuple[int, ...], keepdims: bool, scalar: bool) -> Any:
    """The level axis in front (dropped for one level), the reduced axes back as ones if kept."""
    order = (y.ndim - 1, *range(y.ndim - 1))
    kept = reduce_shape(shape, axes, keepdims)
    lead = () if scalar else (y.shape[-1],)
    return _s.reshape(_s.transpose(y, axes=order), shape=(*lead, *kept))


@composite(*_CASES)
def quantile(
    x: TensorLike, q: TensorLike, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """The values below which the shares q of the elements over `axis` lie.

    Args:
        x: tensor; NaN gives NaN.
        q: a share in [0, 1], or a vector of them, whose axis comes first in the result.
        axis: int or tuple; None takes all.
        method: how to choose between two elements: linear, lower, higher, midpoint, nearest.
        keepdims: whether the reduced axes stay, with size 1.
    """
    return _quantile(x, q, axis, method, keepdims, skip=False)


@composite(*_CASES, case(_HOLES, q=0.5, axis=1, differentiate=()))
def nanquantile(
    x: TensorLike, q: TensorLike, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """`quantile` of the elements that are not NaN; NaN where there are none."""
    return _quantile(x, q, axis, method, keepdims, skip=True)


@composite(*_PERCENT)
def percentile(
    x: TensorLike, q: TensorLike, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """`quantile` with q in percent."""
    return quantile(x, as_float(q) / 100.0, axis, method, keepdims)


@composite(*_PERCENT)
def nanpercentile(
    x: TensorLike, q: TensorLike, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """`nanquantile` with q in percent."""
    return nanquantile(x, as_float(q) / 100.0, axis, method, keepdims)


@composite(*_AXES)
def median(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The middle of the sorted elements over `axis`; the mean of the two middle ones."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


@composite(*_AXES)
def nanmedian(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """`median` of the elements that are not NaN."""
    return nanquantile(x, 0.5, axis, keepdims=keepdims)
