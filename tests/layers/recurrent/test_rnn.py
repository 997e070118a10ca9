"""What a loop over a cell does: masks, states, batches, flags, cells of all kinds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, ShapeError
from tests.tolerances import assert_close

layers, ops = keras.layers, keras.ops
RNG = np.random.default_rng(3)
X = RNG.normal(size=(2, 5, 3)).astype("float32")
STEPS = np.array([[[1.0], [2.0], [4.0], [8.0]]], "float32")
MASK = np.array([[False, True, True, False]])


class Twice(layers.Layer):
    """Output 2 s of state s."""

    state_size = 1

    def call(self, inputs: Any, states: Any) -> Any:
        total = states[0] + inputs
        return 2 * total, [total]


class Wide(Twice):
    """An output wider than the state."""

    output_size = 2

    def call(self, inputs: Any, states: Any) -> Any:
        total = states[0] + inputs
        return ops.concatenate([total, -total], axis=-1), [total]


class Pair(Twice):
    """Two states of different sizes."""

    state_size = [1, 2]

    def call(self, inputs: Any, states: Any) -> Any:
        total, last = states[0] + inputs, ops.concatenate([inputs, inputs], axis=-1)
        return last - states[1], [total, last]


@pytest.mark.parametrize("unroll", [False, True])
@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        (Twice, [[0], [4], [12], [12]]),
        (Wide, [[0, 0], [2, -2], [6, -6], [6, -6]]),
        (Pair, [[0, 0], [2, 2], [2, 2], [2, 2]]),
    ],
)
def test_masked_steps_repeat_the_output_before(cell: Any, wanted: Any, unroll: bool) -> None:
    layer = layers.RNN(cell(), return_sequences=True, unroll=unroll)
    np.testing.assert_array_equal(layer(STEPS, mask=MASK)[0], wanted)
    last = layers.RNN(cell(), unroll=unroll)
    np.testing.assert_array_equal(last(STEPS, mask=MASK)[0], wanted[-1])
    zeros = layers.RNN(cell(), return_sequences=True, zero_output_for_mask=True, unroll=unroll)
    counted = np.where(MASK[0][:, None], wanted, 0)
    np.testing.assert_array_equal(zeros(STEPS, mask=MASK)[0], counted)


def test_masked_steps_of_stacked_cells() -> None:
    layer = layers.RNN([layers.LSTMCell(2), Twice()], return_sequences=True)
    x = np.asarray(RNG.normal(size=(1, 4, 3)), "float32")
    layer.cell.cells[0] = layers.SimpleRNNCell(1)
    y = np.asarray(layer(x, mask=MASK))
    np.testing.assert_array_equal(y[0, 0], 0)
    np.testing.assert_array_equal(y[0, 3], y[0, 2])


def test_a_masked_first_step_repeats_the_state_where_it_is_the_output() -> None:
    state = [np.full((1, 2), 0.5, "float32")]
    layer = layers.RNN(layers.GRUCell(2), return_sequences=True)
    y = layer(STEPS, initial_state=state, mask=MASK)
    np.testing.assert_array_equal(y[0, 0], state[0][0])


def test_a_symbolic_mask_of_unknown_length() -> None:
    steps, counts = keras.Input((None, 1)), keras.Input((None,), dtype="bool")
    model = keras.Model([steps, counts], layers.RNN(Wide())(steps, mask=counts))
    np.testing.assert_array_equal(model.predict([STEPS, MASK], verbose=0), [[6, -6]])


def test_a_cell_without_build() -> None:
    assert layers.RNN(Twice())(STEPS).numpy().tolist() == [[30.0]]

    class Holds(Twice):
        def __init__(self) -> None:
            super().__init__()
            self.inner = layers.Dense(1, kernel_initializer="ones")

        def call(self, inputs: Any, states: Any) -> Any:
            total = states[0] + self.inner(inputs)
            return total, [total]

    layer = layers.RNN(Holds())
    assert layer(STEPS).numpy().tolist() == [[15.0]]
    assert len(layer.trainable_weights) == 2


# --- states -------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [layers.SimpleRNN, layers.LSTM, layers.GRU])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_stateful_layer_refuses_another_number_of_rows(cls: Any, rows: int) -> None:
    layer = cls(4, stateful=True)
    layer(X)
    with pytest.raises(ShapeError, match="stateful"):
        layer(np.ones((rows, 5, 3), "float32"))
    layer(X)


def test_the_last_smaller_batch_of_a_stateful_model_says_what_to_do() -> None:
    steps = keras.Input(batch_shape=(2, None, 3))
    model = keras.Model(steps, layers.LSTM(2, stateful=True)(steps))
    with pytest.raises(ShapeError, match="another batch size"):
        model.predict(np.ones((3, 4, 3)), batch_size=2, verbose=0)


@pytest.mark.parametrize("rows", [1, 3])
def test_initial_states_are_not_spread_over_rows(rows: int) -> None:
    layer = layers.GRU(4)
    with pytest.raises(ShapeError, match="initial_state"):
        layer(X, initial_state=np.zeros((rows, 4), "float32"))
    with pytest.raises(ArgumentError, match="2 states"):
        layers.LSTM(4)(X, initial_state=[np.zeros((2, 4), "float32")])


# --- frozen from the start ------------------------------------------------------------------------


MADE: list[Any] = [
    lambda flag: layers.LSTM(2, trainable=flag),
    lambda flag: layers.GRU(2, trainable=flag),
    lambda flag: layers.SimpleRNN(2, trainable=flag),
    lambda flag: layers.Bidirectional(layers.LSTM(2), trainable=flag),
    lambda flag: layers.Bidirectional(layers.LSTM(2, trainable=flag)),
    lambda flag: layers.RNN(layers.LSTMCell(2, trainable=flag)),
    lambda flag: layers.TimeDistributed(layers.Dense(2, trainable=flag)),
]


@pytest.mark.parametrize("make", MADE)
def test_layers_made_frozen_are_not_trained(make: Any) -> None:
    steps = keras.Input((5, 3))
    frozen = make(False)
    model = keras.Model(steps, layers.Dense(1)(frozen(steps)))
    held = frozen.get_weights()
    assert len(model.trainable_weights) == 2
    again = keras.Model.from_config(model.get_config())
    assert len(again.trainable_weights) == 2
    model.compile("sgd", "mse")
    target = np.ones(model(X).shape)
    model.fit(X, target, verbose=0)
    for before, after in zip(held, frozen.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    frozen.trainable = True
    assert len(model.trainable_weights) == len(model.weights)


def test_convolutional_ones_too() -> None:
    layer = layers.ConvLSTM1D(2, 2, trainable=False)
    layer(np.ones((1, 2, 4, 3), "float32"))
    assert layer.trainable_weights == []
    assert not any(v.trainable for v in layer.weights)


def test_whole_numbers_are_a_sequence_like_others() -> None:
    for cls in (layers.SimpleRNN, layers.LSTM, layers.GRU):
        layer = cls(3)
        whole = np.arange(30).reshape(2, 5, 3)
        assert_close(layer(whole), layer(whole.astype("float32")))


class Counting(keras.layers.Layer):
    """A cell that says `state_size=units` and nothing else of its state."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.state_size = units

    def call(self, inputs: Any, states: Any) -> Any:
        assert isinstance(states, list)
        after = states[0] + keras.ops.sum(inputs, axis=-1, keepdims=True)
        return after, [after]


def test_the_states_of_stacked_cells_of_one_state_are_tensors() -> None:
    x = np.ones((2, 3, 4), "float32")
    layer = keras.layers.RNN([Counting(5), Counting(2)], return_state=True, return_sequences=True)
    first, second = layer(x)[1:]
    assert first.shape == (2, 5)
    assert second.shape == (2, 2)
    assert_close(first.numpy(), np.full((2, 5), 12.0))
    assert_close(second.numpy(), np.full((2, 2), 5 * (4.0 + 8.0 + 12.0)))
    symbols = layer(keras.Input((None, 4)))
    assert [s.shape for s in symbols] == [(None, None, 2), (None, 5), (None, 2)]
    again = layer(x, initial_state=[first, second])
    assert_close(again[1].numpy(), np.full((2, 5), 24.0))
    mixed = keras.layers.RNN([Counting(5), keras.layers.LSTMCell(2)], return_state=True)
    assert [isinstance(s, list) for s in mixed(x)[1:]] == [False, True]


class Doubling(layers.Layer):
    """A cell whose output is not its state."""

    state_size = 2

    def call(self, x: Any, states: Any) -> Any:
        return 2 * states[0], [states[0] + x]


def test_one_masked_step_of_a_cell_of_ones_own_repeats_zeros() -> None:
    layer = layers.RNN(Doubling(), return_state=True)
    x = np.ones((2, 1, 2), "float32")
    start = [np.full((2, 2), 3, "float32")]
    y, state = layer(x, initial_state=start, mask=np.array([[True], [False]]))
    np.testing.assert_array_equal(y, [[6, 6], [0, 0]])
    np.testing.assert_array_equal(state, [[4, 4], [3, 3]])


@pytest.mark.parametrize("cls", [layers.SimpleRNN, layers.LSTM, layers.GRU])
def test_the_number_of_features_is_that_of_the_first_call(cls) -> None:
    layer = cls(2)
    layer(np.ones((1, 4, 3), "float32"))
    with pytest.raises(ShapeError, match="size 3 on axis -1"):
        layer(np.ones((1, 4, 5), "float32"))
