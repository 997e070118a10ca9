from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from jsonschema.exceptions import best_match

from kerasish.arguments.contract import contract_of
from kerasish.declarative.check import vocabulary
from kerasish.declarative.schemas.file import schema, written
from kerasish.declarative.text.emit import emit
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import plain
from tests.declarative.fakes import fake_registry
from tests.declarative.helpers import block
from tests.declarative.sections.test_validate import FUNCTIONAL, SEQUENTIAL

__all__ = ["fake_registry"]

MODEL = "kerasish: 1\nmodel: {input: [4], layers: [Dense: 3]}\n"
TRAIN = f"{MODEL}train: {{optimizer: adam, loss: mse, "
PAGE = Path(__file__).parents[3] / "docs" / "yaml.md"


@functools.cache
def made() -> dict[str, Any]:
    return schema()


def first_error(text: str, against: dict[str, Any] | None = None) -> str:
    """Where a validator's best error is, and what it says; empty where all is well."""
    data = plain(load(block(text), "x.yaml", Diagnostics()))
    found = best_match(jsonschema.Draft202012Validator(against or made()).iter_errors(data))
    return "" if found is None else f"{found.json_path.removeprefix('$')}: {found.message}"


def layer(item: str) -> str:
    """The best error of a file with one layer, from that layer on."""
    found = first_error(f"kerasish: 1\nmodel:\n  input: [4]\n  layers:\n    - {item}")
    return found.replace(".model.layers[0]", "")


def resolved(form: dict[str, Any]) -> dict[str, Any]:
    """A schema with what it refers to."""
    while "$ref" in form:
        held = made()["$defs"][form["$ref"].removeprefix("#/$defs/")]
        form = held | {key: value for key, value in form.items() if key != "$ref"}
    return form


def arguments(name: str) -> dict[str, Any]:
    """The schemas of the arguments of a class, by name."""
    held = made()["$defs"][name]
    return {key: resolved(one) for key, one in held.get("then", held).get("properties", {}).items()}


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(made())


def test_it_is_compact_json_and_every_reference_is_defined() -> None:
    text = written(made())
    assert json.loads(text) == made()
    assert len(text) < 400_000
    assert '"oneOf"' not in text
    named = set(re.findall(r'"#/\$defs/([^"]+)"', text))
    assert named <= made()["$defs"].keys()
    assert made()["$defs"].keys() <= named


def test_it_is_the_same_each_time() -> None:
    assert written(schema()) == written(made())


def classes() -> list[tuple[str, str, type]]:
    found = [
        (kind, name, vocabulary.lookup(kind, name))
        for kind in vocabulary.KINDS
        for name in vocabulary.names(kind)
    ]
    return [(kind, name, one) for kind, name, one in found if isinstance(one, type)]


def test_arguments_are_those_of_the_signatures_with_types_words_and_defaults() -> None:
    lacking = []
    for kind, name, cls in classes():
        if not cls.__module__.startswith("kerasish."):
            continue  # a class that another test has registered
        table = made()["$defs"]["bodies" if kind == "layer" else kind]
        held = table.get("then", table)["properties"][name]["$ref"].removeprefix("#/$defs/")
        found = arguments(held)
        fields = contract_of(cls).fields
        assert list(found) == list(fields), name
        for argument, form in found.items():
            if not form.get("description") or not form.keys() - {"description", "default"}:
                lacking.append((name, argument))
            default = fields[argument].default
            if type(default) in (int, float, bool, str):
                assert form["default"] == default, (name, argument)
        if fields and not made()["$defs"][held].get("description"):
            lacking.append((name, ""))
    assert lacking == []


@pytest.mark.parametrize(
    ("name", "argument", "values"),
    [
        ("Conv2D", "padding", ["valid", "same"]),
        ("Conv1D", "padding", ["valid", "same", "causal"]),
        ("Conv2D", "data_format", ["channels_last", "channels_first", None]),
        ("Bidirectional", "merge_mode", ["sum", "mul", "concat", "ave", None]),
        ("AUC", "curve", ["ROC", "PR", "PRGAIN"]),
        ("EarlyStopping", "mode", ["auto", "min", "max"]),
        ("TextVectorization", "split", ["whitespace", "character", None]),
        ("Resizing", "interpolation", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]),
        ("VarianceScaling", "mode", ["fan_in", "fan_out", "fan_avg"]),
    ],
)
def test_words_stand_where_editors_find_them(name: str, argument: str, values: list[Any]) -> None:
    (words,) = [one["enum"] for one in arguments(name)[argument]["anyOf"] if "enum" in one]
    assert words == values


def test_names_stand_where_editors_find_them() -> None:
    for kind, name in (("activation", "relu"), ("loss", "mse"), ("initializer", "he_normal")):
        assert name in made()["$defs"][kind]["anyOf"][0]["enum"]
    assert "Flatten" in made()["$defs"]["item"]["anyOf"][0]["enum"]
    assert "reduction" in str(arguments("MeanSquaredError"))


def test_every_section_and_key_is_described() -> None:
    lacking = []
    waiting = [("file", made()["properties"])]
    for name in ("model", "data", "train", "part", "source", "entry", "node", "block", "load"):
        waiting.append((name, made()["$defs"][name]["properties"]))
    for name, properties in waiting:
        lacking += [(name, key) for key, one in properties.items() if one and not told(one)]
    assert lacking == []


def told(form: dict[str, Any]) -> bool:
    return bool(resolved(form).get("description"))


@pytest.mark.usefixtures("fake_registry")
@pytest.mark.parametrize("text", [SEQUENTIAL, FUNCTIONAL])
def test_good_files_are_valid(text: str) -> None:
    against = schema()
    assert first_error(text, against) == ""
    assert first_error(emit(plain(load(block(text), "x.yaml", Diagnostics()))), against) == ""


PAGES = re.findall(r'text = """\n(.*?)"""', PAGE.read_text(encoding="utf-8"), re.S)
PAGES += re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize("text", [one for one in PAGES if "Merge" not in one])
def test_the_files_of_the_page_are_valid(text: str) -> None:
    assert first_error(text) == ""


@pytest.mark.parametrize(
    "item",
    ["Dense: 3", "dense: 3", "Dense: {units: 3, kernel_initializer: {HeNormal: {seed: 1}}}",
     "Flatten", "flatten", "Dense: $units", '"$rest"', "{repeat: 3, layers: [Dense: 3]}",
     "{for: {k: [1, 2]}, layers: [Dense: $k]}", "{when: $deep, layers: [Flatten]}",
     "load: {run: runs/a, until: pooled, trainable: false, name: body}", "exp",
     "Bidirectional: {layer: {LSTM: 3}}", "Dropout: {rate: $r, seed: null}",
     "Dense: {units: 3, dtype: mixed_float16, use_bias: $b}", "Rescaling: [1, 2]",
     "Conv2D: {filters: 3, kernel_size: [3, $k], padding: $p}", "Attention:"],
)  # fmt: skip
def test_right_layers_are_valid(item: str) -> None:
    assert layer(item) == ""


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("Dense: {unit: 3}", ".Dense: Additional properties are not allowed ('unit' was"),
        ("Dense: {units: [3]}", ".Dense.units: [3] is not of type 'integer'"),
        ("Dense: {units: 0}", ".Dense.units: 0 is less than the minimum of 1"),
        ("Dense: {}", ".Dense: 'units' is a required property"),
        ("Dense", ": 'Dense' is not one of ["),
        ("Dnse: 3", ": 'Dnse' is not one of ['Activation', "),
        ("{Dense: 3, Flatten: null}", ": {'Dense': 3, 'Flatten': None} has too many properties"),
        ("Dense: {units: 3, name: a/b}", ".Dense.name: 'a/b' does not match"),
        ("Conv2D: {filters: 1, kernel_size: 3, padding: sme}",
         ".Conv2D.padding: 'sme' is not one of ['valid', 'same']"),
        ("conv2d: {filters: 1, kernel_size: 3, padding: sme}", ".conv2d.padding: 'sme' is not"),
        ("Dense: {units: 3, activation: rellu}", ".Dense.activation: 'rellu' is not one of ["),
        ("Dense: {units: 3, use_bias: maybe}", ".Dense.use_bias: 'maybe' is not of type 'boolean'"),
        ("Dense: {units: 3, kernel_initializer: {HeNormal: {sed: 1}}}",
         ".Dense.kernel_initializer.HeNormal: Additional properties are not allowed ('sed' was"),
        ("{repeat: 3, layer: [Dense: 3]}", ": Additional properties are not allowed ('layer' was"),
        ("{repeat: 3, layers: [Dense: {unit: 3}]}", ".layers[0].Dense: Additional properties"),
        ("repeat: 3", ": 'layers' is a required property"),
        ("load: {file: a.keras, untill: x}", ".load: Additional properties are not allowed ('unt"),
        ("Dropout: 2", ".Dropout: 2 is greater than the maximum of 1"),
        ("Dropout: 1/3", ".Dropout: '1/3' is not of type 'number'"),
    ],
)  # fmt: skip
def test_the_first_error_of_a_layer_names_the_cause(item: str, said: str) -> None:
    assert layer(item).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{MODEL}trian: {{}}", ": Additional properties are not allowed ('trian' was"),
        (f"{MODEL}layers: []", ": Additional properties are not allowed ('layers' was"),
        ("kerasish: 1", ": 'model' is a required property"),
        (f"{TRAIN}epoch: 3}}", ".train: Additional properties are not allowed ('epoch' was"),
        (f"{TRAIN}epochs: x}}", ".train.epochs: 'x' is not of type 'integer'"),
        (f"{TRAIN}epochs: 0}}", ".train.epochs: 0 is less than the minimum of 1"),
        (f"{TRAIN}metrics: [acuracy]}}", ".train.metrics[0]: 'acuracy' is not one of ["),
        (f"{MODEL}train: {{optimizer: adam}}", ".train: 'loss' is a required property"),
        (f"{MODEL}train: {{optimizer: adm, loss: mse}}", ".train.optimizer: 'adm' is not one of"),
        (f"{MODEL}train: {{optimizer: adam, loss: msee}}", ".train.loss: 'msee' is not one of ["),
        (f"{MODEL}train: {{optimizer: {{Adam: {{learning_rat: 1}}}}, loss: mse}}",
         ".train.optimizer.Adam: Additional properties are not allowed ('learning_rat' was"),
        (f"{MODEL}data: {{dataset: digts}}", ".data.dataset: 'digts' is not one of ["),
        (f"{MODEL}data: {{dataset: digits, validation: {{splt: 0.1}}}}",
         ".data.validation: Additional properties are not allowed ('splt' was"),
        (f"{MODEL}data: {{dataset: digits, validation: {{split: 10}}}}",
         ".data.validation.split: 10 is greater than or equal to the maximum of 1"),
        (f"{MODEL}data: {{source: {{cvs: a.csv}}}}",
         ".data.source: Additional properties are not allowed ('cvs' was"),
        (f"{MODEL}data: {{dataset: digits, x: {{a: {{from: b, Normalization: {{axs: 1}}}}}}}}",
         ".data.x.a.Normalization: Additional properties are not allowed ('axs' was"),
        ("kerasish: 1\nmodel: {nodes: {a: {from: x, Dens: 3}}, outputs: a}",
         ".model.nodes.a: 'Dens' is not one of ["),
        ("kerasish: 1\nmodel: {nodes: {a: {from: x, Dense: {unit: 3}}}, outputs: a}",
         ".model.nodes.a.Dense: Additional properties are not allowed ('unit' was"),
        ("kerasish: 1\nmodel: {nodes: {a: {from: x, seq: [Dens: 3]}}, outputs: a}",
         ".model.nodes.a.seq[0]: 'Dens' is not one of ["),
    ],
)  # fmt: skip
def test_the_first_error_of_a_file_names_the_cause(text: str, said: str) -> None:
    assert first_error(text).startswith(said)


@pytest.mark.parametrize(
    "text",
    [
        "base: a.yaml",
        "base: a.yaml\nmodel: {layers: [conv: 3]}",
        "base: a.yaml\ntrain: {optimizer: {SGD: {learning_rate: 0.1}}, callbacks: null}",
        "base: a.yaml\ndata: {validation: null, x: {a: null, b: c}}",
        "kerasish: 1\nblocks: {conv: {args: {n: , k: 3}, layers: [Dense: $n]}}\n"
        "model: {input: [4], layers: [conv: 3, conv: {n: 3, name: a}, repeat: 2, layers: [conv]]}"
        .replace("repeat: 2, layers: [conv]", "{repeat: 2, layers: [conv]}"),
        "kerasish: 1\nblocks: {b: {input: x, nodes: {a: {from: x, Dense: 3}}, output: a}}\n"
        "model: {input: [4], layers: [b]}",
        "kerasish: 1\nmodel: {inputs: {x: [3]}, outputs: [a, b], nodes: {a: {from: x, log: {}}, "
        "b: {from: [x, a], add: {}}, c: {arange: {stop: $data.x.size}}, "
        "d: {from: {inputs: x, training: true}, Dense: 3}, e: {for: {k: $ks}, from: x, Dense: $k}, "
        "f: {from: x, call: {mode: fast}, use: s}, g: {from: x, load: {file: a.keras}}}, "
        "layers: {s: {Dense: 3}}}",
        f"{MODEL}train: {{optimizer: adam, loss: {{a: mse, b: {{Huber: {{delta: 1}}}}}}, "
        "metrics: {a: [mae, {AUC: {curve: PR}}]}, loss_weights: [1, $w]}",
        f"{MODEL}data: {{source: {{csv: [a.csv, b.csv]}}, x: {{w: {{from: a, Reshape: [1]}}, "
        "k: {from: [b, c], seq: [fill: mean, Normalization]}, r: {from: rest, FeatureSpace: auto}, "
        "s: {from: d, string_categorical: {output_mode: int}}}, y: {from: l, map: {a: 0}}, "
        "train: {csv: c.csv}, validation: {where: {s: [a, b]}}, test: {every: 5, from: 4}, "
        "window: {history: 3}, augment: [RandomFlip: horizontal], cache: true, batch_size: $b}",
        f"{MODEL}data: {{source: [{{csv: a.csv}}, {{npz: {{y: y.npz}}}}], x: [a, b], y: label}}",
        f"{MODEL}vars: {{a: [1, {{b: 2}}]}}\nplugins: [mine]\nseed: $env.SEED",
    ],
)  # fmt: skip
def test_right_files_are_valid(text: str) -> None:
    assert first_error(text) == ""
