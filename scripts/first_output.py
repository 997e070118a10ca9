"""How long `kerasish fit` says nothing, and how long it takes to its first step.

    python scripts/first_output.py [CONFIG]

Prints seconds from the start of the process to the first line, and to the line that comes before
the first step. The first should be less than one second.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONFIG = Path(__file__).resolve().parents[1] / "configs" / "digits_cnn.yaml"
CLI = "import sys; from kerasish.cli.main import main; sys.exit(main())"


def measured(config: str) -> list[tuple[float, str]]:
    """Seconds since the start, and the line that came then."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        command = [sys.executable, "-c", CLI, "fit", config, "--epochs", "1", "--run", "run"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
            lines = process.stdout or []
            return [(time.perf_counter() - begun, line.rstrip()) for line in lines]


def main() -> int:
    """Print the times of the lines; 1 where the first came late."""
    config = str(Path(sys.argv[1]).resolve()) if len(sys.argv) > 1 else str(CONFIG)
    found = measured(config)
    for seconds, line in found:
        print(f"{seconds:7.2f}  {line}")
    return 0 if found and found[0][0] < 1 else 1


if __name__ == "__main__":
    sys.exit(main())
