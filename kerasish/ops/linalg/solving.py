"""Matrix primitives over the last two axes: inverses, solutions, determinants; gradients.

Gradients follow Giles, "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008), and Walter and Lehmann, "Algorithmic differentiation of
linear algebra functions" (2010).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish import tables
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.batching import leading
from kerasish.graph.op import case, op
from kerasish.ops.basic import reduction as _r
from kerasish.ops.basic.elementwise import cast_like
from kerasish.ops.basic.matmul import matmul, swap_last
from kerasish.ops.numpy.matrix import tril, triu
from kerasish.spec import TensorSpec, broadcast, known, np_dtype, real_dtype


@dataclass(frozen=True)
class SampleMatrix:
    """A sample input: a matrix that is easy to invert, positive definite, or well separated."""

    shape: tuple[int, ...]
    kind: str

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """A matrix of this kind."""
        rows, columns = self.shape[-2:]
        noise = rng.uniform(-0.25, 0.25, self.shape)
        ladder = np.zeros((rows, columns))
        np.fill_diagonal(ladder, np.arange(1.0, min(rows, columns) + 1))
        if self.kind == "positive":
            return noise @ np.swapaxes(noise, -1, -2) + ladder
        found = ladder + noise + (np.eye(rows, columns) if self.kind != "distinct" else 0)
        return found[..., ::-1, :].copy() if self.kind == "reversed" else found


def well(*shape: int) -> SampleMatrix:
    """A well conditioned sample matrix."""
    return SampleMatrix(shape, "well")


def positive(*shape: int) -> SampleMatrix:
    """A symmetric positive definite sample matrix with distinct eigenvalues."""
    return SampleMatrix(shape, "positive")


def distinct(*shape: int) -> SampleMatrix:
    """A sample matrix with distinct singular values."""
    return SampleMatrix(shape, "distinct")


def square(what: str, x: TensorSpec) -> None:
    """Raise ShapeError unless the last two axes are equal."""
    if x.ndim < 2 or (x.shape[-1] != x.shape[-2] and None not in x.shape[-2:]):
        raise ShapeError(what, expected="square matrices (..., n, n)", received=x.shape)


def matrix(what: str, x: TensorSpec) -> None:
    """Raise ShapeError unless there are two axes."""
    if x.ndim < 2:
        raise ShapeError(what, expected="matrices (..., m, n)", received=x.shape)


def of_square(what: str, *results: Callable[[TensorSpec], TensorSpec]) -> Callable[..., Any]:
    """The infer rule of a function of square matrices, whose results are of these specs."""

    def infer(x: TensorSpec) -> Any:
        square(what, x)
        found = tuple(result(x) for result in results)
        return found[0] if len(found) == 1 else found

    return infer


def without(axes: int, dtype: Callable[[str], str] = str) -> Callable[[TensorSpec], TensorSpec]:
    """A result without the last `axes` axes, in the dtype that `dtype` makes of the input's."""
    return lambda x: TensorSpec(x.shape[: x.ndim - axes], dtype(x.dtype))


same = without(0)


def wide(xp: Any, x: Any) -> Any:
    """x in a precision that LAPACK has."""
    return x.astype(xp.float32) if x.dtype.itemsize == 2 else x


def solved(what: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except np.linalg.LinAlgError as error:
        raise ArgumentError(f"{what}. {error}", expected="a matrix it exists for") from error


def product(*factors: Any) -> Any:
    y = factors[0]
    for f in factors[1:]:
        y = matmul(y, f)
    return y


# --- solving ----------------------------------------------------------------------------------


def cubic(x: TensorSpec, *_: Any, **__: Any) -> int:
    """The order of the work of a factorisation, solution or inverse."""
    return 10 * x.size * min(known(x.shape)[-2:])


matrix_op = functools.partial(op, promote="float", batch=leading, flops=cubic)


@matrix_op(
    "inv",
    infer=of_square("inv", same),
    refuses=(0,),
    cases=(case(well(3, 3)), case(well(2, 3, 3))),
)
def inv_(xp: Any, x: Any) -> Any:
    """The inverse of square matrices."""
    return solved("inv", lambda: xp.linalg.inv(wide(xp, x))).astype(x.dtype)


@inv_.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    t = swap_last(y)
    return -product(t, g, t)


def _solve_infer(a: TensorSpec, b: TensorSpec, **_: Any) -> TensorSpec:
    square("solve", a)
    rows, order = b.shape[-2] if b.ndim > 1 else 0, a.shape[-1]
    if b.ndim < 2 or (rows != order and None not in (rows, order)):
        raise ShapeError(
            "solve", expected="(..., n, n) and (..., n, k)", received=f"{a.shape} and {b.shape}"
        )
    return TensorSpec((*broadcast(a.shape[:-2], b.shape[:-2]), *b.shape[-2:]), b.dtype)


@matrix_op(
    "solve",
    infer=_solve_infer,
    refuses=(0,),
    cases=(case(well(3, 3), (3, 2)), case(well(2, 3, 3), (2, 3, 1))),
)
def solve_(xp: Any, a: Any, b: Any) -> Any:
    """The x of a x = b."""
    return solved("solve", lambda: xp.linalg.solve(wide(xp, a), wide(xp, b))).astype(b.dtype)


@solve_.gradient
def _(g: Any, y: Any, a: Any, b: Any) -> Any:
    db = solve_(swap_last(a), g)
    return -matmul(db, swap_last(y)), db


@matrix_op(
    "solve_triangular",
    infer=_solve_infer,
    refuses=(0,),
    cases=(case(well(3, 3), (3, 2), lower=True), case(well(2, 3, 3), (2, 3, 1), lower=False)),
)
def solve_triangular_(xp: Any, a: Any, b: Any, *, lower: bool) -> Any:
    """The x of a x = b for the lower or upper triangle of a."""
    a = (xp.tril if lower else xp.triu)(wide(xp, a))
    return solved("solve_triangular", lambda: xp.linalg.solve(a, wide(xp, b))).astype(b.dtype)


@solve_triangular_.gradient
def _(g: Any, y: Any, a: Any, b: Any, *, lower: bool) -> Any:
    db = solve_triangular_(swap_last(a), g, lower=not lower)
    da = -matmul(db, swap_last(y))
    return (tril if lower else triu)(da), db


def _pinv_infer(x: TensorSpec, *, rcond: float) -> TensorSpec:
    matrix("pinv", x)
    return TensorSpec((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)


@matrix_op(
    "pinv",
    infer=_pinv_infer,
    refuses=(0,),
    cases=(case(distinct(3, 2), rcond=1e-10), case(distinct(2, 3, 4), rcond=1e-10)),
)
def pinv_(xp: Any, x: Any, *, rcond: float) -> Any:
    """The Moore-Penrose inverse; singular values up to rcond times the largest count as zero."""
    if x.size == 0:
        return xp.zeros((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)
    return solved("pinv", lambda: xp.linalg.pinv(wide(xp, x), rcond)).astype(x.dtype)


@pinv_.gradient
def _(g: Any, p: Any, x: Any, *, rcond: float) -> Any:
    # Golub and Pereyra 1973, transposed: the first term, then the parts off the two ranges.
    t, gt = swap_last(p), swap_last(g)
    left = gt - product(x, p, gt)
    right = gt - product(gt, p, x)
    first = product(t, g, t)
    return product(left, p, t) + product(t, p, right) - first


# --- determinants -----------------------------------------------------------------------------


def _column(g: Any) -> Any:
    """Numbers as (..., 1, 1), to scale matrices."""
    return _s.reshape(g, shape=(*g.shape, 1, 1))


@matrix_op("det", infer=of_square("det", without(2)), cases=(case(well(3, 3)), case(well(2, 2, 2))))
def det_(xp: Any, x: Any) -> Any:
    """The determinants of square matrices."""
    return xp.asarray(xp.linalg.det(wide(xp, x))).astype(x.dtype)


@det_.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return _column(g) * cofactors_(x)


@op(
    "cofactors",
    infer=of_square("cofactors", same),
    promote="float",
    batch=leading,
    cases=(case(well(3, 3)), case(well(2, 2, 2)), case(well(1, 1))),
)
def cofactors_(xp: Any, x: Any) -> Any:
    """The cofactors of square matrices, det(x) inv(x)^T wherever that exists.

    From x = u diag(s) v^T: det(u) det(v) u diag(prod_{j != i} s_j) v^T, which needs no inverse.
    """
    u, s, vt = xp.linalg.svd(wide(xp, x))
    sign = xp.linalg.det(u) * xp.linalg.det(vt)
    n = s.shape[-1]
    others = xp.where(xp.eye(n, dtype=bool), 1, s[..., None, :]).prod(axis=-1)
    found = (u * (sign[..., None] * others)[..., None, :]) @ vt
    return xp.asarray(found.conj() if found.dtype.kind == "c" else found).astype(x.dtype)


@cofactors_.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    """Every cofactor is the determinant of a minor, whose gradient are the minor's cofactors."""
    n = x.shape[-1]
    if n == 1:
        return None
    kept = np.array([[j for j in range(n) if j != i] for i in range(n)], "int32")
    chosen = tables.eye(n)[kept]  # (n, n - 1, n): row a of minor i is row kept[i, a]
    rows = cast_like(chosen, x)
    minors = _s.expand_dims(_s.expand_dims(x, axis=x.ndim - 2), axis=x.ndim - 2)
    minors = product(_s.expand_dims(rows, axis=1), minors, swap_last(rows))
    signs = cast_like((-1.0) ** tables.outer(np.add, tables.arange(n), tables.arange(n)), x)
    inner = _column(g * signs) * cofactors_(minors)
    back = product(swap_last(_s.expand_dims(rows, axis=1)), inner, rows)
    return _r.sum(back, axis=(back.ndim - 4, back.ndim - 3))


@matrix_op(
    "slogdet",
    infer=of_square("slogdet", without(2), without(2, real_dtype)),
    vjp=lambda g, y, x: None if g[1] is None else _column(g[1]) * swap_last(inv_(x)),
    cases=(case(well(3, 3)), case(SampleMatrix((2, 3, 3), "reversed"))),
)
def slogdet_(xp: Any, x: Any) -> Any:
    """The sign, and the logarithm of the absolute value, of the determinants."""
    sign, log = xp.linalg.slogdet(wide(xp, x))
    return xp.asarray(sign).astype(x.dtype), xp.asarray(log).astype(
        np_dtype(real_dtype(x.dtype.name))
    )
