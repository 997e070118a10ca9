"""Configs and masks of every layer beside what Keras gave (`scripts/make_layer_golden.py`)."""

from __future__ import annotations

import json
from typing import Any

import pytest

import kerasish as keras
from tests.golden import layer_cases as cases
from tests.golden_values import FOLDER

RECORDED: dict[str, Any] = json.loads((FOLDER / "layer_configs.json").read_text(encoding="utf-8"))
LABELS = sorted(RECORDED)
# What Keras reads though it does not write it.
READ_BY_KERAS = {"flash_attention", "seed", "fill_value"}
# Values that mean the same in both.
SAME = {"factor", "x_factor", "y_factor"}  # a number, or the pair that Keras makes of it
# In Keras a step of a mask of a batch of images, or of one number a row, is refused or misread.
OTHER_MASKS = {"conv_lstm_3d", "random_crop_whole"}


@pytest.mark.parametrize("label", LABELS)
def test_configs_of_keras_load(label: str) -> None:
    layer = keras.layers.deserialize(RECORDED[label]["config"])
    assert type(layer).__name__ in (RECORDED[label]["config"]["class_name"], cases.CASES[label].cls)
    assert layer.name == label
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize("label", LABELS)
def test_ours_say_what_those_of_keras_say(label: str) -> None:
    """So Keras reads them, and programs that read configs find every key."""
    compare(cases.config_of(keras, label), RECORDED[label]["config"], label)


def compare(ours: Any, theirs: Any, where: str) -> None:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted((set(ours) | set(theirs)) - SAME - {"name"}):
            if key not in theirs:
                assert key in READ_BY_KERAS, f"{where}.{key}"
            elif key not in ours:
                assert key == "build_config", f"{where}.{key}"
            else:
                compare(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list):
        assert len(ours) == len(theirs), where
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            compare(a, b, f"{where}[{i}]")
    elif isinstance(ours, dict) and ours.get("class_name") == "DTypePolicy":
        assert ours["config"]["name"] == theirs, where
    elif not where.endswith(("seed", "build_config")):
        assert ours == theirs, where


@pytest.mark.parametrize("label", LABELS)
def test_masks_pass_and_end_as_in_keras(label: str) -> None:
    wanted = RECORDED[label]["masks"]
    if wanted != "refused" and label not in OTHER_MASKS:
        assert cases.masks_after(keras, label) == wanted


# Keras makes these on TensorFlow only; written by Keras 3.15.1 there.
BASE = {"name": "l", "trainable": True, "dtype": {"module": "keras", "class_name": "DTypePolicy",
        "config": {"name": "float32"}, "registered_name": None}}  # fmt: skip
LOOKUP = {**BASE, "invert": False, "max_tokens": None, "num_oov_indices": 1, "mask_token": None,
          "output_mode": "int", "sparse": False, "pad_to_max_tokens": False, "idf_weights": None,
          "vocabulary_size": 3, "oov_method": "floormod", "salt": None}  # fmt: skip
TEXTS = {**BASE, "max_tokens": None, "standardize": "lower_and_strip_punctuation",
         "split": "whitespace", "ngrams": None, "output_mode": "int", "sparse": False,
         "output_sequence_length": None, "pad_to_max_tokens": False, "ragged": False,
         "vocabulary": ["a"], "idf_weights": None, "encoding": "utf-8",
         "vocabulary_size": 3}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "config", "words"),
    [
        (
            "IntegerLookup",
            {**LOOKUP, "oov_token": -1, "vocabulary": [3, 5], "vocabulary_dtype": "int64"},
            [-1, 3, 5],
        ),
        (
            "StringLookup",
            {**LOOKUP, "oov_token": "[UNK]", "vocabulary": ["a", "b"], "encoding": "utf-8"},
            ["[UNK]", "a", "b"],
        ),
        ("TextVectorization", TEXTS, ["", "[UNK]", "a"]),
    ],
)
def test_vocabularies_of_keras_load(name: str, config: Any, words: Any) -> None:
    layer = keras.layers.deserialize({"module": "keras.layers", "class_name": name,
                                      "config": config, "registered_name": None})  # fmt: skip
    assert layer.get_vocabulary() == words
    written = layer.get_config()
    assert written.keys() <= config.keys()
