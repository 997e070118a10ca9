"""Folders of pictures, sounds and texts, from `init` to a page about the run."""

from __future__ import annotations

import csv
import io
import re
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasish.cli.main import main
from kerasish.config import settings
from kerasish.declarative.api import load_config
from kerasish.declarative.text.source import plain
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


def waves(folder: str, rate: int = 4000) -> None:
    """Low and high tones of many lengths, in two channels."""
    rng = np.random.default_rng(3)
    for row in range(12):
        name = ("low", "high")[row % 2]
        Path(folder, name).mkdir(parents=True, exist_ok=True)
        steps = np.arange(int(rng.integers(rate // 2, rate)))
        tone = 20000 * np.sin(2 * np.pi * (200, 900)[row % 2] * steps / rate)
        with wave.open(f"{folder}/{name}/{row}.wav", "wb") as file:
            file.setparams((2, 2, rate, 0, "NONE", ""))
            file.writeframes(np.repeat(tone.astype("<i2")[:, None], 2, axis=1).tobytes())


def data_of(config: str) -> dict[str, Any]:
    """The section `data` of a config, which is checked."""
    held: Any = plain(load_config(config).config.document)
    return held["data"]


def test_a_config_for_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    pictures("photos/train", 16, 12, 1)
    pictures("photos/test", 4, 12, 1)
    assert main(["init", "photos"]) == 0
    data = data_of("photos.yaml")
    assert data["source"] == {"images": "photos/train", "size": [12, 12], "color": "grayscale"}
    assert data["test"] == {"images": "photos/test"}
    assert main(["fit", "photos.yaml", "--epochs", "1", "--quiet"]) == 0
    assert main(["data", "photos/test"]) == 0
    assert "test: 4 rows" in capsys.readouterr().out


def test_pictures_of_many_sizes_are_brought_to_one() -> None:
    pictures("photos", 4, 50)
    pictures("photos", 2, 70)
    assert main(["init", "photos", "-o", "c.yaml"]) == 0
    assert data_of("c.yaml")["source"] == {"images": "photos", "size": [48, 48], "color": "rgb"}


def test_a_config_for_sounds(capsys: pytest.CaptureFixture[str]) -> None:
    waves("sounds")
    assert main(["init", "sounds"]) == 0
    source = data_of("sounds.yaml")["source"]
    assert source["rate"] == 4000
    assert 2000 < source["length"] <= 4000
    assert main(["fit", "sounds.yaml", "--epochs", "1", "--quiet"]) == 0
    capsys.readouterr()
    assert main(["predict", "runs/sounds", "sounds/high"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 7


def test_a_config_for_texts() -> None:
    for row in range(24):
        path = Path("letters", ("kind", "angry")[row % 2], f"{row}.txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"what a {('lovely', 'bad')[row % 2]} day number {row} is", "utf-8")
    assert main(["init", "letters"]) == 0
    data = data_of("letters.yaml")
    assert data["source"] == {"texts": "letters"}
    assert list(data["x"]) == ["words"]
    assert main(["fit", "letters.yaml", "--epochs", "1", "--quiet"]) == 0


@pytest.mark.parametrize("command", ["init", "data"])
def test_folders_without_data_are_told(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    assert main([command, "empty"]) == 2
    assert "The folder 'empty'. Expected: images, sound or texts in it" in capsys.readouterr().err


def test_files_without_folders_of_classes_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    pictures("photos", 4)
    for target in (["--target", "path"], []):
        assert main(["init", "photos/dark", *target]) == 2
        assert "a folder for each class in it" in capsys.readouterr().err
