"""keras.ops.numpy, matrices: identities, diagonals, triangles, Vandermonde matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import tables
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.hints import whole
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.elementwise import cast, where
from kerasish.ops.basic.reduction import sum as _sum
from kerasish.ops.declare import composite
from kerasish.ops.numpy.axes import product
from kerasish.ops.numpy.creation import ones_like, zeros
from kerasish.ops.operation import public
from kerasish.spec import dtype_name, normalize_axis


def _of_table(what: str, table: Any, rows: Any, columns: Any, k: Any, dtype: Any) -> Tensor:
    rows, k = whole(f"{what}, N", rows), whole(f"{what}, k", k, None)
    columns = None if columns is None else whole(f"{what}, M", columns)
    return convert_to_tensor(table(rows, columns, k), dtype_name(dtype))


@public
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """An (N, M) matrix of zeros with ones on diagonal `k`."""
    return _of_table("eye", tables.eye, N, M, k, dtype)


@public
def identity(n: int, dtype: Any = None) -> Tensor:
    """The (n, n) identity matrix."""
    return eye(n, dtype=dtype)


@public
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """An (N, M) matrix of ones on and below diagonal `k`, zeros above."""
    return _of_table("tri", tables.tri, N, M, k, dtype)


def _below(x: Any, k: int) -> np.ndarray:
    """Where a matrix lies on or below diagonal k."""
    if x.ndim < 2:
        raise ShapeError("tril and triu", expected="at least two axes", received=x.shape)
    # With an unknown dimension only the spec of the result matters, not its value.
    rows, columns = (1 if d is None else d for d in x.shape[-2:])
    return tables.tri(rows, columns, whole("k", k, None), dtype=bool)


@composite(case((3, 4)), case((2, 4, 3), k=-1))
def tril(x: TensorLike, k: int = 0) -> Tensor:
    """x with zeros above diagonal `k` of its last two axes."""
    x = convert_to_tensor(x)
    return where(_below(x, k), x, _e.zero_like(x))


@composite(case((3, 4)), case((2, 4, 3), k=1))
def triu(x: TensorLike, k: int = 0) -> Tensor:
    """x with zeros below diagonal `k` of its last two axes."""
    x = convert_to_tensor(x)
    return where(_below(x, whole("k", k, None) - 1), _e.zero_like(x), x)


@composite(case((3, 4)), case((3, 4, 2), offset=-1), case((2, 4, 3), axis1=2, axis2=1))
def diagonal(x: TensorLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The diagonal `offset` of the matrices over two axes, as the last axis of the result."""
    x, offset = convert_to_tensor(x), whole("offset", offset, None)
    first, second = normalize_axis(axis1, x.ndim), normalize_axis(axis2, x.ndim)
    if first == second:
        raise ArgumentError("", expected="two distinct axes", received=f"{axis1} and {axis2}")
    rest = [a for a in range(x.ndim) if a not in (first, second)]
    last: Tensor = _s.transpose(x, axes=(*rest, first, second))
    rows, columns = last.shape[-2:]
    # In the flat matrix the diagonal is a slice with a step of one row and one column.
    flat = _s.reshape(last, shape=(*last.shape[:-2], product((rows, columns))))
    if rows is None or columns is None:
        part: _s.Slice = (0, None, 1)
    else:
        start = offset if offset >= 0 else -offset * columns
        count = min(rows + min(offset, 0), columns - max(offset, 0))
        part = (start, max(count, 0), columns + 1)
    return _s.slice_(flat, parts=(*(None,) * len(rest), part))


@composite(case((3, 3)), case((3, 4, 2), offset=1))
def trace(x: TensorLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The sum along the diagonal `offset` of the matrices over two axes."""
    return _sum(diagonal(x, offset, axis1, axis2), axis=-1)


@public
def diag(x: TensorLike, k: int = 0) -> Tensor:
    """A matrix with the vector x on diagonal `k`, or diagonal `k` of the matrix x."""
    x = convert_to_tensor(x)
    if x.ndim == 1:
        return diagflat(x, k)
    if x.ndim == 2:
        return diagonal(x, k)
    raise ShapeError("diag", expected="one or two axes", received=f"shape {x.shape}")


@composite(case((3,)), case((2, 2), k=-2), case((3,), k=1))
def diagflat(x: TensorLike, k: int = 0) -> Tensor:
    """A matrix with the elements of x on diagonal `k` and zeros elsewhere."""
    row: Tensor = _s.reshape(x, shape=(-1,))
    k, count = whole("k", k, None), row.shape[0]
    if count is None:
        return _s.broadcast_to(_s.expand_dims(row, axis=1), shape=(None, None))
    size = count + abs(k)
    start = k if k >= 0 else -k * size
    flat = _s.unslice(row, parts=((start, count, size + 1),), shape=(size * size,))
    return _s.reshape(flat, shape=(size, size))


@composite(case((4,)), case((3,), N=2, increasing=True))
def vander(x: TensorLike, N: int | None = None, increasing: bool = False) -> Tensor:
    """The Vandermonde matrix: powers of x in columns, the highest first unless `increasing`."""
    x = convert_to_tensor(x)
    count = x.shape[0] if N is None else whole("vander, N", N)
    column = _s.expand_dims(x, axis=1)
    powers = [_power_of(column, k) for k in range(1 if count is None else count)]
    if not powers:
        return zeros((*x.shape, 0), x.dtype)
    found = _s.concatenate(*(powers if increasing else powers[::-1]), axis=1)
    return found if count is not None else _s.broadcast_to(found, shape=(None, None))


def _power_of(x: Any, k: int) -> Any:
    return ones_like(x) if k == 0 else x if k == 1 else _e.power(x, cast(k, x.dtype))
