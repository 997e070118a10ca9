import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError
from kerasish.spec import TensorSpec

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 4)).astype("float32")
Y = RNG.integers(0, 3, 8)


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    made = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(5, activation="relu", name="first"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3, activation="softmax", name="second"),
        ],
        name="small",
    )
    made.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def test_profile_of_a_training_step_knows_layers(model):
    made = model.profile(X, Y, runs=3)
    layers = {(e.layer, e.name) for e in made.by_layer()}
    assert {"forward", "backward"} <= {name for layer, name in layers if layer.endswith("first")}
    assert made.flops > 2 * 8 * (4 * 5 + 5 * 3)


def test_looking_changes_nothing(model):
    model.train_on_batch(X, Y)
    before = [v.numpy() for v in (*model.variables, *model.optimizer.variables)]
    model.profile(X, Y, runs=2)
    model.memory(X, Y)
    model.graph(X, Y)
    after = [v.numpy() for v in (*model.variables, *model.optimizer.variables)]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


def test_memory_of_a_training_step(model):
    made = model.memory(X, Y)
    parameters = 4 * (4 * 5 + 5 + 5 * 3 + 3)
    assert made.groups["parameters"] == parameters
    assert made.groups["optimizer"] >= 2 * parameters  # two moments, and a count
    assert made.groups["metrics"] > 0
    assert made.total > made.arena > 0


def test_graph_of_a_step_at_every_stage(model):
    assert "small/first" in model.graph(X, Y, stage="traced")
    assert "arena" in model.graph(X, stage="plan")
    assert model.graph(X, Y, mode="test", stage="traced") != model.graph(X, stage="traced")


def test_specs_stand_for_arrays(model):
    specs = TensorSpec((16, 4), "float32"), TensorSpec((16,), "int32")
    assert model.memory(*specs).arena > model.memory(X, Y).arena
    assert len(model.profile(specs[0], runs=1).totals) == 1


def test_training_needs_compile():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    with pytest.raises(ArgumentError, match="compile"):
        model.memory(X, Y)
    with pytest.raises(ArgumentError, match="'fit'"):
        model.memory(X, mode="fit")
    assert model.memory(X).total > 0
