"""What ends a process while it trains, and what it leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kerasish.saving import load_model

CLI = "import sys; from kerasish.cli.main import main; sys.exit(main())"
CONFIG = """kerasish: 1
name: m
seed: 1
model: {input: [8, 8, 1], layers: [Flatten, {Dense: {units: 10, activation: softmax}}]}
data: {dataset: digits, validation: {split: 0.2}, batch_size: 64}
train: {optimizer: adam, loss: sparse_categorical_crossentropy, epochs: 100000}
"""


def begun(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A training process that is past its second epoch."""
    (folder / "m.yaml").write_text(CONFIG, encoding="utf-8")
    environment = {**os.environ, "KERASISH_MAX_EPOCHS": ""}
    process = subprocess.Popen(
        [sys.executable, "-c", CLI, "fit", "m.yaml", "--verbose", "0", *arguments],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    history = folder / "runs/m/history.csv"
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        if history.is_file() and history.read_text("utf-8").count("\n") > 3:
            return process
        time.sleep(0.02)
    process.kill()
    raise AssertionError(process.communicate())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_a_signal_leaves(tmp_path: Path, number: signal.Signals) -> None:
    process = begun(tmp_path)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (130, "\ninterrupted\n")
    assert "interrupted: runs/m/model.keras is the model after epoch" in out
    folder = tmp_path / "runs/m"
    record = json.loads((folder / "run.json").read_text("utf-8"))
    assert record["state"] == "interrupted"
    assert record["epochs"] == (folder / "history.csv").read_text("utf-8").count("\n") - 1
    for name in ("model.keras", "last.keras"):
        assert load_model(folder / name).count_params() == 650
    assert not list(folder.glob(".*"))


def test_what_a_killed_process_leaves_is_whole(tmp_path: Path) -> None:
    process = begun(tmp_path)
    process.kill()
    process.communicate(timeout=120)
    folder = tmp_path / "runs/m"
    assert json.loads((folder / "run.json").read_text("utf-8"))["state"] == "running"
    rows = (folder / "history.csv").read_text("utf-8").splitlines()
    assert {row.count(",") for row in rows} == {2}
    for name in ("model.keras", "last.keras"):
        assert load_model(folder / name).count_params() == 650
    line = [sys.executable, "-c", CLI, "fit", "--resume", "runs/m", "--verbose", "0"]
    going_on = subprocess.Popen(line, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=-3)
    until = time.monotonic() + 120
    while time.monotonic() < until:
        now = (folder / "history.csv").read_text("utf-8").splitlines()
        if len(now) > len(rows):
            break
        time.sleep(0.02)
    going_on.terminate()
    assert going_on.wait(120) == 130
    assert now[: len(rows)] == rows
