"""Gathering gradients over several steps is one update with their mean, with all that belongs."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import constraints, ops, optimizers
from kerasish.compiler import Function
from kerasish.optimizers import schedules
from tests.built_in import OPTIMIZERS_OF_OTHERS, classes
from tests.tolerances import assert_close

STEPS = 3
NAMES = [cls.__name__ for cls in classes(optimizers, *OPTIMIZERS_OF_OTHERS)]


def variables() -> list[keras.Variable]:
    rng = np.random.default_rng(0)
    made = [keras.Variable(rng.normal(size=s).astype("float32")) for s in ((3, 4), (4,))]
    made[0].constraint = constraints.MaxNorm(1.0)
    return made


def make(name: str, **options: object) -> optimizers.Optimizer:
    rate = schedules.ExponentialDecay(0.1, 2, 0.5)
    shared = {"use_ema": True, "ema_momentum": 0.6, "ema_overwrite_frequency": 2}
    return getattr(optimizers, name)(rate, weight_decay=0.01, clipnorm=0.5, **shared, **options)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("name", NAMES)
def test_equals_updates_with_the_mean(name: str, compiled: bool):
    rng = np.random.default_rng(1)
    gathered, whole = variables(), variables()
    slow, fast = make(name, gradient_accumulation_steps=STEPS), make(name)
    for optimizer, weights in ((slow, gathered), (fast, whole)):
        optimizer.build(weights)

    def step(*grads):
        slow.apply(list(grads), gathered)
        return ()

    run = Function(step) if compiled else step
    for _ in range(4):
        parts = [
            [rng.normal(size=s).astype("float32") for s in ((3, 4), (4,))] for _ in range(STEPS)
        ]
        for number, part in enumerate(parts):
            before = [v.numpy().copy() for v in gathered]
            run(*(ops.convert_to_tensor(g) for g in part))
            if number < STEPS - 1:
                for v, old in zip(gathered, before, strict=True):
                    np.testing.assert_array_equal(v.numpy(), old)
        fast.apply([np.mean(g, axis=0) for g in zip(*parts, strict=True)], whole)
        for a, b in zip(gathered, whole, strict=True):
            assert_close(a.numpy(), b.numpy())
        for (_, a), (_, b) in zip(slow.averages(), fast.averages(), strict=True):
            assert_close(a.numpy(), b.numpy())
        assert float(slow.learning_rate) == float(fast.learning_rate)
        assert int(slow.iterations) == int(fast.iterations.numpy())


def test_a_variable_that_takes_its_gradient_takes_the_largest():
    scale, weight = keras.Variable([1.0, 2.0]), keras.Variable([1.0, 2.0])
    scale.overwrite_with_gradient = True
    optimizer = optimizers.SGD(1.0, gradient_accumulation_steps=2)
    for gradient, expected in ((1.0, [1.0, 2.0]), (2.0, [2.0, 2.0]), (1.0, [2.0, 2.0])):
        g = ops.full((2,), gradient)
        optimizer.apply([g, g], [scale, weight])
        np.testing.assert_array_equal(scale.numpy(), expected)
    np.testing.assert_array_equal(weight.numpy(), [-0.5, 0.5])
