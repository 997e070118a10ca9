"""Matrix primitives over the last two axes: factorisations, eigenvalues; gradients.

Gradients follow Giles, "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008), and Walter and Lehmann, "Algorithmic differentiation of
linear algebra functions" (2010).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import tables
from kerasish.errors import GradientError
from kerasish.graph import primitives as _s
from kerasish.graph.op import case
from kerasish.graph.tensor import filled_like
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.elementwise import cast_like, where
from kerasish.ops.basic.indexing import take_along
from kerasish.ops.basic.matmul import matmul, swap_last
from kerasish.ops.basic.sorting import argsort_
from kerasish.ops.linalg.solving import (
    SampleMatrix,
    distinct,
    inv_,
    matrix,
    matrix_op,
    of_square,
    positive,
    product,
    same,
    solve_triangular_,
    solved,
    well,
    wide,
    without,
)
from kerasish.ops.numpy.matrix import tril, triu
from kerasish.spec import TensorSpec, complex_dtype, np_dtype, real_dtype

# --- factorisations -----------------------------------------------------------------------------


@matrix_op(
    "cholesky",
    infer=of_square("cholesky", same),
    refuses=(0,),
    # The lower triangle alone is read: the public function symmetrises first.
    cases=(case(positive(3, 3), differentiate=()), case(positive(2, 2, 2), differentiate=())),
)
def cholesky_(xp: Any, x: Any) -> Any:
    """The lower triangular L of x = L L^T."""
    return solved("cholesky", lambda: xp.linalg.cholesky(wide(xp, x))).astype(x.dtype)


def _halved(x: Any) -> Any:
    """The lower triangle with half of the diagonal."""
    return (tril(x) + tril(x, -1)) * 0.5


@cholesky_.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    inner = _halved(matmul(swap_last(y), g))
    inner = inner + swap_last(inner)
    t = swap_last(y)
    left = solve_triangular_(t, inner, lower=False)
    return 0.5 * swap_last(solve_triangular_(t, swap_last(left), lower=False))


def _qr_infer(x: TensorSpec, *, mode: str) -> tuple[TensorSpec, TensorSpec]:
    matrix("qr", x)
    *lead, m, n = x.shape
    k = None if None in (m, n) else min(m or 0, n or 0)
    inner = m if mode == "complete" else k
    return TensorSpec((*lead, m, inner), x.dtype), TensorSpec((*lead, inner, n), x.dtype)


@matrix_op(
    "qr",
    infer=_qr_infer,
    cases=(
        case(well(4, 3), mode="reduced"),
        case(well(2, 3, 5), mode="reduced"),
        case(well(3, 3), mode="complete"),
        case(well(4, 2), mode="complete", differentiate=()),
    ),
)
def qr_(xp: Any, x: Any, *, mode: str) -> Any:
    """The orthogonal q and upper triangular r of x = q r."""
    q, r = solved("qr", lambda: xp.linalg.qr(wide(xp, x), mode=mode))
    return q.astype(x.dtype), r.astype(x.dtype)


@qr_.gradient
def _(g: Any, y: Any, x: Any, *, mode: str) -> Any:
    q, r = y
    m, n = x.shape[-2:]
    if mode == "complete" and m > n:
        raise GradientError("qr", expected="mode='reduced' to differentiate", received="'complete'")
    gq, gr = (_e.zero_like(t) * t if d is None else d for d, t in zip(g, y, strict=True))
    if m >= n:
        return _qr_vjp(q, r, gq, gr)
    # x = [u, v] with u square: r = [r_u, q^T v].
    lead = (None,) * (x.ndim - 1)
    first, rest = (*lead, (0, m, 1)), (*lead, (m, n - m, 1))
    v, gv = _s.slice_(x, parts=rest), _s.slice_(gr, parts=rest)
    gq = gq + matmul(v, swap_last(gv))
    gu = _qr_vjp(q, _s.slice_(r, parts=first), gq, _s.slice_(gr, parts=first))
    return _s.concatenate(gu, matmul(q, gv), axis=x.ndim - 1)


def _qr_vjp(q: Any, r: Any, gq: Any, gr: Any) -> Any:
    inner = matmul(r, swap_last(gr)) - matmul(swap_last(gq), q)
    mirrored = tril(inner) + swap_last(tril(inner, -1))
    right = swap_last(gq + matmul(q, mirrored))
    return swap_last(solve_triangular_(r, right, lower=False))


def _lu_infer(x: TensorSpec) -> tuple[TensorSpec, ...]:
    matrix("lu_factor", x)
    *lead, m, n = x.shape
    swaps = None if None in (m, n) else min(m or 0, n or 0)
    return x, TensorSpec((*lead, swaps), "int32"), TensorSpec((*lead, m), "int32")


@matrix_op(
    "lu_factor",
    infer=_lu_infer,
    cases=(
        case(SampleMatrix((3, 3), "reversed")),
        case(well(2, 4, 4)),
        case(well(2, 3, 5), differentiate=()),
        case(well(4, 2), differentiate=()),
    ),
)
def lu_(xp: Any, x: Any) -> Any:
    """L below and U on and above the diagonal, the row swapped in each step, the order of rows."""
    a = wide(xp, x).copy()
    lead, (m, n) = x.shape[:-2], x.shape[-2:]
    batch = xp.arange(int(np.prod(lead, dtype=int)))
    flat = a.reshape(batch.size, m, n)
    order = xp.broadcast_to(xp.arange(m), (batch.size, m)).copy()
    pivots = xp.zeros((batch.size, min(m, n)), np.int32)
    for k in range(min(m, n) if batch.size else 0):
        best = k + xp.argmax(xp.abs(flat[:, k:, k]), axis=1)
        pivots[:, k] = best
        for rows in (flat, order):
            held = rows[batch, best].copy()
            rows[batch, best] = rows[:, k]
            rows[:, k] = held
        pivot = flat[:, k, k]
        flat[:, k + 1 :, k] /= xp.where(pivot == 0, 1, pivot)[:, None]
        flat[:, k + 1 :, k + 1 :] -= flat[:, k + 1 :, k, None] * flat[:, k, None, k + 1 :]
    return (
        flat.reshape(x.shape).astype(x.dtype),
        pivots.reshape((*lead, min(m, n))),
        order.reshape((*lead, m)).astype(np.int32),
    )


@lu_.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    lu, _pivots, order = y
    if g[0] is None:
        return None
    if x.shape[-2] != x.shape[-1]:
        raise GradientError("lu_factor", expected="square matrices", received=x.shape)
    unit = cast_like(tables.eye(x.shape[-1]), x)
    lower, upper = tril(lu, -1) + unit, triu(lu)
    left = tril(matmul(swap_last(lower), tril(g[0], -1)), -1)
    right = triu(matmul(triu(g[0]), swap_last(upper)))
    inner = swap_last(solve_triangular_(upper, swap_last(left + right), lower=False))
    outer = solve_triangular_(swap_last(lower), inner, lower=False)
    back = argsort_(order, axis=order.ndim - 1)
    rows = _s.broadcast_to(_s.reshape(back, shape=(*back.shape, 1)), shape=x.shape)
    return take_along(outer, rows, axis=x.ndim - 2)


# --- eigenvalues and singular values --------------------------------------------------------------


def _gaps(w: Any) -> Any:
    """1 / (w_j - w_i), and 0 on the diagonal."""
    rows, columns = _s.expand_dims(w, axis=w.ndim), _s.expand_dims(w, axis=w.ndim - 1)
    gap = columns - rows
    zero = _e.equal(gap, 0)
    return where(zero, _e.zero_like(w), 1 / where(zero, cast_like(1.0, w), gap))


def _diagonal(v: Any) -> Any:
    """Matrices with the last axis of v on the diagonal."""
    size = v.shape[-1]
    return _s.expand_dims(v, axis=v.ndim) * cast_like(tables.eye(size), v)


@matrix_op(
    "eigh",
    infer=of_square("eigh", without(1, real_dtype), same),
    refuses=(0,),
    # Only one triangle is read: the public function symmetrises first.
    cases=(case(positive(3, 3), differentiate=()), case(positive(2, 3, 3), differentiate=())),
)
def eigh_(xp: Any, x: Any) -> Any:
    """Ascending eigenvalues and the eigenvectors, in columns, of symmetric matrices."""
    w, v = solved("eigh", lambda: xp.linalg.eigh(wide(xp, x)))
    return w.astype(np_dtype(real_dtype(x.dtype.name))), v.astype(x.dtype)


@eigh_.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    w, v = y
    t = swap_last(v)
    inner = filled_like(v, 0) if g[0] is None else _diagonal(g[0])
    if g[1] is not None:
        inner = inner + _gaps(w) * matmul(t, g[1])
    return product(v, inner, t)


@matrix_op(
    "eig",
    infer=of_square("eig", without(1, complex_dtype), without(0, complex_dtype)),
    refuses=(0,),
    cases=(case(well(3, 3), differentiate=()),),
)
def eig_(xp: Any, x: Any) -> Any:
    """Eigenvalues and eigenvectors, in columns, of square matrices; complex."""
    dtype = np_dtype(complex_dtype(x.dtype.name))
    w, v = solved("eig", lambda: xp.linalg.eig(wide(xp, x)))
    return w.astype(dtype), v.astype(dtype)


@eig_.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    if g[1] is not None:
        raise GradientError(
            "eig",
            expected="a function of the eigenvalues",
            received="one of the eigenvectors, which have no gradient: their phase is arbitrary",
            fix="Use eigh for symmetric matrices.",
        )
    v = y[1]
    inner = swap_last(product(v, _diagonal(g[0]), inv_(v)))
    return cast_like(inner, x)


def _svd_infer(x: TensorSpec, *, full: bool) -> tuple[TensorSpec, ...]:
    matrix("svd", x)
    *lead, m, n = x.shape
    k = None if None in (m, n) else min(m or 0, n or 0)
    u, v = (m, n) if full else (k, k)
    values = TensorSpec((*lead, k), real_dtype(x.dtype))
    return TensorSpec((*lead, m, u), x.dtype), values, TensorSpec((*lead, v, n), x.dtype)


@matrix_op(
    "svd",
    infer=_svd_infer,
    refuses=(0,),
    cases=(
        case(distinct(4, 3), full=False),
        case(distinct(2, 3, 4), full=False),
        case(distinct(3, 3), full=True),
        case(distinct(4, 2), full=True, differentiate=()),
    ),
)
def svd_(xp: Any, x: Any, *, full: bool) -> Any:
    """u, the descending singular values, and v^T of x = u diag(s) v^T."""
    u, s, v = solved("svd", lambda: xp.linalg.svd(wide(xp, x), full_matrices=full))
    return u.astype(x.dtype), s.astype(np_dtype(real_dtype(x.dtype.name))), v.astype(x.dtype)


def _leading(x: Any, rows: Any, columns: Any) -> Any:
    lead = (None,) * (x.ndim - 2)
    return _s.slice_(x, parts=(*lead, (0, rows, 1), (0, columns, 1)))


@svd_.gradient
def _(g: Any, y: Any, x: Any, *, full: bool) -> Any:
    u, s, vt = y
    m, n = x.shape[-2:]
    gu, gs, gv = g
    if full and m != n:
        if gu is not None or gv is not None:
            raise GradientError(
                "svd",
                expected="full_matrices=False to differentiate singular vectors of matrices "
                "that are not square",
                received=f"full_matrices=True for {x.shape}",
            )
        k = min(m, n)
        u, vt = _leading(u, m, k), _leading(vt, k, n)
    inner = filled_like(matmul(swap_last(u), u), 0) if gs is None else _diagonal(gs)
    ut, v = swap_last(u), swap_last(vt)
    gaps = _gaps(s * s)
    row, column = _s.expand_dims(s, axis=s.ndim - 1), _s.expand_dims(s, axis=s.ndim)
    outside = []
    if gu is not None:
        part = matmul(ut, gu)
        inner = inner + gaps * (part - swap_last(part)) * row
        outside.append(matmul((gu - matmul(u, part)) / row, vt))
    if gv is not None:
        gvt = swap_last(gv)
        part = matmul(vt, gvt)
        inner = inner + column * (gaps * (part - swap_last(part)))
        outside.append(matmul(u / row, swap_last(gvt - matmul(v, part))))
    total = product(u, inner, vt)
    for part in outside:
        total = total + part
    return total
