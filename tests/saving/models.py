"""Small models for the tests of files."""

from __future__ import annotations

import json
import zipfile

import numpy as np

import kerasish as keras

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
Y = X[:, :2] - X[:, 2:]


def functional(compiled=True):
    """A shared layer, an operation, dropout, and an input that is used twice."""
    x = keras.Input((4,), name="x")
    shared = keras.layers.Dense(4, activation="relu", kernel_regularizer="l2", name="shared")
    y = keras.layers.Dropout(0.3)(shared(shared(x)))
    model = keras.Model(x, keras.layers.Dense(2)(y * 2.0 + x), name="m")
    if compiled:
        model.compile("adam", "mse", metrics=["mae"])
    return model


def sequential(compiled=True):
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, "tanh"), keras.layers.Dense(2)], name="s"
    )
    if compiled:
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    return model


def fit(model, epochs=1):
    return model.fit(X, Y, batch_size=8, epochs=epochs, shuffle=False, verbose=0).history["loss"]


def predict(model):
    return model.predict(X, verbose=0)


def archive(path, config, weights=b""):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps(config))
        file.writestr("model.weights.h5", weights)
    return path
