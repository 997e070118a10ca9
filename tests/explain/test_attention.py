"""Attention read off the graph: the scores that layers return, and rollout by its equation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import explain, layers, ops
from kerasish.errors import ArgumentError
from tests.explain.models import settled, table

ROWS = np.random.default_rng(3).normal(size=(3, 6, 8)).astype("f4")


def pair(make: Any, *shape: int) -> tuple[Any, Any]:
    """A model, and one of the same weights that gives the scores too; make(x, scores)."""
    x = keras.Input(shape)
    y, scores = make(x, True)
    both = settled(keras.Model(x, [y, scores]))
    x = keras.Input(shape)
    return keras.Model(x, make(x, False)), both


def compared(make: Any, rows: np.ndarray, **choice: Any) -> np.ndarray:
    model, both = pair(make, *rows.shape[1:])
    found = explain.attention_maps(model, rows, **choice)
    (one,) = found.values()
    expected = np.asarray(both.predict(rows, verbose=0)[1])
    expected = expected[:, None] if expected.ndim == 3 else expected
    np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-6)
    return one


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kind", ["MultiHeadAttention", "GroupQueryAttention"])
def test_heads_are_those_that_the_layer_returns(kind, causal):
    given = (2, 4) if kind == "MultiHeadAttention" else (4, 4, 2)
    layer = getattr(layers, kind)(*given, name="look")

    def make(x: Any, scores: bool) -> Any:
        return layer(x, x, return_attention_scores=scores, use_causal_mask=causal)

    found = compared(make, ROWS, batch_size=2)
    assert found.shape == (3, 2 if kind == "MultiHeadAttention" else 4, 6, 6)
    np.testing.assert_allclose(found.sum(-1), 1, rtol=1e-5)
    assert not causal or (found[..., 0, 1:] == 0).all()


@pytest.mark.parametrize(
    "layer",
    [
        layers.Attention(),
        layers.Attention(use_scale=True, score_mode="concat"),
        layers.AdditiveAttention(),
    ],
)
def test_layers_without_heads_have_one(layer):
    def make(x: Any, scores: bool) -> Any:
        return layer([x, x * 2], return_attention_scores=scores)

    assert compared(make, ROWS).shape == (3, 1, 6, 6)


def test_attention_over_two_axes():
    layer = layers.MultiHeadAttention(2, 4, attention_axes=(1, 2))
    rows = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("f4")

    def make(x: Any, scores: bool) -> Any:
        return layer(x, x, return_attention_scores=scores)

    assert compared(make, rows).shape == (2, 2, 3, 4, 3, 4)


def test_long_causal_attention_goes_together_again():
    layer = layers.MultiHeadAttention(2, 4)
    rows = np.random.default_rng(0).normal(size=(1, 300, 4)).astype("f4")

    def make(x: Any, scores: bool) -> Any:
        return layer(x, x, return_attention_scores=scores, use_causal_mask=True)

    assert compared(make, rows).shape == (1, 2, 300, 300)


def test_padding_is_not_looked_at():
    x = keras.Input((5,), dtype="int32")
    read: Any = layers.Embedding(10, 8, mask_zero=True)(x)
    model = settled(keras.Model(x, layers.MultiHeadAttention(2, 4)(read, read)))
    (found,) = explain.attention_maps(model, np.array([[1, 2, 3, 0, 0]])).values()
    assert (found[:, :, :3, 3:] == 0).all()


def test_from_some_positions_to_others():
    queries, keys = keras.Input((3, 8)), keras.Input((5, 8))
    model = keras.Model([queries, keys], layers.MultiHeadAttention(2, 4)(queries, keys))
    x = [ROWS[:, :3], ROWS[:, 1:]]
    (found,) = explain.attention_maps(model, x).values()
    assert found.shape == (3, 2, 3, 5)


def test_every_call_by_path_in_its_order():
    x = keras.Input((6, 8))
    twice, once = layers.MultiHeadAttention(2, 4, name="twice"), layers.Attention(name="once")
    y = twice(x, x)
    y = once([y, y])
    model = settled(keras.Model(x, layers.Softmax()(twice(y, y)), name="all"))
    assert list(explain.attention_maps(model, ROWS)) == ["all/twice", "all/once", "all/twice (2)"]


def test_attention_of_ones_own():
    x = keras.Input((6, 8))
    weights = ops.softmax(ops.matmul(x, ops.swapaxes(x, 1, 2)) / 8, axis=-1)
    model = keras.Model(x, layers.Dense(3, "softmax")(ops.matmul(weights, x)))
    (found,) = explain.attention_maps(model, ROWS).values()
    raw = np.exp(ROWS @ ROWS.swapaxes(1, 2) / 8)
    np.testing.assert_allclose(found[:, 0], raw / raw.sum(-1, keepdims=True), rtol=1e-4)


def test_a_model_that_does_not_attend_is_an_error():
    with pytest.raises(ArgumentError, match="a layer that attends"):
        explain.attention_maps(*table())


def blocks() -> Any:
    x = keras.Input((6, 8))
    y: Any = x
    for number in range(3):
        y = layers.MultiHeadAttention(2, 4, name=f"look_{number}")(y, y) + y
    return settled(keras.Model(x, y))


@pytest.mark.parametrize("heads", ["mean", "max", "min"])
def test_rollout_by_its_equation(heads):
    model = blocks()
    maps = list(explain.attention_maps(model, ROWS).values())
    assert len(maps) == 3
    found = explain.attention_rollout(model, ROWS, heads=heads).values
    for row in range(3):
        expected = np.eye(6)
        for one in maps:
            joined = getattr(one[row].astype("f8"), heads)(axis=0)
            joined /= joined.sum(-1, keepdims=True)
            expected = (0.5 * joined + 0.5 * np.eye(6)) @ expected
        np.testing.assert_allclose(found[row], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.sum(-1), 1, rtol=1e-4)


def test_rollout_of_some_layers():
    model = blocks()
    maps = explain.attention_maps(model, ROWS)
    (path,) = [p for p in maps if p.endswith("look_1")]
    found = explain.attention_rollout(model, ROWS, layers="look_1").values
    np.testing.assert_allclose(found, maps[path].mean(1) / 2 + np.eye(6) / 2, rtol=1e-5)
    with pytest.raises(ArgumentError, match=r"none that fits 'lost'.*look_0"):
        explain.attention_rollout(model, ROWS, layers="lost")


def test_rollout_needs_the_same_positions():
    queries, keys = keras.Input((3, 8)), keras.Input((5, 8))
    model = keras.Model([queries, keys], layers.MultiHeadAttention(2, 4)(queries, keys))
    with pytest.raises(ArgumentError, match="the same positions"):
        explain.attention_rollout(model, [ROWS[:, :3], ROWS[:, 1:]])
