"""Training runs made by Keras once and by kerasish in the tests: logs, their names, weights.

The models are small, their first weights given, the order of the data fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

ROWS = 13
EPOCHS = 3


def given(seed: int, *shape: int) -> np.ndarray:
    """Normal numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def fill(model: Any) -> Any:
    """The model with weights that depend on nothing but their shapes and places."""
    values = [given(i, *w.shape) * 0.5 for i, w in enumerate(model.get_weights())]
    # Vectors are positive: among them are variances.
    model.set_weights([np.abs(v) if v.ndim == 1 else v for v in values])
    return model


def plain(keras: Any, units: int = 1, activation: str | None = None, **dense: Any) -> Any:
    """Two dense layers."""
    return fill(
        keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(5, activation="tanh", **dense),
                keras.layers.Dense(units, activation=activation),
            ]
        )
    )


def forked(keras: Any, form: str) -> Any:
    """One input, a regression and a classification output, as a list or a dict."""
    x = keras.Input((4,), name="features")
    h = keras.layers.Dense(5, activation="tanh")(x)
    size = keras.layers.Dense(1, name="size")(h)
    kind = keras.layers.Dense(3, activation="softmax", name="kind")(h)
    outputs = [size, kind] if form == "list" else {"size": size, "kind": kind}
    return fill(keras.Model(x, outputs))


def two_inputs(keras: Any) -> Any:
    """Two named inputs that are added."""
    a, b = keras.Input((4,), name="a"), keras.Input((2,), name="b")
    h = keras.layers.Add()([keras.layers.Dense(3)(a), keras.layers.Dense(3)(b)])
    return fill(keras.Model({"a": a, "b": b}, keras.layers.Dense(1)(h)))


X = given(100, ROWS, 4)
Y = given(101, ROWS, 1)
LABELS = np.random.default_rng(102).integers(0, 3, ROWS).astype("int32")
BINARY = np.random.default_rng(103).integers(0, 2, (ROWS, 1)).astype("float32")
WEIGHTS = np.random.default_rng(104).integers(1, 17, ROWS).astype("float32") / 8

Case = tuple[Any, dict[str, Any], dict[str, Any]]


SGD = {"optimizer": "sgd"}
TWO = {"y": [Y, LABELS]}
NAMED = {"y": {"size": Y, "kind": LABELS}}
SPARSE = "sparse_categorical_crossentropy"

# name: function of the package that gives (model, arguments of compile, arguments of fit)
CASES: dict[str, Callable[[Any], Case]] = {
    "mse": lambda keras: (
        plain(keras),
        {**SGD, "loss": "mse", "metrics": ["mae", "mse"]},
        {"y": Y},
    ),
    "sparse_accuracy": lambda keras: (
        plain(keras, 3, "softmax"),
        {**SGD, "loss": SPARSE, "metrics": ["accuracy"]},
        {"y": LABELS},
    ),
    "one_hot_acc": lambda keras: (
        plain(keras, 3, "softmax"),
        {**SGD, "loss": "categorical_crossentropy", "metrics": ["acc", "accuracy"]},
        {"y": np.eye(3, dtype="float32")[LABELS]},
    ),
    "crossentropy_by_shape": lambda keras: (
        plain(keras, 1, "sigmoid"),
        {**SGD, "loss": "crossentropy", "metrics": ["accuracy"]},
        {"y": BINARY},
    ),
    "sample_weight": lambda keras: (
        plain(keras),
        {**SGD, "loss": "mse", "metrics": ["mae"], "weighted_metrics": ["mae", "mse"]},
        {"y": Y, "sample_weight": WEIGHTS},
    ),
    "class_weight": lambda keras: (
        plain(keras, 3, "softmax"),
        {**SGD, "loss": SPARSE, "weighted_metrics": ["accuracy"]},
        {"y": LABELS, "class_weight": {0: 0.5, 1: 2.0}},
    ),
    "validation_split": lambda keras: (
        plain(keras),
        {**SGD, "loss": "mse", "metrics": ["mae"]},
        {"y": Y, "validation_split": 0.3},
    ),
    "validation_data": lambda keras: (
        plain(keras),
        {**SGD, "loss": "mse"},
        {"y": Y, "validation_data": (X[:6], Y[:6], WEIGHTS[:6]), "validation_freq": 2},
    ),
    "penalties": lambda keras: (
        plain(
            keras,
            kernel_regularizer=keras.regularizers.L2(0.1),
            activity_regularizer=keras.regularizers.L1(0.05),
        ),
        {**SGD, "loss": "mse"},
        {"y": Y},
    ),
    "list_of_outputs": lambda keras: (
        forked(keras, "list"),
        {**SGD, "loss": ["mse", SPARSE], "metrics": [["mae"], ["accuracy"]]},
        TWO,
    ),
    "one_loss_for_all": lambda keras: (
        forked(keras, "list"),
        {**SGD, "loss": "mse"},
        {"y": [Y, np.eye(3, dtype="float32")[LABELS]]},
    ),
    "losses_by_name": lambda keras: (
        forked(keras, "list"),
        {
            **SGD,
            "loss": {"size": "mse", "kind": SPARSE},
            "loss_weights": {"size": 0.3, "kind": 2.0},
            "metrics": {"kind": ["accuracy"]},
        },
        TWO,
    ),
    "loss_weights_list": lambda keras: (
        forked(keras, "list"),
        {**SGD, "loss": ["mse", SPARSE], "loss_weights": [0.5, 0.25]},
        {**TWO, "sample_weight": [WEIGHTS, WEIGHTS[::-1].copy()]},
    ),
    "dict_of_outputs": lambda keras: (
        forked(keras, "dict"),
        {
            **SGD,
            "loss": {"size": "mae", "kind": SPARSE},
            "metrics": {"size": ["mse"], "kind": ["accuracy"]},
        },
        NAMED,
    ),
    "one_output_without_loss": lambda keras: (
        forked(keras, "dict"),
        {**SGD, "loss": {"size": "mse"}},
        NAMED,
    ),
    "two_inputs": lambda keras: (
        two_inputs(keras),
        {**SGD, "loss": "mse"},
        {"x": {"a": X, "b": X[:, :2]}, "y": Y},
    ),
    "momentum_and_schedule": lambda keras: (
        plain(keras),
        {
            "optimizer": keras.optimizers.SGD(
                keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5), momentum=0.9
            ),
            "loss": keras.losses.Huber(0.5),
        },
        {"y": Y},
    ),
    "accumulated": lambda keras: (
        plain(keras),
        {
            "optimizer": keras.optimizers.Adam(0.05, gradient_accumulation_steps=2),
            "loss": "mse",
        },
        {"y": Y},
    ),
    "averaged": lambda keras: (
        plain(keras),
        {"optimizer": keras.optimizers.SGD(0.1, use_ema=True), "loss": "mse"},
        {"y": Y},
    ),
    "batch_norm": lambda keras: (
        fill(
            keras.Sequential(
                [
                    keras.Input((4,)),
                    keras.layers.Dense(4),
                    keras.layers.BatchNormalization(momentum=0.8),
                    keras.layers.Dense(1),
                ]
            )
        ),
        {**SGD, "loss": "mse"},
        {"y": Y, "validation_split": 0.3},
    ),
    "steps": lambda keras: (plain(keras), {**SGD, "loss": "mse"}, {"y": Y, "steps_per_epoch": 3}),
    "auc": lambda keras: (
        plain(keras, 1, "sigmoid"),
        {
            **SGD,
            "loss": "binary_crossentropy",
            "metrics": [
                keras.metrics.AUC(name="auc"),
                keras.metrics.Precision(name="p"),
                "binary_accuracy",
            ],
        },
        {"y": BINARY},
    ),
}


def run_fit(keras: Any, case: Case) -> dict[str, Any]:
    """The history, what `evaluate` returns, and the weights at the end."""
    model, compiled, fitted = case
    model.compile(**compiled)
    fitted = {"x": X, "batch_size": 5, "epochs": EPOCHS, "shuffle": False, **fitted}
    history = model.fit(**fitted, verbose=0).history
    found = {f"log_{name}": np.array(values) for name, values in history.items()}
    tested = {k: fitted[k] for k in ("x", "y", "sample_weight") if k in fitted}
    logs = model.evaluate(**tested, batch_size=5, verbose=0, return_dict=True)
    found |= {f"test_{name}": np.array(value) for name, value in logs.items()}
    if "weighted_mae" not in logs:  # Keras lists a metric twice that comes with and without weights
        found["tested"] = np.array(model.evaluate(**tested, batch_size=5, verbose=0))
    found |= {f"weight{i}": w for i, w in enumerate(model.get_weights())}
    first = model.predict(fitted["x"], batch_size=4, verbose=0)
    flat = first.items() if isinstance(first, dict) else enumerate(_listed(first))
    return found | {f"prediction_{name}": value for name, value in flat}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
