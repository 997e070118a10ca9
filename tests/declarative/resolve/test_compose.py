from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kerasish.declarative.resolve.document import as_document, load_file, read_text
from kerasish.declarative.resolve.merging import merge
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import Mapping, plain
from tests.declarative.helpers import block, error_text


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(block(text), encoding="utf-8")


def test_deep_merge(tmp_path: Path) -> None:
    write(
        tmp_path,
        common="""
        seed: 1
        train: {epochs: 5, optimizer: {Adam: {learning_rate: 0.1, beta_1: 0.8}}, metrics: [a, b]}
        data: {validation: {split: 0.1}}
        """,
        top="""
        base: common.yaml
        train: {optimizer: {Adam: {learning_rate: 0.2}}, metrics: [c]}
        data: {validation: null}
        name: x
        """,
    )
    document = load_file(tmp_path / "top.yaml", Diagnostics())
    assert plain(document) == {
        "seed": 1,
        "train": {
            "epochs": 5,
            "optimizer": {"Adam": {"learning_rate": 0.2, "beta_1": 0.8}},
            "metrics": ["c"],
        },
        "data": {},
        "name": "x",
    }


def test_every_value_keeps_the_file_it_came_from(tmp_path: Path) -> None:
    write(tmp_path, common="train: {epochs: 5}", top="base: common.yaml\ntrain: {batch: 3}")
    train = load_file(tmp_path / "top.yaml", Diagnostics()).get("train")
    assert isinstance(train, Mapping)
    assert [Path(entry.mark.source.name).name for entry in train] == ["common.yaml", "top.yaml"]


def test_bases_of_bases_in_folders(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write(tmp_path, top="base: sub/mid.yaml\na: 1", low="c: 3\na: 0")
    write(tmp_path / "sub", mid="base: ../low.yaml\nb: 2")
    assert plain(load_file(tmp_path / "top.yaml", Diagnostics())) == {"c": 3, "a": 1, "b": 2}


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("../secret.yaml", "the base '../secret.yaml' lies outside the project"),
        ("link.yaml", "the base 'link.yaml' lies outside the project"),
        ("/etc/passwd", "the base '/etc/passwd' lies outside the project"),
        ("none.yaml", "does not exist"),
        (".", "is not a file"),
        ("top.yaml", "files are bases of each other: top.yaml -> top.yaml"),
        ("[a]", "base must be the name of a file, received ['a'] (list)"),
        ("3", "base must be the name of a file, received 3 (integer)"),
        ("$env.HOME", "base must be the name of a file, received '$env.HOME' (text)"),
    ],
)
def test_bad_bases(tmp_path: Path, base: str, message: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    write(tmp_path, secret="password: 1")
    write(project, top=f"base: {base}\na: 1")
    (project / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    text = error_text(lambda: load_file(project / "top.yaml", Diagnostics()))
    assert "top.yaml:1:7: K106 " in text
    assert message in text


def test_the_caller_may_name_a_wider_project(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    write(tmp_path, shared="b: 2")
    write(project, top="base: ../shared.yaml\na: 1")
    assert plain(load_file(project / "top.yaml", Diagnostics(), tmp_path)) == {"b": 2, "a": 1}


def test_a_text_has_no_base() -> None:
    text = error_text(lambda: read_text("base: x.yaml", Diagnostics()))
    assert text.startswith("<text>:1:1: K106 a text has no folder to find a base in")


@pytest.mark.parametrize(("text", "received"), [("[a]", "['a'] (list)"), ("3", "3 (integer)")])
def test_a_file_is_a_mapping(text: str, received: str) -> None:
    found = error_text(lambda: read_text(text, Diagnostics()))
    assert f"K110 a file must be a mapping of sections, received {received}" in found


def merged(lower: str, upper: str) -> Any:
    diagnostics = Diagnostics()
    one, other = (as_document(load(t, "x", diagnostics), diagnostics) for t in (lower, upper))
    return plain(merge(one, other))


@pytest.mark.parametrize(
    ("section", "lower", "upper", "expected"),
    [
        ("train", "optimizer: {Adam: {beta_1: 1}}", "optimizer: {SGD: 0.1}",
         "optimizer: {SGD: 0.1}"),
        ("train", "optimizer: {Adam: {beta_1: 1}}", "optimizer: {Adam: {beta_2: 2}}",
         "optimizer: {Adam: {beta_1: 1, beta_2: 2}}"),
        ("train", "optimizer: {Adam: {learning_rate: {CosineDecay: {a: 1}}}}",
         "optimizer: {Adam: {learning_rate: {ExponentialDecay: {b: 1}}}}",
         "optimizer: {Adam: {learning_rate: {ExponentialDecay: {b: 1}}}}"),
        ("train", "loss: {Huber: {delta: 2}}", "loss: {MeanSquaredError: {}}",
         "loss: {MeanSquaredError: {}}"),
        ("train", "loss: {a: {Huber: {delta: 2}}, b: mse}", "loss: {a: {MeanSquaredError: {}}}",
         "loss: {a: {MeanSquaredError: {}}, b: mse}"),
        ("model", "nodes: {a: {from: x, Dense: {units: 1}}, b: {from: a, Dense: 1}}",
         "nodes: {a: {Conv2D: {filters: 1}}}",
         "nodes: {a: {from: x, Conv2D: {filters: 1}}, b: {from: a, Dense: 1}}"),
        ("model", "nodes: {a: {from: x, Dense: {units: 1}}}", "nodes: {a: {from: [y]}}",
         "nodes: {a: {from: [y], Dense: {units: 1}}}"),
        ("model", "layers: {s: {Dense: {units: 1}}}", "layers: {s: {LSTM: {units: 1}}}",
         "layers: {s: {LSTM: {units: 1}}}"),
        ("model", "input: [3], name: n, layers: [A]", "inputs: {i: [3]}, nodes: {}, outputs: o",
         "name: n, inputs: {i: [3]}, nodes: {}, outputs: o"),
        ("blocks", "c: {args: {a: 1}, layers: [A]}", "c: {args: {b: }, layers: [B]}",
         "c: {args: {b: }, layers: [B]}"),
        ("data", "dataset: digits, batch_size: 3", "source: {csv: a}",
         "source: {csv: a}, batch_size: 3"),
        ("data", "source: {npz: a, ragged: {b: c}}", "source: {csv: a}", "source: {csv: a}"),
        ("data", "source: {csv: a, header: false}", "source: {csv: b}",
         "source: {csv: b, header: false}"),
        ("data", "validation: {split: 0.1, stratify: y}", "validation: {rows: [0, 3]}",
         "validation: {rows: [0, 3]}"),
        ("data", "validation: {split: 0.1, stratify: y}", "validation: {split: 0.2}",
         "validation: {split: 0.2, stratify: y}"),
        ("data", "x: {from: a, Dense: 1}", "x: {b: {from: a}}", "x: {b: {from: a}}"),
        ("data", "x: {b: {from: a, fill: mean}}", "x: {b: {Rescaling: 2}}",
         "x: {b: {from: a, Rescaling: 2}}"),
    ],
)  # fmt: skip
def test_an_object_is_replaced_by_another(
    section: str, lower: str, upper: str, expected: str
) -> None:
    found = merged(f"{section}: {{{lower}}}", f"{section}: {{{upper}}}")
    assert found == plain(load(f"{section}: {{{expected}}}", "x", Diagnostics()))
