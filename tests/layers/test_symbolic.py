"""Calls on symbols: records, histories, shapes where numbers are needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ShapeError
from kerasish.layers.operation import Operation, operation_from_config
from kerasish.ops.symbol import KerasTensor

layers, ops = keras.layers, keras.ops


def test_a_layer_call_is_recorded() -> None:
    x = keras.Input((3,), name="x")
    layer = layers.Dense(2)
    y = layer(x)
    assert isinstance(y, KerasTensor)
    assert y.history.operation is layer
    assert (y.history.node_index, y.history.tensor_index) == (0, 0)
    assert layer.input is x
    assert layer.output is y
    assert layer(x).history.node_index == 1


def test_records_repeat_a_call() -> None:
    x = keras.Input((3,))
    record = ops.add(x, 2.0).history.record
    found = record.repeat({id(x): 5.0}, lambda *args: args)
    assert found == (5.0, 2.0)


@pytest.mark.parametrize(
    ("build", "name", "fixed"),
    [
        (lambda x: x + 1, "add", {}),
        (lambda x: 1 - x, "subtract", {}),
        (lambda x: x / 2, "true_divide", {}),
        (lambda x: -x, "negative", {}),
        (lambda x: x @ ops.ones((3, 2)), "matmul", {}),
        (lambda x: x > 0, "greater", {}),
        (lambda x: x[:, 1:], "get_item", {}),
        (lambda x: x[:, [2, 0]], "get_item", {}),
        (lambda x: x[..., None, -1], "get_item", {}),
        (lambda x: ops.nn.gelu(x, approximate=False), "gelu", {"approximate": False}),
        (lambda x: ops.linalg.norm(x, axis=-1), "norm", {"axis": -1}),
        (lambda x: ops.mean(x, axis=1), "mean", {"axis": 1}),
        (lambda x: ops.mean(x, 1, True), "mean", {"axis": 1, "keepdims": True}),
        (lambda x: ops.relu(x), "relu", {}),
        (lambda x: ops.reshape(x, (-1, 1, 3)), "reshape", {"newshape": (-1, 1, 3)}),
        (lambda x: ops.concatenate([x, x], axis=-1), "concatenate", {"axis": -1}),
        (lambda x: ops.where(x > 0, x, 0.0), "where", {}),
        (lambda x: ops.cast(x, "int32"), "cast", {"dtype": "int32"}),
    ],
)
def test_functions_and_operators_become_operations(build: Any, name: str, fixed: Any) -> None:
    x = keras.Input((3,))
    y = build(x)
    operation = y.history.operation
    assert isinstance(operation, Operation)
    assert (operation.func_name, operation.fixed) == (name, fixed)
    value = np.array([[1.0, -2.0, 3.0]], "float32")
    model = keras.Model(x, y)
    again = keras.Model.from_config(model.get_config())
    np.testing.assert_array_equal(model(value), build(ops.convert_to_tensor(value)))
    np.testing.assert_array_equal(again(value), model(value))


def test_keras_names_of_operations() -> None:
    x = keras.Input((3,))
    relu = ops.relu(x).history.operation
    assert (relu.keras_module, relu.keras_class) == ("keras.src.ops.nn", "Relu")
    mean = ops.mean(x, axis=-1).history.operation
    assert (mean.keras_module, mean.keras_class) == ("keras.src.ops.numpy", "Mean")
    assert mean.get_config() == {"name": "mean", "axis": -1}


def test_operations_of_files_are_functions_of_this_package_only() -> None:
    assert operation_from_config("LogSoftmax", {"name": "l", "axis": 0}).func_name == "log_softmax"
    for name in ("OsSystem", "Nothing", "_Private", "__Class__", "Symbol"):
        with pytest.raises(ValueError, match="Unknown operation"):
            operation_from_config(name, {})


def test_eager_calls_record_nothing() -> None:
    layer = layers.Dense(2)
    layer(np.ones((1, 3), "float32"))
    assert layer._calls == []
    assert not isinstance(ops.add(1.0, 2.0), KerasTensor)


def test_no_values_in_symbols() -> None:
    x = keras.Input((3,))
    with pytest.raises(keras.errors.GraphError):
        np.asarray(x)
    with pytest.raises(keras.errors.GraphError):
        bool(x > 0)


def test_unknown_sizes_stay_unknown() -> None:
    x = keras.Input((None, 4))
    assert ops.sum(x, axis=-1).shape == (None, None)
    assert layers.Flatten()(x).shape == (None, None)
    assert layers.Reshape((-1, 2))(x).shape == (None, None, 2)
    assert layers.LSTM(3, return_sequences=True)(x).shape == (None, None, 3)
    assert layers.MultiHeadAttention(1, 2)(x, x, use_causal_mask=True).shape == (None, None, 4)
    assert layers.Add()([x, keras.Input((5, 4))]).shape == (None, 5, 4)


def test_errors_about_shapes_come_through() -> None:
    with pytest.raises(ShapeError):
        ops.matmul(keras.Input((3,)), keras.Input((4, 2)))
    with pytest.raises(ShapeError):
        layers.Add()([keras.Input((3,)), keras.Input((4,))])


def test_a_batch_size_is_kept() -> None:
    x = keras.Input((3,), batch_size=4)
    assert layers.Dense(2)(x).shape == (4, 2)
    assert keras.Input(batch_shape=(2, 3)).shape == (2, 3)
