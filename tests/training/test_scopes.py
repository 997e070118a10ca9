"""Every node of a step says whose it is, so that printed graphs and profiles do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import ops

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
Y = np.arange(8) % 3


def plain(cls: Any = keras.Sequential) -> Any:
    model = cls(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, activation="relu", kernel_regularizer="l2"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3),
        ]
    )
    schedule = keras.optimizers.schedules.CosineDecay(1e-3, 100)
    optimizer = keras.optimizers.Adam(schedule, clipnorm=1.0, use_ema=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"], weighted_metrics=["accuracy"])
    return model


class Own(keras.Sequential):
    def train_step(self, data: Any) -> Any:
        x, y = data
        with keras.GradientTape() as tape:
            loss = ops.mean(ops.square(self(x, training=True) - ops.one_hot(y, 3)))
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss * 2.0}


@pytest.mark.parametrize("make", [plain, lambda: plain(Own)])
def test_no_node_of_a_step_is_without_a_scope(make: Callable[[], Any]) -> None:
    model = make()
    model.fit(X, Y, batch_size=4, verbose=0)
    model.evaluate(X, Y, batch_size=4, verbose=0)
    model.predict(X, verbose=0)
    found = set()
    for bound in model.plans._made.values():
        for graph in (bound.compiled.traced, bound.compiled.plan.graph):
            nodes = [node for node in graph.nodes if node.inputs]
            assert not [node for node in nodes if not node.scope]
            found |= {node.scope for node in nodes}
    layer = model.layers[0].name
    assert {f"{model.name}/{layer}", f"grad/{model.name}/{layer}", model.optimizer.name} <= found
    if type(model) is Own:
        assert "train_step" in found
        assert "grad/train_step" in found
    else:
        assert {"loss", "grad/loss", "metrics/accuracy"} <= found
