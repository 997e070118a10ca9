"""Seconds to import kerasish and its peers, in fresh interpreters that take turns.

    python benchmarks/import_time.py [--venv peers=PATH] [--rounds 5] [--implementations ...]

Prints a Markdown table: median and minimum of the whole process less that of an empty one, and
how many modules were loaded.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import peers
import report
from peers import DEFAULT, IMPLEMENTATIONS, ROOT

COUNT = "import sys; print(len(sys.modules))"


def start(python: Path, name: str, code: str) -> tuple[float, int]:
    """(seconds a fresh interpreter takes for `code`, modules loaded at its end)."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    if name.startswith("keras-"):
        env["KERAS_BACKEND"] = name.partition("-")[2]
    begin = time.perf_counter()
    done = subprocess.run(
        [str(python), "-c", f"{code}\n{COUNT}"], env=env, capture_output=True, text=True, check=True
    )
    return time.perf_counter() - begin, int(done.stdout.split()[-1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--implementations", default=",".join(DEFAULT))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--venv", action="append", default=[], metavar="NAME=PATH")
    given = parser.parse_args()
    folders = {k: Path(v) for k, v in (item.split("=", 1) for item in given.venv)}
    names = given.implementations.split(",")
    pythons = {n: peers.prepare(IMPLEMENTATIONS[n].env, folders) for n in names}
    times: dict[str, list[float]] = {n: [] for n in names}
    modules = {}
    for round_ in range(given.rounds + 1):
        for name in names:
            empty, _ = start(pythons[name], name, "")
            total, modules[name] = start(
                pythons[name], name, f"import {IMPLEMENTATIONS[name].imports}"
            )
            if round_:  # the first fills the file cache and writes bytecode
                times[name].append(total - empty)
    rows = [
        [n, f"{statistics.median(t):.2f}", f"{min(t):.2f}", str(modules[n])]
        for n, t in times.items()
    ]
    print(report.table(["Import", "median, s", "minimum, s", "modules"], rows), file=sys.stdout)


if __name__ == "__main__":
    main()
