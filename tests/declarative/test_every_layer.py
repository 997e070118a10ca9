"""Every layer of the table in `tests/golden/layer_cases.py` through YAML and back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import kerasish as keras
from kerasish.declarative import from_yaml, to_yaml
from kerasish.declarative.check.vocabulary import lookup, names
from kerasish.declarative.resolve.document import read_text
from kerasish.declarative.sections.validate import validate
from kerasish.declarative.text.errors import Diagnostics
from kerasish.signatures import ours
from tests.golden import layer_cases as cases

LABELS = sorted(cases.CASES)


def symbols(case: Any, label: str) -> Any:
    def one(array: Any) -> Any:
        return keras.Input(array.shape[1:], dtype=array.dtype.name)

    inputs = cases.inputs_of(case, label, "float32")
    return keras.tree.map_structure(one, cases.arguments(case, inputs))


def uncounted(config: Any) -> Any:
    """A config whose automatic names, also of inner layers, do not say how many were made."""
    if isinstance(config, dict):
        found = {key: uncounted(value) for key, value in config.items()}
        if isinstance(found.get("name"), str):
            found["name"] = re.sub(r"_\d+$", "", found["name"])
        return found
    return [uncounted(item) for item in config] if isinstance(config, list) else config


@pytest.mark.parametrize("label", LABELS)
def test_round_trip(label: str) -> None:
    case = cases.CASES[label]
    layer = cases.make(keras, case)
    inputs = symbols(case, label)
    outputs = keras.tree.flatten(layer(*inputs))
    ends = outputs if len(outputs) > 1 else outputs[0]
    model = keras.Model(keras.tree.flatten(inputs), ends, name="m")
    text = to_yaml(model)
    again = from_yaml(text)
    found = again.get_layer(layer.name)
    assert type(found) is type(layer)
    both = [json.dumps(uncounted(one.get_config()), sort_keys=True) for one in (found, layer)]
    assert both[0] == both[1]  # as text: a file has lists where tuples were
    assert again.output_shape == model.output_shape
    assert [v.shape for v in again.weights] == [v.shape for v in model.weights]
    assert to_yaml(again) == text


def test_the_table_has_every_layer_that_a_file_can_name() -> None:
    covered = {type(cases.make(keras, case)) for case in cases.CASES.values()}
    missing = {name for name in names("layer") if ours(lookup("layer", name))}
    missing = {name for name in missing if lookup("layer", name) not in covered}
    # An input is a section of its own, a cell stands inside a recurrent layer, and Wrapper is the
    # base of those that hold a layer.
    # Lookups need TensorFlow in Keras, and random layers draw other numbers there, so the table has
    # none of them (tests/layers/preprocessing has; texts in YAML: tests/declarative/test_text.py).
    known = {"InputLayer", "Wrapper", "IntegerLookup", "StringLookup", "TextVectorization"}
    known |= {"Hashing", "HashedCrossing"}
    known |= {
        "FillMissing",
        "ValueMap",
        "EachRow",
        "DateFeatures",
    }  # of columns, which Keras does not have
    missing = {name for name in missing if not name.startswith("Random")}
    assert {name for name in missing if not name.endswith(("Cell", "Cells"))} <= known


def test_a_file_says_no_more_than_the_shortest() -> None:
    text = to_yaml(keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)], name="m"))
    diagnostics = Diagnostics()
    validate(read_text(text, diagnostics), diagnostics)
    assert text.splitlines()[-1] == "    - Dense: 3"
