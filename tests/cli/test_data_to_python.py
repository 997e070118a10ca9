"""Programs that to-python writes read and prepare data as the config does."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from kerasish.cli.main import main
from kerasish.config import settings
from tests.cli.test_to_python import both, history_of, same

HEAD = "kerasish: 1\nseed: 5\n"
TRAIN = "train: {optimizer: sgd, loss: mse, epochs: 2}\n"
MODEL = "model: {layers: [{Dense: 4}, {Dense: 1}]}\n"
DATA = {
    "tables": """
data:
  train: {csv: t.csv, missing: "?"}
  validation: {csv: u.csv}
  x: {from: [a, b], seq: [fill: previous, tanh: {}, Rescaling: 0.5]}
  y: y
""",
    "maps": """
data:
  source: {csv: t.csv, missing: "?"}
  x:
    a: {from: a, seq: [map: {M}, Normalization: {}]}
    b: {from: b, fill: median}
    c: {from: kept, map: {true: 1.5, false: -1}}
    d: {from: word, map: {"1": 1, two: 2}}
  y: y
model:
  nodes:
    all: {from: [a, b, c, d], Concatenate: {}}
    y: {from: all, Dense: 1}
  outputs: y
""".replace("{M}", ", ".join(f"{n}: {n % 5}" for n in range(32)).join("{}")),
    "ops": """
data:
  source: {csv: t.csv, missing: "?"}
  test: {every: 4}
  x: {from: [a, y], subtract: {}}
  y: y
""",
    "windows": """
data:
  source: {csv: t.csv, missing: "?", time: a}
  validation: {rows: [20, 30]}
  window: {history: 3}
  x: {past: {from: [a, y], Normalization: {}}}
  y: y
model: {layers: [Flatten, {Dense: 1}]}
""",
}


@pytest.mark.parametrize("name", DATA)
def test_data(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "backend", settings.backend)
    rng = np.random.default_rng(1)
    rows = [
        f"{n},{'?' if n % 7 == 3 else round(rng.random(), 4)},{rng.random():.4},"
        f"{'true' if n % 3 else 'false'},{'two' if n % 2 else 1}"
        for n in range(32)
    ]
    Path("t.csv").write_text("\n".join(["a,b,y,kept,word", *rows]), encoding="utf-8")
    Path("u.csv").write_text("\n".join(["a,b,y", "1,2,3", "2,3,1"]), encoding="utf-8")
    model = "" if "model:" in DATA[name] else MODEL
    Path("c.yaml").write_text(HEAD + model + DATA[name] + TRAIN, encoding="utf-8")
    run, made, _text = both("c.yaml")
    same(run, made)


def test_a_fold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program of a run of `cv`: its fold is validated on, as `evaluate` measures it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "backend", settings.backend)
    Path("t.csv").write_text("a,y\n" + "\n".join(f"{n},{n % 7}" for n in range(30)), "utf-8")
    text = HEAD + MODEL + "data: {source: {csv: t.csv}, x: a, y: y}\n" + TRAIN
    Path("c.yaml").write_text(text, encoding="utf-8")
    assert main(["cv", "c.yaml", "--folds", "3", "--quiet"]) == 0
    folder = "runs/c-cv/fold-2-of-3"
    assert main(["to-python", folder, "-o", "program.py"]) == 0
    assert "fold=(1, 3)" in Path("program.py").read_text(encoding="utf-8")
    same(history_of(folder), runpy.run_path("program.py"))
