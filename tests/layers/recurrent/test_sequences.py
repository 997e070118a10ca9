"""Recurrent layers: states, masks, dropout, cells of one's own, both ways of running."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.compiler.functions import function
from kerasish.errors import ArgumentError, ShapeError
from tests.tolerances import assert_close

layers, ops = keras.layers, keras.ops
RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 5, 3)).astype("float32")
CLASSES = [layers.SimpleRNN, layers.LSTM, layers.GRU]


def copied(layer: Any, **changes: Any) -> Any:
    """A built layer with other arguments and the same weights."""
    other = type(layer).from_config({**layer.get_config(), **changes})
    other.build((None, *X.shape[1:]))
    other.set_weights(layer.get_weights())
    return other


def built(cls: Any, **arguments: Any) -> Any:
    layer = cls(4, **arguments)
    layer.build((None, *X.shape[1:]))
    layer.set_weights([RNG.normal(size=v.shape) * 0.5 for v in layer.weights])
    return layer


@pytest.mark.parametrize("cls", CLASSES)
def test_the_whole_sequence_op_is_the_loop(cls: Any) -> None:
    layer = built(cls, return_sequences=True)
    assert_close(layer(X), copied(layer, unroll=True)(X))
    everything = np.ones(X.shape[:2], bool)
    assert_close(layer(X), layer(X, mask=everything))


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
def test_masks_of_the_whole_sequence_op_are_those_of_the_loop(
    cls: Any, backwards: bool, zeros: bool, sequences: bool
) -> None:
    mask = np.array([[0, 1, 0, 0, 1], [1, 0, 1, 1, 0]], bool)
    flags = {"go_backwards": backwards, "zero_output_for_mask": zeros, "return_state": True}
    layer = built(cls, **flags, return_sequences=sequences)
    states = [RNG.normal(size=(2, 4)).astype("float32") for _ in layer.state_size]
    found = layer(X, initial_state=states, mask=mask)
    for got, want in zip(
        found, copied(layer, unroll=True)(X, initial_state=states, mask=mask), strict=True
    ):
        assert_close(got, want)


@pytest.mark.parametrize("cls", CLASSES)
def test_cells_step_like_their_layer(cls: Any) -> None:
    layer = built(cls, return_sequences=True)
    states, outputs = layer.get_initial_state(2), []
    for t in range(X.shape[1]):
        y, states = layer.cell(X[:, t], states)
        outputs.append(np.asarray(y))
    assert_close(layer(X), np.stack(outputs, 1))
    wrapped = layers.RNN(layer.cell, return_sequences=True)
    assert_close(wrapped(X), layer(X))


@pytest.mark.parametrize("cls", CLASSES)
def test_masked_steps_keep_the_state(cls: Any) -> None:
    layer = built(cls)
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], bool)
    y = np.asarray(layer(X, mask=mask))
    assert_close(y[0], np.asarray(layer(X[:1, :3]))[0])
    assert_close(y[1], np.asarray(layer(X[1:]))[0])
    zeros = np.asarray(
        copied(layer, return_sequences=True, zero_output_for_mask=True)(X, mask=mask)
    )
    np.testing.assert_array_equal(zeros[0, 3:], 0)
    held = np.asarray(copied(layer, return_sequences=True)(X, mask=mask))
    assert_close(held[0, 3:], np.stack([held[0, 2]] * 2))


@pytest.mark.parametrize("cls", CLASSES)
def test_states_in_and_out(cls: Any) -> None:
    layer = built(cls, return_state=True)
    whole, *_ = layer(X)
    _, *states = layer(X[:, :2])
    rest, *_ = layer(X[:, 2:], initial_state=states)
    assert_close(rest, whole)
    first = [keras.Input((4,)) for _ in states]
    steps = keras.Input((3, 3))
    model = keras.Model([steps, *first], layer(steps, initial_state=first)[0])
    assert_close(model([X[:, 2:], *states]), whole)


@pytest.mark.parametrize("cls", CLASSES)
def test_stateful(cls: Any) -> None:
    plain = built(cls)
    layer = cls.from_config({**plain.get_config(), "stateful": True})
    layer.build((2, *X.shape[1:]))
    layer.set_weights(plain.get_weights())
    assert len(layer.weights) == len(plain.weights)
    layer(X[:, :2])
    run = function(layer)
    assert_close(run(X[:, 2:]), plain(X))
    layer.reset_state()
    assert_close(run(X), plain(X))
    with pytest.raises(ShapeError, match="batch size"):
        cls(2, stateful=True)(keras.Input((5, 3)))


def test_backwards() -> None:
    layer = built(layers.GRU, return_sequences=True)
    back = copied(layer, go_backwards=True)
    assert_close(back(X), layer(X[:, ::-1]))


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("arguments", [{"dropout": 0.5}, {"recurrent_dropout": 0.5}])
def test_dropout_masks_are_those_of_all_steps(cls: Any, arguments: Any) -> None:
    layer = built(cls, **arguments, seed=1, return_sequences=True)
    calm = np.asarray(layer(X))
    assert_close(calm, copied(layer, dropout=0.0, recurrent_dropout=0.0)(X))
    wild = np.asarray(layer(X, training=True))
    assert np.abs(wild - calm).max() > 1e-3
    assert np.isfinite(wild).all()
    assert layer.cell._masks is None
    # A constant input keeps the same elements at every step, so the first two steps of a cell
    # without memory are equal.
    if cls is layers.SimpleRNN and "dropout" in arguments:
        layer.cell.recurrent_kernel.assign(np.zeros((4, 4)))
        same = np.asarray(layer(np.ones_like(X), training=True))
        assert_close(same[:, 0], same[:, 1])


def test_dropout_in_a_compiled_function_differs_from_call_to_call() -> None:
    layer = built(layers.LSTM, dropout=0.5)
    run = function(lambda x: layer(x, training=True))
    assert np.abs(np.asarray(run(X)) - np.asarray(run(X))).max() > 1e-4


class Counter(layers.Layer):
    """A cell in Keras's style: adds the sum of its input to a count."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.state_size = 1

    def build(self, input_shape: Any) -> None:
        self.weight = self.add_weight(shape=(1,), initializer="ones")

    def call(self, inputs: Any, states: Any) -> Any:
        count = states[0] + self.weight * ops.sum(inputs, axis=-1, keepdims=True)
        return 2 * count, [count]


def test_a_cell_of_ones_own() -> None:
    layer = layers.RNN(Counter(), return_sequences=True, return_state=True)
    y, count = layer(X)
    totals = np.cumsum(X.sum(-1), 1)
    assert_close(y[:, :, 0], 2 * totals)
    assert_close(count[:, 0], totals[:, -1])
    assert len(layer.trainable_weights) == 1
    symbols = layer(keras.Input((None, 3)))
    assert [s.shape for s in symbols] == [(None, None, 1), (None, 1)]


def test_stacked_cells_are_layers_on_top_of_each_other() -> None:
    low, high = built(layers.LSTM, return_sequences=True), layers.GRU(2)
    whole = high(low(X))
    stack = layers.RNN([low.cell, high.cell])
    assert_close(stack(X), whole)
    assert stack.state_size == [[4, 4], 2]
    assert len(stack.weights) == 6


def test_what_is_no_cell_is_refused() -> None:
    with pytest.raises(ArgumentError, match="state_size"):
        layers.RNN(layers.Dense(2))
    with pytest.raises(ArgumentError, match="recurrent"):
        layers.Bidirectional(layers.Dense(2))
    with pytest.raises(ArgumentError, match="'sum'"):
        layers.Bidirectional(layers.LSTM(2), merge_mode="sums")


def test_bidirectional_is_both_ways() -> None:
    layer = layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="both")
    y = layer(X)
    forward, backward = layer.forward_layer, layer.backward_layer
    back = np.asarray(backward(X))[:, ::-1]
    assert_close(y, np.concatenate([np.asarray(forward(X)), back], -1))
    assert (forward.name, backward.name) == ("forward_lstm", "backward_lstm")
    again = layers.Bidirectional.from_config(layer.get_config())
    assert again.forward_layer.name == "forward_lstm"


def test_bidirectional_takes_states() -> None:
    layer = layers.Bidirectional(layers.LSTM(4, return_state=True))
    y, *states = layer(X)
    assert len(states) == 4
    z, *_ = layer(X, initial_state=states)
    assert np.abs(np.asarray(z) - np.asarray(y)).max() > 0


def test_time_distributed_is_each_step() -> None:
    layer = layers.TimeDistributed(layers.Dense(2))
    y = np.asarray(layer(X))
    for t in range(X.shape[1]):
        assert_close(y[:, t], layer.layer(X[:, t]))
    assert layer(keras.Input((None, 3))).shape == (None, None, 2)


def test_masks_of_image_sequences() -> None:
    """Keras spreads the mask over the columns here (its scan does not add axes)."""
    x = RNG.normal(size=(2, 4, 3, 3, 2)).astype("float32")
    layer = layers.ConvLSTM2D(2, 2)
    mask = np.array([[1, 1, 0, 0], [1, 1, 1, 1]], bool)
    y = np.asarray(layer(x, mask=mask))
    assert_close(y[0], np.asarray(layer(x[:1, :2]))[0])
    assert_close(y[1], np.asarray(layer(x[1:]))[0])
    wild = layers.ConvLSTM2D(2, 2, dropout=0.5, recurrent_dropout=0.5)
    assert np.abs(np.asarray(wild(x, training=True)) - np.asarray(wild(x))).max() > 1e-4
