"""`kerasish cv`: a run for every fold."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from kerasish.cli import run_folder
from kerasish.cli.declare import argument, command, count
from kerasish.cli.many import RECORD_FILE, Run, folder_of, in_turn
from kerasish.cli.options import CONFIG
from kerasish.cli.run import RUNNING, SEED, changes_of, spread_lines, surroundings
from kerasish.cli.tables import flat, spread, table
from kerasish.errors import ArgumentError


@command(
    "study",
    "cross-validate: a run for every fold",
    CONFIG,
    argument("--folds", type=count, default=5, metavar="N", help="how many folds; 5"),
    argument("--run", metavar="DIR", help="the folder of all runs; by default runs/NAME-cv"),
    SEED,
    *RUNNING,
    example="kerasish cv model.yaml --folds 5",
    opening="loading",
)
def cv(arguments: Namespace) -> int:
    """Train once for every fold of the rows that are no test rows, validating on the fold.

    Folds are stratified or keep groups together as `data.validation` says. Data with a time or a
    window are taken in order: each fold is validated on after training on those before it. The
    same command, given again, leaves finished folds as they are.
    """
    if arguments.folds < 2:
        raise ArgumentError("--folds", expected="2 or more", received=arguments.folds)
    with surroundings(arguments):
        folder, first = folder_of(arguments, arguments.overrides, "cv")
        changes = [*changes_of(arguments), f"seed={first}"]
        runs = [
            Run(f"fold-{k + 1}-of-{arguments.folds}", changes, (k, arguments.folds))
            for k in range(arguments.folds)
        ]
        record = {"config": arguments.config, "seed": first, "command": arguments.words}
        run_folder.write_json(folder / RECORD_FILE, record)
        code = in_turn(arguments, runs, folder)
        done = [run.outcome.metrics for run in runs if run.outcome is not None]
        found: dict[str, Any] = spread(done)
        told = [run.told() for run in runs]
        run_folder.write_json(folder / RECORD_FILE, record | {"runs": told, **found})
        if done and not arguments.quiet:
            print("\n".join(["", *table(_folds(runs)), ""]))
            print("\n".join(table(spread_lines(found, len(done)))))
            print(f"wrote {folder}/")
    if arguments.json:
        print(json.dumps(run_folder.finite({"folder": str(folder), "runs": told, **found})))
    return code


def _folds(runs: Sequence[Run]) -> list[tuple[str, ...]]:
    each = {run.label: flat(run.outcome.metrics) for run in runs if run.outcome is not None}
    names = [name for name in next(iter(each.values())) if name.startswith("validation")]
    rows = [
        (label, *(f"{found.get(name, float('nan')):.4f}" for name in names))
        for label, found in each.items()
    ]
    return [("", *names), *rows]
