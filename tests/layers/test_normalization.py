"""Normalization layers: gradients, masks, whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.graph import GradientTape
from tests.tolerances import assert_close

layers, ops = keras.layers, keras.ops
W = np.array([[2.0, 0.0], [0.0, 1.0]], "float32")


def test_the_gradient_of_a_spectral_norm_goes_through_sigma() -> None:
    """Miyato et al. (2018), equation 12: the term along u v^T is taken out."""
    layer = layers.SpectralNormalization(layers.Dense(2, use_bias=False), power_iterations=20)
    x = np.eye(2, dtype="float32")
    layer(x)
    for variable in layer.weights:
        variable.assign(W if variable.shape == (2, 2) else np.array([[1.0, 0.0]], "float32"))
    with GradientTape() as tape:
        total = ops.sum(layer(x, training=True))
    gradient = tape.gradient(total, layer.trainable_variables)[0]
    assert_close(gradient, [[-0.25, 0.5], [0.5, 0.5]])


def test_the_vectors_of_a_spectral_norm_are_constants() -> None:
    """One step of the power iteration, far from its end: W / (v W u^T), v and u held."""
    x = np.array([[1.0, -2.0, 0.5], [0.25, 1.0, 3.0]], "float32")
    kernel = np.array([[1.0, 2.0], [-0.5, 1.0], [3.0, 0.25]], "float32")
    layer = layers.SpectralNormalization(layers.Dense(2, use_bias=False))
    layer.build(x.shape)
    assert abs(layer.vector_u.numpy()).max() <= 2 * 0.02  # a truncated normal of 0.02
    layer.kernel.assign(kernel)
    layer.vector_u.assign([[0.6, -0.8]])
    v = np.array([[0.6, -0.8]]) @ kernel.T
    v /= np.linalg.norm(v)
    u = v @ kernel / np.linalg.norm(v @ kernel)
    sigma = (v @ kernel @ u.T).item()
    inner = 2 * x.T @ x @ kernel / sigma
    expected = inner / sigma - (inner * kernel).sum() / sigma**2 * v.T @ u
    with GradientTape() as tape:
        total = ops.sum(layer(x, training=True) ** 2)
    gradient = tape.gradient(total, layer.trainable_variables)[0]
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-4)


def test_which_normalizations_carry_masks_on() -> None:
    x = ops.convert_to_tensor(np.ones((2, 3, 4), "float32"))
    x.mask = ops.convert_to_tensor(np.array([[1, 1, 0], [1, 0, 0]], bool))
    for layer in (
        layers.LayerNormalization(),
        layers.BatchNormalization(),
        layers.GroupNormalization(2),
        layers.UnitNormalization(),
    ):
        assert layer(x).mask is x.mask
    with pytest.warns(UserWarning, match="mask"):
        assert layers.RMSNormalization()(x).mask is None


LAYERS: list[Any] = [
    lambda: layers.BatchNormalization(),
    lambda: layers.LayerNormalization(),
    lambda: layers.RMSNormalization(),
    lambda: layers.GroupNormalization(2),
    lambda: layers.UnitNormalization(),
    lambda: layers.Dense(2, kernel_initializer="ones"),
    lambda: layers.Conv1D(2, 2, kernel_initializer="ones"),
    lambda: layers.Bidirectional(layers.GRU(2, kernel_initializer="ones")),
    lambda: layers.Softmax(),
    lambda: layers.LeakyReLU(0.5),
    lambda: layers.ELU(),
]


@pytest.mark.parametrize("make", LAYERS)
@pytest.mark.parametrize("dtype", ["int32", "uint8", "int64"])
@pytest.mark.parametrize("training", [False, True])
def test_whole_numbers_are_numbers_like_others(make: Any, dtype: str, training: bool) -> None:
    x = np.random.default_rng(0).integers(0, 9, (3, 5, 4)).astype(dtype)
    layer = make()
    layer.build(x.shape)
    flag = {"training": training} if layer._call_takes("training") else {}
    y, z = layer(x, **flag), layer(x.astype("float32"), **flag)
    assert y.dtype == "float32"
    assert_close(y, z)
    assert np.abs(np.asarray(y)).max() > 0
    low = make()
    low.dtype_policy = "mixed_float16"
    assert low(x).dtype in ("float16", "float32")


def test_ids_masks_and_layers_of_ones_own_see_whole_numbers() -> None:
    class Sees(layers.Layer):
        def call(self, inputs: Any) -> Any:
            assert inputs.dtype == "int64"
            return inputs

    assert Sees()(np.array([[3]])).dtype == "int64"
    assert layers.Reshape((1, 1))(np.array([[3]])).dtype == "int64"
    ids = np.array([[2**24 + 1]])
    assert int(layers.Identity()(ids)[0, 0]) == 2**24 + 1


@pytest.mark.parametrize("axis", [1, -1])
def test_masked_moments_along_any_channel_axis(axis: int) -> None:
    x = np.random.default_rng(0).normal(size=(4, 3, 5)).astype("float32")
    mask = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 1, 1]], "bool")
    layer = layers.BatchNormalization(axis=axis, momentum=0.0)
    layer(x, training=True, mask=mask)
    weights = np.broadcast_to(mask[..., None], x.shape)
    others = tuple(a for a in range(3) if a != axis % 3)
    mean = (x * weights).sum(others, keepdims=True) / weights.sum(others, keepdims=True)
    apart = (x * weights - mean) ** 2 * weights
    variance = apart.sum(others) / weights.sum(others)
    np.testing.assert_allclose(layer.moving_mean, mean.reshape(-1), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-5)
