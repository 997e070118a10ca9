"""`sweep`, `cv` and `compare`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasish.cli.main import main
from kerasish.cli.many import folder_name
from kerasish.cli.recorder import Recorder
from kerasish.cli.sweep import values_of
from kerasish.cli.tables import flat, spread, table
from kerasish.config import settings
from kerasish.declarative.api import load_config
from tests.declarative.helpers import block

CONFIG = block("""
    kerasish: 1
    name: small
    vars: {width: 4, rate: 0.01}
    model:
      input: {shape: [8, 8, 1]}
      layers: [Flatten, {Dense: $width}, {Dense: {units: 10, activation: softmax, name: probs}}]
    data: {dataset: digits, validation: {split: 0.2, stratify: y}, batch_size: 512}
    train:
      optimizer: {Adam: {learning_rate: $rate}}
      loss: sparse_categorical_crossentropy
      epochs: 1
    """)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "backend", settings.backend)
    (tmp_path / "m.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    code = main([*arguments, "--json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


def test_values_of_a_change() -> None:
    assert values_of("a.b=1,2, x") == ("a.b=", ["1", "2", "x"])
    assert values_of("a=[1,2],{b: 1, c: 2},'x,y'") == (
        "a=",
        ["[1,2]", "{b: 1, c: 2}", "'x,y'"],
    )
    assert values_of("train.metrics+=mae") == ("train.metrics+=", ["mae"])
    assert values_of("~data.test") == ("~data.test", [""])


def test_names_of_folders() -> None:
    assert folder_name("width=4,rate=1e-3") == "width=4,rate=1e-3"
    assert folder_name("a=../x") != folder_name("a=.._x")
    assert "/" not in folder_name("a=../x")
    assert len(folder_name("a" * 500)) <= 100
    assert folder_name("a" * 500) != folder_name("a" * 501)


def test_sweep(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ("sweep", "m.yaml", "--set", "vars.width=4,16,x", "--set", "vars.rate=0.01,0.001",
            "--set", "data.batch_size=256", "--verbose", "0")  # fmt: skip
    code, found, err = told(capsys, *line)
    assert code == 2
    assert "K204 units must be a positive integer, received 'x'" in err
    runs, best = found["runs"], found["best"]
    assert [one.get("state") for one in runs] == ["finished"] * 4 + [None] * 2
    assert runs[0]["run"] == "runs/small-sweep/width=4,rate=0.01"
    assert sorted(p.name for p in (folder / "runs/small-sweep").iterdir())[0] == "sweep.json"
    assert {one["seed"] for one in runs[:4]} == {json.loads(
        (folder / "runs/small-sweep/sweep.json").read_text("utf-8"))["seed"]}  # fmt: skip
    config = load_config("runs/small-sweep/width=16,rate=0.001/config.resolved.yaml").config
    assert config.data.batch_size == 256
    assert config.model.layers[1].arguments["units"].value == 16
    values = [row["value"] for row in best[:4]]
    assert values == sorted(values)
    assert best[0]["by"] == "val_loss"
    assert best[0]["value"] == pytest.approx(best[0]["metrics"]["validation loss"], rel=1e-4)
    assert [row["failed"] for row in best] == [0, 0, 0, 0, 1, 1]
    before = {p: p.stat().st_mtime_ns for p in folder.glob("runs/*/*/*")}
    code, again, err = told(capsys, *line)
    assert (code, again["best"]) == (2, best)
    assert err.count("finished already") == 4
    assert {p: p.stat().st_mtime_ns for p in folder.glob("runs/*/*/*")} == before


def test_a_sweep_goes_on_after_an_interrupt(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ("sweep", "m.yaml", "--set", "vars.width=4,5", "--seeds", "2", "--epochs", "2",
            "--verbose", "0", "--seed", "1")  # fmt: skip
    count = 0
    original = Recorder.on_epoch_begin

    def begin(self: Recorder, epoch: int, logs: Any = None) -> None:
        nonlocal count
        original(self, epoch, logs)
        count += 1
        if count == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "on_epoch_begin", begin)
        code, found, _ = told(capsys, *line)
    assert code == 130
    assert [one.get("state") for one in found["runs"]] == ["finished", None, None, None]
    code, found, _ = told(capsys, *line)
    assert code == 0
    assert [one["epochs"] for one in found["runs"]] == [2] * 4
    assert [one["seed"] for one in found["runs"]] == [1, 2, 1, 2]
    (row, other) = found["best"]
    own = [one["metrics"]["validation"]["as_trained"]["loss"] for one in found["runs"][:2]]
    (mine,) = [r for r in (row, other) if r["setting"] == "width=4"]
    assert mine["value"] == pytest.approx(np.mean(own), rel=1e-5)
    assert mine["deviation"] == pytest.approx(np.std(own, ddof=1), rel=1e-4)


def test_cv(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ("cv", "m.yaml", "--folds", "3", "--verbose", "0", "--seed", "2")
    code, found, _ = told(capsys, *line)
    assert code == 0
    losses = [one["metrics"]["validation"]["as_trained"]["loss"] for one in found["runs"]]
    assert len(set(losses)) == 3
    assert found["mean"]["validation loss"] == pytest.approx(np.mean(losses))
    assert found["deviation"]["validation loss"] == pytest.approx(np.std(losses, ddof=1))
    record = json.loads((folder / "runs/small-cv/fold-2-of-3/run.json").read_text("utf-8"))
    assert record["fold"] == [1, 3]
    assert sum(record["rows"].values()) == 1797
    own = found["runs"][1]
    for part in ("validation", "train"):
        code, one, _ = told(capsys, "evaluate", own["run"], "--part", part)
        assert (code, one["rows"]) == (0, record["rows"][part])
        assert one["as_trained"] == pytest.approx(own["metrics"][part]["as_trained"])
    assert main(["cv", "m.yaml", "--folds", "1"]) == 2


def test_the_folds_of_a_project_part_the_rows(folder: Path) -> None:
    seen = []
    for number in range(4):
        project = load_config("m.yaml")
        project.fold = (number, 4)
        parts = project.data().parts
        seen += parts.validation.rows.tolist()
        assert not set(parts.train.rows) & set(parts.validation.rows)
        counts = np.bincount(parts.validation.values("y"), minlength=10)
        whole = np.bincount(np.concatenate([parts.train.values("y"), parts.validation.values("y")]))
        assert np.abs(counts - whole / 4).max() <= 1
    assert sorted(seen) == list(range(1442))


def test_compare(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, rate in (("a", 0.1), ("b", 0.2)):
        change = ("--set", f"vars.rate={rate}", "--run", name, "--seed", "1", "--quiet")
        assert main(["fit", "m.yaml", *change]) == 0
    assert main(["compare", "a", "b", "-o", "c.svg"]) == 0
    out = capsys.readouterr().out
    lines = {line.split("  ")[0]: line.split() for line in out.splitlines() if line}
    metrics = json.loads((folder / "a/metrics.json").read_text("utf-8"))
    assert lines["validation loss"][2] == f"{metrics['validation']['as_trained']['loss']:.4f}"
    assert lines["parameters"] == ["parameters", "310", "310"]
    assert "train.optimizer.Adam.learning_rate  0.1  0.2" in out
    assert "batch_size" not in out
    drawing = (folder / "c.svg").read_text("utf-8")
    assert drawing.startswith("<svg xmlns=")
    assert "a, validation" in drawing
    code, found, _ = told(capsys, "compare", "a", "b")
    assert code == 0
    assert found[1]["config"]["train.optimizer.Adam.learning_rate"] == 0.2
    assert main(["compare", "a", "a"]) == 0
    assert "the configs are the same" in capsys.readouterr().out
    assert main(["compare", "a", "nothing"]) == 2
    assert "Expected: a run folder with run.json" in capsys.readouterr().err


def test_metrics_side_by_side() -> None:
    one = {"weights": "best", "test": {"as_trained": {"mae": 1.0}, "in_units": {"mae": 9.0}}}
    other = {"test": {"as_trained": {"mae": 3.0}, "in_units": {"mae": None}}}
    assert flat(one) == {"test mae": 1.0, "test mae (in units)": 9.0}
    found = spread([one, other, {"test": {"as_trained": {"mae": 5.0}}}])
    assert found == {"mean": {"test mae": 3.0}, "deviation": {"test mae": 2.0}}
    assert spread([]) == {"mean": {}, "deviation": {}}
    assert table([("", "a"), ("long", "1.5")]) == ["        a", "long  1.5"]
