"""Scaled dot-product attention, with grouped heads, as one op."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from kerasish import tables
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.op import case
from kerasish.graph.primitives import concatenate, expand_dims, reshape, transpose
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, promoted
from kerasish.ops.basic.elementwise import cast, cast_like, logical_and, tanh, where
from kerasish.ops.basic.matmul import matmul_, swap_last
from kerasish.ops.declare import bools, composite, primitive
from kerasish.ops.nn.activation import softmax_
from kerasish.spec import Dim, TensorSpec

_LOWEST = {"float32": -0.7 * 3.4028235e38, "float64": -0.7 * 1.7976931348623157e308}


STRIPE = 128  # rows
MOST = 8  # stripes


def _heads_first(x: Any) -> Any:
    return transpose(x, axes=(0, 2, 1, 3))


def _order(first: int, rows: Dim, columns: Dim) -> Any:
    """Whether column s may be seen from row t, counted from `first`: s <= t."""
    # With an unknown length only the spec of the result matters.
    t = first + tables.arange(1 if rows is None else rows)
    s = tables.arange(1 if columns is None else columns)
    return convert_to_tensor(tables.outer(np.greater_equal, t, s))


def _attention(
    query: Any,
    key: Any,
    value: Any,
    *rest: Any,
    scale: float,
    causal: bool,
    bias: bool,
    mask: bool,
    soft_cap: float | None,
) -> Any:
    """softmax(query key^T * scale + bias, where mask holds) value.

    Vaswani et al., "Attention is all you need" (2017), section 3.2.

    query (B, T, N, H), key and value (B, S, K, H) with N a multiple of K, then (if `bias`) what
    is added to the logits and (if `mask`) where they count, both 4-d and broadcast to
    (B, N, T, S); result (B, T, N, H). Logits and softmax are computed in float32 at least.
    Long causal attention goes by stripes of rows, each with the columns that its last row sees.
    """
    given = list(rest)
    addend = given.pop(0) if bias else None
    allowed = given.pop(0) if mask else None
    rows, columns = query.shape[1], key.shape[1]
    # A row that a mask leaves nothing looks at all columns alike, so masks go undivided.
    stripes = _stripes(rows, columns) if causal and not mask else [(0, rows, columns)]
    query = query * scale
    parts = []
    for first, last, seen in stripes:
        order = _order(first, None if last is None else last - first, seen) if causal else None
        if allowed is not None:
            order = allowed if order is None else logical_and(allowed, order)
        within = _part(addend, first, last, seen)
        q, k, v = query[:, first:last], key[:, :seen], value[:, :seen]
        parts.append(_shared(q, k, v, within, order, soft_cap))
    return parts[0] if len(parts) == 1 else concatenate(*parts, axis=1)


def _stripes(rows: Dim, columns: Dim) -> list[tuple[int, Dim, Dim]]:
    """(first row, end of rows, end of columns) of every stripe."""
    if rows is None or columns is None or rows < 2 * STRIPE:
        return [(0, rows, columns)]
    height = max(STRIPE, -(-rows // MOST))
    ends = [*range(height, rows, height), rows]
    return [(a, b, min(b, columns)) for a, b in itertools.pairwise((0, *ends))]


def _part(x: Any, first: int, last: Dim, seen: Dim) -> Any:
    """What of a bias belongs to a stripe."""
    if x is None:
        return None
    x = x if x.shape[2] == 1 else x[:, :, first:last]
    return x if x.shape[3] == 1 else x[:, :, :, :seen]


def _shared(query: Any, key: Any, value: Any, addend: Any, allowed: Any, soft_cap: Any) -> Any:
    """Attention of scaled queries."""
    batch, rows, heads, size = query.shape
    columns, groups = key.shape[1], key.shape[2]
    # The heads that share one key and value become more rows of one product.
    shared = None if rows is None else rows * (heads // groups)
    q = reshape(_heads_first(query), shape=(batch, groups, shared, size))
    k, v = _heads_first(key), _heads_first(value)
    logits = matmul_(q, swap_last(k))
    wide = logits if logits.dtype == "float64" else cast(logits, "float32")
    wide = reshape(wide, shape=(batch, heads, rows, columns))
    if soft_cap is not None:
        wide = soft_cap * tanh(wide * (1 / soft_cap))
    if addend is not None:
        wide = wide + cast_like(addend, wide)
    if allowed is not None:
        wide = where(allowed, wide, _LOWEST[wide.dtype])
    shares = cast_like(softmax_(wide, axis=(3,)), v)
    y = matmul_(reshape(shares, shape=(batch, groups, shared, columns)), v)
    return _heads_first(reshape(y, shape=(batch, heads, rows, value.shape[-1])))


def _flops(query: TensorSpec, key: TensorSpec, value: TensorSpec, *_: Any, **__: Any) -> int:
    """Two matrix products."""
    columns = key.shape[1] or 0
    return (
        2 * columns * (query.size + query.size // (query.shape[-1] or 1) * (value.shape[-1] or 0))
    )


def _case(
    shape: tuple[int, int], *more: Any, heads: int = 2, causal: bool = False, **flags: Any
) -> Any:
    query, rest = (2, shape[0], heads, 4), (2, shape[1], 2, 4)
    held = {"bias": False, "mask": False, "soft_cap": None, "scale": 0.5} | flags
    return case(query, rest, rest, *more, causal=causal, **held)


dot_product_attention_ = primitive(
    "dot_product_attention",
    _attention,
    cases=(
        _case((3, 5)),
        _case((3, 5), heads=6, causal=True),
        _case((3, 5), (2, 1, 3, 5), bias=True, soft_cap=2.0),
        _case((3, 5), bools((1, 2, 3, 5)), mask=True),
        _case((3, 3), (1, 2, 3, 3), bools((2, 1, 1, 3)), bias=True, mask=True, causal=True),
    ),
    flops=_flops,
)


def _four_axes(x: Any, what: str) -> Any:
    """(T, S) or (B, T, S) with the axes of heads and batch."""
    if x.ndim not in (2, 3, 4):
        raise ShapeError(
            "dot_product_attention",
            expected=f"a {what} of 2 to 4 axes, the last ones query and key positions",
            received=f"shape {x.shape}",
        )
    while x.ndim < 4:
        x = expand_dims(x, axis=1 if x.ndim == 3 else 0)
    return x


@composite(case((2, 3, 2, 4), (2, 5, 2, 4), (2, 5, 2, 4), bools((3, 5))))
def dot_product_attention(
    query: TensorLike,
    key: TensorLike,
    value: TensorLike,
    bias: TensorLike | None = None,
    mask: TensorLike | None = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Tensor:
    """softmax(query key^T * scale + bias) value, for every head.

    Args:
        query: (batch, T, heads, size).
        key: (batch, S, key heads, size); the number of heads is a multiple of that of key heads.
        value: like `key`.
        bias: added to the logits; broadcasts to (batch, heads, T, S).
        mask: boolean, where a position may be attended to; broadcasts like `bias`.
        scale: factor of the logits; None for 1 / sqrt(size).
        is_causal: whether position t sees only positions up to t.
        flash_attention: accepted for compatibility; the compiler chooses the kernel.
        attn_logits_soft_cap: limits the logits to c * tanh(logits / c).

    Raises:
        ShapeError: an input has other than 4 axes, or the heads do not divide.
    """
    q, k, v = promoted((query, key, value), "float")
    if (q.ndim, k.ndim, v.ndim) != (4, 4, 4):
        raise ShapeError(
            "dot_product_attention",
            expected="query, key and value of 4 axes (batch, positions, heads, size)",
            received=f"{q.shape}, {k.shape}, {v.shape}",
        )
    if q.shape[2] % k.shape[2] or k.shape[2] != v.shape[2] or q.shape[3] != k.shape[3]:
        raise ShapeError(
            "dot_product_attention",
            expected="one head size, and query heads a multiple of key heads",
            received=f"query {q.shape}, key {k.shape}, value {v.shape}",
        )
    if attn_logits_soft_cap is not None and attn_logits_soft_cap <= 0:
        raise ArgumentError(
            "attn_logits_soft_cap", expected="a positive number", received=attn_logits_soft_cap
        )
    rest = []
    if bias is not None:
        rest.append(_four_axes(convert_to_tensor(bias, q.dtype), "bias"))
    if mask is not None:
        rest.append(_four_axes(cast(mask, "bool"), "mask"))
    return dot_product_attention_(
        q,
        k,
        v,
        *rest,
        scale=1 / math.sqrt(q.shape[3]) if scale is None else float(scale),
        causal=bool(is_causal),
        bias=bias is not None,
        mask=mask is not None,
        soft_cap=None if attn_logits_soft_cap is None else float(attn_logits_soft_cap),
    )
