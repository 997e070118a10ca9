"""Pooling where the comparison with Keras says nothing: ties, positions, integers, not-a-number."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import grad
from kerasish.ops.nn import windows
from kerasish.ops.nn.pooling import avg_pool_, max_pool_, max_pool_gather, max_pool_scatter
from kerasish.ops.symbol import KerasTensor
from tests.tolerances import assert_close

RNG = np.random.default_rng(4)
ATTRS = {"window": (3, 2), "strides": (2, 2), "padding": ((1, 1), (0, 1))}


def test_positions_point_at_the_maxima():
    x = RNG.normal(size=(2, 5, 6, 3))
    y, index = max_pool_(x, **ATTRS)
    assert index.dtype == "int32"
    assert_close(max_pool_gather(x, index, **ATTRS), y, dtype="float64")
    # Scattered back, every maximum stands where it came from.
    placed = max_pool_scatter(y, index, input_shape=x.shape, **ATTRS).numpy()
    counts = max_pool_scatter(np.ones(y.shape), index, input_shape=x.shape, **ATTRS).numpy()
    np.testing.assert_allclose(placed, x * counts)
    assert counts.sum() == y.size


def test_of_equal_elements_the_first_gets_the_gradient():
    x = np.ones((1, 2, 2, 1), np.float32)
    g = grad(lambda t: ops.sum(ops.max_pool(t, 2)))(x).numpy()
    assert g.ravel().tolist() == [1, 0, 0, 0]


def test_integers_and_minus_infinity():
    x = np.array([-5, -7, -3, -9], np.int32).reshape(1, 4, 1)
    assert ops.max_pool(x, 3, 1, "same").numpy().ravel().tolist() == [-5, -3, -3, -3]
    low = np.full((1, 4, 1), -np.inf, np.float32)
    assert np.isneginf(ops.max_pool(low, 3, 1, "same").numpy()).all()


def test_not_a_number_is_not_hidden():
    x = np.array([1, np.nan, 3, 4], np.float32).reshape(1, 4, 1)
    y = ops.max_pool(x, 2).numpy().ravel()
    assert np.isnan(y[0])
    assert y[1] == 4


def test_padding_does_not_count_in_means():
    y = avg_pool_(np.full((1, 5, 6, 1), 7.0), **ATTRS).numpy()
    np.testing.assert_allclose(y, 7)


@pytest.mark.parametrize("name", ["max_pool", "average_pool"])
def test_unknown_sizes_stay_unknown(name):
    assert getattr(ops, name)(KerasTensor((None, None, 8, 3)), 2).shape == (None, None, 4, 3)


@pytest.mark.parametrize("name", ["adaptive_max_pool", "adaptive_average_pool"])
def test_adaptive_pooling_of_unknown_sizes(name):
    assert getattr(ops, name)(KerasTensor((None, None, 8, 3)), (2, 4)).shape == (None, 2, 4, 3)


@pytest.mark.parametrize(("size", "count"), [(7, 7), (5, 8), (1, 3), (6, 4)])
def test_adaptive_windows(size, count):
    x = RNG.normal(size=(2, size, 3))
    spans = [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
    for name, reduce in (("adaptive_max_pool", np.max), ("adaptive_average_pool", np.mean)):
        expected = np.stack([reduce(x[:, a:b], axis=1) for a, b in spans], 1)
        assert_close(getattr(ops, name)(x, count), expected, dtype="float64")


def test_errors():
    x = np.ones((1, 4, 4, 1), np.float32)
    with pytest.raises(ArgumentError, match="padding"):
        ops.max_pool(x, 2, padding="causal")
    with pytest.raises(ArgumentError, match="pool_size"):
        ops.max_pool(x, (2, 2, 2))
    with pytest.raises(ShapeError, match="does not fit"):
        ops.average_pool(x, 5)


@pytest.mark.parametrize("cached", [1, 100, windows.CACHED])
def test_large_windows_batches_in_parts_and_infinite_gradients(cached, monkeypatch):
    monkeypatch.setattr(windows, "CACHED", cached)
    attrs = {"window": (20, 15), "strides": (1, 1), "padding": "valid"}
    x = RNG.normal(size=(3, 20, 15, 2)).astype(np.float32)
    y, index = max_pool_(x, **attrs)
    flat = x.reshape(3, -1, 2)
    assert index.numpy().reshape(3, 2).tolist() == flat.argmax(1).tolist()
    assert_close(y.numpy().reshape(3, 2), flat.max(1))
    g = np.array([np.inf, np.nan, 2], np.float32)[:, None, None, None] * np.ones_like(y.numpy())
    dx = max_pool_scatter(g, index, input_shape=x.shape, **attrs).numpy().reshape(3, -1, 2)
    expected = np.zeros_like(flat)
    np.put_along_axis(expected, flat.argmax(1)[:, None], g.reshape(3, 1, 2), 1)
    assert dx.tobytes() == expected.tobytes()
