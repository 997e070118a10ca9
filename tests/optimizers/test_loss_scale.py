import numpy as np
import pytest

import kerasish as keras
from kerasish import optimizers
from kerasish.compiler import Function
from kerasish.errors import ArgumentError


def tensor(*values: float):
    return keras.convert_to_tensor(np.array(values, "float32"))


@pytest.mark.parametrize("traced", [False, True])
def test_scale_follows_the_gradients(traced: bool):
    weight = keras.Variable(np.zeros(2, "float32"))
    optimizer = optimizers.LossScaleOptimizer(
        optimizers.SGD(1.0), initial_scale=8.0, dynamic_growth_steps=2
    )
    optimizer.build([weight])

    def update(g):
        optimizer.apply([g], [weight])
        return ()

    step = Function(update) if traced else update
    step(tensor(8.0, 16.0))
    np.testing.assert_array_equal(weight.numpy(), [-1.0, -2.0])
    assert float(optimizer.dynamic_scale.numpy()) == 8.0
    step(tensor(8.0, 16.0))
    assert float(optimizer.dynamic_scale.numpy()) == 16.0
    assert int(optimizer.iterations.numpy()) == 2
    step(tensor(np.inf, 1.0))  # nothing but the scale changes
    np.testing.assert_array_equal(weight.numpy(), [-2.0, -4.0])
    assert float(optimizer.dynamic_scale.numpy()) == 8.0
    assert int(optimizer.iterations.numpy()) == 2
    step(tensor(np.nan, 1.0))
    assert float(optimizer.dynamic_scale.numpy()) == 4.0


def test_it_passes_on_what_is_the_inner_optimizers():
    inner = optimizers.Adam(0.1)
    optimizer = optimizers.LossScaleOptimizer(inner)
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    optimizer.learning_rate = 0.5
    assert float(inner.learning_rate) == 0.5
    assert float(optimizer.scale_loss(tensor(1.0)[0])) == 32768.0
    weight = keras.Variable(np.zeros(2, "float32"))
    optimizer.build([weight])
    assert len(optimizer.variables) == 4 + len(inner.variables)


def test_config():
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(0.5, momentum=0.3), 16.0, 7)
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()
    assert again.inner_optimizer.momentum == 0.3


def test_options_of_older_files_are_taken_at_their_defaults_alone():
    inner = optimizers.SGD(0.1)
    made = optimizers.LossScaleOptimizer(inner, use_ema=False, ema_momentum=0.99, clipnorm=None)
    assert made.inner_optimizer is inner
    for option in ({"clipnorm": 0.5}, {"use_ema": True}, {"foo": 1}):
        with pytest.raises(ArgumentError, match=next(iter(option))):
            optimizers.LossScaleOptimizer(inner, **option)
    assert float(made.scale_loss(2.0)) == 2.0**16


def test_a_scale_is_dynamic_only():
    assert optimizers.LossScaleOptimizer(optimizers.SGD(), dynamic=True).built is False
    with pytest.raises(ArgumentError, match="loss_scale_factor"):
        optimizers.LossScaleOptimizer(optimizers.SGD(), dynamic=False)
