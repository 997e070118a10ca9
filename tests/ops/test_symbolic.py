"""Calls on symbols: records, histories, shapes where numbers are needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import GraphError, ShapeError
from kerasish.ops.operation import Operation, operation_from_config
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
    # Keras writes defaults down too.
    assert mean.get_config() == {"name": "mean", "axis": -1, "keepdims": False}


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


class Own(layers.Layer):
    """A user's layer: a function of its input and of the unknown size of axis 1."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def call(self, x: Any) -> Any:
        return self.function(x, ops.shape(x)[1])


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (lambda x, n: x + ops.arange(0, n, dtype="float32")[:, None], (None, None, 4)),
        (lambda x, n: ops.arange(0, n, 2), (None,)),
        (lambda x, n: ops.one_hot(ops.cast(x[..., 0], "int32"), n), (None, None, None)),
        (lambda x, n: ops.linspace(0.0, 1.0, n), (None,)),
        (lambda x, n: ops.full((n, 3), 1.0), (None, 3)),
        (lambda x, n: ops.reshape(x, (-1, n * 4)), (None, None)),
        (lambda x, n: ops.eye(n, 3), (None, 3)),
        (lambda x, n: ops.eye(3, n), (3, None)),
        (lambda x, n: ops.tile(x, (1, 1, n)), (None, None, None)),
        (lambda x, n: ops.repeat(x, n, axis=2), (None, None, None)),
        (lambda x, n: ops.broadcast_to(x[:, :1], (ops.shape(x)[0], n, 4)), (None, None, 4)),
        (lambda x, n: ops.pad(x, ((0, 0), (0, n), (0, 0))), (None, None, 4)),
        (lambda x, n: ops.slice(x, (0, 0, 0), (ops.shape(x)[0], n, 2)), (None, None, 2)),
        (lambda x, n: x[:, :n], (None, None, 4)),
        (lambda x, n: x[:, n // 2 :], (None, None, 4)),
        (lambda x, n: ops.image.resize(ops.expand_dims(x, 3), (n, 8)), (None, None, 8, 1)),
        (lambda x, n: ops.tri(n, n), (None, None)),
        (lambda x, n: ops.split(x, 2, axis=2)[0], (None, None, 2)),
        (lambda x, n: ops.zeros((n,))[: n - 2], (None,)),
    ],
)
def test_unknown_sizes_in_a_users_layer(function: Any, shape: Any) -> None:
    x = keras.Input((None, 4))
    layer = Own(function)
    y = layer(x)
    assert y.shape == shape
    value = layer(np.ones((2, 6, 4), "float32"))
    assert len(value.shape) == len(shape)
    assert all(s in (None, d) for s, d in zip(shape, value.shape, strict=True))


def test_what_a_made_up_size_makes_fail_is_tried_with_none() -> None:
    halves = Own(lambda x, n: ops.reshape(x, (-1, 2, 2, 8)))
    assert halves(keras.Input((None, 4))).shape == (None, 2, 2, 8)


@pytest.mark.parametrize(
    ("build", "shown"),
    [
        (lambda: layers.Conv2D(3, 3)(keras.Input((8, 8))), "(None, 8, 8)"),
        (lambda: layers.LSTM(3)(keras.Input((4,))), "(None, 4)"),
        (lambda: layers.Concatenate(axis=1)([keras.Input((4, 3)), keras.Input((4, 5))]), "None"),
        (lambda: layers.Add()([keras.Input((4,)), keras.Input((5,))]), "None"),
        (lambda: ops.matmul(keras.Input((3,)), ops.ones((4, 2))), "None"),
        (lambda: Own(lambda x, n: x + ops.ones((n, 3)))(keras.Input((None, 4))), "None"),
        (
            lambda: layers.Lambda(lambda x: ops.matmul(x, ops.ones((4, 2))))(keras.Input((5,))),
            "(None, 5)",
        ),
    ],
)
def test_errors_name_no_made_up_sizes(build: Any, shown: str) -> None:
    with pytest.raises(Exception, match="Expected") as caught:
        build()
    text = "".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
    assert "83" not in text
    assert "89" not in text
    assert shown in text


class Mistaken(layers.Layer):
    """Its call has a mistake that has nothing to do with shapes."""

    def call(self, x: Any) -> Any:
        return {"a": x}["b"]


def test_the_users_own_error_is_the_one_shown() -> None:
    with pytest.raises(KeyError, match="b"):
        Mistaken()(keras.Input((None, 4)))


def test_operators_of_booleans_are_logical() -> None:
    x = keras.Input((3,))
    y = (x > 0) & ~(x > 1) | (x < -1)
    assert y.history.operation.func_name == "logical_or"
    z = keras.Input((3,), dtype="int32")
    assert (z & 3).history.operation.func_name == "bitwise_and"
    assert (z == None) is False  # noqa: E711


@pytest.mark.parametrize(
    "build",
    [
        lambda x: np.ones((3,), "float32") + x,
        lambda x: ops.ones((3,)) * x,
        lambda x: 2**x,
        lambda x: ops.stack([x, ops.ones((1, 3)) * x], axis=1),
        lambda x: x.reshape((-1, 3, 1)).T,
        lambda x: x.astype("int32") % 2,
        lambda x: ops.where(x > 0, x, ops.zeros_like(x)),
        lambda x: ops.add(x1=x, x2=[1.0, 2.0, 3.0]),
        lambda x: ops.top_k(x, 2)[0],
        lambda x: ops.meshgrid(x[0], ops.arange(2.0))[1],
        lambda x: ops.unstack(x, axis=1)[2] - ops.split(x, 3, axis=1)[0][:, 0],
        lambda x: ops.qr(ops.expand_dims(x, 2))[1],
        lambda x: ops.vectorized_map(lambda row: row * ops.sum(row), x),
        lambda x: ops.cond(True, lambda: x * 2.0, lambda: x) if x.value is not None else x * 2.0,
        lambda x: ops.scan(lambda c, r: (c + r, c * r), x[0], x)[1],
        lambda x: ops.logsumexp(x, axis=-1) + ops.size(x) / ops.shape(x)[1],
        lambda x: keras.losses.mean_squared_error(x, x * 2),
        lambda x: keras.random.dropout(x, 0.0),
        lambda x: keras.activations.relu(x, max_value=1.0),
        lambda x: x[:, ops.cast(ops.ones((2,)), "int32")],
        lambda x: ops.einsum("ab,cb->ac", x, x),
    ],
)
def test_mixtures_of_symbols_and_values(build: Any) -> None:
    x = keras.Input((3,), batch_size=2)
    value = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, 1.5]], "float32")
    model = keras.Model(x, build(x))
    expected = build(ops.convert_to_tensor(value))
    np.testing.assert_allclose(model(value), expected, rtol=1e-6)
    assert model.output.shape == expected.shape
    np.testing.assert_allclose(keras.models.clone_model(model)(value), expected, rtol=1e-6)


def test_the_size_of_a_symbol_is_counted_when_it_runs() -> None:
    x = keras.Input((None, 4))
    y = x * 0 + ops.cast(ops.size(x), "float32")
    model = keras.Model(x, y)
    assert y.shape == (None, None, 4)
    assert float(model(np.ones((2, 3, 4), "float32"))[0, 0, 0]) == 24
    assert ops.size(keras.Input((3,), batch_size=2)) == 6


def test_an_unknown_number_of_classes_is_refused() -> None:
    x = keras.Input((None,), dtype="int32")
    for labels in (x, np.array([0, 1])):
        with pytest.raises(ValueError, match="number of classes"):
            ops.one_hot(labels, ops.shape(x)[1])


def test_symbols_are_no_values() -> None:
    x = keras.Input((3,))
    for use in (bool, int, float, np.asarray, list, len, lambda x: 1 if x > 0 else 2):
        for kind in (TypeError, ValueError, GraphError):  # Keras raises one of the first two
            with pytest.raises(kind, match="symbolic"):
                use(x)
    assert KerasTensor((2,), sparse=False).sparse is False
    with pytest.raises(ValueError, match="sparse=True, which is not supported"):
        KerasTensor((2,), sparse=True)


def test_sizes_that_are_told_are_known_though_those_of_the_input_are_not() -> None:
    x = keras.Input((None, None, 3))
    padded = ops.image.pad_images(x, 1, 2, target_height=9, target_width=8)
    assert padded.shape == (None, 9, 8, 3)
    assert keras.Model(x, padded)(np.ones((2, 4, 5, 3), "float32")).shape == (2, 9, 8, 3)
    moved = ops.image.scale_and_translate(
        x, (None, 6, 7, None), np.ones(2), np.zeros(2), (1, 2), "linear"
    )
    assert moved.shape == (None, 6, 7, 3)
    with pytest.raises(ValueError, match="extract_patches_3d, size"):
        ops.image.extract_patches_3d(np.ones((1, 4, 4, 4, 1)), (2, 2))
