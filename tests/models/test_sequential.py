"""Sequential: built at once or from the first data, changed, saved as a config."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, ShapeError
from tests.tolerances import assert_close

layers = keras.layers
X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


def test_with_an_input() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.Dense(1)])
    assert model.built
    assert (model.input_shape, model.output_shape) == ((None, 3), (None, 1))
    assert [v.path for v in model.weights] == [
        "sequential/dense/kernel",
        "sequential/dense/bias",
        "sequential/dense_1/kernel",
        "sequential/dense_1/bias",
    ]
    assert [layer.name for layer in model.layers] == ["dense", "dense_1"]


@pytest.mark.parametrize(
    "first",
    [
        lambda: [layers.InputLayer((3,)), layers.Dense(2)],
        lambda: [layers.Dense(2, input_shape=(3,))],
        lambda: [layers.Dense(2, input_dim=3)],
        lambda: [keras.Sequential([keras.Input((3,)), layers.Dense(2)])],
    ],
)
def test_other_ways_to_give_the_shape(first: Any) -> None:
    model = keras.Sequential([*first(), layers.Dense(1)])
    assert model.built
    assert model.input_shape == (None, 3)


def test_built_by_data() -> None:
    model = keras.Sequential([layers.Dense(2, activation="relu"), layers.Dense(1)])
    assert not model.built
    assert model.weights == []
    with pytest.raises(AttributeError, match="input shape"):
        _ = model.inputs
    y = model(X)
    assert y.shape == (4, 1)
    assert (model.built, model.input_shape) == (True, (None, 3))
    a, b, c, d = model.get_weights()
    assert_close(y, np.maximum(X @ a + b, 0) @ c + d)
    assert model(X[:2]).shape == (2, 1)
    with pytest.raises(ShapeError):
        model(X[:, :2])


def test_built_by_integers() -> None:
    model = keras.Sequential([layers.Embedding(5, 2), layers.Flatten(), layers.Dense(1)])
    model(np.array([[1, 2], [3, 4]]))
    assert model.inputs[0].dtype == "int64"
    assert model(np.array([[1, 2]])).shape == (1, 1)


def test_build() -> None:
    model = keras.Sequential([layers.Dense(2)])
    model.build((None, 3))
    assert model.output_shape == (None, 2)
    with pytest.raises(ArgumentError, match="layers"):
        keras.Sequential().build((None, 3))


def test_add_and_pop() -> None:
    model = keras.Sequential()
    model.add(keras.Input((3,)))
    assert not model.built
    model.add(layers.Dense(4))
    assert model.output_shape == (None, 4)
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2)
    taken = model.pop()
    assert (taken.units, model.output_shape, len(model.weights)) == (2, (None, 4), 2)
    model.add(layers.Dense(1))
    assert model(X).shape == (4, 1)


def test_what_cannot_be_added() -> None:
    model = keras.Sequential([keras.Input((3,))])
    with pytest.raises(ArgumentError, match="one Input"):
        model.add(keras.Input((3,)))
    with pytest.raises(ArgumentError, match="Expected: layers"):
        model.add("dense")
    model.add(layers.Dense(2, name="same"))
    with pytest.raises(ArgumentError, match="'same'"):
        model.add(layers.Dense(2, name="same"))


@pytest.mark.parametrize("given", [True, False])
def test_config(given: bool) -> None:
    stack = [layers.Dense(2, activation="relu"), layers.BatchNormalization(), layers.Dense(1)]
    model = keras.Sequential([keras.Input((3,)), *stack] if given else stack, name="m")
    config = json.loads(json.dumps(model.get_config()))
    assert ("build_input_shape" in config) is given
    again = keras.Sequential.from_config(config)
    assert json.loads(json.dumps(again.get_config())) == config
    assert again.built is given
    y = model(X)
    again(X)
    again.set_weights(model.get_weights())
    assert_close(again(X), y)


def test_layers_of_several_inputs() -> None:
    model = keras.Sequential([layers.Add(), layers.Dense(2)])
    assert model([X, X]).shape == (4, 2)


def test_a_chain_is_part_of_a_larger_graph() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4, name="h"), layers.Dense(2)])
    features = keras.Model(model.inputs, model.get_layer("h").output)
    a, b, *_ = model.get_weights()
    assert_close(features(X), X @ a + b)
    x = keras.Input((3,))
    wrapped = keras.Model(x, model(x))
    assert_close(wrapped(X), model(X))


def test_trainable_reaches_the_layers() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)], trainable=False)
    assert model.trainable_weights == []
    model.trainable = True
    assert len(model.trainable_weights) == 2


def test_masks_and_training_go_through() -> None:
    model = keras.Sequential(
        [layers.Embedding(5, 3, mask_zero=True), layers.LSTM(2), layers.Dropout(0.5)]
    )
    ids = np.array([[1, 2, 0, 0]])
    assert_close(model(ids), model(ids[:, :2]))
    drops = [np.asarray(model(ids, training=True)) for _ in range(8)]
    assert any((d == 0).any() for d in drops)


def test_images_of_another_size() -> None:
    """As in Keras, the layers decide what they take."""
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.GlobalAveragePooling2D()]
    )
    model.compile("sgd", "mse")
    x = np.ones((2, 16, 16, 1), "float32")
    assert model(x).shape == (2, 2)
    assert model.predict(x, verbose=0).shape == (2, 2)
    model.fit(x, np.ones((2, 2)), verbose=0)
    dense = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(ShapeError, match="Dense"):
        dense(np.ones((2, 4), "float32"))


def test_a_model_cut_at_a_nested_one() -> None:
    x = keras.Input((3,))
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)], name="inner")
    own = inner.output
    model = keras.Model(x, keras.layers.Dense(1)(inner(x)))
    assert inner.output is not own
    part = keras.Model(model.inputs, model.get_layer("inner").output)
    rows = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(part.predict(rows, verbose=0), inner(rows))


def test_layers_that_are_no_list_and_classes_of_layers() -> None:
    with pytest.raises(ArgumentError, match=r"all layers in one list"):
        keras.Sequential(keras.Input((3,)), layers.ReLU())  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"Make one: ReLU\(\.\.\.\)"):
        keras.Sequential([keras.Input((3,)), layers.ReLU])


def test_a_layer_that_does_not_say_its_shape_runs_all_the_same() -> None:
    class Shy(layers.Layer):
        def call(self, inputs):
            return inputs + 1.0

        def compute_output_spec(self, *args, **kwargs):
            raise NotImplementedError

    x = np.ones((3, 2), "float32")
    for first in ([], [layers.Input((2,))]):
        model = keras.Sequential([*first, Shy(), layers.Dense(2, kernel_initializer="ones")])
        assert model(x).numpy().tolist() == [[4.0, 4.0]] * 3
        model.summary(print_fn=lambda text: None)
        model.compile("sgd", "mse")
        assert model.evaluate(x, x, verbose=0) == 9.0
        assert model.predict(x, verbose=0).tolist() == [[4.0, 4.0]] * 3
    with pytest.raises(NotImplementedError, match="call"):
        keras.Sequential([layers.Input((2,)), layers.Layer()])
