"""Arguments of layers, metrics, optimizers and callbacks that make no sense: typed errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.errors import KerasishError

X = np.ones((4, 8), "float32")


def regression(**options: Any) -> Any:
    model = keras.Sequential([keras.Input((8,)), layers.Dense(2)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **options})
    return model


WRONG: dict[str, tuple[str, Callable[[], Any]]] = {
    "an empty model": ("Expected: a layer or more", lambda: keras.Sequential().predict(X)),
    "an axis": (
        "axis. Expected: an int in [-2, 2)",
        lambda: layers.BatchNormalization(axis=5).build((None, 8)),
    ),
    "a scalar": ("rank at least 2", lambda: layers.Dense(2)(np.float32(1))),
    "one of two tensors": (
        "Expected: tensors for value too. Received: query.",
        lambda: layers.MultiHeadAttention(2, 4)(X[:, None]),
    ),
    "no steps": ("one timestep or more", lambda: layers.LSTM(3)(np.zeros((2, 0, 3), "float32"))),
    "no steps, of a cell": (
        "one timestep or more",
        lambda: layers.RNN(layers.GRUCell(3))(np.zeros((2, 0, 3), "float32")),
    ),
    "no classes": ("num_classes", lambda: keras.metrics.MeanIoU(num_classes=0)),
    "no optimizer inside": (
        "inner_optimizer",
        lambda: keras.optimizers.LossScaleOptimizer("x"),  # type: ignore[attr-defined]
    ),
    "a delta": ("min_delta", lambda: keras.callbacks.EarlyStopping(min_delta="x")),  # type: ignore[arg-type]
    "no weights": ("set_weights", lambda: regression().set_weights(None)),
    "a shape": (
        "input_shape",
        lambda: layers.Dense(2).build_from_config({"input_shape": {"a": 1}}),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name: str) -> None:
    told, call = WRONG[name]
    with pytest.raises(KerasishError, match=re.escape(told)):
        call()


def test_metrics_that_are_none_are_left_out() -> None:
    model = regression(metrics=[None, "mae"])
    history = model.fit(X, X[:, :2], verbose=0).history
    assert sorted(history) == ["loss", "mae"]
