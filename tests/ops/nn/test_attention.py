"""Attention beyond the comparison with Keras: masks of fewer axes, caps, precision, errors."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

from kerasish import function, ops
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import grad
from kerasish.ops.nn import attention
from kerasish.ops.symbol import KerasTensor
from kerasish.spec import TensorSpec
from kerasish.testing import check_grads
from tests.tolerances import assert_close

RNG = np.random.default_rng(2)
Q, K, V = (RNG.normal(size=(2, n, 3, 4)) for n in (5, 6, 6))


def plain(q, k, v, add=0.0, cap=None):
    logits = np.einsum("btnh,bsnh->bnts", q, k) / math.sqrt(q.shape[-1])
    logits = logits if cap is None else cap * np.tanh(logits / cap)
    e = np.exp(logits + add)
    return np.einsum("bnts,bsnh->btnh", e / e.sum(-1, keepdims=True), v)


def test_is_its_definition():
    assert_close(ops.dot_product_attention(Q, K, V), plain(Q, K, V), dtype="float64")
    capped = ops.dot_product_attention(Q, K, V, attn_logits_soft_cap=0.5)
    assert_close(capped, plain(Q, K, V, cap=0.5), dtype="float64")


@pytest.mark.parametrize(
    "shape", [(5, 6), (1, 6), (2, 5, 6), (2, 1, 6), (2, 1, 5, 6), (2, 3, 5, 6)]
)
def test_masks_and_biases_broadcast(shape):
    seen = RNG.integers(0, 2, shape).astype(bool)
    seen[..., 0] = True
    bias = RNG.normal(size=shape)
    full = (bias + np.where(seen, 0, -np.inf))[(slice(None), None) if len(shape) == 3 else ()]
    found = ops.dot_product_attention(Q, K, V, bias=bias, mask=seen)
    assert_close(found, plain(Q, K, V, full), dtype="float64")


def test_groups_of_heads_share_keys():
    k, v = K[:, :, :1], V[:, :, :1]
    repeated = [np.repeat(t, 3, axis=2) for t in (k, v)]
    assert_close(ops.dot_product_attention(Q, k, v), plain(Q, *repeated), dtype="float64")


@pytest.mark.parametrize("keys", [5, 13, 20])
@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("bias", [None, (1, 1, 1, 1), (13, 1), (1, 3, 13, 0), (2, 1, 1, 0)])
def test_long_causal_attention_goes_by_stripes(keys, groups, bias, monkeypatch):
    monkeypatch.setattr(attention, "STRIPE", 4)
    monkeypatch.setattr(attention, "MOST", 3)
    seen = [min(n, keys) for n in (5, 10, 13)]
    assert attention._stripes(13, keys) == [(0, 5, seen[0]), (5, 10, seen[1]), (10, 13, seen[2])]
    q = RNG.normal(size=(2, 13, 3, 4))
    k, v = (RNG.normal(size=(2, keys, groups, 4)) for _ in range(2))
    added = 0.0 if bias is None else RNG.normal(size=[n or keys for n in bias])
    hidden = np.where(np.arange(13)[:, None] >= np.arange(keys), 0.0, -np.inf)
    repeated = [np.repeat(t, 3 // groups, axis=2) for t in (k, v)]
    call = functools.partial(ops.dot_product_attention, is_causal=True, attn_logits_soft_cap=3.0)
    found = call(q, k, v, bias=None if bias is None else added)
    assert_close(found, plain(q, *repeated, added + hidden, cap=3.0), dtype="float64")


def test_gradients_of_stripes(monkeypatch):
    """Rows that see few columns get their gradients from few: compared with one piece."""
    inputs = [RNG.normal(size=(2, 11, 3, 4)) for _ in range(3)]
    weight = RNG.normal(size=(2, 11, 3, 4))

    def total(q, k, v):
        return ops.sum(ops.dot_product_attention(q, k, v, is_causal=True) * weight)

    whole = function(grad(total, (0, 1, 2)))(*inputs)
    monkeypatch.setattr(attention, "STRIPE", 3)
    check_grads(total, inputs)
    made = function(grad(total, (0, 1, 2)))
    for part, all_at_once in zip(made(*inputs), whole, strict=True):
        assert_close(part, all_at_once.numpy(), dtype="float64")
    spec = TensorSpec((2, 11, 3, 4), "float64")
    text = str(made.plan_for(spec, spec, spec))
    assert text.count("concatenate(") == 1  # of the query's stripes; the result is not needed


def test_masks_go_undivided(monkeypatch):
    """A row that a mask leaves nothing looks at all columns alike, not at those of its stripe."""
    monkeypatch.setattr(attention, "STRIPE", 2)
    q, k, v = (RNG.normal(size=(2, 8, 3, 4)) for _ in range(3))
    seen = np.zeros((1, 1, 8, 8), bool)
    found = ops.dot_product_attention(q, k, v, mask=seen, is_causal=True).numpy()
    np.testing.assert_allclose(found, np.broadcast_to(v.mean(1, keepdims=True), found.shape))


def test_a_row_that_sees_nothing_is_the_mean():
    found = ops.dot_product_attention(Q, K, V, mask=np.zeros((5, 6), bool)).numpy()
    np.testing.assert_allclose(found, np.broadcast_to(V.mean(1, keepdims=True), found.shape))


def test_half_precision():
    half = [t.astype(np.float16) for t in (Q, K, V)]
    found = ops.dot_product_attention(*half)
    assert found.dtype == "float16"
    assert_close(found, plain(Q, K, V), dtype="float16")


def test_unknown_sizes():
    q, k = KerasTensor((None, None, 3, 4)), KerasTensor((None, None, 3, 4))
    assert ops.dot_product_attention(q, k, k, is_causal=True).shape == (None, None, 3, 4)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: ops.dot_product_attention(Q[0], K, V), ShapeError),
        (lambda: ops.dot_product_attention(Q, K[:, :, :2], V[:, :, :2]), ShapeError),
        (lambda: ops.dot_product_attention(Q, K[..., :3], V), ShapeError),
        (lambda: ops.dot_product_attention(Q, K, V, mask=np.ones(6, bool)), ShapeError),
        (lambda: ops.dot_product_attention(Q, K, V, attn_logits_soft_cap=0), ArgumentError),
    ],
)
def test_what_does_not_fit_is_refused(call, error):
    with pytest.raises(error, match="Expected"):
        call()
