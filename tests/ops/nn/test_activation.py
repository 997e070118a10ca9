"""What the comparison with Keras leaves open: sparsemax, stability, integers, kinks, errors."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import grad
from tests.tolerances import assert_close

X = np.array([-1e4, -50, -1, 0, 1, 50, 1e4], np.float32)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_sparsemax_is_the_nearest_point_of_the_simplex(axis):
    # Keras 3.15 subtracts a threshold that makes the rows sum to less than 1.
    x = np.random.default_rng(0).normal(size=(6, 5)) * 2
    p = ops.sparsemax(x, axis=axis).numpy()
    assert p.min() >= 0
    np.testing.assert_allclose(p.sum(axis), 1, rtol=1e-12)
    # Optimality: x - p is one number on the support, and no larger off it.
    difference = np.where(p > 0, x - p, -np.inf)
    threshold = difference.max(axis, keepdims=True)
    assert np.allclose(np.where(p > 0, x - p, threshold), threshold)
    assert (x - p <= threshold + 1e-12).all()


@pytest.mark.parametrize(
    "name", "relu softplus silu gelu softmax log_softmax sigmoid elu selu log_sigmoid".split()
)
def test_large_inputs_stay_finite(name):
    func = getattr(ops, name)
    assert np.isfinite(func(X).numpy()).all()
    assert np.isfinite(grad(lambda x: ops.sum(func(x)))(X).numpy()).all()


def test_not_a_number_passes_through():
    x = np.array([np.nan, 1.0], np.float32)
    for name in ("relu", "relu6", "leaky_relu", "elu", "softmax", "hard_tanh"):
        assert np.isnan(getattr(ops, name)(x).numpy()[0]), name


def test_relu_keeps_integers_and_gives_them_no_float():
    assert ops.relu(np.array([-1, 2], np.int32)).dtype == "int32"
    assert ops.gelu(np.array([-1, 2], np.int32)).dtype == "float32"


@pytest.mark.parametrize(("name", "slope"), [("relu", 0.0), ("elu", 1.0), ("leaky_relu", 1.0)])
def test_the_gradient_at_the_kink(name, slope):
    func = getattr(ops, name)
    assert float(grad(lambda x: ops.sum(func(x)))(np.zeros(1, np.float32))[0]) == slope


def test_softmax_over_several_axes():
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    e = np.exp(x)
    assert_close(ops.softmax(x, (0, 2)), e / e.sum((0, 2), keepdims=True), dtype="float64")


def test_errors():
    with pytest.raises(ShapeError, match="even size"):
        ops.glu(np.ones((2, 3), np.float32))
    with pytest.raises(ArgumentError, match="axis"):
        ops.softmax(np.ones((2, 3), np.float32), axis=2)
