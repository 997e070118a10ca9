"""`kerasish explore`: pages of configs and runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerasish.cli.main import main

CONFIG = """\
kerasish: 1
name: small
seed: 1
model:
  layers:
    - Dense: {units: 4, activation: relu, name: hidden}
    - Dense: {units: 1, name: price}
data:
  train: {csv: rows.csv}
  x: {numbers: {from: [a, b]}}
  y: price
train: {optimizer: adam, loss: mse, epochs: 1}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i},{i % 3},{i * 2}\n" for i in range(40))
    Path("rows.csv").write_text(f"a,b,price\n{rows}", encoding="utf-8")
    Path("m.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_of_a_config_and_of_a_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "m.yaml"]) in (0, None)
    assert capsys.readouterr().out.endswith("small-explore.html: open it in a browser\n")
    page = Path("small-explore.html").read_text(encoding="utf-8")
    assert '"small/hidden":"m.yaml:6"' in page
    assert '"adam' in page  # the step trains
    assert main(["fit", "m.yaml", "--quiet"]) in (0, None)
    assert main(["explore", "runs/small", "--mode", "predict", "--rows", "3"]) in (0, None)
    page = Path("runs/small/explore.html").read_text(encoding="utf-8")
    assert "float32[3, 4]" in page
    assert '"adam' not in page


def test_without_data_inputs_are_random(folder: Path) -> None:
    text = CONFIG.split("data:")[0].replace("  layers:", "  input: [5]\n  layers:")
    Path("n.yaml").write_text(text, encoding="utf-8")
    assert main(["explore", "n.yaml", "-o", "n.html"]) in (0, None)
    assert "float32[32, 5]" in Path("n.html").read_text(encoding="utf-8")


def test_what_is_neither(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "rows.csv"]) == 2
    assert "a .yaml file, or the folder of a run" in capsys.readouterr().err
