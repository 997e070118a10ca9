"""keras.ops.linalg: functions of matrices over the last two axes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar, overload

import numpy as np

from kerasish import tables
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph import transforms
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, promoted
from kerasish.hints import one_of
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic import reduction as _r
from kerasish.ops.basic.elementwise import as_float, cast, cast_like
from kerasish.ops.basic.matmul import matmul, swap_last
from kerasish.ops.declare import composite, of_one
from kerasish.ops.linalg import decompositions as _d
from kerasish.ops.linalg import solving as _m
from kerasish.ops.numpy.axes import moveaxis
from kerasish.ops.operation import public
from kerasish.spec import normalize_axes, normalize_axis, real_dtype

A = TypeVar("A")
Y = TypeVar("Y")

_POSITIVE = np.array([[4.0, 1.0, 0.3], [1.0, 3.0, -0.5], [0.3, -0.5, 2.0]])


def _floating(what: str, x: Any) -> Tensor:
    x = convert_to_tensor(x)
    _m.matrix(what, x.spec)
    return as_float(x)


def _symmetric(x: Any) -> Tensor:
    """(x + x^T) / 2, since the routines read one triangle only."""
    return (x + _e.conj(swap_last(x))) * 0.5


# --- solving ----------------------------------------------------------------------------------


@public
def inv(x: TensorLike) -> Tensor:
    """The inverse of square matrices.

    Raises:
        ArgumentError: a matrix is singular.
    """
    return _m.inv_(x)


det = of_one(_m.det_, "The determinants of square matrices.")


@public
def slogdet(x: TensorLike) -> tuple[Tensor, Tensor]:
    """(sign, log of the absolute value) of the determinants of square matrices."""
    return _m.slogdet_(x)


@public
def logdet(x: TensorLike) -> Tensor:
    """The logarithm of the determinant of a positive definite matrix."""
    return _m.slogdet_(x)[1]


def _by_columns(found: Callable[[Any, Any], Tensor], a: Any, b: Any) -> Tensor:
    """What `found` gives of matrices a and b, where b may be one column without its axis."""
    a, b = promoted((a, b), "float")
    if b.ndim != a.ndim - 1:
        return found(a, b)
    y = found(a, _s.expand_dims(b, axis=b.ndim))
    return _s.reshape(y, shape=y.shape[:-1])


@public
def solve(a: TensorLike, b: TensorLike) -> Tensor:
    """The x of a x = b.

    Args:
        a: (..., m, m).
        b: (..., m) or (..., m, n).

    Raises:
        ArgumentError: a matrix is singular.
    """
    return _by_columns(_m.solve_, a, b)


@public
def solve_triangular(a: TensorLike, b: TensorLike, lower: bool = False) -> Tensor:
    """The x of a x = b, reading only the lower or upper triangle of a.

    Args:
        a: (..., m, m).
        b: (..., m) or (..., m, n).
        lower: which triangle.
    """
    return _by_columns(functools.partial(_m.solve_triangular_, lower=bool(lower)), a, b)


def _cutoff(x: Any, factor: float = 1.0) -> float:
    """The relative size of a singular value that is rounding error."""
    sizes = [1 if d is None else d for d in x.shape[-2:]]
    precision = {"float16": "float32", "bfloat16": "float32"}.get(x.dtype, real_dtype(x.dtype))
    return factor * max(sizes) * float(np.finfo(precision).eps)


@public
def pinv(x: TensorLike, rcond: float | None = None) -> Tensor:
    """The Moore-Penrose inverse of matrices.

    Args:
        x: (..., m, n).
        rcond: singular values up to rcond times the largest count as zero; by default
            10 * max(m, n) * machine precision.
    """
    x = _floating("pinv", x)
    return _m.pinv_(x, rcond=_cutoff(x, 10.0) if rcond is None else float(rcond))


@composite(
    case(_m.distinct(4, 3), (4,)), case(_m.distinct(4, 3), (4, 2)), case(_m.distinct(2, 3), (2,))
)
def lstsq(a: TensorLike, b: TensorLike, rcond: float | None = None) -> Tensor:
    """The x of least norm that minimises |a x - b|.

    Args:
        a: (m, n).
        b: (m,) or (m, k).
        rcond: singular values up to rcond times the largest count as zero; by default
            max(m, n) * machine precision.
    """

    def least(a: Any, b: Any) -> Tensor:
        if a.ndim != 2 or b.ndim != 2:
            raise ShapeError(
                "lstsq", expected="(m, n) and (m,) or (m, k)", received=f"{a.shape} and {b.shape}"
            )
        return matmul(_m.pinv_(a, rcond=_cutoff(a) if rcond is None else float(rcond)), b)

    return _by_columns(least, a, b)


# --- factorisations -----------------------------------------------------------------------------


@composite(case(_POSITIVE), case(_POSITIVE, upper=True))
def cholesky(x: TensorLike, upper: bool = False) -> Tensor:
    """The lower triangular L of x = L L^T, or its transpose.

    Args:
        x: (..., m, m), symmetric positive definite.
        upper: whether to return the upper triangular factor.

    Raises:
        ArgumentError: a matrix is not positive definite.
    """
    found = _d.cholesky_(_symmetric(_floating("cholesky", x)))
    return swap_last(found) if upper else found


@composite(case(np.tril(_POSITIVE)), case(np.triu(_POSITIVE), upper=True))
def cholesky_inverse(x: TensorLike, upper: bool = False) -> Tensor:
    """The inverse of L L^T (or U^T U) from its Cholesky factor.

    Args:
        x: (..., m, m), the factor.
        upper: which triangle it is.
    """
    x = _floating("cholesky_inverse", x)
    size = x.shape[-1]
    unit = _s.broadcast_to(cast_like(tables.eye(size or 1), x), shape=(size, size))
    found = _m.solve_triangular_(x, unit, lower=not upper)
    t = swap_last(found)
    return matmul(found, t) if upper else matmul(t, found)


@public
def qr(x: TensorLike, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """(q, r): orthonormal columns and an upper triangle whose product is x.

    Args:
        x: (..., m, n).
        mode: "reduced" gives min(m, n) columns, "complete" m.
    """
    return _d.qr_(x, mode=one_of("qr, mode", mode, ("reduced", "complete")))


@public
def lu_factor(x: TensorLike) -> tuple[Tensor, Tensor]:
    """(lu, pivots): both triangles in one matrix, and the row each step swaps in.

    Args:
        x: (..., m, n); only square matrices have a gradient.
    """
    lu, pivots, _ = _d.lu_(x)
    return lu, pivots


@composite(case(_POSITIVE))
def eigh(x: TensorLike) -> tuple[Tensor, Tensor]:
    """(w, v): ascending eigenvalues and eigenvectors in columns of symmetric matrices."""
    return _d.eigh_(_symmetric(_floating("eigh", x)))


@public
def eig(x: TensorLike) -> tuple[Tensor, Tensor]:
    """(w, v): eigenvalues and eigenvectors in columns of square matrices, complex."""
    return _d.eig_(x)


@overload
def svd(
    x: TensorLike, full_matrices: bool = True, compute_uv: Literal[True] = True
) -> tuple[Tensor, Tensor, Tensor]: ...
@overload
def svd(x: TensorLike, full_matrices: bool = ..., compute_uv: bool = ...) -> Tensor: ...
@public
def svd(
    x: TensorLike, full_matrices: bool = True, compute_uv: bool = True
) -> Tensor | tuple[Tensor, Tensor, Tensor]:
    """(u, s, v^T) with x = u diag(s) v^T, singular values descending.

    Args:
        x: (..., m, n).
        full_matrices: whether u and v are square.
        compute_uv: whether to return u and v too; s alone otherwise.
    """
    found = _d.svd_(x, full=bool(full_matrices and compute_uv))
    return found if compute_uv else found[1]


@composite(case(_m.distinct(3, 4), differentiate=()))
def matrix_rank(x: TensorLike, tol: Any = None) -> Tensor:
    """How many singular values exceed `tol` (int32).

    Args:
        x: (..., m, n).
        tol: by default the largest singular value * max(m, n) * machine precision.
    """
    x = _floating("matrix_rank", x)
    s = svd(x, compute_uv=False)
    if tol is None:
        tol = _r.max(s, axis=-1, keepdims=True) * _cutoff(x)
    return _r.sum(cast(s > tol, "int32"), axis=-1)


# --- norms ------------------------------------------------------------------------------------


def _vector_norm(x: Any, order: Any, axis: int, keepdims: bool) -> Any:
    size = _e.absolute(x)
    if order is None or order == 2:
        return _e.root(_r.sum(_e.square(size), axis=axis, keepdims=keepdims))
    if order in (np.inf, -np.inf):
        return (_r.max if order > 0 else _r.min)(size, axis=axis, keepdims=keepdims)
    if order == 0:
        size = cast_like(_e.not_equal(size, 0), size)
    if order in (0, 1):
        return _r.sum(size, axis=axis, keepdims=keepdims)
    if isinstance(order, str):
        raise ArgumentError("norm", expected="a number for vectors", received=f"ord={order!r}")
    total = _r.sum(_e.power(size, float(order)), axis=axis, keepdims=keepdims)
    return _e.root(total, float(order))


def _matrix_norm(x: Any, order: Any, axes: tuple[int, int], keepdims: bool) -> Any:
    row, column = axes
    size = _e.absolute(x)
    if order in (None, "fro"):
        return _e.root(_r.sum(_e.square(size), axis=axes, keepdims=keepdims))
    if order in (1, -1, np.inf, -np.inf):
        first, last = (row, column) if abs(order) == 1 else (column, row)
        sums = _r.sum(size, axis=first, keepdims=True)
        found = (_r.max if order > 0 else _r.min)(sums, axis=last, keepdims=True)
    elif order in (2, -2, "nuc"):
        s = svd(moveaxis(x, axes, (-2, -1)), compute_uv=False)
        reduce = {2: _r.max, -2: _r.min, "nuc": _r.sum}[order]
        found = reduce(s, axis=-1)
    else:
        raise ArgumentError(
            "norm",
            expected="ord None, 'fro', 'nuc', 1, -1, 2, -2, inf or -inf for matrices",
            received=repr(order),
        )
    kept = tuple(1 if i in axes else d for i, d in enumerate(x.shape))
    rest = tuple(d for i, d in enumerate(x.shape) if i not in axes)
    return _s.reshape(found, shape=kept if keepdims else rest)


@composite(
    case((3, 4)),
    case((2, 3, 4), axis=-1),
    case((2, 3, 4), axis=(0, 2), keepdims=True),
    case((3, 4), ord=1, axis=1),
    case((3, 4), ord=3, axis=0),
    case((3, 4), ord=1),
    case((3, 4), ord=np.inf),
    case(_m.distinct(3, 4), ord=2),
    case(_m.distinct(3, 4), ord="nuc"),
)
def norm(x: TensorLike, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The norm of vectors or matrices.

    Args:
        x: tensor.
        ord: which norm. Vectors: a number p, inf, -inf, 0 (how many are not zero); 2 by default.
            Matrices: "fro" (default), "nuc", 1, -1, 2, -2, inf, -inf.
        axis: an int takes vectors, a pair matrices; None takes the whole tensor.
        keepdims: whether the reduced axes stay, with size 1.
    """
    x = as_float(x)
    if axis is None:
        if ord is None:
            size = _e.square(_e.absolute(x))
            return _e.root(_r.sum(size, axis=None, keepdims=keepdims))
        axis = tuple(range(x.ndim))
    axes = normalize_axes(axis, x.ndim)
    if len(axes) == 1:
        return _vector_norm(x, ord, axes[0], keepdims)
    if len(axes) != 2:
        raise ArgumentError("norm", expected="one or two axes", received=f"axis={axis}")
    row, column = (normalize_axis(a, x.ndim) for a in axis)
    return _matrix_norm(x, ord, (row, column), keepdims)


# --- forward differentiation ----------------------------------------------------------------------


@overload
def jvp(
    fun: Callable[..., Y],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    has_aux: Literal[False] = False,
) -> tuple[Y, Y]: ...
@overload
def jvp(
    fun: Callable[..., tuple[Y, A]],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    has_aux: Literal[True],
) -> tuple[Y, Y, A]: ...
@public
def jvp(
    fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> tuple[object, ...]:
    """(fun(*primals), its derivative along the tangents), and the auxiliary value if there is one.

    Args:
        fun: takes tensors; returns a structure of tensors, or (it, auxiliary) with `has_aux`.
        primals: the arguments.
        tangents: a direction for each of them.
        has_aux: whether `fun` returns something beside its value.
    """
    if not has_aux:
        return transforms.jvp(fun, primals, tangents)
    kept: list[Any] = []

    def value(*inputs: Any) -> Any:
        out, aux = fun(*inputs)
        kept.append(aux)
        return out

    out, moved = transforms.jvp(value, primals, tangents)
    return out, moved, kept[-1]
