"""Normalization beyond the comparison with Keras: precision, moments, parameters, errors."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import GradientTape, convert_to_tensor
from kerasish.ops.nn.normalization import batch_norm_train, layer_norm_grad, rms_norm_grad
from kerasish.ops.nn.standardization import group_normalization
from kerasish.testing import check_op
from tests.tolerances import assert_close

RNG = np.random.default_rng(6)
X = RNG.normal(size=(6, 5, 4)) * 3 + 2
ATTRS = {"epsilon": 1e-3, "scale": True, "center": True}


@pytest.mark.parametrize("axis", [(2,), (1,), (0, 2)])
def test_batch_norm_train_is_its_definition(axis):
    kept = tuple(X.shape[a] for a in axis)
    over = tuple(i for i in range(3) if i not in axis)
    gamma, beta = RNG.normal(size=kept), RNG.normal(size=kept)
    y, mean, variance = batch_norm_train(X, gamma, beta, axis=axis, **ATTRS)
    assert_close(mean, X.mean(over), dtype="float64")
    assert_close(variance, X.var(over), dtype="float64")
    shape = tuple(X.shape[i] if i in axis else 1 for i in range(3))
    h = (X - X.mean(over, keepdims=True)) / np.sqrt(X.var(over, keepdims=True) + 1e-3)
    assert_close(y, h * gamma.reshape(shape) + beta.reshape(shape), dtype="float64")


def test_gradients_flow_through_the_moments_alone():
    x = convert_to_tensor(X)
    with GradientTape() as tape:
        tape.watch(x)
        _, mean, variance = batch_norm_train(x, axis=(2,), epsilon=1e-3, scale=False, center=False)
        total = ops.sum(mean) + ops.sum(variance)
    count = X.size / 4
    expected = 1 / count + 2 * (X - X.mean((0, 1))) / count
    assert_close(tape.gradient(total, x), expected, dtype="float64")


@pytest.mark.parametrize("op", [layer_norm_grad, rms_norm_grad])
def test_gradient_ops(op):
    check_op(op)


def test_half_precision_is_summed_in_float32():
    x = np.full((2, 4096), 300.0, np.float16)  # the sum of squares overflows float16
    x[:, ::2] = -300
    for func in (ops.layer_normalization, ops.rms_normalization):
        y = func(x)
        assert y.dtype == "float16"
        np.testing.assert_allclose(y.numpy(), np.sign(x), rtol=1e-3)
    y, mean, variance = batch_norm_train(x.T, axis=(1,), epsilon=0.0, scale=False, center=False)
    assert (y.dtype, mean.dtype, variance.dtype) == ("float16", "float32", "float32")
    np.testing.assert_allclose(variance.numpy(), 9e4, rtol=1e-3)  # float16 ends at 65504
    mean, variance = ops.moments(x, 1)
    assert variance.dtype == "float16"
    assert variance.numpy().max() == 65504


def test_group_normalization():
    x = RNG.normal(size=(3, 5, 6))
    gamma, beta = RNG.normal(size=6), RNG.normal(size=6)
    parts = x.reshape(3, 5, 2, 3)
    centred = parts - parts.mean((1, 3), keepdims=True)
    h = centred / np.sqrt(parts.var((1, 3), keepdims=True) + 1e-3)
    expected = h.reshape(x.shape) * gamma + beta
    assert_close(group_normalization(x, gamma, beta, groups=2), expected, dtype="float64")


def test_parameters_may_come_with_axes_of_size_one():
    gamma = RNG.normal(size=5)
    plain = ops.layer_normalization(X, gamma, axis=1)
    assert_close(ops.layer_normalization(X, gamma.reshape(1, 5, 1), axis=1), plain)


def test_the_older_scaling_divides_by_the_deviation() -> None:
    gamma = RNG.normal(size=5)
    deviation = np.sqrt(np.var(X, axis=1, keepdims=True) + 1e-3)
    with pytest.warns(UserWarning, match="RMSNormalization"):
        y = ops.layer_normalization(X, gamma, axis=1, epsilon=1e-3, rms_scaling=True)
    assert_close(y, X / deviation * gamma[:, None] if X.ndim == 3 else X / deviation * gamma)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ops.layer_normalization(X, np.ones(5)), ShapeError, "shape"),
        (lambda: ops.layer_normalization(X, axes=1), ArgumentError, "axes"),
        (lambda: group_normalization(X, groups=3), ShapeError, "groups=3"),
        (lambda: ops.normalize(X, order=0), ArgumentError, "order"),
        (lambda: ops.moments(X, 0, synchronized=True), ArgumentError, "synchronized"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
