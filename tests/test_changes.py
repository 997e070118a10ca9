"""The clock moves with what is set by hand, and with nothing else."""

import pytest

import kerasish as keras
from kerasish.changes import clock, unnoticed


def moved(action) -> bool:
    before = clock.now
    action()
    return clock.now != before


def test_what_is_set_moves_the_clock():
    layer = keras.layers.Dropout(0.5)
    optimizer = keras.optimizers.SGD(0.1)
    variable = keras.Variable([1.0])
    assert moved(lambda: setattr(layer, "rate", 0.1))
    assert moved(lambda: setattr(layer, "trainable", False))
    assert moved(lambda: setattr(variable, "trainable", False))
    assert moved(lambda: setattr(optimizer, "clipnorm", 1.0))
    assert moved(
        lambda: setattr(
            optimizer, "learning_rate", keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
        )
    )
    assert moved(lambda: keras.config.set_epsilon(keras.config.epsilon()))


def test_what_is_the_same_or_lies_in_variables_moves_nothing():
    layer = keras.layers.Dropout(0.5)
    optimizer = keras.optimizers.SGD(0.1)
    variable = keras.Variable([1.0])
    assert not moved(lambda: setattr(layer, "rate", 0.5))
    assert not moved(lambda: setattr(layer, "trainable", True))
    assert not moved(lambda: setattr(optimizer, "learning_rate", 0.2))
    assert not moved(lambda: variable.assign([2.0]))


def test_steps_and_calls_move_nothing():
    class Counts(keras.layers.Layer):
        def call(self, inputs):
            self.calls = getattr(self, "calls", 0) + 1
            return inputs

    layer = Counts()
    x = keras.ops.ones((1, 2))
    layer(x)
    assert not moved(lambda: layer(x))
    with unnoticed():
        assert not moved(lambda: setattr(layer, "calls", 0))
    assert moved(lambda: setattr(layer, "calls", 5))


def test_versions_are_unique():
    a, b = keras.layers.Dropout(0.5), keras.layers.Dropout(0.5)
    assert a._version != b._version
    held = a._version
    a.rate = 0.1
    assert a._version not in (held, b._version)


@pytest.mark.parametrize("error", [ValueError])
def test_what_is_unnoticed_ends_with_an_error(error):
    layer = keras.layers.Dropout(0.5)
    with pytest.raises(error), unnoticed():
        raise error
    assert moved(lambda: setattr(layer, "rate", 0.25))
