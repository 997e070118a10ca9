"""Objects as plain data and back, through the registry only."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import serialization
from kerasish.errors import ArgumentError, FileFormatError, UnknownNameError, UnsafeFileError
from kerasish.serialization import (
    custom_object_scope,
    deserialize_keras_object,
    get_registered_name,
    get_registered_object,
    register,
    register_keras_serializable,
    resolve,
    serialize_keras_object,
    snake_case,
)


def through_json(value: Any) -> Any:
    return deserialize_keras_object(json.loads(json.dumps(serialize_keras_object(value))))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dense", "dense"),
        ("MaxPooling2D", "max_pooling2d"),
        ("LSTMCell", "lstm_cell"),
        ("ReLU", "re_lu"),
        ("BatchNormalization", "batch_normalization"),
        ("SGD", "sgd"),
    ],
)
def test_snake_case_is_that_of_keras(name: str, expected: str) -> None:
    assert snake_case(name) == expected


@pytest.mark.parametrize(
    "value",
    [None, 1, 2.5, "text", True, [1, [2, None]], {"a": {"b": [1]}}, slice(1, None, 2), b"x"],
)
def test_plain_values(value: Any) -> None:
    assert through_json(value) == value


def test_arrays_numbers_and_ellipsis() -> None:
    array = np.arange(6, dtype="float32").reshape(2, 3)
    np.testing.assert_array_equal(through_json(array), array)
    assert through_json(array).dtype == "float32"
    assert through_json(np.float32(0.5)) == 0.5
    assert through_json(...) is ...
    assert through_json((1, 2)) == [1, 2]
    np.testing.assert_array_equal(through_json(keras.ops.ones(2)), np.ones(2))


def test_built_in_objects_are_written_as_keras_writes_them() -> None:
    written = serialize_keras_object(keras.initializers.Constant(2.0))
    assert written == {
        "module": "keras.initializers",
        "class_name": "Constant",
        "config": {"value": 2.0},
        "registered_name": None,
    }
    assert type(deserialize_keras_object(written)) is keras.initializers.Constant
    function = serialize_keras_object(keras.activations.relu)
    assert (function["class_name"], function["config"]) == ("function", "relu")
    assert deserialize_keras_object(function) is keras.activations.relu


def test_registered_objects() -> None:
    @register_keras_serializable("mine")
    class Thing:
        def __init__(self, size: int) -> None:
            self.size = size

        def get_config(self) -> dict[str, Any]:
            return {"size": self.size}

        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Any:
            return cls(**config)

    written = serialize_keras_object(Thing(3))
    assert written["registered_name"] == "mine>Thing"
    assert through_json(Thing(3)).size == 3
    assert get_registered_name(Thing) == "mine>Thing"
    assert get_registered_object("mine>Thing") is Thing
    assert get_registered_object("mine>Other") is None


def test_custom_objects_in_scope_go_first() -> None:
    def relu(x: Any) -> Any:
        return x

    config = {"module": None, "class_name": "function", "config": "relu", "registered_name": "relu"}
    assert deserialize_keras_object(config, {"relu": relu}) is relu
    with custom_object_scope({"relu": relu}):
        assert resolve("activation", "relu") is relu
    assert resolve("activation", "relu") is keras.activations.relu


def test_register_for_declarative_files() -> None:
    @register("activation", "thrice")
    def triple(x: Any) -> Any:
        return 3 * x

    layer = keras.layers.Dense(1, activation="thrice")
    assert layer.activation is triple
    again = keras.layers.Dense.from_config(json.loads(json.dumps(layer.get_config())))
    assert again.activation is triple


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ({"class_name": "__lambda__", "config": {"value": ["code"]}}, UnsafeFileError),
        ({"class_name": "__strange__", "config": {}}, FileFormatError),
        ({"module": "os", "class_name": "system", "config": "ls"}, UnknownNameError),
        ({"module": "builtins", "class_name": "function", "config": "exec"}, UnknownNameError),
        (
            {
                "module": "keras.layers",
                "class_name": "Dense",
                "config": {},
                "registered_name": "a>B",
            },
            UnknownNameError,
        ),
        ({"module": "keras.activations", "class_name": "relu", "config": {}}, UnknownNameError),
    ],
)
def test_what_files_may_not_name(config: Any, error: type) -> None:
    with pytest.raises(error):
        deserialize_keras_object(config)


def test_unknown_names_come_with_the_nearest() -> None:
    config = {"module": "keras.layers", "class_name": "Dence", "config": {"units": 1}}
    with pytest.raises(UnknownNameError, match="'Dense'"):
        deserialize_keras_object(config)
    with pytest.raises(UnknownNameError, match="register_keras_serializable"):
        serialization.find("their>Layer", "layer")


def test_what_cannot_be_written() -> None:
    with pytest.raises(ArgumentError, match="named function"):
        serialize_keras_object(lambda x: x)
    with pytest.raises(ArgumentError, match="get_config"):
        serialize_keras_object(object())
    with pytest.raises(ArgumentError, match="get_config"):
        register_keras_serializable("mine")(type("Plain", (), {}))


def test_resolve() -> None:
    assert resolve("initializer", None) is None
    assert type(resolve("initializer", "zeros")) is keras.initializers.Zeros
    assert type(resolve("initializer", keras.initializers.Ones)) is keras.initializers.Ones
    with pytest.raises(ArgumentError, match="initializer"):
        resolve("initializer", 3)


def test_a_slice_of_arrays_is_plain_data() -> None:
    written = serialize_keras_object(slice(None, np.array([0, 1]), 2))
    found = deserialize_keras_object(json.loads(json.dumps(written)))
    assert (found.start, found.stop.tolist(), found.step) == (None, [0, 1], 2)


@pytest.mark.parametrize("label", ["builtins.eval", "some_other_name"])
def test_what_is_built_in_has_no_registered_name(label: str) -> None:
    layer = {"class_name": "Dense", "module": "keras.layers", "config": {"units": 1}}
    func = {"class_name": "function", "module": "builtins", "config": "relu"}
    for config in (layer, func):
        with pytest.raises(FileFormatError, match="built in"):
            deserialize_keras_object({**config, "registered_name": label})
        assert deserialize_keras_object({**config, "registered_name": config["class_name"]})
        assert deserialize_keras_object({**config, "registered_name": None})


def test_a_function_is_found_without_its_package() -> None:
    @register_keras_serializable("old_files")
    def squared_twice(x: Any) -> Any:
        return x**4

    config = {"class_name": "function", "module": "builtins", "registered_name": "function"}
    for name in ("squared_twice", "old_files>squared_twice"):
        assert deserialize_keras_object({**config, "config": name}) is squared_twice
    register_keras_serializable("others", "squared_twice")(lambda x: x)
    with pytest.raises(UnknownNameError):
        deserialize_keras_object({**config, "config": "squared_twice"})


@pytest.mark.parametrize("module", ["torch.optimizers.torch_adam", "jax.optimizers.adam"])
def test_an_optimizer_of_a_backend_of_keras(module: str) -> None:
    """Keras on torch writes the module of its own subclass."""
    config = {"module": f"keras.src.backend.{module}", "class_name": "Adam",
              "config": {"learning_rate": 0.5}, "registered_name": "Adam"}  # fmt: skip
    made = deserialize_keras_object(config)
    assert isinstance(made, keras.optimizers.Adam)
