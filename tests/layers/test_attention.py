"""Attention's scores, weighted by what is learned."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras

layers = keras.layers
RNG = np.random.default_rng(0)
QUERY = RNG.normal(size=(2, 3, 4)).astype("float32")
VALUE = RNG.normal(size=(2, 5, 4)).astype("float32")
SUMS = QUERY[:, :, None] + VALUE[:, None]


def attended(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True) @ VALUE


def test_a_learned_factor_of_sums() -> None:
    layer = layers.Attention(use_scale=True, score_mode="concat")
    layer.build([QUERY.shape, VALUE.shape])
    layer.set_weights([np.float32(3), np.float32(0.5)])
    found = layer([QUERY, VALUE])
    np.testing.assert_allclose(found, attended(0.5 * np.tanh(3 * SUMS).sum(-1)), rtol=1e-5)


def test_a_learned_factor_of_products() -> None:
    layer = layers.Attention(use_scale=True)
    layer.build([QUERY.shape, VALUE.shape])
    layer.set_weights([np.float32(3)])
    wanted = attended(3 * QUERY @ VALUE.swapaxes(1, 2))
    np.testing.assert_allclose(layer([QUERY, VALUE]), wanted, rtol=1e-4, atol=1e-6)


def test_additive_attention_with_and_without_a_vector() -> None:
    plain = layers.AdditiveAttention(use_scale=False)
    np.testing.assert_allclose(plain([QUERY, VALUE]), attended(np.tanh(SUMS).sum(-1)), rtol=1e-5)
    layer = layers.AdditiveAttention()
    layer.build([QUERY.shape, VALUE.shape])
    scale = np.array([1, -2, 3, 0.5], "float32")
    layer.set_weights([scale])
    wanted = attended((np.tanh(SUMS) * scale).sum(-1))
    np.testing.assert_allclose(layer([QUERY, VALUE]), wanted, rtol=1e-5)


MASKED = np.array([[True, True, False, False, False], [True, True, True, True, True]])


@pytest.mark.parametrize(
    "layer",
    [layers.MultiHeadAttention(4, 3), layers.GroupQueryAttention(3, 4, 2)],
    ids=lambda layer: type(layer).__name__,
)
def test_scores_are_masked_as_the_whole_is(layer) -> None:
    found, scores = layer(QUERY, VALUE, value_mask=MASKED, return_attention_scores=True)
    whole = layer(QUERY, VALUE, value_mask=MASKED)
    np.testing.assert_allclose(found, whole, rtol=1e-5, atol=1e-6)
    hidden = np.broadcast_to(~MASKED[:, None, None], scores.shape)
    assert not scores.numpy()[hidden].any()
    found, scores = layer(QUERY, QUERY, use_causal_mask=True, return_attention_scores=True)
    whole = layer(QUERY, QUERY, use_causal_mask=True)
    np.testing.assert_allclose(found, whole, rtol=1e-5, atol=1e-6)
    assert not np.triu(scores.numpy(), 1).any()
