"""`keras.Function`: calls between symbols as one operation."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, GraphError

layers, ops = keras.layers, keras.ops
X = np.arange(6, dtype="float32").reshape(2, 3)


def test_values_symbols_and_traces() -> None:
    a, b = keras.KerasTensor((None, 3)), keras.Input((3,))
    made = keras.Function({"a": a, "b": b}, [ops.sigmoid(a + b), ops.sum(a)], name="both")
    expected = 1 / (1 + np.exp(-2 * X))
    for run in (made, keras.function(made)):
        first, second = run({"a": X, "b": X})
        np.testing.assert_allclose(first, expected, rtol=1e-6)
        assert float(second) == 15
    assert made.name == "both"
    assert len(made.inputs) == len(made.outputs) == 2
    assert made.compute_output_spec({"a": a, "b": b})[0].shape == (None, 3)


def test_a_part_of_a_model() -> None:
    x = keras.Input((3,))
    hidden = layers.Dense(4)(x)
    y = layers.Dense(2)(ops.relu(hidden))
    tail = keras.Function(hidden, y)
    model = keras.Model(x, tail(layers.Dense(4, kernel_initializer="ones")(x)))
    np.testing.assert_allclose(model(X), tail(ops.tile(ops.sum(X, 1, True), (1, 4))), rtol=1e-5)
    assert [type(op).__name__ for op in tail.operations][1:] == ["FunctionOperation", "Dense"]


def test_errors() -> None:
    x = keras.Input((3,))
    with pytest.raises(ArgumentError, match="Expected: symbols"):
        keras.Function(X, X)
    with pytest.raises(GraphError, match="disconnected"):
        keras.Function(x, keras.KerasTensor((3,)) + x)
    with pytest.raises(ArgumentError, match="which has a config"):
        keras.Function(x, x * 2).get_config()


def test_shapes_of_outputs() -> None:
    x, y = keras.KerasTensor((None, 3)), keras.KerasTensor((None, 3))
    both = keras.Function([x, y], {"sum": ops.sum(x + y, axis=0), "pair": ops.stack([x, y])})
    assert both.compute_output_shape([(5, 3), (5, 3)]) == {"sum": (3,), "pair": (2, 5, 3)}
    assert keras.Function(x, x * 2).compute_output_shape((None, 3)) == (None, 3)
