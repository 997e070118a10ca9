"""Models as Keras 1, 2 and 3 spelled them over the years."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest

from kerasish import saving
from kerasish.saving import legacy_h5
from kerasish.saving.files import archives
from tests.saving.models import X, Y, archive, functional, predict


@pytest.mark.parametrize(
    ("module", "name", "registered"),
    [
        ("keras.src.models.functional", "Functional", "Functional"),
        ("keras.src.models.functional", "Functional", None),
        ("keras", "Functional", None),
        ("keras.models", "Functional", None),
        ("keras", "Model", None),
        ("keras.models", "Model", None),
        ("keras.src.engine.functional", "Functional", "Functional"),
    ],
)
def test_spellings_of_functional(tmp_path, module, name, registered):
    model, path = functional(), tmp_path / "m.keras"
    saving.save_model(model, path)
    found = archives.read_archive(path)
    config = {**found.config, "module": module, "class_name": name, "registered_name": registered}
    assert found.weights is not None
    loaded = saving.load_model(archive(path, config, found.weights))
    np.testing.assert_array_equal(predict(loaded), predict(model))


def test_a_file_as_keras_2_wrote_it(tmp_path):
    """No modules, batch_input_shape, lists for calls, weight names with `:0`, `lr` and `decay`."""
    kernel, bias = np.arange(8.0, dtype="f4").reshape(4, 2), np.ones(2, "f4")

    def layer(name, class_name, calls, **config):
        item = {"class_name": class_name, "name": name, "config": {"name": name, **config}}
        return {**item, "inbound_nodes": calls}

    config = {
        "class_name": "Model",
        "config": {
            "name": "old",
            "layers": [
                layer(
                    "x", "InputLayer", [], batch_input_shape=[None, 4], dtype="float32",
                    sparse=False, ragged=False,
                ),
                layer("d", "Dense", [[["x", 0, 0, {}]]], units=2, activation="linear",
                      kernel_initializer={"class_name": "GlorotUniform", "config": {"seed": None}},
                      trainable=True, dtype="float32"),
                layer("r", "Activation", [[["d", 0, 0, {}]]], activation="relu"),
            ],
            "input_layers": [["x", 0, 0]],
            "output_layers": [["r", 0, 0]],
        },
    }  # fmt: skip
    training = {
        "loss": "mse",
        "metrics": [[{"class_name": "MeanMetricWrapper", "config": {"name": "mae", "fn": "mae"}}]],
        "weighted_metrics": None,
        "loss_weights": None,
        "sample_weight_mode": None,
        "optimizer_config": {
            "class_name": "SGD",
            "config": {"name": "SGD", "lr": 0.5, "decay": 0.0, "momentum": 0.0, "nesterov": False},
        },
    }
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"2.2.4"
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["training_config"] = json.dumps(training).encode()
        arrays = {"x": [], "d": [("d/kernel:0", kernel), ("d/bias:0", bias)], "r": []}
        legacy_h5.write_layers(file.create_group("model_weights"), arrays)
    loaded = saving.load_model(path)
    np.testing.assert_allclose(predict(loaded), np.maximum(X @ kernel + bias, 0), rtol=1e-5)
    assert float(loaded.optimizer.learning_rate.numpy()) == 0.5
    assert loaded.evaluate(X, Y, verbose=0, return_dict=True).keys() == {"loss", "mae"}


def test_a_sequential_of_keras_1(tmp_path):
    first = {"units": 2, "batch_input_shape": [None, 4], "activation": "linear", "name": "d"}
    config = {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": first}]}
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        arrays = {"d": [("d_W", np.ones((4, 2), "f4")), ("d_b", np.zeros(2, "f4"))]}
        legacy_h5.write_layers(file.create_group("model_weights"), arrays)
    loaded = saving.load_model(path)
    np.testing.assert_allclose(predict(loaded), X.sum(1, keepdims=True).repeat(2, 1), rtol=1e-5)
