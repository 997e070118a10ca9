"""Distributions against their moments and exact probabilities; bounds are five standard errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kerasish.graph.tensor import convert_to_tensor
from kerasish.ops.random.draws import (
    log_factorial,
    random_beta,
    random_binomial,
    random_categorical,
    random_gamma,
    random_permutation,
    random_randint,
    random_shuffle,
)

COUNT = 40_000


def key(seed: int):
    return convert_to_tensor(np.array([seed, 0], np.uint32))


def assert_moments(x, mean: float, variance: float, kurtosis: float = 10.0):
    x = x.astype(np.float64)
    assert abs(x.mean() - mean) < 5 * math.sqrt(variance / x.size)
    assert abs(x.var() / variance - 1) < 5 * math.sqrt(kurtosis / x.size)


@pytest.mark.parametrize(("low", "high"), [(0, 2), (-5, 5), (-(2**31), 2**31)])
def test_randint(low, high):
    x = random_randint(key(1), (COUNT,), low, high).numpy()
    assert x.dtype == np.int32
    assert x.min() >= low
    assert x.max() < high
    assert_moments(x, (low + high - 1) / 2, ((high - low) ** 2 - 1) / 12)
    if high - low < 20:
        counts = np.bincount(x - low, minlength=high - low)
        assert np.abs(counts - COUNT / (high - low)).max() < 5 * math.sqrt(COUNT / (high - low))


def test_categorical():
    p = np.array([[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]])
    logits = np.log(np.maximum(p, 1e-30)).astype(np.float32)
    x = random_categorical(key(2), logits, COUNT).numpy()
    assert x.shape == (2, COUNT)
    assert x.dtype == np.int32
    for row, probabilities in zip(x, p, strict=True):
        found = np.bincount(row, minlength=3) / COUNT
        assert np.abs(found - probabilities).max() < 5 * math.sqrt(0.25 / COUNT)


@pytest.mark.parametrize("alpha", [0.1, 0.7, 1.0, 2.5, 40.0])
def test_gamma(alpha):
    x = random_gamma(key(3), np.float32(alpha), (COUNT,)).numpy()
    assert x.min() >= 0
    assert_moments(x, alpha, alpha, kurtosis=6 / alpha + 2)


def test_gamma_broadcasts_alpha():
    x = random_gamma(key(3), np.array([1.0, 9.0], np.float32), (1000, 2)).numpy()
    np.testing.assert_allclose(x.mean(0), [1, 9], rtol=0.15)


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (2.0, 5.0)])
def test_beta(a, b):
    x = random_beta(key(4), np.float32(a), np.float32(b), (COUNT,)).numpy()
    assert x.min() >= 0
    assert x.max() <= 1
    assert_moments(x, a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1)))


@pytest.mark.parametrize(("n", "p"), [(10, 0.3), (10, 0.8), (100, 0.05), (100, 0.4), (900, 0.9)])
def test_binomial(n, p):
    x = random_binomial(key(5), float(n), p, (COUNT,)).numpy()
    assert_moments(x, n * p, n * p * (1 - p))
    found = np.bincount(x.astype(int), minlength=n + 1) / COUNT
    exact = np.array([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)])
    assert np.abs(found - exact).max() < 5 * math.sqrt(exact.max() / COUNT)


def test_binomial_at_the_edges():
    x = random_binomial(key(5), np.array([0.0, 7.0, 7.0]), np.array([0.5, 0.0, 1.0]), (3,)).numpy()
    np.testing.assert_array_equal(x, [0, 0, 7])


def test_log_factorial():
    k = np.arange(150.0)
    exact = [math.lgamma(v + 1) for v in k]
    np.testing.assert_allclose(log_factorial(np, k), exact, rtol=1e-9, atol=1e-9)


def test_permutation_is_uniform():
    found = [tuple(random_permutation(key(i), size=3).numpy()) for i in range(600)]
    counts = [found.count(p) for p in set(found)]
    assert len(counts) == 6
    assert max(abs(c - 100) for c in counts) < 5 * math.sqrt(100)


def test_shuffle_moves_whole_slices():
    x = np.arange(20).reshape(2, 10).astype(np.int32)
    y = random_shuffle(key(8), x, axis=1).numpy()
    assert not np.array_equal(x, y)
    np.testing.assert_array_equal(y[1] - y[0], np.full(10, 10))
    np.testing.assert_array_equal(np.sort(y, axis=1), x)
