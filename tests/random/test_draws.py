"""The public draws: shapes, dtypes, seeds; their distributions are tested with the ops."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import random
from kerasish.graph.op import registry

DRAWS = {
    "normal": lambda seed: random.normal([2, 3], 1.0, 2.0, seed=seed),
    "truncated_normal": lambda seed: random.truncated_normal([2, 3], seed=seed),
    "uniform": lambda seed: random.uniform([2, 3], -1, 1, seed=seed),
    "randint": lambda seed: random.randint([2, 3], 0, 1000, seed=seed),
    "categorical": lambda seed: random.categorical(np.zeros((2, 50), np.float32), 3, seed=seed),
    "shuffle": lambda seed: random.shuffle(np.arange(12.0).reshape(6, 2), seed=seed),
    "gamma": lambda seed: random.gamma([2, 3], 0.5, seed=seed),
    "beta": lambda seed: random.beta([2, 3], 0.5, 2.0, seed=seed),
    "binomial": lambda seed: random.binomial([2, 3], 1000.0, 0.5, seed=seed),
    "dropout": lambda seed: random.dropout(np.ones((20, 30), np.float32), 0.5, seed=seed),
}
INTEGER = {"randint", "categorical"}


@pytest.mark.parametrize("name", DRAWS)
def test_a_draw_depends_on_its_seed_and_on_nothing_else(name):
    draw = DRAWS[name]
    first = draw(1).numpy()
    np.testing.assert_array_equal(first, draw(1).numpy())
    assert not np.array_equal(first, draw(2).numpy())
    expected = "int32" if name in INTEGER else "float64" if name == "shuffle" else "float32"
    assert draw(1).dtype == expected
    if name not in ("shuffle", "dropout"):
        assert first.shape == (2, 3)


def test_draws_are_never_folded():
    names = [n for n in registry.names("op") if n.startswith("random_")]
    assert len(names) >= 3
    assert all(registry.lookup("op", n).random for n in names)
