"""`kerasish data`: what is in the data of a config, a run or a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kerasish.cli.main import main
from kerasish.config import settings
from tests.declarative.helpers import block

CONFIG = block("""
    kerasish: 1
    name: small
    data:
      source: {csv: t.csv}
      train: {where: {part: train}}
      test: {where: {part: test}}
      x:
        numbers: {from: [a, b], seq: [fill: median, float_normalized]}
        words: {from: text, TextVectorization: {output_sequence_length: 4}}
      y: label
    model:
      nodes:
        vectors: {from: words, Embedding: {input_dim: $data.words.size, output_dim: 2}}
        read: {from: vectors, Flatten: {}}
        all: {from: [numbers, read], Concatenate: {}}
        label: {from: all, Dense: {units: 2, activation: softmax}}
      outputs: label
    train: {optimizer: adam, loss: sparse_categorical_crossentropy, epochs: 1}
    """)
ROWS = """part,a,b,text,label
train,1,7,red fox,yes
train,2,7,blue fox,no
train,3,7,red dog,no
train,,7,red cat,no
test,1,7,red fox,yes
test,9,7,green bird,no
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "backend", settings.backend)
    (tmp_path / "t.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "m.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["data", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_numbers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, "m.yaml")
    assert found["rows"] == {"train": 4, "test": 2}
    assert found["classes"]["label"] == {
        "train": {"no": 3, "yes": 1},
        "test": {"no": 1, "yes": 1},
    }
    columns = {one["name"]: one for one in found["columns"]}
    assert columns["a"]["missing"] == {"train": 1}
    assert (columns["a"]["low"], columns["a"]["high"]) == (1, 3)
    assert columns["a"]["beyond"] == {"test": 1}
    assert columns["b"]["different"] == 1
    assert columns["a"]["role"] == "x"
    assert columns["label"]["role"] == "y"
    assert found["unknown"]["words (text)"] == {"train": 0.0, "test": 0.5}
    assert found["duplicates"] == {"test in train": 1}


def test_the_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "m.yaml", "--rows", "2"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("small: train 4, test 2 rows\n")
    assert "the same in every row of training: part, b" in text
    assert "not in the vocabulary of words (text): 50.0% of test" in text
    assert "rows of test in train with the same inputs: 1 (50.0% of test)" in text
    assert "red fox" in text.partition("decoded")[2]
    assert max(map(len, text.splitlines())) <= 100


def test_a_file_and_a_scaled_target(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, "t.csv")
    assert found["rows"] == {"train": 6}
    text = CONFIG.replace("y: label", "y: {label: {from: a, Rescaling: 0.5}}")
    text = text.replace("Dense: {units: 2, activation: softmax}", "Dense: 1")
    text = text.replace("sparse_categorical_crossentropy", "mse")
    (folder / "q.yaml").write_text(text, encoding="utf-8")
    found = as_json(capsys, "q.yaml", "--rows", "2")
    assert found["dropped"] == {"train": 1}
    assert found["shown"][1]["prepared"]["label"] == pytest.approx([1.0])
    assert found["shown"][1]["decoded"]["label"] == pytest.approx([2.0])


def test_a_run_and_windows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "m.yaml", "--quiet", "--run", "r"]) == 0
    capsys.readouterr()
    assert as_json(capsys, "r")["rows"] == {"train": 4, "test": 2}
    lines = "\n".join(["t,v", *(f"{i},{i * 0.5}" for i in range(20))])
    (folder / "s.csv").write_text(lines, encoding="utf-8")
    series = block("""
        kerasish: 1
        data:
          source: {csv: s.csv, time: t}
          test: {rows: [15, 20]}
          window: {history: 3, horizon: 1}
          x: {past: {from: v, Normalization: {}}}
          y: {ahead: v}
        model: {layers: [Flatten, {Dense: 1}]}
        train: {optimizer: adam, loss: mse, epochs: 1}
        """)
    (folder / "s.yaml").write_text(series, encoding="utf-8")
    found = as_json(capsys, "s.yaml")
    assert found["rows"] == {"train": 12, "test": 5}
    assert found["duplicates"] == {}


def test_gaps_filled_by_the_row_before_and_a_pattern_of_files(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The column of the file is told; a run finds the files of a pattern again."""
    for number in range(2):
        rows = (
            f"{i},{'' if i % 5 == 3 else i * 0.5}" for i in range(20 * number, 20 * number + 20)
        )
        (folder / f"part-{number}.csv").write_text("\n".join(["t,v", *rows]), encoding="utf-8")
    series = block("""
        kerasish: 1
        data:
          source: {csv: "part-*.csv", time: t}
          test: {split: 0.3}
          window: {history: 3, horizon: 1}
          x: {past: {from: v, seq: [fill: previous, Normalization]}}
          y: {ahead: v}
        model: {layers: [Flatten, {Dense: 1}]}
        train: {optimizer: adam, loss: mse, epochs: 1}
        """)
    (folder / "s.yaml").write_text(series, encoding="utf-8")
    found = as_json(capsys, "s.yaml")
    assert {one["name"]: one["role"] for one in found["columns"]} == {"t": "time", "v": "x and y"}
    assert main(["fit", "s.yaml", "--quiet", "--run", "r"]) == 0
    capsys.readouterr()
    assert as_json(capsys, "r")["rows"] == found["rows"]
    for words in (["evaluate", "r"], ["report", "r"], ["fit", "--resume", "r"]):
        assert main(words) == 0, capsys.readouterr().err
    assert "v.previous" not in (folder / "r/report.html").read_text(encoding="utf-8")


def test_a_config_without_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "e.yaml").write_text(
        "kerasish: 1\nmodel: {input: [3], layers: [{Dense: 1}]}\n", encoding="utf-8"
    )
    assert main(["data", "e.yaml"]) == 2
    assert "data section" in capsys.readouterr().err
