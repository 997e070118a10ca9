"""Every layer in a model, through every format and back."""

from __future__ import annotations

import json

import numpy as np
import pytest

import kerasish as keras
from kerasish import saving, tree
from tests.golden.layer_cases import CASES, arguments, inputs_of, make, mask_of, weights_of


def model_of(package, label):
    """A functional model around the layer of a case; a mask is an input of its own."""
    case = CASES[label]
    dtype = "int32" if case.integers is not None else "float32"
    shapes = [value.shape[1:] for value in inputs_of(case, label)]
    inputs = [package.Input(s, dtype=dtype, name=f"x{i}") for i, s in enumerate(shapes)]
    keywords = {k: v for k, v in case.call.items() if k != "training"}
    if case.mask:
        mask = package.Input(mask_of(case, label).shape[1:], dtype="bool", name="mask")
        keywords["mask"] = mask
    outputs = make(package, case, name="layer")(*arguments(case, inputs), **keywords)
    every = [*inputs, keywords["mask"]] if case.mask else inputs
    return package.Model(every, outputs, name="m")


def filled(label, package=keras):
    model = model_of(package, label)
    model.set_weights(weights_of(model, label))
    return model


def values(model, label):
    case = CASES[label]
    given = [*inputs_of(case, label), *([mask_of(case, label)] if case.mask else [])]
    return [np.asarray(v) for v in tree.flatten(model(given, training=False))]


@pytest.mark.parametrize("label", CASES)
def test_a_layer_comes_back(tmp_path, label):
    model = filled(label)
    expected = values(model, label)
    for name in ("m.h5", "m.keras"):
        model.save(tmp_path / name)
        loaded = saving.load_model(tmp_path / name)
        # Tuples come back as lists, as in Keras: JSON has no others.
        assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
        for found, value in zip(values(loaded, label), expected, strict=True):
            np.testing.assert_array_equal(found, value)
    for name in ("w.weights.h5", "w.safetensors", "w.h5"):
        other = keras.models.clone_model(model)
        model.save_weights(tmp_path / name)
        other.load_weights(tmp_path / name)
        for found, value in zip(values(other, label), expected, strict=True):
            np.testing.assert_array_equal(found, value)
