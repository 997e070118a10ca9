"""Masks that layers are given: which fit, and what they do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerasish import layers, ops
from kerasish.errors import ArgumentError, ShapeError

MULTI: dict[str, Any] = {"num_heads": 2, "key_dim": 3}
GROUPS: dict[str, Any] = {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2}
X = np.random.default_rng(0).normal(size=(2, 5, 8)).astype("float32")


def test_a_mask_of_a_softmax_broadcasts_to_its_input() -> None:
    layer = layers.Softmax()
    for mask in (np.ones((5, 9)), np.ones((1, 2, 5, 8)), np.ones((3, 5, 8))):
        with pytest.raises(ShapeError, match="a mask that broadcasts"):
            layer(X, mask=mask)
    weak = np.where(np.arange(8) < 4, 0.9, 0.3).astype("float32")
    found = np.asarray(layer(X, mask=weak))
    assert np.all(found[..., 4:] == 0)
    np.testing.assert_allclose(found.sum(-1), 1, rtol=1e-6)


@pytest.mark.parametrize("cls", ["Attention", "AdditiveAttention"])
def test_attention_is_told_what_is_no_list(cls: str) -> None:
    layer = getattr(layers, cls)()
    for inputs in (X, [X, X, X, X]):
        with pytest.raises(ArgumentError, match=r"\[query, value\]"):
            layer(inputs)
    for mask in (X, [X[..., 0]]):
        with pytest.raises(ArgumentError, match="masks, or None, of query and value"):
            layer([X, X], mask=mask)


@pytest.mark.parametrize("cls", ["Add", "Concatenate", "Dot"])
def test_a_merge_takes_a_mask_for_each_input(cls: str) -> None:
    layer = getattr(layers, cls)(**({"axes": 1} if cls == "Dot" else {}))
    if cls != "Dot":
        for inputs, mask in (([X, X], X), (X, [None, None]), ([X, X], [None])):
            with pytest.raises(ArgumentError, match="as many masks"):
                layer.compute_mask(inputs, mask)
    with pytest.raises(ShapeError, match="one size"):
        layer([X[:1], X])


def test_a_mask_of_attention_may_have_one_for_each_head() -> None:
    layer = layers.MultiHeadAttention(2, 4)
    lower = np.tril(np.ones((5, 5)))
    plain = layer(X, X, attention_mask=lower)
    for mask in (np.tile(lower, (2, 1, 1)), np.tile(lower, (2, 2, 1, 1))):
        np.testing.assert_allclose(layer(X, X, attention_mask=mask), plain, rtol=1e-5)
        kept = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], bool)
        both = layer(X, X, attention_mask=mask, value_mask=kept, return_attention_scores=True)
        assert np.all(np.asarray(both[1])[0, :, :, 3:] == 0)
    with pytest.raises(ArgumentError, match="scores"):
        layers.MultiHeadAttention(2, 4, flash_attention=True)(X, X, return_attention_scores=True)


def test_grouped_attention_takes_keys_for_its_values() -> None:
    layer = layers.GroupQueryAttention(**GROUPS)
    with pytest.raises(ShapeError, match="equal shapes but for the last axis"):
        layer.compute_output_shape((2, 4, 8), (2, 2, 8), (2, 1, 7))
    with pytest.raises(ArgumentError, match="A shape"):
        layer.compute_output_shape((2, 4, 8), (2, 2, 8), 2)


def test_timesteps_get_their_part_of_the_mask() -> None:
    class Masked(layers.Layer):
        supports_masking = True

        def call(self, inputs: Any, mask: Any = None) -> Any:
            return inputs if mask is None else inputs * ops.cast(mask, "float32")[:, None]

    layer = layers.TimeDistributed(Masked())
    mask = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 1, 1]], bool)
    np.testing.assert_array_equal(layer(X, mask=mask), X * mask[..., None])
    for wrong in (mask[:1], mask[:, :2], mask[0]):
        with pytest.raises(ShapeError, match=r"a mask of shape \(2, 5\)"):
            layer(X, mask=wrong)
