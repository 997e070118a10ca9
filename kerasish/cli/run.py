"""`kerasish fit`: train models, each into its run folder."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from kerasish.backend.placing import device
from kerasish.cli import run_folder
from kerasish.cli.declare import argument, command, count
from kerasish.cli.options import BACKEND, CHANGES, JSON, VERBOSE
from kerasish.cli.tables import spread, table
from kerasish.cli.talk import Talk, aside, styled
from kerasish.cli.training import Outcome, Plan, read_config, train
from kerasish.cli.trouble import fault
from kerasish.errors import ArgumentError, ConfigError, KerasishError, NumericsError

EPOCHS = argument("--epochs", type=count, metavar="N", help="train for N epochs")
SEED = argument("--seed", type=int, metavar="N", help="overrides the config's")
DEVICE = argument("--device", metavar="NAME", help="cpu or gpu; where the model is computed")
QUIET = argument("--quiet", action="store_true", help="print nothing but errors")
RUNNING = (EPOCHS, BACKEND, DEVICE, VERBOSE, QUIET, JSON, *CHANGES)


@command(
    "train",
    "train a model and write a run folder",
    argument("configs", metavar="CONFIG", nargs="*", complete="yaml", help="a .yaml file"),
    argument("--run", metavar="DIR", help="the run folder; by default a new runs/NAME"),
    argument(
        "--resume",
        nargs="?",
        const="",
        metavar="DIR",
        complete="run",
        help="go on with the run in DIR (or --run), with its config where none is given",
    ),
    argument("--dry-run", action="store_true", help="do all up to one step, and write nothing"),
    SEED,
    argument("--seeds", type=count, metavar="N", help="N runs with seeds one after another"),
    *RUNNING,
    example="kerasish fit configs/digits_cnn.yaml --set train.epochs=5\n"
    "kerasish fit --resume runs/digits_cnn",
    opening="loading",
)
def fit(arguments: Namespace) -> int | None:
    """Train, measure on every part of the data, and write the run folder as it goes.

    Several configs are trained one after another, each in its folder; where one fails, the others
    are trained all the same, and the exit code is the worst. Ctrl-C and SIGTERM end training with
    what was learnt kept; --resume goes on from the last whole epoch as if nothing had been.
    """
    plans = _plans(arguments)
    outcomes: list[Any] = []
    code = 0
    with surroundings(arguments):
        for config, plan in plans:
            talk = Talk(arguments.quiet)
            run = partial(train, arguments, config, plan, talk)
            if len(plans) == 1:
                outcomes.append(_shown(run))
                continue
            outcome, one = attempted(run)
            code = max(code, one)
            outcomes.append({"config": config, **outcome} if one else outcome)
            if one == 130:
                break
        done = [one for one in outcomes if isinstance(one, Outcome)]
        spread_ = spread([one.metrics for one in done]) if arguments.seeds else {}
        if spread_ and not arguments.quiet:
            print("\n".join(table(spread_lines(spread_, len(done)))))
    if arguments.json:
        told = [one.told() if isinstance(one, Outcome) else one for one in outcomes]
        print(json.dumps(finite(told[0] if len(plans) == 1 else {"runs": told, **spread_})))
    return code


def _plans(arguments: Namespace) -> list[tuple[str, Plan]]:
    """The configs and how each is run."""
    configs, resume = list(arguments.configs), arguments.resume
    if resume and resume.endswith((".yaml", ".yml")):  # `--resume x.yaml`: the config, no folder
        configs, resume = [resume, *configs], ""
    resuming = resume is not None
    chosen = resume or arguments.run
    if not configs and resuming and chosen:
        configs = [chosen]
    if not configs:
        raise ArgumentError("fit", expected="a config, or --resume DIR", received="neither")
    if resuming and not chosen:
        raise ArgumentError("--resume", expected="the folder of a run", received="none")
    several = len(configs) > 1 or arguments.seeds is not None
    if several and chosen:
        raise ArgumentError("--run or --resume", expected="one config", received="several runs")
    folder = Path(chosen) if chosen else None
    changes = changes_of(arguments)
    if arguments.seed is not None:
        changes.append(f"seed={arguments.seed}")
    if arguments.seeds is None:
        dry = arguments.dry_run
        return [(one, Plan(folder, resume=resuming, overrides=changes, dry=dry)) for one in configs]
    found: list[tuple[str, Plan]] = []
    for config in configs:
        base = Namespace(**vars(arguments))
        project, _ = read_config(base, config, Plan(overrides=changes))
        first = project.config.seed or 0
        for seed in range(first, first + arguments.seeds):
            name = f"{project.config.name}-seed{seed}"
            own = [*changes, f"seed={seed}"]
            found.append((config, Plan(name=name, overrides=own, dry=arguments.dry_run)))
    return found


def changes_of(arguments: Namespace) -> list[str]:
    """The changes of a config that options of their own name."""
    return [] if arguments.epochs is None else [f"train.epochs={arguments.epochs}"]


def surroundings(arguments: Namespace) -> ExitStack:
    """Context manager: the device, and standard output, as the command line says."""
    stack = ExitStack()
    stack.enter_context(aside(arguments.json))
    if arguments.device is not None:
        stack.enter_context(device(arguments.device))
    return stack


def attempted(do: Callable[[], Outcome]) -> tuple[Any, int]:
    """An outcome and 0, or what went wrong, told and as plain data, with its exit code."""
    try:
        return _shown(do), 0
    except ConfigError as error:
        told, code = str(error), 2
    except (KerasishError, OSError, MemoryError) as error:
        told = f"error: {' '.join(str(error).split()) or type(error).__name__}"
        code = 3 if isinstance(error, NumericsError) else 2
    except KeyboardInterrupt:
        told, code = "interrupted", 130
    except Exception as error:  # noqa: BLE001 - it is told, and the runs after it are done
        told, code = fault(error, None)
    print(styled(told, "red", sys.stderr), file=sys.stderr)
    return {"error": told, "code": code}, code


def _shown(do: Callable[[], Outcome]) -> Outcome:
    """An outcome; where another config is refused, with the lines that differ."""
    try:
        return do()
    except run_folder.OtherConfigError as error:
        lines = [f"--- {error.folder}/{run_folder.CONFIG_FILE}", "+++ now", *error.lines]
        print("\n".join(lines), file=sys.stderr)
        raise


def spread_lines(found: dict[str, Any], runs: int) -> list[Sequence[str]]:
    """A table of means and standard deviations."""
    head = [("", "mean", f"deviation of {runs}")]
    rows = [
        (name, f"{mean:.4f}", f"{found['deviation'][name]:.4f}")
        for name, mean in found["mean"].items()
    ]
    return [*head, *rows]


def finite(value: Any) -> Any:
    """A value as JSON can hold it."""
    return run_folder.finite(value)
