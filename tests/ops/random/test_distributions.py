"""random_bits against its docstring's formula in plain integers; distributions by their moments."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ArgumentError, DTypeError
from kerasish.graph import grad
from kerasish.graph.tensor import convert_to_tensor
from kerasish.ops.random.distributions import (
    inverse_erf,
    random_bits,
    random_dropout,
    random_normal,
    random_truncated_normal,
    random_uniform,
)

WORD = 2**64 - 1
COUNT = 200_000


def key(seed: int, counter: int = 0):
    return convert_to_tensor(np.array([seed, counter], np.uint32))


def swap(v: int) -> int:
    return (v >> 32) | (v << 32) & WORD


def bits_by_formula(seed: int, counter: int, i: int) -> int:
    s = (seed * 2**32 + counter + 0x9E3779B97F4A7C15) & WORD
    s = (s ^ (s >> 30)) * 0xBF58476D1CE4E5B9 & WORD
    s = (s ^ (s >> 27)) * 0x94D049BB133111EB & WORD
    k = (s ^ (s >> 31)) | 1
    y = i * k & WORD
    z = (y + k) & WORD
    x = swap((y * y + y) & WORD)
    x = swap((x * x + z) & WORD)
    x = swap((x * x + y) & WORD)
    return ((x * x + z) & WORD) >> 32


@pytest.mark.parametrize("pair", [(0, 0), (1, 0), (42, 7), (2**32 - 1, 2**32 - 1)])
def test_bits_are_those_of_the_documented_formula(pair):
    got = random_bits(key(*pair), shape=(5, 11)).numpy()
    assert got.dtype == np.uint32
    assert got.ravel().tolist() == [bits_by_formula(*pair, i) for i in range(55)]


def test_a_longer_draw_starts_like_a_shorter_one():
    short, long = (random_bits(key(3), shape=(n,)).numpy() for n in (10, 100))
    np.testing.assert_array_equal(long[:10], short)


def test_bits_of_neighbouring_keys_are_independent():
    draws = np.stack([random_bits(key(s, c), shape=(4096,)).numpy() for s, c in np.ndindex(2, 2)])
    for i in range(4):
        for j in range(i):
            different = int(np.unpackbits((draws[i] ^ draws[j]).view(np.uint8)).sum())
            assert abs(different - 65536) < 5 * 181  # of 131072 fair coins
    assert np.abs(np.corrcoef(draws.astype(float)) - np.eye(4)).max() < 5 / math.sqrt(4096)


def test_every_bit_is_fair():
    bits = random_bits(key(11), shape=(COUNT,)).numpy()
    for place in range(32):
        ones = ((bits >> place) & 1).sum()
        assert abs(ones - COUNT / 2) < 5 * math.sqrt(COUNT / 4)


def test_a_key_of_another_form_is_refused():
    with pytest.raises(DTypeError, match=r"uint32\[2\]"):
        random_bits(convert_to_tensor(np.array([1, 2], np.int32)), shape=(3,))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_uniform(dtype):
    u = random_uniform(key(5), (COUNT,), dtype=dtype).numpy()
    assert u.dtype == dtype
    assert u.min() >= 0
    assert u.max() < 1
    x = np.sort(u.astype(np.float64))
    # Kolmogorov-Smirnov at 1e-6; float16 keeps 2**-11 of resolution.
    assert np.abs(x - np.arange(COUNT) / COUNT).max() < 2.7 / math.sqrt(COUNT) + 2**-11


def test_float64_uniform_uses_53_bits():
    u = random_uniform(key(5), (1000,), dtype="float64").numpy()
    assert len(np.unique(u * 2.0**53 % 2**20)) > 990


def normal_cdf(x):
    return np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normal(dtype):
    z = random_normal(key(6), (COUNT // 10,), mean=2.0, stddev=3.0, dtype=dtype).numpy()
    assert z.dtype == dtype
    x = normal_cdf(np.sort((z.astype(np.float64) - 2) / 3))
    assert np.abs(x - np.arange(x.size) / x.size).max() < 2.7 / math.sqrt(x.size)


def test_inversion_is_accurate_in_the_tails():
    # The largest and smallest words there are give the outermost values.
    x = np.array([1 - 2.0**-24, 1e-6, -0.5, -1 + 2.0**-24, 0.99999], np.float32)
    y = inverse_erf(convert_to_tensor(x)).numpy()
    back = np.array([math.erfc(abs(float(v))) for v in y])
    np.testing.assert_allclose(back, 1 - np.abs(x.astype(np.float64)), rtol=1e-5)
    assert (np.sign(y) == np.sign(x)).all()


def test_truncated_normal():
    z = random_truncated_normal(key(7), (COUNT,)).numpy()
    assert np.abs(z).max() <= 2
    mass = math.erf(math.sqrt(2))
    variance = 1 - 2 * 2 * math.exp(-2) / math.sqrt(2 * math.pi) / mass
    assert abs(z.mean()) < 5 / math.sqrt(COUNT)
    assert abs(z.var() - variance) < 0.01


def test_dropout():
    x = convert_to_tensor(np.full((500, 400), 3.0, np.float32))
    y = random_dropout(key(1), x, 0.3).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(3 * np.float32(1 / 0.7))}
    assert abs((y == 0).mean() - 0.3) < 5 * math.sqrt(0.21 / y.size)
    assert random_dropout(key(1), x, 0) is x
    assert not random_dropout(key(1), x, 1).numpy().any()


def test_dropout_noise_shape_shares_the_mask():
    x = convert_to_tensor(np.ones((40, 5, 3), np.float32))
    y = random_dropout(key(2), x, 0.5, noise_shape=(None, 1, None)).numpy()
    assert (y == y[:, :1]).all()
    assert 0 < (y == 0).mean() < 1


def test_dropout_refuses_a_rate_above_one():
    with pytest.raises(ArgumentError, match="rate"):
        random_dropout(key(2), np.ones(3, np.float32), 1.5)


def test_dropout_of_everything_is_zeros_whatever_there_was() -> None:
    x = np.array([np.inf, np.nan, 1.0])
    assert ops.sum(random_dropout(key(1), x, rate=1)).numpy() == 0
    found = grad(lambda x: ops.sum(random_dropout(key(1), x, rate=1)))(x)
    assert found.numpy().tolist() == [0.0, 0.0, 0.0]
