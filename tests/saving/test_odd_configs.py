"""Configs that nobody's `get_config` gave, given directly: one typed error, whatever is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import kerasish as keras
from kerasish import saving
from kerasish.errors import ArgumentError, KerasishError, LimitError, UnsafeFileError


def test_a_sample_of_changed_configs():
    """Every class, within little memory and time: see tests/saving/odd_configs.py."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.saving.odd_configs", "--cases", "1000"],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.parametrize("config", [None, 3, "x", [1], {"zz": 1}, {5: 1}])
@pytest.mark.parametrize(
    "cls",
    [
        keras.layers.Dense,
        keras.Sequential,
        keras.Model,
        keras.losses.Huber,
        keras.metrics.AUC,
        keras.optimizers.Adam,
        keras.optimizers.schedules.CosineDecay,
        keras.layers.InputSpec,
        keras.DTypePolicy,
    ],
)
def test_what_is_no_config(cls, config):
    with pytest.raises(KerasishError):
        cls.from_config(config)


def test_the_error_names_the_class_and_the_first_error():
    with pytest.raises(ArgumentError, match=r"CosineDecay.*'initial_learning_rate'"):
        keras.optimizers.schedules.CosineDecay.from_config({})
    with pytest.raises(ArgumentError, match=r"RNN\.from_config.*KeyError: 'cell'|cell"):
        keras.layers.RNN.from_config({})


def test_nesting_has_an_end():
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(UnsafeFileError, match="nested deeper"):
        keras.layers.Dense.from_config({"units": 2, "activation": deep})


def test_a_number_of_classes_allocates_nothing_before_it_is_counted():
    item = {"class_name": "MeanIoU", "config": {"num_classes": 10**9}}
    with pytest.raises(LimitError):
        saving.deserialize_keras_object(item, kind="metric")


def test_a_name_that_needs_arguments():
    with pytest.raises(ArgumentError, match="num_classes"):
        keras.metrics.get("MeanIoU")


def test_what_a_program_copies_of_its_own_raises_what_its_code_raises():
    class Cell(keras.layers.SimpleRNN):
        def __init__(self, units, **kwargs):
            if str(kwargs.get("name")).startswith("backward"):
                raise KeyError("mine")
            super().__init__(units, **kwargs)

    with pytest.raises(KeyError, match="mine"):
        keras.layers.Bidirectional(Cell(2))
