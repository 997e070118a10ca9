"""keras.ops.numpy, statistics: moments, counts, correlations, differences; what ignores NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import tables
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, promoted
from kerasish.hints import one_of, whole
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic import reduction as _r
from kerasish.ops.basic.elementwise import as_float, cast, cast_like, where
from kerasish.ops.basic.indexing import gather, scatter_add
from kerasish.ops.basic.matmul import matmul, swap_last
from kerasish.ops.basic.sorting import known_values, searchsorted_
from kerasish.ops.declare import composite, ints
from kerasish.ops.numpy.axes import slice_axis
from kerasish.ops.numpy.creation import linspace, ones_like
from kerasish.ops.operation import public
from kerasish.spec import COMPLEX, accumulator, is_float, normalize_axis, promote

_AXES = [case((3, 4)), case((2, 3, 4), axis=(0, 2)), case((3, 4), axis=-1, keepdims=True)]


@public
def amax(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The maximum over `axis`."""
    return _r.max(x, axis=axis, keepdims=keepdims)


@public
def amin(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The minimum over `axis`."""
    return _r.min(x, axis=axis, keepdims=keepdims)


@composite(*_AXES)
def var(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean of the squared distances from the mean, over `axis`."""
    x = as_float(x)
    # Half precision loses the square of small distances.
    wide = cast(x, accumulator(x.dtype))
    centred = wide - _r.mean(wide, axis=axis, keepdims=True)
    distance = _e.absolute(centred) if x.dtype in COMPLEX else centred
    return cast_like(_r.mean(_e.square(distance), axis=axis, keepdims=keepdims), x)


@composite(*_AXES)
def std(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The square root of the variance over `axis`."""
    return _e.root(var(x, axis=axis, keepdims=keepdims))


@composite(*_AXES)
def ptp(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The maximum less the minimum over `axis`."""
    high = _r.max(x, axis=axis, keepdims=keepdims)
    return high - _r.min(x, axis=axis, keepdims=keepdims)


@composite(
    case((3, 4)),
    case((3, 4), axis=1, weights=np.array([0.1, 0.2, 0.3, 0.4])),
    case((3,), axis=0, weights=np.array([1, 2, 3])),
)
def average(x: TensorLike, axis: Any = None, weights: TensorLike | None = None) -> Tensor:
    """sum(weights * x) / sum(weights) over `axis`; the mean where no weights are given.

    Args:
        x: tensor.
        axis: int or tuple; None averages over all.
        weights: shaped like x, or (size of the axis,).
    """
    if weights is None:
        return _r.mean(x, axis=axis)
    x, w = promoted((x, weights), "float")
    if w.ndim != x.ndim:
        if axis is None or w.ndim != 1:
            raise ShapeError(
                "average",
                expected=f"weights of shape {x.shape}, or of one axis with axis given",
                received=w.shape,
            )
        at = normalize_axis(axis, x.ndim)
        w = _s.reshape(w, shape=tuple(-1 if i == at else 1 for i in range(x.ndim)))
    return _r.sum(x * w, axis=axis) / _r.sum(w, axis=axis)


@composite(case(ints((3, 4), 2)), case(ints((3, 4), 2), axis=1))
def count_nonzero(x: TensorLike, axis: Any = None) -> Tensor:
    """How many elements over `axis` are not zero (int32)."""
    return _r.sum(cast(_e.not_equal(convert_to_tensor(x), 0), "int32"), axis=axis)


# --- differences and integrals ----------------------------------------------------------------


@composite(case((3, 5)), case((4, 2), n=2, axis=0), case(ints((5,), 9)))
def diff(a: TensorLike, n: int = 1, axis: int = -1) -> Tensor:
    """The differences of neighbours along `axis`, taken n times."""
    x = convert_to_tensor(a)
    at = normalize_axis(axis, x.ndim)
    for _ in range(whole("diff, n", n)):
        size = x.shape[at]
        count = None if size is None else max(size - 1, 0)
        after, before = slice_axis(x, at, 1, count), slice_axis(x, at, 0, count)
        x = _e.not_equal(after, before) if x.dtype == "bool" else after - before
    return x


@composite(case((3, 5)), case((3, 4), x=np.array([0.0, 1.0, 1.5, 4.0])))
def trapezoid(y: TensorLike, x: TensorLike | None = None, dx: Any = 1.0, axis: int = -1) -> Tensor:
    """The integral of y along `axis` by the trapezoidal rule.

    Args:
        y: values of the function.
        x: where they were taken: (size of the axis,) or shaped like y.
        dx: their distance where x is None.
        axis: which axis.
    """
    y, x = (as_float(y), None) if x is None else promoted((y, x), "float")
    at = normalize_axis(axis, y.ndim)
    if x is None:
        steps: Any = dx
    else:
        steps = diff(x, axis=at if x.ndim == y.ndim else -1)
        if steps.ndim == 1:
            steps = _s.reshape(steps, shape=tuple(-1 if i == at else 1 for i in range(y.ndim)))
    size = y.shape[at]
    count = None if size is None else max(size - 1, 0)
    heights = slice_axis(y, at, 1, count) + slice_axis(y, at, 0, count)
    return _r.sum(heights * steps, axis=at) * 0.5


# --- counts -----------------------------------------------------------------------------------


@public
def bincount(
    x: TensorLike, weights: TensorLike | None = None, minlength: int = 0, sparse: bool = False
) -> Tensor:
    """How often each of 0, 1, 2, ... occurs in x, or the sums of the weights of each.

    Args:
        x: (n,) or (batch, n) integers, not negative. Their values must be known, since the
            largest decides the length of the result.
        weights: shaped like x.
        minlength: least length of the result.
        sparse: must be False; there are no sparse tensors.
    """
    if sparse:
        raise ArgumentError("bincount", expected="sparse=False", received="sparse=True")
    minlength = whole("bincount, minlength", minlength)
    x = convert_to_tensor(x)
    x = cast(x, promote(x.dtype, "int32"))  # room for the numbers of the rows
    if x.ndim not in (1, 2):
        raise ShapeError("bincount", expected="one or two axes", received=f"shape {x.shape}")
    largest = int(known_values("bincount", x).max(initial=-1))
    length = max(largest + 1, minlength)
    held = ones_like(x, "int32") if weights is None else convert_to_tensor(weights)
    if x.ndim == 1:
        return scatter_add(x, held, shape=(length,), axis=0)
    batch = x.shape[0]
    rows = tables.arange(batch, dtype=np.int32)[:, None] * length
    flat = _s.reshape(x + rows, shape=(-1,))
    counts = scatter_add(flat, _s.reshape(held, shape=(-1,)), shape=(batch * length,), axis=0)
    return _s.reshape(counts, shape=(batch, length))


@composite(case((20,), bins=4, range=(-2.0, 2.0), differentiate=()))
def histogram(x: TensorLike, bins: int = 10, range: Any = None) -> tuple[Tensor, Tensor]:
    """(counts, edges) of equally wide bins, both floating.

    Args:
        x: tensor, taken flat.
        bins: how many.
        range: (low, high); by default the smallest and the largest element. Elements outside are
            not counted; the last bin contains its upper edge.
    """
    bins = whole("histogram, bins", bins, 1)
    wide = as_float(_s.reshape(convert_to_tensor(x), shape=(-1,)))
    if range is not None and np.shape(range) != (2,):
        raise ArgumentError("histogram, range", expected="(low, high)", received=repr(range))
    if range is None:
        # Without elements, or with one value only, numpy's range is one wide.
        low, high = (_r.min(wide), _r.max(wide)) if wide.shape[0] else (0.0, 1.0)
    else:
        low, high = range
    low, high = promoted((low, high), "float")
    flat = _e.equal(low, high)
    low, high = where(flat, low - 0.5, low), where(flat, high + 0.5, high)
    edges = linspace(cast_like(low, wide), cast_like(high, wide), bins + 1)
    place = searchsorted_(edges, wide, side="right") - 1
    place = where(_e.equal(wide, high), bins - 1, place)
    inside = _e.logical_and(place >= 0, place < bins)
    place = where(inside, place, 0)
    return scatter_add(place, cast_like(inside, wide), shape=(bins,), axis=0), edges


# --- correlation ------------------------------------------------------------------------------


@composite(case((3, 5)), case((2, 7)))
def corrcoef(x: TensorLike) -> Tensor:
    """The correlation coefficients of the rows of x (Pearson), clipped to [-1, 1]."""
    x = as_float(x)
    centred = x - _r.mean(x, axis=-1, keepdims=True)
    if x.ndim == 1:
        return cast_like(1.0, x)
    rows = x.shape[-1]
    covariance = matmul(centred, swap_last(centred)) / ((rows or 2) - 1)
    spread = _e.root(_r.sum(_e.square(centred), axis=-1, keepdims=True) / ((rows or 2) - 1))
    found = covariance / spread / swap_last(spread)
    return _e.minimum(_e.maximum(found, -1.0), 1.0)


@composite(
    case((6,), (3,)),
    case((6,), (3,), mode="same"),
    case((4,), (3,), mode="full"),
    case((3,), (6,), mode="same"),
)
def correlate(x1: TensorLike, x2: TensorLike, mode: str = "valid") -> Tensor:
    """c[k] = sum_n x1[n + k] * conj(x2[n]) of two vectors.

    Args:
        x1, x2: (n,) and (m,).
        mode: "valid" keeps complete overlaps, "same" as many as the longer vector has elements,
            "full" all.
    """
    a, b = promoted((x1, x2), "float")
    if a.ndim != 1 or b.ndim != 1:
        raise ShapeError("correlate", expected="two vectors", received=f"{a.shape} and {b.shape}")
    n, m = a.shape[0], b.shape[0]
    if n is None or m is None:
        return _s.slice_(a, parts=((0, None, 1),))  # only the spec of the result is wanted
    long, short = max(n, m), min(n, m)
    spans = {
        "full": (0, n + m - 1),
        "same": ((short - 1) // 2 if n >= m else short // 2, long),
        "valid": (short - 1, long - short + 1),
    }
    first, count = spans[one_of("correlate, mode", mode, spans)]
    padded = _s.unslice(a, parts=((m - 1, n, 1),), shape=(n + 2 * (m - 1),))
    at = tables.outer(np.add, tables.arange(first, first + count), tables.arange(m)).astype(
        np.int32
    )
    return matmul(gather(padded, at, axis=0), _e.conj(b))


# --- reductions that ignore NaN -------------------------------------------------------------------


_HOLES = np.array([[1.0, np.nan, -2.0], [0.5, 3.0, np.nan]])
_CASES = [
    case((3, 4)),
    case((2, 3, 4), axis=(0, 2), keepdims=True),
    case(_HOLES, axis=1, differentiate=()),
]
_ONE = [case((3, 4), axis=1), case(_HOLES, axis=1, differentiate=())]


def _filled(x: Any, value: float) -> Any:
    """x with `value` in place of NaN."""
    x = convert_to_tensor(x)
    return where(_e.isnan(x), cast_like(value, x), x) if is_float(x.dtype) else x


def _wide(x: Any) -> Any:
    x = as_float(x)
    return cast(x, accumulator(x.dtype))


def _present(x: Any, axis: Any, keepdims: bool) -> Any:
    """How many elements are not NaN, in the dtype of x."""
    return _r.sum(cast_like(_e.logical_not(_e.isnan(x)), x), axis=axis, keepdims=keepdims)


@composite(*_CASES)
def nansum(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The sum of the elements that are not NaN."""
    return _r.sum(_filled(x, 0.0), axis=axis, keepdims=keepdims)


@composite(*_CASES, domain=(0.5, 1.5))
def nanprod(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The product of the elements that are not NaN."""
    return _r.prod(_filled(x, 1.0), axis=axis, keepdims=keepdims)


@composite(*_CASES)
def nanmean(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean of the elements that are not NaN; NaN where there are none."""
    wide = _wide(x)
    return cast_like(nansum(wide, axis, keepdims) / _present(wide, axis, keepdims), as_float(x))


@composite(*_CASES)
def nanvar(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The variance of the elements that are not NaN; NaN where there are none."""
    wide = _wide(x)
    centred = wide - nanmean(wide, axis, keepdims=True)
    return cast_like(nanmean(_e.square(centred), axis, keepdims), as_float(x))


@composite(case((3, 4)), case(_HOLES, axis=1, differentiate=()))
def nanstd(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The standard deviation of the elements that are not NaN."""
    return _e.root(nanvar(x, axis, keepdims))


def _extremum(
    reduce: Any, x: Any, axis: Any, keepdims: bool, worst: float, nothing: float = np.nan
) -> Any:
    """A reduction with `worst` in place of NaN; `nothing` where there is nothing else."""
    x = convert_to_tensor(x)
    found = reduce(_filled(x, worst), axis=axis, keepdims=keepdims)
    if not is_float(x.dtype):
        return found
    none = _e.equal(_present(x, axis, keepdims), 0)
    return where(none, cast_like(nothing, found), found)


@composite(*_CASES)
def nanmax(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The maximum of the elements that are not NaN; NaN where there are none."""
    return _extremum(_r.max, x, axis, keepdims, -np.inf)


@composite(*_CASES)
def nanmin(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The minimum of the elements that are not NaN; NaN where there are none."""
    return _extremum(_r.min, x, axis, keepdims, np.inf)


@composite(*_ONE)
def nanargmax(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position of the maximum of the elements that are not NaN; -1 where there are none."""
    return _extremum(_r.argmax, x, axis, keepdims, -np.inf, -1)


@composite(*_ONE)
def nanargmin(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position of the minimum of the elements that are not NaN; -1 where there are none."""
    return _extremum(_r.argmin, x, axis, keepdims, np.inf, -1)


@composite(*_ONE)
def nancumsum(x: TensorLike, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running sums along `axis`, NaN counting as 0."""
    return _r.cumsum(_filled(x, 0.0), axis, dtype)


@composite(*_ONE)
def nancumprod(x: TensorLike, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running products along `axis`, NaN counting as 1."""
    return _r.cumprod(_filled(x, 1.0), axis, dtype)
