"""Models between files: convert, from-keras, plot, summary."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from kerasish.cli.main import main
from kerasish.declarative import from_yaml
from kerasish.saving.files.safetensors import read
from kerasish.saving.whole_model import load_model
from tests.declarative.helpers import block

CONFIG = block("""
    kerasish: 1
    name: small
    seed: 3
    model:
      input: {shape: [4]}
      layers:
        - Dense: {units: 3, activation: tanh, name: first}
        - BatchNormalization: {name: norm}
        - Dense: {units: 2, name: last}
    train: {optimizer: sgd, loss: mse}
    """)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_whole_models_keep_their_weights(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "convert", "m.yaml", "a.keras")
    count = "3 layers, 35 parameters"
    assert (code, out, err) == (0, f"wrote a.keras: {count}, with new values\n", "")
    assert told(capsys, "convert", "a.keras", "b.h5")[1] == f"wrote b.h5: {count}\n"
    assert told(capsys, "convert", "b.h5", "c.weights.h5")[0] == 0
    again = ("convert", "c.weights.h5", "d.safetensors", "--model", "m.yaml")
    assert told(capsys, *again)[0] == 0
    again = ("convert", "d.safetensors", "e.keras", "--model", "b.h5")
    assert told(capsys, *again)[1] == f"wrote e.keras: {count}\n"
    x = np.linspace(-1, 1, 8, dtype="float32").reshape(2, 4)
    first = load_model("a.keras").predict(x, verbose=0)
    for name in ("b.h5", "e.keras"):
        np.testing.assert_array_equal(load_model(name).predict(x, verbose=0), first)
    assert len(read("d.safetensors")[0]) == 8


def test_layers_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "convert", "m.yaml", "a.json")
    code, out, _ = told(capsys, "convert", "a.json", "b.yaml")
    parts = "3 layers, 35 parameters; their values are not part of it"
    assert (code, out) == (0, f"wrote b.yaml: {parts}\n")
    text = (folder / "b.yaml").read_text(encoding="utf-8")
    assert from_yaml("b.yaml").count_params() == 35
    assert "name: first" in text
    assert "train: {optimizer: SGD, loss: mse}" in text
    told(capsys, "convert", "m.yaml", "a.keras")
    assert "loss: mse" in told(capsys, "from-keras", "a.keras")[1]
    assert told(capsys, "from-keras", "a.json") == (0, text, "")
    assert told(capsys, "from-keras", "a.json", "-o", "c.yaml") == (0, "wrote c.yaml\n", "")
    assert (folder / "c.yaml").read_text(encoding="utf-8") == text
    assert told(capsys, "fmt", "--check", "c.yaml") == (0, "", "")


def test_what_exists_stays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = told(capsys, "convert", "m.yaml", "m.yaml")
    assert (code, "m.yaml exists already" in err, "--force" in err) == (2, True, True)
    assert told(capsys, "convert", "m.yaml", "m.yaml", "--force")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["convert", "m.yaml", "x.txt"], "OUT. Expected: a name that ends in one of {.keras,"),
        (["convert", "none.keras", "x.h5"], "'none.keras' does not exist"),
        (["convert", "none.yaml", "x.h5"], "K106 'none.yaml' does not exist"),
        (["convert", "bad.keras", "x.h5"], "bad.keras"),
        (["convert", "bad.json", "x.h5"], "not JSON"),
        (["convert", "bad.weights.h5", "x.h5"], "holds weights alone. Expected: --model with"),
        (["convert", "m.txt", "x.h5"], "what 'm.txt' holds. Expected: a name that ends in .keras"),
        (["convert", ".", "x.h5"], "'.' is no run"),
        (["from-keras", "m.yaml"], "FILE. Expected: a .keras, .h5 or .json file"),
        (["summary", "bad.h5"], "bad.h5"),
        (["plot", "m.yaml", "-o", "no/x.svg"], "no"),
        (["plot", "m.yaml", "--direction", "LB"], "--direction must be one of TB, BT, LR, RL"),
    ],
)
def test_errors(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    for name in ("bad.keras", "bad.h5", "bad.weights.h5"):
        (folder / name).write_bytes(b"\xff" * 100)
    (folder / "bad.json").write_bytes(b"\xff{")
    (folder / "m.txt").touch()
    code, out, err = told(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert not (folder / "x.h5").exists()


def test_summary_takes_whatever_names_a_model(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(capsys, "convert", "m.yaml", "a.keras")
    told(capsys, "convert", "m.yaml", "a.json")
    _, out, _ = told(capsys, "summary", "m.yaml")
    assert "first (Dense)" in out
    layers = out.splitlines()[1:]
    for name in ("a.keras", "a.json"):
        assert told(capsys, "summary", name)[1].splitlines()[1 : len(layers) - 3] == layers[:-4]
    (folder / "run").mkdir()
    (folder / "a.keras").rename(folder / "run" / "model.keras")
    assert "first (Dense)" in told(capsys, "summary", "run")[1]


def test_pictures(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "plot", "m.yaml") == (0, "wrote small.svg\n", "")
    picture = (folder / "small.svg").read_text(encoding="utf-8")
    assert ET.fromstring(picture).tag.endswith("svg")
    assert "Dense" in picture
    assert "(None, 3)" in picture
    assert "first" not in picture
    options = ("--names", "--activations", "--dtypes", "--direction", "LR")
    assert told(capsys, "plot", "m.yaml", "-o", "x.svg", *options) == (0, "wrote x.svg\n", "")
    picture = (folder / "x.svg").read_text(encoding="utf-8")
    assert all(word in picture for word in ("first", "tanh", "float32"))
    assert told(capsys, "plot", "m.yaml", "-o", "x.dot")[0] == 0
    assert (folder / "x.dot").read_text(encoding="utf-8").startswith("digraph")
