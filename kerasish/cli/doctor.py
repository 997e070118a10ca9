"""`kerasish doctor`: what goes wrong most often, looked for before a long training."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator

from kerasish import random
from kerasish.cli.configs import prepare_for, project_of
from kerasish.cli.declare import argument, command
from kerasish.cli.doctoring.finding import CHECKS, Finding
from kerasish.cli.doctoring.leakage import check_balance, check_leakage
from kerasish.cli.doctoring.loss import check_losses
from kerasish.cli.doctoring.training import Trials
from kerasish.cli.options import BACKEND, CHANGES, JSON
from kerasish.cli.text import duration
from kerasish.declarative.api import Project
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.source import Mapping, Mark
from kerasish.models import Model
from kerasish.preparation import Prepared
from kerasish.preparation.audit import audit

Check = Callable[[], Iterator[Finding]]


@command(
    "check",
    "look for what goes wrong most often",
    argument(
        "source", metavar="SOURCE", complete="yaml", help="a .yaml file, or the folder of a run"
    ),
    argument("--quick", action="store_true", help="only what needs no training"),
    JSON,
    BACKEND,
    *CHANGES,
    example="kerasish doctor configs/digits_cnn.yaml",
    opening="loading",
)
def doctor(arguments: Namespace) -> int:
    """Eight checks: a loss that does not fit the last activation, classes out of balance, leakage
    between parts or from the target, inputs that are not scaled, gradients that explode, a few
    rows that cannot be learned by heart, dead units, and labels that tell no more than shuffled
    ones.

    Copies of the model are trained for some seconds each; nothing is written. A finding says what,
    how much, the line of the config and what to do. The exit code is 0 where nothing was found,
    else 2.
    """
    project = project_of(arguments, arguments.source)
    prepare_for(arguments, project)
    say = _quiet if arguments.json else _say
    started = time.perf_counter()
    found: list[Finding] = []
    for name, check in checks(project, arguments):
        say(f"  {CHECKS[name][1]}", "")
        before = time.perf_counter()
        now = list(check())
        found += now
        said = f"{len(now)} finding{'s' * (len(now) != 1)}" if now else "yes"
        say("", f": {said} ({duration(time.perf_counter() - before)})\n")
    _report(project, found, arguments, time.perf_counter() - started)
    return 2 if found else 0


def checks(project: Project, arguments: Namespace) -> Iterator[tuple[str, Check]]:
    """The checks that fit a config, by the names of `CHECKS`, in the order they are done in."""
    data = None if project.config.data is None else project.data()
    model = project.build(arguments.max_params)
    trained = project.config.train is not None
    if data is not None and trained:
        project.fit_arguments(model, data)
    if trained:
        yield "loss", lambda: check_losses(model, data)
    if data is None:
        return
    looked = audit(data)
    weighted = trained and project.config.train.class_weight is not None  # type: ignore[union-attr]
    yield "balance", lambda: check_balance(data, looked, weighted)
    yield "leakage", lambda: check_leakage(data, looked)
    if not trained or not data.targets:
        return
    trial = Trials(lambda: _made(project, arguments, data), data)
    yield "scale", trial.scale
    yield "gradients", trial.gradients
    if not arguments.quick:
        yield "batch", trial.batch
        yield "shuffle", trial.shuffle
        yield "dead", trial.dead


def _made(project: Project, arguments: Namespace, data: Prepared) -> Model:
    """The model anew, from the same seed."""
    random.set_random_seed(project.config.seed or 0)
    return project.build(arguments.max_params)


def _say(before: str, after: str) -> None:
    print(f"{before}{after}", end="", flush=True)


def _quiet(before: str, after: str) -> None:
    """Say nothing."""


def _report(project: Project, found: list[Finding], arguments: Namespace, took: float) -> None:
    document = project.config.document
    if arguments.json:
        told = [
            {"code": CHECKS[one.check][0], "check": one.check, "text": one.text,
             "place": str(mark_of(document, one.keys)), "mend": one.mend}
            for one in found
        ]  # fmt: skip
        json.dump({"findings": told, "seconds": round(took, 2)}, sys.stdout, indent=1)
        print()
        return
    listed = Diagnostics(command=True)
    for one in found:
        code = CHECKS[one.check][0]
        listed.add(code, one.text, mark_of(document, one.keys), one.mend)
    for one in listed.sorted():
        print(f"\n{one}")
    count = len(found)
    if project.config.data is None:
        print("no data section: only the model was looked at")
    said = f"{count} finding{'s' * (count != 1)}" if count else "no findings"
    print(f"{chr(10) * bool(count)}{arguments.source}: {said} in {duration(took)}")


def mark_of(document: Mapping, keys: tuple[str, ...]) -> Mark:
    """The place of the last of some keys that is there."""
    mark, value = document.mark, document
    for key in keys:
        entry = value.entries.get(key)
        if entry is None:
            break
        mark = entry.mark
        if not isinstance(entry.value, Mapping):
            break
        value = entry.value
    return mark
