"""Faults planted in small models, and what `TrainingHealth` says of each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.callbacks import TrainingHealth, signs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(96, 6)).astype("f4")
Y = (X[:, :1] - X[:, 1:2]).astype("f4")


def trained(*middle: Any, rate: float = 0.01, x: Any = X, epochs: int = 2, **more: Any):
    model = keras.Sequential([keras.Input(x.shape[1:]), *middle, layers.Dense(1, name="last")])
    model.compile(keras.optimizers.SGD(rate), "mse")
    health = TrainingHealth(**more)
    model.fit(x, Y[: len(x)], batch_size=32, epochs=epochs, verbose=0, callbacks=[health])
    return health


def kinds(health: TrainingHealth) -> set[tuple[str, str]]:
    return {(sign.kind, sign.layer) for found in health.found.values() for sign in found}


def test_a_sound_model_is_left_alone(capsys):
    health = trained(layers.Dense(8, "relu", name="a"), layers.Dense(8, "tanh", name="b"))
    assert kinds(health) == set()
    assert str(health) == "nothing found"
    assert capsys.readouterr().out == ""


def test_dead_units(capsys):
    health = trained(layers.Dense(8, "relu", bias_initializer=keras.initializers.Constant(-99.0),
                                  name="dead"))  # fmt: skip
    assert ("dead", "dead") in kinds(health)
    out = capsys.readouterr().out
    assert out.count("8 of the 8 units of layer 'dead' give the same for all rows") == 1
    assert "leaky_relu" in out


def test_saturation():
    wide = keras.initializers.RandomNormal(stddev=60.0)
    health = trained(layers.Dense(8, "tanh", kernel_initializer=wide, name="full"), rate=1e-5)
    assert ("saturated", "full") in kinds(health)


def test_exploding_and_vanishing_gradients():
    health = trained(layers.Dense(4, name="a"), x=X * 1e4, rate=1e-13, epochs=1)
    assert ("exploding", "a") in kinds(health)
    tiny = keras.initializers.RandomNormal(stddev=1e-3)
    deep = [layers.Dense(4, "tanh", kernel_initializer=tiny, name=f"d{i}") for i in range(4)]
    assert ("vanishing", "d0") in kinds(trained(*deep))


def test_updates_that_are_too_large_or_none():
    assert ("slow", "a") in kinds(trained(layers.Dense(4, name="a"), rate=1e-12))
    sizes = dict.fromkeys("ab", np.ones(4))
    moved = {"a": np.ones(4) * 3, "b": np.ones(4) * 1.01}
    assert [(s.kind, s.layer) for s in signs.of_updates(sizes, moved, 2)] == [("fast", "a")]


def test_what_is_no_number_ends_training():
    health = trained(layers.Dense(4, name="a"), rate=1e30, epochs=5, stop=True)
    assert ("not finite", "a") in kinds(health)
    assert len(health.found) == 1


@pytest.mark.parametrize("every", [1, 2])
def test_every_so_many_epochs(every):
    health = trained(layers.Dense(4), epochs=4, every=every)
    assert list(health.found) == list(range(every - 1, 4, every))


def test_models_that_read_texts():
    texts = np.array([["a b"], ["b c"], ["a c"], ["c"]] * 4)
    model = keras.Sequential(
        [
            keras.Input((1,), dtype="string"),
            layers.TextVectorization(vocabulary=["a", "b", "c"], output_sequence_length=3),
            layers.Embedding(5, 4),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    health = TrainingHealth()
    model.fit(texts, np.zeros((16, 1)), epochs=1, verbose=0, callbacks=[health])
    assert list(health.found) == [0]
