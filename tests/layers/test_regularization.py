"""Layers that draw: how much noise there is."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras

layers = keras.layers
ONES = np.ones((100, 400), "float32")


@pytest.mark.parametrize("rate", [0.2, 0.75])
def test_multiplied_noise_has_the_variance_of_dropout(rate: float) -> None:
    y = np.asarray(layers.GaussianDropout(rate, seed=1)(2 * ONES, training=True))
    np.testing.assert_allclose(y.mean(), 2.0, rtol=0.03)
    np.testing.assert_allclose(y.std(), 2 * np.sqrt(rate / (1 - rate)), rtol=0.03)


@pytest.mark.parametrize("rate", [0.2, 0.75])
def test_alpha_dropout_keeps_mean_and_variance(rate: float) -> None:
    x = np.random.default_rng(0).normal(size=(200, 500)).astype("float32")
    y = np.asarray(layers.AlphaDropout(rate, seed=1)(x, training=True))
    np.testing.assert_allclose([y.mean(), y.std()], [0, 1], atol=0.02)
    low = -1.6732632423543772 * 1.0507009873554804
    dropped = low * (1 - rate) / np.sqrt((1 - rate) * (1 + rate * low**2))
    np.testing.assert_allclose(np.isclose(y, dropped, rtol=1e-5).mean(), rate, atol=0.01)


@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
def test_whole_channels_are_dropped(data_format: str) -> None:
    layer = layers.SpatialDropout2D(0.5, data_format=data_format, seed=1)
    y = np.asarray(layer(np.ones((6, 4, 5, 7), "float32"), training=True))
    over = (2, 3) if data_format == "channels_first" else (1, 2)
    assert set(np.unique(y)) == {0.0, 2.0}
    assert (y.min(over) == y.max(over)).all()
    others = y.max(over)
    assert 0 < (others == 0).mean() < 1


def test_without_noise_nothing_is_drawn() -> None:
    for layer in (layers.Dropout(0.0), layers.GaussianNoise(0.0)):
        np.testing.assert_array_equal(layer(ONES, training=True), ONES)
        assert layer.variables == []
