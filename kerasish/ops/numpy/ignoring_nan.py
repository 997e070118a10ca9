"""keras.ops.numpy, reductions that ignore NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic import reduction as _r
from kerasish.ops.basic import scans as _scans
from kerasish.ops.basic.elementwise import as_float, cast, cast_like, where
from kerasish.ops.declare import composite
from kerasish.spec import accumulator, is_float

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
    return _scans.cumsum(_filled(x, 0.0), axis, dtype)


@composite(*_ONE)
def nancumprod(x: TensorLike, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The running products along `axis`, NaN counting as 1."""
    return _scans.cumprod(_filled(x, 1.0), axis, dtype)
