from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError
from kerasish.optimizers import (
    SGD,
    Adam,
    LossScaleOptimizer,
    MultiOptimizer,
    OptimizerMap,
    RMSprop,
)

X, Y = np.random.default_rng(0).normal(size=(2, 16, 3))


def model(optimizer, names="ab", run_eagerly=False):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(3, name=name) for name in names]
    made = keras.Sequential([keras.Input((3,)), *layers])
    made.compile(optimizer, "mse", run_eagerly=run_eagerly)
    return made


def fitted(made, **options):
    logs = made.fit(X, Y, batch_size=4, shuffle=False, verbose=0, **options).history
    return logs if options.get("callbacks") else logs["loss"]


def split(**options):
    return MultiOptimizer(OptimizerMap(SGD(0.1, momentum=0.9), {".*a/.*": Adam(0.01)}), **options)


class ByHand(keras.optimizers.Optimizer):
    """The same two, told apart by hand."""

    def __init__(self):
        super().__init__(0.0)
        self.one, self.other = Adam(0.01), SGD(0.1, momentum=0.9)

    def build(self, variables):
        super().build(variables)
        self.one.build(variables[:2])
        self.other.build(variables[2:])

    @property
    def variables(self):
        return [*self._state(), *self.one.variables, *self.other.variables]

    def apply(self, grads, trainable_variables=None):
        if not self.built:
            self.build(trainable_variables)
        self.one.apply(grads[:2], trainable_variables[:2])
        self.other.apply(grads[2:], trainable_variables[2:])


@pytest.mark.parametrize("eager", [False, True])
def test_every_variable_has_its_optimizer(eager):
    one, other = model(split(), run_eagerly=eager), model(ByHand())
    assert fitted(one, epochs=3) == pytest.approx(fitted(other, epochs=3))
    inner = one.optimizer.optimizers
    assert [type(optimizer) for optimizer in inner] == [Adam, SGD]
    assert [int(o.iterations.numpy()) for o in (one.optimizer, *inner)] == [12, 12, 12]


def test_the_map():
    first, second, default = Adam(), SGD(), RMSprop()
    chosen = OptimizerMap(default)
    chosen["enc/dense"] = first
    chosen["enc/.*"] = second
    assert chosen["enc/dense"] is first
    assert chosen["enc/dense/kernel"] is second
    assert chosen["dec"] is chosen.default_optimizer is default
    assert (len(chosen), list(chosen)) == (2, ["enc/dense", "enc/.*"])
    chosen["e.*"] = first
    with pytest.raises(ArgumentError, match="one key that fits"):
        _ = chosen["enc/x"]
    with pytest.raises(ArgumentError, match="a new key"):
        chosen["e.*"] = second
    del chosen["e.*"]
    with pytest.raises(ArgumentError, match="holds no other"):
        chosen["x"] = LossScaleOptimizer(SGD())
    with pytest.raises(ArgumentError, match="an optimizer"):
        chosen["x"] = "sgd"
    with pytest.raises(TypeError, match="default_optimizer"):
        OptimizerMap("sgd")
    with pytest.raises(TypeError, match="a dict"):
        OptimizerMap(SGD(), [])


def test_a_function_chooses():
    first, second = Adam(0.01), SGD(0.1, momentum=0.9)
    chosen = MultiOptimizer(lambda variable: first if "a/" in variable.path else second)
    assert fitted(model(chosen)) == fitted(model(split()))
    assert chosen.optimizers == [first, second]
    with pytest.raises(ArgumentError, match="a function of a variable"):
        MultiOptimizer(SGD())


def test_no_learning_rate():
    for use in (lambda m: m.learning_rate, lambda m: setattr(m, "learning_rate", 1)):
        with pytest.raises(AttributeError, match="those of its `optimizers`"):
            use(split())


def test_the_scale_of_the_loss():
    chosen = split(loss_scale_factor=8.0)
    assert [o.loss_scale_factor for o in chosen.optimizers] == [8, 8]
    assert float(chosen.scale_loss(2.0)) == 16
    assert fitted(model(chosen)) == pytest.approx(fitted(model(split())))
    chosen.loss_scale_factor = None
    assert [o.loss_scale_factor for o in chosen.optimizers] == [None, None]
    scaled = fitted(model(LossScaleOptimizer(split())), epochs=2)
    assert scaled == pytest.approx(fitted(model(split()), epochs=2))


def test_configs():
    chosen = split(loss_scale_factor=2.0, name="two")
    again = keras.optimizers.deserialize(keras.optimizers.serialize(chosen))
    assert again.get_config() == chosen.get_config()
    assert isinstance(again._optimizer_map, OptimizerMap)
    assert fitted(model(again)) == fitted(model(split(loss_scale_factor=2.0)))


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_saved_and_trained_on(tmp_path, ending):
    one = model(split())
    fitted(one)
    one.save(tmp_path / f"m{ending}")
    again = keras.models.load_model(tmp_path / f"m{ending}")
    assert len(again.optimizer.variables) == len(one.optimizer.variables) > 8
    for found, wanted in zip(again.optimizer.variables, one.optimizer.variables, strict=True):
        np.testing.assert_array_equal(found.numpy(), wanted.numpy())
    assert fitted(again, epochs=2) == fitted(one, epochs=2)


def test_rates_of_callbacks():
    one = model(split())
    logs = fitted(one, callbacks=[keras.callbacks.LearningRateScheduler(lambda e, r: r / 2)])
    names = [f"learning_rate_{o.name}" for o in one.optimizer.optimizers]
    assert [logs[name][0] for name in names] == pytest.approx([0.005, 0.05])
    halve = keras.callbacks.ReduceLROnPlateau("loss", 0.5, patience=1, min_lr=0.004, min_delta=99)
    logs = fitted(one, epochs=3, callbacks=[halve])
    assert [logs[name][-1] for name in names] == pytest.approx([0.004, 0.025])


def test_averages():
    kept = MultiOptimizer(OptimizerMap(SGD(0.1), {".*a/.*": SGD(0.1, use_ema=True)}))
    one = model(kept)
    fitted(one, callbacks=[keras.callbacks.SwapEMAWeights()])
    assert [v.path for v, _ in kept.averages()] == ["sequential/a/kernel", "sequential/a/bias"]
    before = one.layers[1].get_weights()
    plain = model(SGD(0.1))
    fitted(plain)
    np.testing.assert_allclose(plain.layers[1].get_weights()[0], before[0], rtol=1e-5)
    assert not np.allclose(plain.layers[0].get_weights()[0], one.layers[0].get_weights()[0])
    with pytest.raises(ArgumentError, match="use_ema"):
        fitted(model(split()), validation_data=(X, Y), callbacks=[keras.callbacks.SwapEMAWeights()])


def test_a_part_without_gradients_rests():
    one = model(split())
    one.layers[0].trainable = False
    one.compile(split(), "mse")
    fitted(one)
    assert [int(o.iterations.numpy()) for o in one.optimizer.optimizers] == [0, 4]


def test_changed_inner_optimizers_are_seen():
    one = model(split())
    fitted(one)
    one.optimizer.optimizers[1].momentum = 0.0
    one.optimizer.optimizers[1].learning_rate = 0.0
    before = one.layers[1].get_weights()
    fitted(one)
    np.testing.assert_array_equal(before[0], one.layers[1].get_weights()[0])
