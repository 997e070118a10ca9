"""Stateless scopes, and layers, metrics, optimizers and models as pure functions."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import ops
from kerasish.errors import ArgumentError, ShapeError

X = np.random.default_rng(0).normal(size=(8, 5, 2)).astype("float32")
Y = np.ones((8, 1), "float32")


def make() -> keras.Model:
    keras.utils.set_random_seed(3)
    cell = keras.layers.GRU(3, dropout=0.3, recurrent_dropout=0.3)
    model = keras.Sequential(
        [
            keras.Input((5, 2)),
            cell,
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, kernel_regularizer="l2"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.05), "mse", metrics=["mae"])
    model.optimizer.build(model.trainable_variables)
    return model


def values(variables) -> list:
    return [v.value for v in variables]


def test_a_scope_on_values() -> None:
    v, w = keras.Variable([1.0, 2.0]), keras.Variable(3.0)
    with keras.StatelessScope([(v, [5.0, 6.0])]) as scope:
        assert (v + 0).tolist() == [5, 6]
        v.assign_add([1.0, 1.0])
        w.assign(w * 2)
        scope.add_update((w, w + 1))
        assert float(scope.get_current_value(w)) == float(w.value) == 7
    assert scope.get_current_value(v).tolist() == [6, 7]
    assert float(scope.get_current_value(w)) == 7
    assert (v.numpy().tolist(), float(w)) == ([1, 2], 3)
    assert scope.get_current_value(keras.Variable(0.0)) is None


def test_what_a_scope_refuses() -> None:
    with pytest.raises(ShapeError, match="v"):
        keras.StatelessScope([(keras.Variable([1.0], name="v"), 5.0)])
    with pytest.raises(ArgumentError, match="pairs"):
        keras.StatelessScope([(1.0, 5.0)])


def test_scopes_nest_and_leave_nothing_after_an_error() -> None:
    v = keras.Variable(1.0)
    with keras.StatelessScope([(v, 2.0)]) as outer:
        with pytest.raises(ZeroDivisionError), keras.StatelessScope([(v, 3.0)]):
            float(v.assign(4.0)) / 0
        assert float(v.value) == 2
    assert float(outer.get_current_value(v)) == 2
    assert float(v.value) == 1


def test_loops_and_conditions_in_a_scope() -> None:
    v = keras.Variable(1.0)

    def run(start):
        with keras.StatelessScope([(v, start)]) as scope:
            ops.fori_loop(0, 3, lambda i, c: (v.assign(v * 2), c)[1], 0.0)
            ops.cond(v > 10, lambda: v.assign(0.0), lambda: v.assign(v + 1))
            return scope.get_current_value(v)

    for f in (run, keras.function(run)):
        assert float(f(ops.convert_to_tensor(1.0))) == 9
        assert float(f(ops.convert_to_tensor(2.0))) == 0
        assert float(v) == 1


def test_losses_are_collected_where_asked() -> None:
    with keras.StatelessScope(collect_losses=True) as scope:
        scope.add_loss(1.0)
    assert scope.losses == [1.0]


@pytest.mark.parametrize("compiled", [False, True])
def test_training_without_state_is_training(compiled: bool) -> None:
    expected = make()
    losses = [expected.train_on_batch(X, Y)[0] for _ in range(5)]
    model = make()
    before = [v.numpy() for v in (*model.variables, *model.optimizer.variables)]
    trained, fixed = values(model.trainable_variables), values(model.non_trainable_variables)
    slots, metrics = values(model.optimizer.variables), values(model.metrics_variables)

    def loss_of(trained, fixed, metrics):
        y, fixed = model.stateless_call(trained, fixed, X, training=True)
        loss, (_, fixed, metrics) = model.stateless_compute_loss(trained, fixed, metrics, X, Y, y)
        return loss, (fixed, metrics)

    def step(trained, fixed, slots, metrics):
        (loss, (fixed, metrics)), grads = keras.value_and_grad(loss_of, has_aux=True)(
            trained, fixed, metrics
        )
        trained, slots = model.optimizer.stateless_apply(slots, grads, trained)
        return loss, trained, fixed, slots, metrics

    step = keras.function(step) if compiled else step
    found = []
    for _ in range(5):
        loss, trained, fixed, slots, metrics = step(trained, fixed, slots, metrics)
        found.append(float(loss))
    np.testing.assert_allclose(found, losses, rtol=1e-4)
    for value, variable in zip(trained, expected.trainable_variables, strict=True):
        np.testing.assert_allclose(value, variable, rtol=1e-3, atol=1e-5)
    after = [v.numpy() for v in (*model.variables, *model.optimizer.variables)]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


def test_losses_of_a_stateless_call() -> None:
    model = make()
    trained, fixed = values(model.trainable_variables), values(model.non_trainable_variables)
    _, _, losses = model.stateless_call(trained, fixed, X, return_losses=True)
    np.testing.assert_allclose(losses[0], model.losses[0], rtol=1e-6)
    with pytest.raises(ArgumentError, match="trainable_variables"):
        model.stateless_call(trained[:-1], fixed, X)
    with pytest.raises(ArgumentError, match="build"):
        keras.layers.Dense(1).stateless_call([], [], X)


def test_metrics() -> None:
    metric = keras.metrics.MeanSquaredError()
    state = metric.stateless_reset_state()
    for scale in (1.0, 2.0):
        state = metric.stateless_update_state(state, Y, Y + scale)
    assert float(metric.stateless_result(state)) == 2.5
    assert float(metric.result()) == 0


def test_optimizers() -> None:
    optimizer, v = keras.optimizers.SGD(0.5), keras.Variable([1.0])
    with pytest.raises(ArgumentError, match="build"):
        optimizer.stateless_apply([], [[1.0]], [[1.0]])
    optimizer.build([v])
    (new,), state = optimizer.stateless_apply(
        values(optimizer.variables), [ops.convert_to_tensor([2.0])], [[3.0]]
    )
    assert (new.tolist(), v.numpy().tolist()) == ([2.0], [1.0])
    assert int(state[0]) == 1
    assert int(optimizer.iterations) == 0
