from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from kerasish.declarative import Options, load_config
from kerasish.declarative.resolve.document import as_document, read_document, read_text
from kerasish.declarative.resolve.facts import Fact
from kerasish.declarative.resolve.interpolate import Resolved, interpolate
from kerasish.declarative.text.emit import emit
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import plain
from tests.declarative.helpers import block, error_text

KNOWN = {"words": {"size": 2000, "shape": [60]}, "label": {"classes": 2}, "steps": 130}
DATA = "data: {x: {words: {from: text, TextVectorization: {}}}, y: label}\n"


def resolved(text: str, facts: Any = None) -> Resolved:
    diagnostics = Diagnostics()
    document = as_document(load(block(text), "cnn.yaml", diagnostics), diagnostics)
    found = interpolate(document, diagnostics, None, facts)
    diagnostics.raise_if_any()
    return found


def errors_of(text: str, facts: Any = None) -> str:
    return error_text(lambda: resolved(text, facts))


def test_before_the_data_are_read_a_stand_in_takes_the_place() -> None:
    found = resolved(DATA + 'x: [$data.words.size, "${data.steps * 2}", $data.words.shape]\n')
    size, steps, shape = plain(found.document)["x"]
    assert isinstance(size, Fact)
    assert (size.name, str(size)) == ("data.words.size", "${data.words.size}")
    assert isinstance(steps, Fact)
    assert (steps, steps.name) == (16, "data.steps * 2")
    assert all(isinstance(one, Fact) for one in shape)
    assert found.facts_used == {"words.size", "steps", "words.shape"}


def test_with_the_facts_their_values_do() -> None:
    text = DATA + 'vars: {twice: "${2 * data.words.size}"}\nx: [$data.words.size, '
    text += '"${data.steps // 4}", $data.words.shape, $twice, "a${data.label.classes}"]\n'
    found = resolved(text, KNOWN)
    assert plain(found.document)["x"] == [2000, 32, [60], 4000, "a2"]
    assert found.facts_used == {"words.size", "steps", "words.shape", "label.classes"}


def test_an_entry_that_expands() -> None:
    data = "data: {x: {kinds: {from: [sex, race], string_categorical: {}}}, y: label}\n"
    text = data + "x: $data.kinds.sex.size\n"
    assert isinstance(plain(resolved(text).document)["x"], Fact)
    for facts in ({"kinds.sex": {"size": 3}}, {"kinds": {"sex": {"size": 3}}}):
        assert plain(resolved(text, facts).document)["x"] == 3


def test_an_entry_that_is_called_as_a_fact_of_the_whole() -> None:
    text = "data: {x: {steps: {from: [a, b], string_categorical: {}}}, y: rows}\n"
    text += "u: [$data.steps, $data.steps.a.size, $data.rows, $data.rows.classes]\n"
    assert all(isinstance(one, Fact) for one in plain(resolved(text).document)["u"])
    facts: Any = {"steps": 130, "rows": {"": 4000, "classes": 2}, "steps.a": {"size": 3}}
    assert plain(resolved(text, facts).document)["u"] == [130, 3, 4000, 2]
    assert "'data.steps' has no 'b'" in errors_of(f"{text}v: $data.steps.b.size\n", facts)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        ("$data.word.size", "5: K301 'word' is no entry of data.x or data.y"),
        ("$data.words.sise", "5: K301 'data.words' has no 'sise'"),
        ("$data.words", "5: K301 'data.words' is no value by itself"),
        ("$data.step", "5: K301 'step' is no entry of data.x or data.y"),
        ('"${data.word.size + 1}"', "8: K301 'word' is no entry"),
    ],
)
def test_what_is_no_fact(use: str, message: str) -> None:
    for facts in (None, KNOWN):
        text = errors_of(f"{DATA}xy: {use}\n", facts)
        assert f"cnn.yaml:2:{message}" in text
        assert "did you mean" in text or "write $data.words.size" in text


def test_a_fact_that_this_entry_has_not() -> None:
    assert "'data.label' has no 'length'" in errors_of(f"{DATA}x: $data.label.length", KNOWN)


@pytest.mark.parametrize(
    ("data", "known"),
    [
        ("{dataset: digits}", True),
        ("{x: [x, b], y: y}", True),
        ("{x: {from: x, Rescaling: 2}, y: y}", True),
        ("{x: rest, y: label}", True),
        ("{x: [a, b], y: label}", True),
        ("{x: {words: text}, y: label}", False),
        ("{x: [$c], y: label}", True),
    ],
)
def test_names_of_entries(data: str, known: bool) -> None:
    text = f"vars: {{c: x}}\ndata: {data}\nu: [$data.x.size, $c]\n"
    if known:
        assert resolved(text).facts_used == {"x.size"}
    else:
        assert "'x' is no entry" in errors_of(text)


def test_no_data_section() -> None:
    for use in ("$data.x.size", "$data.steps", '"${data.rows + 1}"'):
        assert "is a fact of the data, and there is no data section" in errors_of(f"u: {use}")


def test_the_data_section_uses_none() -> None:
    for value in ("$data.words.size", "$twice", '"${data.steps + 1}"'):
        text = 'vars: {twice: "${2 * data.words.size}"}\n'
        text += f"data: {{x: {{words: text}}, y: label, batch_size: {value}}}\nu: $twice\n"
        found = errors_of(text)
        assert "cnn.yaml:2:48: K302 the data section cannot use facts of the data" in found
        assert found.count("K") == 1


MODEL = """
kerasish: 1
model:
  input: {shape: $data.x.shape}
  layers:
    - Dense: {units: "${data.y.classes - 20}"}
    - Dense: {units: $data.y.classes, kernel_size: $n}
    - Dropout: $data.x.size
    - Dense: "${1 // (data.x.size - 8)}"
    - Reshape: [$data.x.length, -1]
    - Dense: {unit: 3}
vars: {n: "${data.x.size // 2}"}
data: {dataset: digits}
train: {optimizer: sgd, loss: mse, steps_per_epoch: "${data.steps - 8}"}
"""


def places(text: str, options: Options | None = None) -> list[tuple[str, str]]:
    """Code and line of every finding."""
    found = error_text(lambda: load_config(text, options))
    return [(code, line) for line, code in re.findall(r"^<text>:(\d+):\d+: (K\d+)", found, re.M)]


def test_what_is_wrong_with_a_stand_in_is_no_finding() -> None:
    assert places(MODEL) == [("K203", "7"), ("K203", "11")]


def test_with_facts_everything_is_a_finding() -> None:
    facts = {"x": {"shape": [64], "size": 64, "length": 64}, "y": {"classes": 10}, "steps": 8}
    found = {line for _, line in places(MODEL, Options(facts=facts))}
    assert found >= {"6", "7", "8", "11", "14"}


def test_the_project_says_which_facts_it_needs() -> None:
    text = block("""
    kerasish: 1
    model: {input: {shape: $data.x.shape}, layers: [{Dense: $data.y.classes}]}
    data: {dataset: digits}
    """)
    assert load_config(text).config.facts_used == {"x.shape", "y.classes"}
    facts = {"x": {"shape": [64]}, "y": {"classes": 10}}
    model = load_config(text, Options(facts=facts)).build()
    assert model.input_shape == (None, 64)
    assert model.output_shape == (None, 10)


def test_what_was_not_known_is_checked_when_it_is() -> None:
    diagnostics = Diagnostics()
    text = "data: {x: [a], y: b}\nn: $data.a.size\n"
    document = as_document(load(text, "x", diagnostics), diagnostics)
    mark = interpolate(document, diagnostics).document.entries["n"].value.mark
    diagnostics.add("K204", "wrong", mark)
    assert len(diagnostics) == 0
    interpolate(document, diagnostics, None, {"a": {"size": 3}})
    diagnostics.add("K204", "wrong", mark)
    assert len(diagnostics) == 1


def test_stand_ins_are_said_by_facts_alone() -> None:
    text = "vars: {epochs: 20, more: {a: [1, 2]}, twice: '${data.steps * 2}', big: true}\n" + DATA
    uses = ["data.steps * epochs - more.a[1]", "min(data.steps, epochs)", "twice + epochs"]
    listed = ", ".join(f'"${{{one}}}"' for one in uses)
    shown = emit(plain(resolved(f"{text}x: [{listed}]\n").document))
    for said in ("data.steps * 20 - 2", "min(data.steps, 20)", "data.steps * 2 + 20"):
        assert f"${{{said}}}" in shown


CONFIGS = sorted((Path(__file__).parents[3] / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_what_show_writes_says_the_same_without_variables(path: Path) -> None:
    shown = emit(plain(read_document(path, Diagnostics())))
    assert emit(plain(read_text(shown, Diagnostics()))) == shown
