"""Programs that to-python writes read and prepare data as the config does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kerasish.config import settings
from tests.cli.test_to_python import both, same

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
        f"{n},{'?' if n % 7 == 3 else round(rng.random(), 4)},{rng.random():.4}" for n in range(32)
    ]
    Path("t.csv").write_text("\n".join(["a,b,y", *rows]), encoding="utf-8")
    Path("u.csv").write_text("\n".join(["a,b,y", "1,2,3", "2,3,1"]), encoding="utf-8")
    model = "" if "model:" in DATA[name] else MODEL
    Path("c.yaml").write_text(HEAD + model + DATA[name] + TRAIN, encoding="utf-8")
    run, made, _text = both("c.yaml")
    same(run, made)
