from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.declarative.check.items import Item
from kerasish.declarative.check.specification import Config, FunctionalSection, SequentialSection
from kerasish.declarative.resolve.document import read_text
from kerasish.declarative.sections.validate import output_names, validate
from kerasish.declarative.text.errors import Diagnostics
from tests.declarative.fakes import Conv2D, Dense, fake_registry
from tests.declarative.helpers import block, error_text, outcome, well_formed

pytestmark = pytest.mark.usefixtures("fake_registry")
__all__ = ["fake_registry"]


def check(text: str, plugins: tuple[str, ...] = (), name: str = "cnn.yaml") -> Config:
    diagnostics = Diagnostics()
    document = read_text(block(text), diagnostics, name=name)
    return validate(document, diagnostics, plugins)


def errors_of(text: str) -> str:
    return error_text(lambda: check(text))


def layers_of(*items: str) -> list[Item]:
    text = "kerasish: 1\nmodel:\n  input: [8]\n  layers:\n" + "".join(f"  - {i}\n" for i in items)
    section = check(text).model
    assert isinstance(section, SequentialSection)
    return list(section.layers)


def layer_errors(*items: str) -> str:
    return error_text(lambda: layers_of(*items))


SEQUENTIAL = """
kerasish: 1
name: cnn
seed: 7
backend: numpy
model:
  type: sequential
  input: {shape: [28, 28, 1], dtype: float32, name: image}
  layers:
    - Conv2D: {filters: 8, kernel_size: [3, 3], kernel_regularizer: {L2: {l2: 1e-4}}}
    - Conv2D: {filters: 8, kernel_size: 3, padding: same, activation: relu}
    - Flatten
    - Bidirectional: {layer: {Dense: 64}}
    - Reshape: [4, 4]
    - Dense: {units: 10, name: probs}
data: {dataset: digits, validation: {split: 0.1}, batch_size: 64}
train:
  optimizer: {Adam: {learning_rate: {CosineDecay: {initial_learning_rate: 1, decay_steps: 3}}}}
  loss: sparse_categorical_crossentropy
  metrics: [accuracy]
  epochs: 3
  callbacks: [{CSVLogger: runs/x.csv}]
"""


def test_a_sequential_file() -> None:
    config = check(SEQUENTIAL)
    assert (config.name, config.seed, config.backend) == ("cnn", 7, "numpy")
    model = config.model
    assert isinstance(model, SequentialSection)
    assert model.input is not None
    assert (model.input.shape, model.input.name) == ((28, 28, 1), "image")
    first, second, *_, probs = model.layers
    assert first.factory is Conv2D
    assert first.arguments["kernel_size"] == (3, 3)
    regularizer = first.arguments["kernel_regularizer"]
    assert (regularizer.name, regularizer.arguments) == ("L2", {"l2": 1e-4})
    assert second.arguments == {
        "filters": 8, "kernel_size": 3, "padding": "same", "activation": "relu",
    }  # fmt: skip
    assert model.layers[3].arguments["layer"].factory is Dense
    assert model.layers[4].arguments == {"target_shape": (4, 4)}
    assert probs.label == "Dense 'probs'"
    assert config.data is not None
    assert config.data.parts["validation"].choice == {"split": 0.1}
    assert config.data.batch_size == 64
    assert config.train is not None
    schedule = config.train.compiled["optimizer"].arguments["learning_rate"]
    assert schedule.arguments == {"initial_learning_rate": 1.0, "decay_steps": 3}
    assert config.train.compiled["metrics"] == ["accuracy"]


FUNCTIONAL = """
kerasish: 1
model:
  inputs: {image: {shape: [28, 28, 1]}, meta: [5]}
  layers: {embed: {Dense: 32}}
  nodes:
    a: {from: image, seq: [Flatten, {Dense: {units: 16}}]}
    ea: {from: a, use: embed}
    both: {from: [ea, meta], Concatenate: {axis: -1}}
    label: {from: both, Dense: {units: 10, activation: softmax}}
    score: {from: both, Dense: {units: 1, name: points}}
  outputs: [label, score]
train:
  optimizer: adam
  loss: {label: sparse_categorical_crossentropy, points: mse}
  loss_weights: {label: 1, points: 0.3}
"""


def test_a_functional_file() -> None:
    config = check(FUNCTIONAL)
    model = config.model
    assert isinstance(model, FunctionalSection)
    assert [node.name for node in model.nodes] == ["a", "ea", "both", "label", "score"]
    assert output_names(model) == ("label", "points")
    assert model.nodes[0].items[-1].arguments["name"] == "a"
    assert "name" not in model.nodes[0].items[0].arguments
    assert model.shared["embed"].arguments["name"] == "embed"
    assert config.train is not None
    assert config.train.compiled["loss_weights"] == {"label": 1.0, "points": 0.3}


GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.yaml"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_error_texts(path: Path) -> None:
    """Every finding of the file, to the character: the text beside it is what a user reads."""
    found = error_text(lambda: check(path.read_text(encoding="utf-8"), name=path.name))
    assert found + "\n" == path.with_suffix(".txt").read_text(encoding="utf-8")


def test_there_are_golden_files() -> None:
    assert len(GOLDEN) >= 10


def test_a_plugin_is_a_request() -> None:
    text = "kerasish: 1\nplugins: [acme_layers]\nmodel: {input: [1], layers: ['acme>Gate']}"
    hint = "or a name of acme_layers, which the file asks for? import acme_layers first"
    assert hint in errors_of(text)
    assert hint not in error_text(lambda: check(text, ("acme_layers",)))
    known = "kerasish: 1\nplugins: [acme]\nmodel: {input: [1], layers: [Flatten]}"
    for train in ("{optimizer: Mine}", "{optimizer: sgd, loss: mine}"):
        text = f"{known}\ntrain: {train}"
        assert "? import acme first" in errors_of(text)


def test_what_is_imported_is_granted() -> None:
    text = "kerasish: 1\nplugins: [random]\nmodel: {input: [1], layers: [Gate]}"
    assert "random" not in errors_of(text).split("K201")[1]


@pytest.mark.parametrize("name", [".", "..", "a/b", "a\\b", "", "x" * 129, "a b", "é", "a\0"])
def test_names_that_could_leave_a_folder(name: str) -> None:
    item = f"Flatten: {{name: {name!r}}}" if "\0" not in name else 'Flatten: {name: "a\\0"}'
    assert "K404 a name must be" in layer_errors(item)


@pytest.mark.parametrize(
    "name",
    ["os.system", "builtins.eval", "Lambda", "__lambda__", "kerasish.layers.Dense", "./x.py",
     "https://x/y", "__class__", "object", "dense"],
)  # fmt: skip
def test_only_registered_names_resolve(name: str) -> None:
    assert f"K201 unknown layer '{name}'" in layer_errors(f"{{'{name}': {{}}}}")
    assert f"K205 unknown activation '{name}'" in layer_errors(
        f"Dense: {{units: 1, activation: '{name}'}}"
    )


def test_deep_items() -> None:
    text = "{Bidirectional: {layer: " * 20 + "Flatten" + "}}" * 20
    assert "K105 items are nested over 16 deep" in layer_errors(text)


def test_thousands_of_nodes() -> None:
    nodes = "\n".join(f"    n{i}: {{from: n{i - 1}, Flatten: }}" for i in range(1, 3000))
    text = f"kerasish: 1\nmodel:\n  inputs: {{n0: [1]}}\n  nodes:\n{nodes}\n  outputs: n2999"
    model = check(text).model
    assert isinstance(model, FunctionalSection)
    assert len(model.nodes) == 2999


def _words(text: str) -> list[str]:
    return [piece for line in block(text).splitlines() for piece in (line + "\n").partition(": ")]


@settings(max_examples=250, deadline=None)
@given(st.sampled_from([SEQUENTIAL, FUNCTIONAL]), st.randoms(use_true_random=False))
def test_fuzz_shuffled_files(text: str, random: Random) -> None:
    words = _words(text)
    for _ in range(random.randint(1, 4)):
        here, there = (random.randrange(len(words)) for _ in range(2))
        words[here] = random.choice([words[there], "", "3", "[]", "{}", "~", "$x", "x: y"])
    assert well_formed(outcome(lambda: check("".join(words))))
