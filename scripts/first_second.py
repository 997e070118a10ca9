"""How long each command says nothing: seconds from its start to the first line that it prints.

    python scripts/first_second.py [--cold]

With `--cold` the files of Python and of the packages are dropped from the system's cache before
each start, as after a boot. The exit code is 1 where a command took longer than a second.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLI = "import sys; from kerasish.cli.main import main; sys.exit(main())"
LIMIT = 1.0
WRONG = (
    "kerasish: 1\nmodel: {input: [4], layers: [Dens: 3]}\ntrain: {optimizer: adam, loss: msee}\n"
)
CONFIG = str(ROOT / "configs" / "digits_cnn.yaml")
CASES = {
    "--help": ["--help"],
    "fit --help": ["fit", "--help"],
    "a misspelt command": ["fti", CONFIG],
    "fit": ["fit", CONFIG, "--epochs", "1", "--run", "run"],
    "fit, a wrong config": ["fit", "wrong.yaml"],
    "check": ["check", CONFIG],
    "check, a wrong config": ["check", "wrong.yaml"],
    "show": ["show", CONFIG],
    "list layers": ["list", "layers"],
    "describe Conv2D": ["describe", "Conv2D"],
    "info": ["info"],
    "data": ["data", CONFIG],
    "doctor": ["doctor", CONFIG],
    "summary": ["summary", CONFIG],
    "to-python": ["to-python", CONFIG],
    "sweep": ["sweep", CONFIG, "--set", "seed=1,2"],
    "cv": ["cv", CONFIG],
    "evaluate, no run": ["evaluate", "none"],
    "predict, no run": ["predict", "none", "new.csv"],
    "report, no run": ["report", "none"],
    "compare, no run": ["compare", "none"],
}


def forget() -> None:
    """Drop the files of Python and of the packages from the system's cache."""
    paths = sysconfig.get_paths()
    for folder in {paths["stdlib"], paths["purelib"], paths["platlib"], str(ROOT / "kerasish")}:
        for path in Path(folder).rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def seconds(arguments: list[str], folder: str) -> tuple[float, str]:
    """How long a command takes to its first line, and the line; the command is ended then."""
    ours, theirs = os.openpty()  # a terminal, as a person has
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", CLI, *arguments], cwd=folder, stdout=theirs, stderr=theirs
    )
    line = os.read(ours, 1000).decode()
    taken = time.perf_counter() - begun
    process.kill()
    process.wait()
    os.close(ours)
    os.close(theirs)
    return taken, (line.splitlines() or [""])[0].strip()


def main() -> int:
    """Print a row for each command; 1 where one came late."""
    late = 0
    for name, arguments in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "wrong.yaml").write_text(WRONG, encoding="utf-8")
            if "--cold" in sys.argv:
                forget()
            taken, line = seconds(arguments, folder)
        late += taken > LIMIT
        print(f"{name:24}{taken:6.2f} s  {line[:60]}", flush=True)
    return min(late, 1)


if __name__ == "__main__":
    sys.exit(main())
