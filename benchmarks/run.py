"""Compare kerasish with Keras (on its backends) and PyTorch, side by side on this machine.

    python benchmarks/run.py                          # everything, three rounds
    python benchmarks/run.py mlp lstm --rounds 5      # some workloads
    python benchmarks/run.py --venv peers=PATH        # an environment that has the peers already
    python benchmarks/run.py --report results.jsonl   # print the tables of an earlier run again

Every measurement is a process of its own. Implementations take turns within a workload and the
order rotates from round to round, so that a machine that slows down or speeds up meets all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import peers
import report
from peers import DEFAULT, HERE, IMPLEMENTATIONS, ROOT
from workloads import WORKLOADS

TIMEOUT = 900
NAMES = tuple(WORKLOADS)


def measure(python: Path, implementation: str, workload: str, repeats: int) -> dict[str, Any]:
    """The result of one process, or {"error": its last line}."""
    command = [python, HERE / "measure.py", implementation, workload, "--rounds", str(repeats)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            list(map(str, command)),
            env=env,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"no result within {TIMEOUT} s"}
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return {"error": lines[-1][:300] if lines else f"exit status {done.returncode}"}
    return json.loads(done.stdout.strip().splitlines()[-1])


def rotated(items: list[str], by: int) -> list[str]:
    """`items` from the one at `by` on, then the rest."""
    by %= len(items)
    return items[by:] + items[:by]


def run(given: argparse.Namespace, out: Path) -> None:
    """Measure everything asked for, appending one JSON line per measurement to `out`."""
    folders = dict(item.split("=", 1) for item in given.venv)
    existing = {name: Path(folder) for name, folder in folders.items()}
    pythons = {
        name: peers.prepare(IMPLEMENTATIONS[name].env, existing) for name in given.implementations
    }
    products = [n for n in ("kerasish", "torch") if n in pythons]
    with out.open("a") as file:

        def note(round_: int, implementation: str, workload: str) -> None:
            found = measure(pythons[implementation], implementation, workload, given.repeats)
            row = {"round": round_, "implementation": implementation, "workload": workload}
            print(json.dumps({**row, **found}), file=file, flush=True)
            shown = found.get("error") or found.get("step_ms") or found
            print(f"{time.strftime('%H:%M:%S')} {round_} {workload} {implementation}: {shown}",
                  file=sys.stderr)  # fmt: skip

        for round_ in range(given.rounds):
            for name in products:
                note(round_, name, "gemm")
            for workload in given.workloads:
                for name in rotated(given.implementations, round_):
                    note(round_, name, workload)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("workloads", nargs="*", metavar="workload", help=f"of {', '.join(NAMES)}; default: all")
    add("--implementations", default=",".join(DEFAULT), help=f"of {', '.join(IMPLEMENTATIONS)}")
    add("--rounds", type=int, default=3, help="processes per workload and implementation")
    add("--repeats", type=int, default=5, help="timed epochs within a process")
    add("--venv", action="append", default=[], metavar="NAME=PATH",
        help="use this environment for 'peers' or 'tensorflow' instead of making one")  # fmt: skip
    add("--out", type=Path, help="file of raw results (default: build/benchmarks/TIME.jsonl)")
    add("--report", type=Path, help="only print the tables of this file")
    given = parser.parse_args()
    given.workloads = given.workloads or list(NAMES)
    given.implementations = given.implementations.split(",")
    for what, names, known in (
        ("workload", given.workloads, NAMES),
        ("implementation", given.implementations, IMPLEMENTATIONS),
        ("environment", [v.partition("=")[0] for v in given.venv], ("peers", "tensorflow")),
    ):
        for name in names:
            if name not in known:
                parser.error(f"unknown {what}: {name!r}; expected one of {', '.join(known)}")
    return given


def main() -> None:
    """Measure and print the tables."""
    given = arguments()
    out = given.report or given.out
    if out is None:
        peers.FOLDER.mkdir(parents=True, exist_ok=True)
        out = peers.FOLDER / time.strftime("%Y%m%d-%H%M%S.jsonl")
    if given.report is None:
        run(given, out)
        print(f"raw results: {out}", file=sys.stderr)
    print(report.tables(report.read(out)))


if __name__ == "__main__":
    main()
