"""Draws and initializers have the shapes, dtypes and errors that they have in Keras."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import kerasish
from tests.beside import keras
from tests.ops.conformance import narrow

pytestmark = pytest.mark.conformance
DTYPES = (None, "float16", "bfloat16", "float32", "int32", "uint8", "bool")
SHAPES = ((), (0,), (2, 3), [3, 2], (1, 2, 0), 3)
DRAWS = {
    "normal": [(), (1, 2)],
    "uniform": [(), (-1, 2), (0, 100), (3, 1)],
    "truncated_normal": [()],
    "randint": [(0, 10), (-5, 5)],
    "gamma": [(0.5,)],
    "beta": [(0.5, 2.0)],
    "binomial": [(5.0, 0.5)],
}
KERNELS = ((3, 3), (2, 3), (2, 3, 4), (8, 1, 5), (2, 3, 4, 5), (4,), ())
INITIALIZERS = (
    "Zeros Ones GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Identity "
    "Orthogonal RandomNormal RandomUniform STFT TruncatedNormal VarianceScaling"
).split()


def told(func: Any, *args: Any, **kwargs: Any) -> tuple[set[str], tuple[int, ...]] | None:
    """Dtype and shape of a result, None for an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = func(*args, **kwargs)
        except Exception:
            return None
    return narrow({str(made.dtype)}), tuple(made.shape)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DRAWS)
def test_draws(name, dtype):
    for shape in SHAPES:
        for args in DRAWS[name]:
            mine, theirs = (
                told(getattr(m.random, name), shape, *args, dtype=dtype, seed=1)
                for m in (kerasish, keras)
            )
            if (name, dtype, args) == ("randint", "uint8", (-5, 5)):
                theirs = None  # Keras wraps around; see docs/differences.md
            assert mine == theirs, (shape, args)


@pytest.mark.parametrize("dtype", [None, "float32"])
@pytest.mark.parametrize("name", INITIALIZERS)
def test_initializers(name, dtype):
    for shape in KERNELS:
        mine, theirs = (
            told(getattr(m.initializers, name)(), shape, dtype=dtype) for m in (kerasish, keras)
        )
        assert mine == theirs, shape


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_draws_from_tensors(dtype):
    x = np.ones((4, 3), dtype)
    for call in (
        lambda r: r.shuffle(x, axis=1, seed=1),
        lambda r: r.shuffle(x, axis=2, seed=1),
        lambda r: r.dropout(x, 0.5, seed=1),
        lambda r: r.dropout(x, 0.5, noise_shape=(None, 1), seed=1),
        lambda r: r.categorical(x, 3, seed=1),
        lambda r: r.categorical(x, 3, dtype="uint8", seed=1),
    ):
        assert told(call, kerasish.random) == told(call, keras.random)
