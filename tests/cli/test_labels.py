"""Runs of labels, from files to predictions: lists, columns of 0 and 1, names for values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kerasish.cli.main import main
from kerasish.config import settings
from tests.cli.test_to_python import both, same

HEAD = "kerasish: 1\nseed: 1\n"
MODEL = "model: {{layers: [Dense: {{units: {units}, activation: sigmoid}}]}}\n"
TRAIN = "train: {optimizer: {Adam: 0.1}, loss: binary_crossentropy, epochs: 30}\n"
# The first number says a label, the second another; both, one or none of them hold.
ROWS = [
    {"a": a, "b": b, "red": int(a > 0), "round": int(b > 0),
     "tags": ["red"] * (a > 0) + ["round"] * (b > 0)}
    for a in (-2, -1, 1, 2) for b in (-2, -1, 1, 2)
]  # fmt: skip


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "backend", settings.backend)
    Path("rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")


def config(y: str, units: str) -> None:
    """The file c.yaml with a target."""
    data = f"data:\n  source: {{jsonl: rows.jsonl}}\n  x: [a, b]\n  y: {y}\n"
    text = HEAD + data + MODEL.format(units=units) + TRAIN
    Path("c.yaml").write_text(text, encoding="utf-8")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """What a command prints, as JSON."""
    code = main([*words])
    out, err = capsys.readouterr()
    assert code == 0, err
    return [json.loads(line) for line in out.splitlines()] if words[0] == "predict" else out


NEW = [{"a": 1.5, "b": 1.5}, {"a": 1.5, "b": -1.5}, {"a": -1.5, "b": -1.5}]


@pytest.mark.parametrize(
    ("y", "units"),
    [("tags", "$data.tags.classes"), ("{tags: {from: [red, round]}}", "$data.tags.size")],
    ids=["lists", "columns"],
)
def test_any_of_several_labels(y: str, units: str, capsys: pytest.CaptureFixture[str]) -> None:
    config(y, units)
    assert main(["fit", "c.yaml", "--quiet"]) == 0
    capsys.readouterr()
    Path("new.jsonl").write_text("\n".join(map(json.dumps, NEW)), encoding="utf-8")
    found = said(capsys, "predict", "runs/c", "new.jsonl", "--format", "jsonl", "--probabilities")
    assert [one["tags"] for one in found] == [["red", "round"], ["red"], []]
    assert [one["tags=round"] > 0.5 for one in found] == [True, False, False]
    shown = json.loads(said(capsys, "data", "c.yaml", "--rows", "16", "--json"))["shown"]
    assert [one["decoded"]["tags"] for one in shown] == [row["tags"] for row in ROWS]
    table = said(capsys, "evaluate", "runs/c", "--data", "rows.jsonl")
    rows = [line.split() for line in table.splitlines()]
    support = {row[0]: row[-1] for row in rows if row and row[0] in ("red", "round")}
    assert support == {"red": "8", "round": "8"}
    assert " 1.0000" in table
    assert main(["report", "runs/c", "--part", "train"]) == 0
    assert "round" in Path("runs/c/report.html").read_text(encoding="utf-8")


def test_lists_of_labels_as_a_program() -> None:
    config("tags", "$data.tags.classes")
    run, made, text = both("c.yaml")
    assert 'columns.padded("tags", None, value="")' in text
    same(run, made)


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("{-2: small, -1: small, 1: big, 2: big}", ["big", "small"]),
        ("{-2: 0, -1: 0, 1: 1, 2: 1}", ["1", "0"]),  # no class has the name of one of its values
        ("{-2: 0, -1: 0, 1: 0, 2: 1}", ["0", "0"]),
    ],
)
def test_names_of_values(table: str, names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    config(f"{{size: {{from: a, map: {table}}}}}", "1")
    run, made, _ = both("c.yaml")
    same(run, made)
    capsys.readouterr()
    Path("new.jsonl").write_text("\n".join(map(json.dumps, NEW[1:])), encoding="utf-8")
    found = said(capsys, "predict", "run", "new.jsonl", "--format", "jsonl")
    assert [one["size"] for one in found] == names


def test_names_and_numbers_do_not_mix(capsys: pytest.CaptureFixture[str]) -> None:
    config("{size: {from: a, map: {-2: small, -1: 3}}}", "1")
    assert main(["check", "c.yaml"]) == 2
    assert "K204 map.-1 must be a name, as others are, received 3" in capsys.readouterr().err


@pytest.mark.parametrize("weights", ["balanced", "{red: 2, round: 1}"])
def test_labels_have_no_weights_of_classes(
    weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config("tags", "$data.tags.classes")
    assert main(["fit", "c.yaml", "--set", f"train.class_weight={weights}"]) == 2
    error = capsys.readouterr().err
    assert "K204 class_weight is for rows of one class" in error
    assert "BinaryFocalCrossentropy: {apply_class_balancing: true}" in error
    focal = "train.loss={BinaryFocalCrossentropy: {apply_class_balancing: true}}"
    assert main(["fit", "c.yaml", "--set", focal, "--epochs", "1", "--quiet"]) == 0
