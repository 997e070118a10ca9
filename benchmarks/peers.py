"""The implementations that are compared, and the virtual environments they live in."""

from __future__ import annotations

import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
FOLDER = ROOT / "build" / "benchmarks"

# PyTorch first: keras and jax leave an installed one alone, and its own index has CPU-only builds.
PEERS = (("torch==2.13.0",), ("keras==3.15.1", "jax==0.10.2"))
TENSORFLOW = (("tensorflow==2.21.0", "keras==3.15.1"),)


@dataclass(frozen=True)
class Implementation:
    """One column of the tables.

    Attributes:
        name: what measure.py and the tables call it.
        env: whose interpreter runs it: "own" (this one), "peers" or "tensorflow".
        imports: the module whose import is timed.
    """

    name: str
    env: str
    imports: str


IMPLEMENTATIONS = {
    made.name: made
    for made in (
        Implementation("kerasish", "own", "kerasish"),
        Implementation("keras-jax", "peers", "keras"),
        Implementation("keras-torch", "peers", "keras"),
        Implementation("keras-tensorflow", "tensorflow", "keras"),
        Implementation("torch", "peers", "torch"),
        Implementation("torch-compile", "peers", "torch"),
    )
}
DEFAULT = ("kerasish", "keras-jax", "keras-torch", "torch")


def interpreter(folder: Path) -> Path:
    """The Python of a virtual environment."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def prepare(env: str, given: dict[str, Path]) -> Path:
    """The interpreter of an environment, which is made first if it does not exist.

    Args:
        env: "own", "peers" or "tensorflow".
        given: existing environments to use instead of our own, by name.
    """
    if env == "own":
        return Path(sys.executable)
    if env in given:
        return interpreter(given[env])
    folder = FOLDER / env
    python = interpreter(folder)
    done = folder / "complete"
    if not done.exists():
        print(f"setting up {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        for packages in PEERS if env == "peers" else TENSORFLOW:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        done.touch()
    return python
