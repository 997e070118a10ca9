"""Initializers against Keras, the exact moments of their distributions, names and configs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kerasish import initializers, random, registry
from kerasish.errors import ArgumentError, ShapeError, UnknownNameError
from kerasish.random import SeedGenerator, set_random_seed
from tests.built_in import classes
from tests.golden_objects import check_object
from tests.keras_objects import INITIALIZERS, key

SHAPE = (100, 200)
TRUNCATED = 0.87962566103423978


@pytest.mark.parametrize("entry", INITIALIZERS, ids=lambda e: key(e[0], e[1]))
def test_as_keras(entry):
    check_object(entry)


def variance(kind: str, fans: tuple[float, float]) -> float:
    scale, count = {
        "lecun": (1, fans[0]),
        "he": (2, fans[0]),
        "glorot": (1, sum(fans) / 2),
    }[kind]
    return scale / count


@pytest.mark.parametrize("kind", ["lecun", "he", "glorot"])
@pytest.mark.parametrize("shape", [SHAPE, (3, 5, 40, 60)])
@pytest.mark.parametrize("form", ["uniform", "normal"])
def test_variance_scaling(kind, shape, form):
    window = math.prod(shape[:-2])
    expected = variance(kind, (shape[-2] * window, shape[-1] * window))
    x = initializers.get(f"{kind}_{form}")(shape).numpy().astype(np.float64)
    spread = math.sqrt(expected)
    assert abs(x.mean()) < 5 * spread / math.sqrt(x.size)
    assert abs(x.var() / expected - 1) < 5 * math.sqrt(2 / x.size)
    # Uniform draws end at sqrt(3) deviations, truncated ones at two of the uncut normal.
    limit = math.sqrt(3) if form == "uniform" else 2 / TRUNCATED
    assert 0.95 * limit < np.abs(x).max() / spread <= limit * 1.0001


def test_fans_of_vectors_and_scalars():
    for shape in ((50,), ()):
        drawn = [
            initializers.VarianceScaling(1.0, "fan_in", "uniform", seed=s)(shape).numpy()
            for s in range(200)
        ]
        limit = math.sqrt(3 / (shape[0] if shape else 1))
        assert 0.9 * limit < np.abs(drawn).max() <= limit


def test_plain_distributions():
    x = initializers.RandomNormal(1.0, 0.5, seed=1)(SHAPE).numpy()
    assert abs(x.mean() - 1) < 0.02
    assert abs(x.std() - 0.5) < 0.02
    x = initializers.TruncatedNormal(1.0, 0.5, seed=1)(SHAPE).numpy()
    assert 1.98 < np.abs(x - 1).max() / 0.5 <= 2.0001
    x = initializers.RandomUniform(-1, 3, seed=1)(SHAPE).numpy()
    assert -1 <= x.min() < -0.99
    assert 2.99 < x.max() < 3


def test_an_unwindowed_fourier_basis_is_the_fourier_transform():
    signal = np.random.default_rng(1).normal(size=16)
    expected = np.fft.rfft(signal)
    for side, part in (("real", expected.real), ("imag", expected.imag)):
        basis = initializers.STFT(side, window=None, scaling=None)((16, 1, 9), "float64").numpy()
        np.testing.assert_allclose(signal @ basis[:, 0], part, atol=1e-12)


@pytest.mark.parametrize("shape", [(8, 8), (5, 9), (9, 5), (2, 3, 4, 5)])
def test_orthogonal(shape):
    q = initializers.Orthogonal(gain=3.0, seed=2)(shape).numpy().reshape(-1, shape[-1]) / 3
    product = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-5)


def test_orthogonal_signs_are_fair():
    drawn = [initializers.Orthogonal(seed=s)((2, 2)).numpy()[0, 0] > 0 for s in range(300)]
    assert 110 < sum(drawn) < 190


NAMES = [cls.__name__ for cls in classes(initializers, "Initializer")]


@pytest.mark.parametrize("name", NAMES)
def test_names_and_configs_round_trip(name):
    cls = getattr(initializers, name)
    made = cls()
    assert registry.lookup("initializer", name) is cls
    again = initializers.deserialize(initializers.serialize(made))
    assert type(again) is cls
    assert again.get_config() == made.get_config() == made.clone().get_config()
    assert type(initializers.get(name)) is cls


def test_the_same_seed_gives_the_same_values():
    a, b, c = (initializers.HeNormal(seed=s)((3, 4)).numpy() for s in (5, 5, 6))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    made = initializers.HeNormal()
    np.testing.assert_array_equal(made((3, 4)).numpy(), made((3, 4)).numpy())
    assert not np.array_equal(made((3, 4)).numpy(), initializers.HeNormal()((3, 4)).numpy())
    moving = initializers.HeNormal(seed=SeedGenerator(1))
    assert not np.array_equal(moving((3, 4)).numpy(), moving((3, 4)).numpy())


def test_set_random_seed_fixes_unseeded_initializers():
    drawn = []
    for _ in range(2):
        set_random_seed(9)
        drawn.append([initializers.HeNormal()((2, 3)).numpy() for _ in range(2)])
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0][0], drawn[0][1])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", ["he_normal", "glorot_uniform", "orthogonal", "zeros", "identity"])
def test_dtypes(name, dtype):
    assert initializers.get(name)((4, 4), dtype=dtype).dtype == dtype


def test_get():
    assert initializers.get(None) is None
    assert initializers.get(random.normal) is random.normal
    array = np.arange(3, dtype=np.float32)
    np.testing.assert_array_equal(initializers.get(array)((3,)).numpy(), array)
    with pytest.raises(UnknownNameError, match="he_normal"):
        initializers.get("he_norml")


def test_errors():
    with pytest.raises(ArgumentError, match="scale"):
        initializers.VarianceScaling(scale=0)
    with pytest.raises(ArgumentError, match="mode"):
        initializers.VarianceScaling(mode="fan")
    with pytest.raises(ArgumentError, match="distribution"):
        initializers.VarianceScaling(distribution="cauchy")
    for seed in (1.5, "abc", [1, 2], (1, 2)):
        with pytest.raises(ArgumentError, match="seed"):
            initializers.RandomNormal(seed=seed)
    assert initializers.RandomNormal(seed=np.int64(3)).get_config()["seed"] == 3
    for wrong in ({"side": "left"}, {"window": "abc"}, {"scaling": "loud"}):
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            initializers.STFT(**wrong)
    with pytest.raises(ShapeError, match="2 dimensions"):
        initializers.Orthogonal()((3,))
    with pytest.raises(ShapeError, match="2 dimensions"):
        initializers.Identity()((3,))
