"""Folders of pictures, sounds and texts, from `init` to a page about the run."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest

from kerasish.cli.main import main
from kerasish.config import settings
from kerasish.utils import save_img

HEAD = "kerasish: 1\nseed: 1\n"
MODEL = "model: {layers: [Flatten, Dense: {units: 1, activation: sigmoid}]}\n"
TRAIN = "train: {optimizer: adam, loss: binary_crossentropy, epochs: 1}\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "backend", settings.backend)
    monkeypatch.delenv("KERASISH_DATA", raising=False)


def pictures(folder: str, many: int = 12, size: int = 12, channels: int = 3) -> None:
    """Dark and bright pictures, each in a folder of its own."""
    rng = np.random.default_rng(many)
    for row in range(many):
        name = ("dark", "light")[row % 2]
        Path(folder, name).mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 100, (size, size, channels)) + 120 * (row % 2)
        save_img(f"{folder}/{name}/{row}.png", pixels, scale=False)


@pytest.mark.parametrize("source", [
    "{images: photos, size: [8, 8]}",
    "{csv: t.csv, files: {image: {images: photos, size: [8, 8]}}}",
])  # fmt: skip
def test_a_run_of_files_is_looked_at(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    pictures("photos")
    rows = [f"{('dark', 'light')[row % 2]}/{row}.png,{row % 2}" for row in range(12)]
    Path("t.csv").write_text("\n".join(["image,label", *rows]), encoding="utf-8")
    data = f"data: {{source: {source}, validation: {{split: 0.25}}, x: image, y: label}}\n"
    Path("c.yaml").write_text(HEAD + data + MODEL + TRAIN, encoding="utf-8")
    assert main(["fit", "c.yaml", "--quiet"]) == 0
    assert main(["report", "runs/c"]) == 0
    page = Path("runs/c/report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png") >= 3
    assert main(["data", "c.yaml", "--rows", "2"]) == 0
    capsys.readouterr()
    asked = ["photos"] if "csv" not in source else ["t.csv"]
    assert main(["predict", "runs/c", *asked, "--keep", "image"]) == 0
    found = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(found) == 12
    assert all(re.search(r"photos/(dark|light)/\d+\.png$", row["image"]) for row in found)
