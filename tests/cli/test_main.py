"""The door: what goes wrong before a command runs is text and a code too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from kerasish.cli import main as door
from kerasish.errors import BackendError

CLI = "import sys; from kerasish.cli.main import main; sys.exit(main())"
CONFIG = """kerasish: 1
model: {input: [8, 8, 1], layers: [Flatten, {Dense: {units: 10, activation: softmax}}]}
data: {dataset: digits, batch_size: 512}
train: {optimizer: adam, loss: sparse_categorical_crossentropy, epochs: 2}
"""


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = {"PY": sys.executable, "CLI": CLI}
    for word, text in words.items():
        line = line.replace(f"${word}", f"'{text}'")
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, capture_output=True, text=True, check=False
    )


def test_closed_streams_lead_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(CONFIG, encoding="utf-8")
    done = shell("exec $PY -c $CLI fit m.yaml --run a <&- >&-", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "a" / "model.h5").is_file()
    done = shell("exec $PY -c $CLI check absent.yaml >&- 2>&-", tmp_path)
    assert done.returncode == 2


def test_the_environment_is_checked_like_an_argument(tmp_path: Path) -> None:
    done = shell("KERASISH_BACKEND=abacus exec $PY -c $CLI info", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Unknown backend. Expected: one of numpy, cupy, auto. ")
    assert "KERASISH_BACKEND" in done.stderr
    done = shell("KERASISH_BACKEND= exec $PY -c $CLI info", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "\ninterrupted\n"),
        (BackendError("No such\nlibrary."), 2, "error: No such library.\n"),
    ],
)
def test_what_comes_while_loading(
    error: BaseException,
    code: int,
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(name: str) -> None:
        raise error

    monkeypatch.setattr(door, "importlib", SimpleNamespace(import_module=load))
    assert door.main(["info"]) == code
    assert capsys.readouterr().err == told


def test_the_door_is_light() -> None:
    """What it loads by itself is loaded before anything could catch an interrupt."""
    code = "import sys, kerasish.cli.main; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
