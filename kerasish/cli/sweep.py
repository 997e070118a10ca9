"""`kerasish sweep`: a run for every setting of a grid."""

from __future__ import annotations

import itertools
import json
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.cli import run_folder
from kerasish.cli.declare import argument, command, count
from kerasish.cli.many import RECORD_FILE, Run, folder_of, in_turn
from kerasish.cli.options import CONFIG
from kerasish.cli.run import RUNNING, SEED, changes_of, surroundings
from kerasish.cli.tables import spread, table
from kerasish.cli.text import duration
from kerasish.errors import ArgumentError

MAX_RUNS = 10_000


@command(
    "study",
    "a run for every setting of a grid",
    CONFIG,
    argument("--seeds", type=count, default=1, metavar="N", help="N seeds for each setting"),
    argument("--run", metavar="DIR", help="the folder of all runs; by default runs/NAME-sweep"),
    SEED,
    *RUNNING,
    example="kerasish sweep model.yaml --set vars.width=32,64 --set train.optimizer=adam,sgd",
    opening="loading",
)
def sweep(arguments: Namespace) -> int:
    """Train every combination of the values that --set PATH=A,B,... gives, each in its folder.

    A value with commas of its own stands in brackets or quotes. A run that fails ends no other. The
    same command, given again, leaves finished runs as they are and goes on with the others. At
    the end stands a table, best first: by the watched value of the validation part where there
    is one, else by the training loss.
    """
    grid = [values_of(one) for one in arguments.overrides]
    total = arguments.seeds
    for _, values in grid:
        total *= len(values)
    if total > MAX_RUNS:
        raise ArgumentError("sweep", expected=f"at most {MAX_RUNS:,} runs", received=f"{total:,}")
    with surroundings(arguments):
        fixed = [f"{path}{values[0]}" for path, values in grid if len(values) == 1]
        folder, first = folder_of(arguments, fixed, "sweep")
        runs = _grid(arguments, grid, first)
        arguments.overrides = []
        record = {"config": arguments.config, "seed": first, "command": arguments.words}
        run_folder.write_json(folder / RECORD_FILE, record)
        code = in_turn(arguments, runs, folder)
        rows = ranked(runs)
        told = [one.told() for one in runs]
        run_folder.write_json(folder / RECORD_FILE, record | {"runs": told, "best": rows})
        if not arguments.quiet:
            print("\n".join(["", *table(_lines(rows)), f"wrote {folder}/"]))
    if arguments.json:
        print(json.dumps(run_folder.finite({"folder": str(folder), "runs": told, "best": rows})))
    return code


def _grid(arguments: Namespace, grid: list[tuple[str, list[str]]], first: int) -> list[Run]:
    names = _short([path for path, values in grid if len(values) > 1])
    found: list[Run] = []
    for values in itertools.product(*(values for _, values in grid)):
        changes = [f"{path}{value}" for (path, _), value in zip(grid, values, strict=True)]
        label = ",".join(
            f"{names[path]}={value}"
            for (path, _), value in zip(grid, values, strict=True)
            if path in names
        )
        for seed in range(first, first + arguments.seeds):
            more = f"seed={seed}" if arguments.seeds > 1 or not label else ""
            whole = ",".join(filter(None, (label, more)))
            own = [*changes, *changes_of(arguments)]
            own += [] if "seed=" in names else [f"seed={seed}"]
            found.append(Run(whole, own, setting=label or whole))
    return found


def values_of(change: str) -> tuple[str, list[str]]:
    """A change as what stands before its values (`path=` or `path+=`), and the values.

    Commas within brackets, braces and quotes part no values.
    """
    path, sign, text = change.partition("=")
    if not sign or not text:
        return change, [""]
    values, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "[{(":
            depth += 1
        elif letter in ")}]":
            depth -= 1
        elif letter == "," and not depth:
            values.append("")
            continue
        values[-1] += letter
    return f"{path}=", [value.strip() for value in values]


def _short(paths: Sequence[str]) -> dict[str, str]:
    """The last word of each path; as much of it as tells it apart."""
    whole = {path: path.removesuffix("=").removesuffix("+") for path in paths}
    last = {path: text.rpartition(".")[2] for path, text in whole.items()}
    taken = list(last.values())
    return {path: last[path] if taken.count(last[path]) == 1 else whole[path] for path in paths}


def ranked(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """A row for each setting, best first; the value is the mean over its seeds."""
    found: list[dict[str, Any]] = []
    for setting in dict.fromkeys(run.setting for run in runs):
        own = [run for run in runs if run.setting == setting]
        done = [run.outcome for run in own if run.outcome is not None]
        row: dict[str, Any] = {"setting": setting, "runs": len(done), "failed": len(own)}
        row["failed"] -= len(done)
        if done:
            records = [one.record for one in done]
            values = np.array([_best(one) for one in records])
            row |= {
                "by": records[0].get("best_by") or "loss",
                "most": bool(records[0].get("best_is_most")),
                "value": float(values.mean()),
                "deviation": float(values.std(ddof=1)) if len(values) > 1 else 0.0,
                "seconds": sum(one.get("seconds", 0.0) for one in records),
                "parameters": records[0].get("parameters"),
                "metrics": spread([one.metrics for one in done])["mean"],
            }
        found.append(row)
    return sorted(found, key=_rank)


def _best(record: dict[str, Any]) -> float:
    value = record.get("best")
    return float("nan") if value is None else float(value)


def _rank(row: dict[str, Any]) -> tuple[bool, float]:
    value = row.get("value", float("nan"))
    return not np.isfinite(value), -value if row.get("most") else value


def _lines(rows: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    by = next((row["by"] for row in rows if "by" in row), "loss")
    names = [n for n in next((r["metrics"] for r in rows if "metrics" in r), {}) if "test" in n]
    lines: list[tuple[str, ...]] = [("", by, "deviation", *names, "parameters", "time")]
    for row in rows:
        if "value" not in row:
            lines.append((row["setting"], "failed", *[""] * (len(names) + 3)))
            continue
        tests = [f"{row['metrics'].get(name, float('nan')):.4f}" for name in names]
        spread_ = f"{row['deviation']:.4f}" if row["runs"] > 1 else ""
        own = (f"{row['value']:.4f}", spread_, *tests, f"{row['parameters']:,}")
        lines.append((row["setting"], *own, duration(row["seconds"])))
    return lines
