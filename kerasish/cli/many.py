"""Several runs of one config, each in its folder below one: what `sweep` and `cv` share."""

from __future__ import annotations

import hashlib
import re
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from kerasish.cli import run_folder
from kerasish.cli.run import attempted, changes_of
from kerasish.cli.talk import Talk
from kerasish.cli.training import Outcome, Plan, read_config, train

RECORD_FILE = "sweep.json"
_LONGEST = 100  # characters of a folder's name


@dataclass
class Run:
    """One run of several: what is changed for it, and what came of it."""

    label: str
    changes: Sequence[str]
    fold: tuple[int, int] | None = None
    setting: str = ""  # what runs with other seeds share
    outcome: Outcome | None = None
    error: dict[str, Any] = field(default_factory=dict[str, Any])

    def told(self) -> dict[str, Any]:
        """The run as plain data, for JSON."""
        held = {"label": self.label, "changes": list(self.changes), **self.error}
        return held if self.outcome is None else held | self.outcome.told()


def in_turn(arguments: Namespace, runs: Sequence[Run], folder: Path) -> int:
    """Do runs one after another, each in its folder below one; those that are finished stay.

    A failure ends none of the others. Returns the exit code of the worst.
    """
    code = 0
    for number, run in enumerate(runs, 1):
        talk = Talk(arguments.quiet)
        own = folder / folder_name(run.label)
        talk.say(f"[{number}/{len(runs)}] {run.label}", "bold")
        begun = run_folder.state_of(own) is not None
        plan = Plan(own, resume=begun, overrides=run.changes, fold=run.fold)
        found, one = attempted(partial(train, arguments, arguments.config, plan, talk))
        if isinstance(found, Outcome):
            run.outcome = found
        else:
            run.error = found
        code = max(code, one)
        if one == 130:
            break
    return code


def folder_name(label: str) -> str:
    """A label as the name of a folder; what was cut is told apart by a digest."""
    name = re.sub(r"[^\w.=,+-]+", "_", label).strip("._") or "run"
    if len(name) <= _LONGEST and name == label:
        return name
    digest = hashlib.sha256(label.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST - 9]}-{digest}"


def folder_of(arguments: Namespace, fixed: Sequence[str], kind: str) -> tuple[Path, int]:
    """The folder of all runs, made, and the seed of the first: where one is drawn, once for all.

    Args:
        fixed: the changes that are the same for all.
        kind: what stands behind the config's name in that of a new folder.
    """
    changes = changes_of(arguments)
    if arguments.seed is not None:
        changes.append(f"seed={arguments.seed}")
    before = [*fixed, *changes]
    base = Namespace(**vars(arguments) | {"overrides": list(fixed)})
    project, _ = read_config(base, arguments.config, Plan(overrides=changes))
    folder = Path(arguments.run or run_folder.RUNS / f"{project.config.name}-{kind}")
    seed = project.config.seed or 0
    if len(base.overrides) > len(before):  # it was drawn
        held = run_folder.read_json(folder / RECORD_FILE).get("seed")
        seed = held if isinstance(held, int) else seed
    if run_folder.state_of(folder) is not None:
        run_folder.refuse_taken(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder, seed
