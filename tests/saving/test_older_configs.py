"""Configs of Keras 1 and 2 in the words of Keras 3."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kerasish import layers
from kerasish.saving.files import archives
from kerasish.saving.older_configs import fit, modernize

assert layers.Dense  # registers the layers
GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@pytest.mark.parametrize("name", ["mlp", "cnn", "rnn", "transformer", "nested"])
def test_configs_of_keras_3_stay_as_they_are(name):
    config = archives.read_archive(GOLDEN / name / "model.keras").config
    before = json.dumps(config)
    assert json.dumps(modernize(config)) == before
    assert json.dumps(config) == before


def test_the_input_shape_of_a_sequential():
    dense = {"class_name": "Dense", "config": {"units": 2, "batch_input_shape": [None, 3]}}
    for config in ([dense], {"name": "s", "layers": [dense]}):
        found = modernize({"class_name": "Sequential", "config": config})["config"]["layers"]
        assert [layer["class_name"] for layer in found] == ["InputLayer", "Dense"]
        assert found[0]["config"]["batch_shape"] == [None, 3]
        assert found[0]["config"]["dtype"] == "float32"
        assert found[1]["config"] == {"units": 2}
    words = {"class_name": "Embedding", "config": {"batch_input_shape": [None, 3]}}
    found = modernize({"class_name": "Sequential", "config": {"layers": [words]}})
    assert found["config"]["layers"][0]["config"]["dtype"] == "int32"


def test_an_input_layer():
    old = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 3], "name": "x"}}
    assert modernize(old)["config"] == {"batch_shape": [None, 3], "name": "x"}


def test_values_of_other_forms():
    assert modernize({"class_name": "__tuple__", "items": [1, 2]}) == [1, 2]
    assert modernize({"class_name": "TensorShape", "items": [None, 2]}) == [None, 2]
    policy = {"class_name": "Policy", "config": {"name": "mixed_float16"}}
    assert modernize({"dtype": policy}) == {"dtype": "mixed_float16"}
    loss = {"class_name": "MeanSquaredError", "config": {"reduction": "auto"}}
    assert modernize(loss)["config"]["reduction"] == "sum_over_batch_size"


def test_optimizers():
    old = {"class_name": "SGD", "config": {"lr": 0.1, "decay": 0.0, "momentum": 0.9}}
    assert modernize(old)["config"] == {"learning_rate": 0.1, "momentum": 0.9}
    old["config"]["decay"] = 0.01
    rate = modernize(old)["config"]["learning_rate"]
    assert rate["class_name"] == "InverseTimeDecay"
    assert rate["config"] == {
        "initial_learning_rate": 0.1,
        "decay_steps": 1,
        "decay_rate": 0.01,
    }


def test_arguments_that_say_nothing_are_left_out():
    given = {"units": 3, "use_bias": False, "batch_input_shape": None, "implementation": 2}
    dense = {"class_name": "Dense", "config": given}
    assert fit([dense])[0]["config"] == {"units": 3, "use_bias": False}
    for unknown in ({"time_major": True}, {"groups": [1]}, {"filters": 3}):
        assert fit({"class_name": "Dense", "config": unknown})["config"] == unknown
    assert fit({"class_name": "Mine", "config": {"x": None}})["config"] == {"x": None}
    assert modernize({"class_name": "DepthwiseConv2D", "config": {"groups": 1}})["config"] == {}
    assert modernize({"class_name": "Conv2D", "config": {"groups": 1}})["config"] == {"groups": 1}
    axis = {"class_name": "BatchNormalization", "config": {"axis": [3]}}
    assert modernize(axis)["config"] == {"axis": 3}
