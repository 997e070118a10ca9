"""Lambda: a function as a layer, saved by its name and by nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, UnknownNameError, UnsafeFileError

X = np.arange(8.0, dtype="float32").reshape(2, 4)


@keras.saving.register_keras_serializable("tests_lambda")
def scaled(x: Any, factor: float = 2.0) -> Any:
    return x * factor


@keras.saving.register_keras_serializable("tests_lambda")
def all_count(inputs: Any, mask: Any) -> Any:
    return keras.ops.ones(keras.ops.shape(inputs)[:1], dtype="bool")


def unregistered(x: Any) -> Any:
    return x + 1


def model(function: Any, **kwargs: Any) -> Any:
    x = keras.Input((4,))
    return keras.Model(x, keras.layers.Dense(2)(keras.layers.Lambda(function, **kwargs)(x)))


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("function", [scaled, keras.ops.relu, keras.activations.tanh])
def test_a_named_function_is_saved_and_found_again(
    tmp_path: Path, suffix: str, function: Any
) -> None:
    made = model(function, output_shape=(4,))
    made.save(tmp_path / f"m.{suffix}")
    loaded = keras.saving.load_model(tmp_path / f"m.{suffix}")
    assert loaded.layers[1].function is function
    np.testing.assert_array_equal(loaded(X), made(X))
    again = keras.models.model_from_json(made.to_json())
    again.set_weights(made.get_weights())
    np.testing.assert_array_equal(again(X), made(X))
    clone = keras.models.clone_model(made)
    clone.set_weights(made.get_weights())
    np.testing.assert_array_equal(clone(X), made(X))


def test_arguments_and_masks_come_back() -> None:
    layer = keras.layers.Lambda(scaled, mask=all_count, arguments={"factor": 3.0})
    again = keras.layers.Lambda.from_config(layer.get_config())
    assert again.mask is all_count
    np.testing.assert_array_equal(again(X), X * 3)


def test_a_function_of_ones_own_needs_its_name_to_be_known(tmp_path: Path) -> None:
    made = model(unregistered)
    made.save(tmp_path / "m.keras")
    with pytest.raises((UnknownNameError, UnsafeFileError), match="unregistered"):
        keras.saving.load_model(tmp_path / "m.keras")
    found = {"unregistered": unregistered}
    loaded = keras.saving.load_model(tmp_path / "m.keras", custom_objects=found)
    np.testing.assert_array_equal(loaded(X), made(X))


def test_a_lambda_is_cloned_and_not_saved(tmp_path: Path) -> None:
    made = model(lambda x: x * 3)
    clone = keras.models.clone_model(made)
    clone.set_weights(made.get_weights())
    np.testing.assert_array_equal(clone(X), made(X))
    with pytest.raises(ArgumentError, match="holds code"):
        made.save(tmp_path / "m.keras")


@pytest.mark.parametrize(
    "function",
    [
        ["4wEAAAA=", None, None],
        {"class_name": "__lambda__", "config": {"code": "4wEA"}},
        {"class_name": "function", "module": "os", "config": "system"},
        "system",
        None,
    ],
)
def test_code_is_never_run(function: Any) -> None:
    with pytest.raises((UnsafeFileError, UnknownNameError)):
        keras.layers.Lambda.from_config({"name": "l", "function": function})


@pytest.mark.parametrize("activation", [keras.ops.relu, keras.ops.leaky_relu])
def test_public_functions_are_named_in_files(activation: Any) -> None:
    layer = keras.layers.Dense(2, activation=activation)
    again = keras.layers.Dense.from_config(layer.get_config())
    assert again.activation is activation
