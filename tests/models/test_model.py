"""Subclassed models, what models are made of, golden outputs and gradients of Keras."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.compiler.functions import function
from kerasish.errors import ArgumentError
from kerasish.graph import GradientTape
from tests.golden_values import FOLDER
from tests.tolerances import assert_close

layers, ops = keras.layers, keras.ops
X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


class Net(keras.Model):
    """A model in Keras's style."""

    def __init__(self, width: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.encoder = keras.Sequential([layers.Dense(width), layers.ReLU()])
        self.heads = [layers.Dense(2), layers.Dense(1)]

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        h = self.encoder(inputs)
        return [head(h) for head in self.heads]


def test_a_subclass() -> None:
    model = Net()
    assert not model.built
    assert model.weights == []
    a, b = model(X)
    assert (a.shape, b.shape) == ((4, 2), (4, 1))
    assert [v.path for v in model.weights] == [
        "net/sequential/dense/kernel",
        "net/sequential/dense/bias",
        "net/dense_1/kernel",
        "net/dense_1/bias",
        "net/dense_2/kernel",
        "net/dense_2/bias",
    ]
    assert [layer.name for layer in model.layers] == ["sequential", "dense_1", "dense_2"]
    for eager, compiled in zip([a, b], function(model)(X), strict=True):
        assert_close(compiled, eager)


def test_a_subclass_is_built_without_data() -> None:
    model = Net()
    model.build((None, 3))
    assert model.built
    assert len(model.weights) == 6
    with pytest.raises(AttributeError, match="not made of symbols"):
        _ = model.inputs


def test_the_config_of_a_subclass_is_its_arguments() -> None:
    model = Net(7, name="n")
    config = json.loads(json.dumps(model.get_config()))
    assert (config["width"], config["name"]) == (7, "n")
    assert Net.from_config(config).encoder.layers[0].units == 7


def test_fields_work_for_models_too() -> None:
    class Small(keras.Model):
        units: int = 2

        def __post_init__(self) -> None:
            self.dense = layers.Dense(self.units)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

    assert Small(3)(X).shape == (4, 3)
    assert Small.from_config(Small(5).get_config()).units == 5


def test_a_model_is_a_layer() -> None:
    x = keras.Input((3,))
    model = keras.Model(x, Net()(x)[0])
    assert model(X).shape == (4, 2)
    assert len(model.weights) == 6


def test_symbols_through_a_subclass_and_gradients() -> None:
    model = Net()
    with GradientTape() as tape:
        loss = sum(ops.sum(y * y) for y in model(X))
    grads = tape.gradient(loss, model.trainable_variables)
    assert all(g is not None and np.isfinite(np.asarray(g)).all() for g in grads)


def test_no_call_and_no_symbols() -> None:
    with pytest.raises(NotImplementedError, match="call"):
        keras.Model()(X)
    with pytest.raises(ArgumentError, match="Model\\(inputs, outputs"):
        keras.Model(keras.Input((3,)))


def test_freezing_a_part() -> None:
    model = Net()
    model.build((None, 3))
    model.encoder.trainable = False
    assert len(model.trainable_weights) == 4
    assert [v.path for v in model.non_trainable_weights] == [
        "net/sequential/dense/kernel",
        "net/sequential/dense/bias",
    ]


def test_random_states_are_variables_but_no_weights() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.Dropout(0.5)])
    assert len(model.weights) == 2
    assert [v.path for v in model.variables[2:]] == ["seed_generator/seed_generator_state"]


# --- against Keras --------------------------------------------------------------------------------

GOLDEN = ["mlp", "cnn", "rnn", "transformer", "nested"]


def golden(name: str) -> tuple[Any, dict[str, np.ndarray]]:
    """(the model of Keras's file, before training; what Keras computed with it)."""
    with np.load(FOLDER / name / "golden.npz", allow_pickle=False) as file:
        return keras.models.load_model(FOLDER / name / "model.keras"), dict(file)


def inputs_of(model: Any, values: dict[str, np.ndarray]) -> Any:
    flat = [values[f"x{i}"] for i in range(len(model.inputs) if hasattr(model, "inputs") else 1)]
    return keras.tree.pack_sequence_as(model.input, flat)


@pytest.mark.parametrize("name", GOLDEN)
def test_outputs_and_weight_order(name: str) -> None:
    model, values = golden(name)
    assert len(model.weights) == sum(key.startswith("w") for key in values)
    for i, weight in enumerate(model.get_weights()):
        np.testing.assert_array_equal(weight, values[f"w{i}"])
    for run in (model, function(model)):
        outputs = keras.tree.flatten(run(inputs_of(model, values)))
        for i, y in enumerate(outputs):
            assert_close(y, values[f"out{i}"])


@pytest.mark.parametrize("name", GOLDEN[:4])
def test_gradients(name: str) -> None:
    model, values = golden(name)
    with GradientTape() as tape:
        y = model(inputs_of(model, values), training=True)
        loss = model.compute_loss(None, values["y0"], y, None)
    assert_close(loss, values["loss0"])
    for i, g in enumerate(tape.gradient(loss, model.trainable_variables)):
        assert_close(g, values[f"grad{i}"], "first_gradient")


@pytest.mark.parametrize("name", GOLDEN)
def test_configs_of_keras_survive(name: str) -> None:
    model, values = golden(name)
    config = json.loads(json.dumps(model.get_config()))
    again = type(model).from_config(config)
    assert json.loads(json.dumps(again.get_config())) == config
    again.set_weights(model.get_weights())
    for i, y in enumerate(keras.tree.flatten(again(inputs_of(model, values)))):
        assert_close(y, values[f"out{i}"])
