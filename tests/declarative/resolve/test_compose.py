from __future__ import annotations

from pathlib import Path

import pytest

from kerasish.declarative.resolve.document import load_file, read_text
from kerasish.declarative.text.errors import Diagnostics
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
