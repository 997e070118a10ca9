from __future__ import annotations

import json
from typing import Any

import pytest

from kerasish.arguments.contract import contract_of
from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.vocabulary import names
from kerasish.declarative.sections.schema import schema
from kerasish.declarative.text.emit import emit
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import plain
from tests.declarative.fakes import fake_registry
from tests.declarative.helpers import block
from tests.declarative.sections.test_validate import FUNCTIONAL, SEQUENTIAL

__all__ = ["fake_registry"]


def errors(text: str, made: dict[str, Any] | None = None) -> list[str]:
    jsonschema = pytest.importorskip("jsonschema", reason="checks the schema with a validator")
    validator = jsonschema.Draft202012Validator(made or schema())
    data = plain(load(block(text), "x.yaml", Diagnostics()))
    return [one.json_path for one in validator.iter_errors(data)]


def test_it_is_a_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="checks the schema with a validator")
    jsonschema.Draft202012Validator.check_schema(schema())


def test_it_is_plain_json() -> None:
    assert json.loads(json.dumps(schema())) == schema()


def test_every_argument_of_every_layer_is_there() -> None:
    (form,) = [one for one in schema()["$defs"]["layer"]["anyOf"] if "properties" in one]
    assert list(form["properties"]) == names("layer")
    for name, made in form["properties"].items():
        if ">" in name:  # a class that another test has registered
            continue
        parameters = contract_of(vocabulary.lookup("layer", name)).fields
        assert list(made["anyOf"][0]["properties"]) == list(parameters), name


@pytest.mark.usefixtures("fake_registry")
def test_one_layer_in_full() -> None:
    (form,) = [one for one in schema()["$defs"]["layer"]["anyOf"] if "properties" in one]
    dense = form["properties"]["Dense"]["anyOf"]
    assert dense[0]["required"] == ["units"]
    assert dense[0]["properties"]["units"] == {
        "anyOf": [{"type": "integer"}, {"$ref": "#/$defs/variable"}]
    }
    assert dense[0]["properties"]["trainable"]["default"] is True
    assert dense[1] == dense[0]["properties"]["units"]


@pytest.mark.usefixtures("fake_registry")
@pytest.mark.parametrize("text", [SEQUENTIAL, FUNCTIONAL])
def test_good_files_are_valid(text: str) -> None:
    assert errors(text) == []
    assert errors(emit(plain(load(block(text), "x.yaml", Diagnostics())))) == []


@pytest.mark.usefixtures("fake_registry")
@pytest.mark.parametrize(
    "item",
    ["Dense: {unit: 3}", "Dense: {units: [3]}", "Dense", "Dnse: 3", "{Dense: 3, Flatten: null}",
     "Dense: {units: 3, name: a/b}", "Conv2D: {filters: 1, kernel_size: 3, padding: sme}",
     "Dense: {units: 3, activation: rellu}", "repeat: 3"],
)  # fmt: skip
def test_bad_layers_are_not(item: str) -> None:
    assert errors(f"kerasish: 1\nmodel:\n  input: [1]\n  layers:\n    - {item}")


@pytest.mark.usefixtures("fake_registry")
def test_variables_and_repeats_are_valid() -> None:
    text = """
    kerasish: 1
    vars: {n: 3}
    model:
      input: {shape: [$n]}
      layers:
        - repeat: $n
          layers: [{Dense: {units: $n, activation: $a, name: "d_${i}"}}, {Dense: "${2*n}"}, $rest]
    data: {dataset: $set, batch_size: $n, validation: {split: $s}}
    train: {optimizer: {Adam: $lr}, loss: $loss, epochs: $n}
    """
    assert errors(text) == []
