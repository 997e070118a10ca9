"""What is refused when an object is made: as Keras (tests/golden/refusals.json), with reasons where
not, in words that name the class and the argument."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, KerasishError
from tests.golden import refusal_cases as cases

GOLDEN = json.loads((Path(__file__).parent / "golden" / "refusals.json").read_text())
GROUPS = {
    "WHOLE": "0 1 2 -1 i64",
    "FRACTIONS": ".5 2.5 -.5 nan f32",
    "TRUTHS": "True bool_",
    "TUPLES": "() (2,) (2,2) [2,2] (2,2,2) (0,0) (1,0) (-1,1) (.5,2) ('a','b')",
    "OTHERS": "{} word same causal sum auto function object",
}
ALL = "WHOLE FRACTIONS TRUTHS TUPLES OTHERS None array"

# Keras refuses them, we do not: reason -> kind.argument or "*" -> values.
ACCEPTED = {
    "numbers and arrays of numpy are as good as Python's, which Keras takes elsewhere": {
        "*": "i64 f32 bool_ array"
    },
    "a whole number is a number": {
        "optimizers.learning_rate": "0 1 2 -1",
        "optimizers.momentum": "0 1",
    },
    "a tuple is as good as a list": {"metrics.thresholds": "() (0,0) (1,0)"},
    "Keras's own configs hold such pairs": {
        "layers.x_factor": "(-1,1)",
        "layers.y_factor": "(-1,1)",
    },
    "pairs are taken in any order, as in the other layers of images": {"layers.factor": "(1,0)"},
}

# We refuse them, Keras does not: reason -> kind.argument, or the words of the field -> values.
LOOKS_LATER = "Keras looks at it in build or in the first call, where it fails, or never"
REFUSED = {
    "what is neither true nor false is a slip; Keras takes whatever has a truth": {
        "True or False": "FRACTIONS TUPLES OTHERS 2 -1 None i64 array",
        "True or False, or None": "FRACTIONS TUPLES OTHERS 2 -1 i64",
        "callbacks.double_checkpoint": "array",
    },
    "True is no number, and no number is in a range that NaN is in": {
        "a number in [0, 1], or a pair (lower, upper) of such": "nan True",
        "a number in [1, 8], or a pair (lower, upper) of such": "nan True",
        "a number in [0, 1], or a pair of such": "nan True",
        "a number in (-1, 1], or a pair (lower, upper) of such": "nan True",
        "a number in (-1, 1], or a pair (lower, upper) of such, or None": "nan True",
        "a number in [-1, 1], or a pair (lower, upper) of such": "nan True () {}",
        "a positive int, or -1 for a group per channel": "True",
        "layers.brightness_factor": "nan True () {}",
        "layers.contrast_factor": "nan True",
        "layers.saturation_factor": "nan True",
        "layers.hue_factor": "nan True",
        "layers.batch_size": "f32 bool_",
        "metrics.num_classes": "f32 bool_",
        "metrics.num_thresholds": "bool_",
        "metrics.threshold": "nan",
        "metrics.thresholds": "nan",
        "metrics.beta": "nan",
        "metrics.recall": "nan",
        "metrics.precision": "nan",
        "metrics.specificity": "nan",
        "metrics.sensitivity": "nan",
        "optimizers.beta_1": "nan",
        "optimizers.momentum": "nan",
        "optimizers.gradient_accumulation_steps": "2.5 () {}",
        "callbacks.min_delta": "bool_ array",
    },
    LOOKS_LATER: {
        "a number": "TUPLES OTHERS None True array",
        "a number, or None": "TRUTHS TUPLES OTHERS",
        "a number, three of them, or None": "TRUTHS OTHERS TUPLES array",
        "a pair (lowest, highest) of numbers": (
            "WHOLE FRACTIONS TRUTHS OTHERS None () (2,) (2,2,2) ('a','b')"
        ),
        "a positive int": "FRACTIONS TRUTHS TUPLES OTHERS 0 -1 None array",
        "a positive int, or None": "FRACTIONS TRUTHS 0 -1 () {}",
        "two positive ints": (
            "FRACTIONS TRUTHS OTHERS 0 -1 None () (2,) (2,2,2) (0,0) (1,0) (-1,1) (.5,2) ('a','b')"
        ),
        "an odd number, or two of them": "-1 .5 2.5 -.5 nan True (-1,1)",
        "an int": "FRACTIONS TRUTHS TUPLES OTHERS None array",
        "an int, or None": "FRACTIONS TRUTHS TUPLES OTHERS array",
        "an int or a tuple of ints": (
            "FRACTIONS TRUTHS OTHERS 0 -1 None (0,0) (1,0) (-1,1) (.5,2) ('a','b')"
        ),
        "an int or a tuple of ints, or None": (
            "FRACTIONS TRUTHS OTHERS 0 (0,0) (1,0) (.5,2) ('a','b')"
        ),
        "an int or a tuple of ints and None": "True (.5,2) ('a','b') {} word same causal sum auto",
        "a tuple of ints": "(.5,2) ('a','b') word same causal sum auto",
        "a tuple of positive ints and None, or None": (
            "WHOLE FRACTIONS TRUTHS OTHERS array (0,0) (1,0) (-1,1) (.5,2) ('a','b')"
        ),
        "a string": "WHOLE FRACTIONS TRUTHS TUPLES None array {} function object",
        "a string, or None": "WHOLE FRACTIONS TRUTHS TUPLES array {} function object",
        "a regularizer": "2 word object",
        "a list of which each is a Layer": ALL,
        "a dict of which each is a number, or None": ALL,
        "one of ('horizontal', 'vertical', 'horizontal_and_vertical')": ALL,
        "one of ('nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5')": ALL,
        "one of ('channels_last', 'channels_first'), or None": "0 () {}",
        "layers.arguments": ALL,
        "layers.axes": "0 () (2,2,2) (0,0) (1,0) (-1,1)",
        "layers.bin_boundaries": "WHOLE FRACTIONS TRUTHS OTHERS ('a','b')",
        "layers.weights": "0 word same causal sum auto",
        "metrics.fn": ALL,
        "metrics.name": "2 function object",
        "initializers.seed": "-1 True",
        "optimizers.exclude_layers": "WHOLE FRACTIONS TRUTHS function object",
        "optimizers.initial_scale": "TUPLES OTHERS None array",
        "optimizers.inner_optimizer": "[2,2] {}",
        "optimizers.optimizer_map": ALL,
        "callbacks.callbacks": "WHOLE FRACTIONS TRUTHS OTHERS",
        "callbacks.filename": "WHOLE FRACTIONS TRUTHS TUPLES None array {} function object",
        "callbacks.log_dir": "WHOLE FRACTIONS TRUTHS TUPLES None array {} function object",
        "callbacks.separator": ALL,
        "callbacks.root": ALL,
        "callbacks.save_freq": "0 -1",
        "callbacks.update_freq": "FRACTIONS TRUTHS TUPLES OTHERS 0 -1 None",
        "callbacks.histogram_freq": "FRACTIONS TRUTHS TUPLES OTHERS -1 array",
        "callbacks.embeddings_freq": "FRACTIONS TRUTHS TUPLES OTHERS -1 array",
    },
    "a convolution pads by words in every backend; numbers are jax's alone": {
        "one of ('valid', 'same')": ALL,
        "one of ('valid', 'same', 'causal')": "TUPLES",
    },
    "it is out of range; Keras clips it, or looks only where it is used": {
        "a number in [0, 1]": "TRUTHS TUPLES OTHERS 2 -1 2.5 -.5 nan None i64 array",
        "optimizers.clipnorm": "TUPLES OTHERS -1 -.5 nan array",
        "optimizers.clipvalue": "TUPLES OTHERS -1 -.5 nan array",
        "optimizers.global_clipnorm": "TUPLES OTHERS -1 -.5 nan array",
        "optimizers.ema_momentum": "TUPLES OTHERS 2 -1 2.5 -.5 nan None i64 array",
    },
    "only TensorFlow profiles, and there Keras refuses it too": {"callbacks.profile_batch": ALL},
    "tensors are dense": {"layers.sparse": ALL},
    "low rank and quantization come later": {
        "layers.lora_rank": ALL,
        "layers.lora_alpha": ALL,
        "layers.quantization_config": ALL,
        "layers.gptq_unpacked_column_size": ALL,
    },
}

# Refused together by one side only: class and arguments -> reason.
PAIRS = {
    "MaxPooling2D pool_size": "Keras's result is empty",
    "Attention dropout": "a rate above 1",
    "UpSampling2D interpolation": "Keras looks in the first call",
}


def spelled(words: str) -> set[str]:
    """The values that a row stands for."""
    return {one for word in words.split() for one in GROUPS.get(word, word).split()}


def key_of(cls: Any, name: str, argument: str) -> str:
    """A row's key: the words of the rule of a layer's field, else the kind and the argument."""
    field = getattr(cls, "fields", {}).get(argument)
    if field is not None and field.declared and field.rule.expected != "anything":
        return field.rule.expected
    return f"{name.partition('.')[0]}.{argument}"


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """(class, name, argument, key of a value, whether Keras refuses, what we raise) of all."""
    keras_refuses: dict[str, dict[str, set[str]]] = {}
    for keys, found in GOLDEN["alone"].items():
        for name, arguments in found.items():
            for argument in arguments.split():
                keras_refuses.setdefault(name, {})[argument] = set(keys.split())
    before = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("made"))  # callbacks make files
    try:
        return [
            (cls, name, argument, key, key in keras_refuses[name][argument], error)
            for name, cls in cases.classes(keras)
            if name in keras_refuses
            for argument, key, error in cases.refusals(keras, name, cls, list(keras_refuses[name]))
        ]
    finally:
        os.chdir(before)


def missing(found: Iterator[tuple[str, str]], table: dict[str, dict[str, str]]) -> list[str]:
    """Differences without a row; a row that none needs any more counts too."""
    rows = {key: spelled(words) for row in table.values() for key, words in row.items()}
    needed = set()
    lacking = Counter()
    for key, value in found:
        row = next((k for k in (key, "*") if value in rows.get(k, ())), None)
        needed.add(row)
        lacking[f"{key} = {value}"] += row is None
    return [*(+lacking), *(f"{key}: no longer" for key in rows.keys() - needed)]


def test_every_class_of_the_golden_is_there_and_tried(tried):
    names = {name for found in GOLDEN["alone"].values() for name in found}
    assert {row[1] for row in tried} == names
    assert len(tried) > 30_000


def test_what_keras_refuses_is_refused(tried):
    found = (
        (f"{name.partition('.')[0]}.{argument}", key)
        for _, name, argument, key, refused, error in tried
        if refused and error is None
    )
    assert missing(found, ACCEPTED) == []


def test_what_keras_takes_is_taken(tried):
    found = (
        (key_of(cls, name, argument), key)
        for cls, name, argument, key, refused, error in tried
        if not refused and error is not None
    )
    assert missing(found, REFUSED) == []


def test_refusals_name_the_class_and_the_argument(tried):
    """Those of `Input` say Input, and one of a pair of arguments may be named by the other."""
    by_parts = {f"{part}_factor" for part in ("brightness", "contrast", "saturation", "hue")}
    unnamed = set()
    for cls, name, argument, key, _, error in tried:
        if error is None or (cls is keras.layers.InputSpec and key == "array"):
            continue
        text = str(error)
        owner = "Input" if cls is keras.layers.InputLayer else cls.__name__
        called = {"factor"} if argument in by_parts else {argument}
        called |= {"filepath"} if argument == "save_weights_only" else set()
        named = owner in text and any(word in text for word in called)
        if not isinstance(error, KerasishError) or not named:
            unnamed.add(f"{name}.{argument} = {key}: {type(error).__name__}: {text[:90]}")
    assert sorted(unnamed) == []


def test_pairs_of_arguments_are_refused_as_by_keras():
    differing = {
        f"{name} {list(args(keras) if callable(args) else args)[-1]}": (theirs, ours)
        for (name, args, shapes), theirs in zip(cases.PAIRS, GOLDEN["pairs"], strict=True)
        if theirs != (ours := cases.pair(keras, name, args, shapes))
    }
    assert differing.keys() == PAIRS.keys()
    assert all(ours for _, ours in differing.values())  # we refuse more, never less


def test_an_error_inside_a_constructor_is_told_as_its_argument():
    with pytest.raises(ArgumentError, match=r"SGD\.momentum\. Expected: a number in \[0, 1\]"):
        keras.optimizers.SGD(momentum=3.0)
    with pytest.raises(ArgumentError, match=r"Muon, exclude_layers\. .*Received: 3") as told:
        keras.optimizers.Muon(exclude_layers=3)
    assert isinstance(told.value, TypeError)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'num_classes'"):
        keras.metrics.MeanIoU()


def test_errors_of_users_classes_stay_their_own():
    class Mine(keras.layers.Layer):
        def __init__(self, size, **kwargs):
            super().__init__(**kwargs)
            self.size = size + 1

    with pytest.raises(TypeError, match="can only concatenate str"):
        Mine("a")
    with pytest.raises(KerasishError, match=r"Mine\.activity_regularizer"):
        Mine(1, activity_regularizer="word")
