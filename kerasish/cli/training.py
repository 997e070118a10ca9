"""One training run: from a config to a folder that holds what came of it."""

from __future__ import annotations

import importlib.util
import secrets
import time
from argparse import Namespace
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from kerasish import backend, extras, preparation
from kerasish.callbacks import Checkpoint
from kerasish.callbacks.callback import Callback
from kerasish.cli import run_folder
from kerasish.cli.configs import options, prepare_for
from kerasish.cli.diverged import explained
from kerasish.cli.evaluate import measured
from kerasish.cli.recorder import Recorder, watched
from kerasish.cli.run_folder import DIVERGED, FAILED, FINISHED, INTERRUPTED, RUNNING
from kerasish.cli.stopping import ending, stoppable
from kerasish.cli.summarized import layer_lines, report
from kerasish.cli.talk import Talk
from kerasish.cli.text import numbers
from kerasish.declarative.api import Project, load_config
from kerasish.errors import ArgumentError, DivergedError
from kerasish.models import Model
from kerasish.preparation import Prepared
from kerasish.preparation.served import network_of
from kerasish.saving.files.atomic import write_bytes

_MAX_SEED = 1 << 31


@dataclass(frozen=True)
class Plan:
    """How a run is done, beside what its config says.

    Attributes:
        folder: the run's; a new one of its name where None.
        name: the name of a new folder; the config's where "".
        resume: whether the run in the folder goes on.
        overrides: changes of the config, after those of the command line.
        fold: (k, n): part k of n, from 0, of what is no test data is validated on.
        dry: whether only one step is done, and nothing written.
    """

    folder: Path | None = None
    name: str = ""
    resume: bool = False
    overrides: Sequence[str] = ()
    fold: tuple[int, int] | None = None
    dry: bool = False


@dataclass
class Outcome:
    """What came of a run.

    Attributes:
        record: what its run.json holds.
        metrics: by part, "as_trained" and maybe "in_units", each by name.
    """

    folder: Path | None
    record: dict[str, Any]
    metrics: dict[str, Any] = field(default_factory=dict[str, Any])

    def told(self) -> dict[str, Any]:
        """The outcome as plain data, for JSON."""
        names = ("name", "state", "seed", "epochs", "best_epoch", "seconds", "parameters")
        told = {"run": None if self.folder is None else str(self.folder)}
        return told | {n: self.record.get(n) for n in names} | {"metrics": self.metrics}


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM while training: what was learnt is kept, and said."""


# --- before ------------------------------------------------------------------------------------


def read_config(arguments: Namespace, config: str, plan: Plan) -> tuple[Project, bytes]:
    """The checked config, with a seed in any case, and its text.

    Raises:
        ConfigError, ArgumentError: it is wrong, or has no data or no training.
    """
    path = Path(config) / run_folder.CONFIG_FILE if Path(config).is_dir() else Path(config)
    arguments.overrides = [*arguments.overrides, *plan.overrides]
    text = path.read_bytes() if path.is_file() else b""
    project = load_config(path, options(arguments))
    held = run_folder.read_json(plan.folder / run_folder.RECORD_FILE) if plan.folder else {}
    if project.config.seed is None:
        seed = held.get("seed") if plan.resume else None
        seed = secrets.randbelow(_MAX_SEED) if seed is None else seed
        arguments.overrides.append(f"seed={seed}")
        project = load_config(path, options(arguments))
    _check_sections(project)
    before = plan.folder if plan.resume else Path(config)  # a run, maybe, whose rows are meant
    fold = None if before is None else run_folder.fold_of(before)
    project.fold = fold or plan.fold
    return project, text


_NEEDED = {"data": "{dataset: digits}", "train": "{optimizer: adam, loss: mse}"}


def _check_sections(project: Project) -> None:
    """Training needs data and what `compile` gets."""
    document, found = project.config.document, project.diagnostics
    for section, example in _NEEDED.items():
        if getattr(project.config, section) is None:
            entry = document.entries.get(section)
            message = f"training needs the section '{section}'"
            message = message if entry is None else f"{section} is empty"
            mark = document.mark if entry is None else entry.mark
            found.add("K202", message, mark, f"such as {section}: {example}")
    found.raise_if_any()


def slow_line() -> str:
    """What installing the fast packages brings; "" where they are there."""
    if importlib.util.find_spec("llvmlite") is not None:
        return ""
    return (
        "llvmlite is not installed, so models train several times slower: "
        f"{extras.command('llvmlite')} compiles their steps"
    )


# --- the run -----------------------------------------------------------------------------------


def train(arguments: Namespace, config: str, plan: Plan, talk: Talk) -> Outcome:
    """Train as a config says, and write the run folder as it goes.

    Raises:
        KerasishError: the config, the data or the folder is wrong; nothing is left then.
        DivergedError: the loss was not finite.
        Interrupted: Ctrl-C or SIGTERM; the folder holds what was learnt.
    """
    arguments = Namespace(**vars(arguments))
    resumed = plan.folder if plan.resume else None
    if resumed is not None and run_folder.state_of(resumed) is None:
        raise ArgumentError("--resume", expected="the folder of a run", received=repr(str(resumed)))
    if plan.folder is not None and not plan.resume and not plan.dry:
        run_folder.refuse_taken(plan.folder)
    with stoppable(), talk.hearing():
        project, text = read_config(arguments, config, plan)
        slow = slow_line()
        if slow:
            talk.say(slow)
        prepare_for(arguments, project)
        if resumed is not None and not project.needs_data and _finished(resumed, project, talk):
            return outcome_of(resumed)
        talk.say(f"{project.config.name}: reading {_source(project)}")
        data = project.data()
        if resumed is not None and _finished(resumed, project, talk):
            return outcome_of(resumed)
        _tell_data(data, talk)
        model = project.build(arguments.max_params)
        keywords = project.fit_arguments(model, data)
        talk.say(
            f"training {model.count_params():,} parameters, seed {project.config.seed}, "
            f"{backend.backend()} backend"
        )
        if plan.dry:
            return _dry(project, model, keywords, talk)
        return _Run(arguments, plan, talk, project, data, model, text, config).train(keywords)


def _finished(folder: Path, project: Project, talk: Talk) -> bool:
    """Whether a run that is to go on has ended, of this config.

    Raises:
        ArgumentError: it was begun with another.
    """
    run_folder.refuse_other_config(folder, project)
    if run_folder.state_of(folder) != FINISHED:
        return False
    talk.say(f"finished already: {folder}/")
    return True


def _source(project: Project) -> str:
    data = project.config.data
    return "data" if data is None else str(data.source_name)


def _tell_data(data: Prepared, talk: Talk) -> None:
    sizes = [f"{name} {len(data.part(name)):,}" for name in data.parts.given()]
    talk.say(f"rows: {', '.join(sizes)}")
    for note in data.notes:
        talk.say(f"  {note}")


def _dry(project: Project, model: Model, keywords: dict[str, Any], talk: Talk) -> Outcome:
    left_out = ("callbacks", "validation_data")
    given: dict[str, Any] = {k: v for k, v in keywords.items() if k not in left_out}
    given |= {"epochs": 1, "steps_per_epoch": 1, "verbose": 0}
    history = model.fit(**given).history
    first = {name: float(np.mean(values[0])) for name, values in history.items()}
    talk.say(f"dry run: one step, {numbers(first)}; nothing is written")
    record = {"name": project.config.name, "state": "dry", "seed": project.config.seed}
    record["parameters"] = model.count_params()
    return Outcome(None, record, {"train": {"as_trained": first}})


class _Run:
    """A run whose data and model are ready."""

    def __init__(
        self,
        arguments: Namespace,
        plan: Plan,
        talk: Talk,
        project: Project,
        data: Prepared,
        model: Model,
        source: bytes,
        config: str,
    ) -> None:
        self.arguments, self.plan, self.talk = arguments, plan, talk
        self.project, self.data, self.model, self.source = project, data, model, source
        self.folder: Path | None = None
        self.began = time.perf_counter()
        self.before: dict[str, Any] = {}
        self.record: dict[str, Any] = {
            "name": project.config.name,
            "state": RUNNING,
            "command": ["kerasish", *arguments.words],
            "config": config,
            "seed": project.config.seed,
            "started": _now(),
            "versions": run_folder.versions(),
            "git": run_folder.git_revision(project.folder),
            "backend": backend.backend(),
            "files": {
                name: digest
                for table in data.parts.given().values()
                for name, digest in table.files.items()
            },
            "rows": {name: len(data.part(name)) for name in data.parts.given()},
            "parameters": model.count_params(),
            "notes": list(data.notes),
        }
        if project.fold is not None:
            self.record["fold"] = list(project.fold)

    # --- training -------------------------------------------------------------------------------

    def train(self, keywords: dict[str, Any]) -> Outcome:
        """Fit, measure, and write down how it ended."""
        callbacks: list[Callback] = list(keywords.pop("callbacks", None) or ())
        validated = self.data.parts.validation is not None
        monitor, mode = watched(callbacks, validated)
        self.recorder = Recorder(
            self._open, self._save, self._write_record, self.talk.note, monitor, mode
        )
        checkpoints = [one for one in callbacks if isinstance(one, Checkpoint)]
        if not any(type(one) is Checkpoint for one in checkpoints):
            checkpoints.append(Checkpoint(run_folder.CHECKPOINTS, keep=1))
        for one in checkpoints:
            one.resume = "auto" if self.plan.resume else False
        self.recorder.place(checkpoints)
        added = [one for one in checkpoints if one not in callbacks]
        keywords["callbacks"] = [self.recorder, *callbacks, *added]
        verbose = 0 if self.talk.quiet else self.arguments.verbose
        try:
            self.model.fit(**keywords, verbose="auto" if verbose is None else verbose)
            self.folder.mkdir(parents=True, exist_ok=True)  # type: ignore[union-attr]
            return self._finished()
        except KeyboardInterrupt:
            if self.folder is None:
                raise
            with ending():
                self._interrupted()
            raise Interrupted from None
        except DivergedError as error:
            if self.folder is None:
                raise
            with self._ending(DIVERGED):
                self.talk.say("the loss is not finite: looking for where it began")
                told = explained(error, self.project, self.data, self.model, self._states())
                self.record["error"] = str(told)
                self.talk.note(f"error: {told}")
            raise told from None
        except BaseException as error:
            if self.folder is not None and not self.recorder.epochs and not self.plan.resume:
                run_folder.clear(self.folder)
            elif self.folder is not None:
                with self._ending(FAILED):
                    self.record["error"] = str(error)
                    self.talk.note(f"error: {error}")
            raise

    def _open(self) -> Path:
        """The folder, with what is known before the first step."""
        plan, project = self.plan, self.project
        if plan.resume and plan.folder is not None:
            self.folder = plan.folder
            self.before = run_folder.read_json(self.folder / run_folder.RECORD_FILE)
            self.record["started"] = self.before.get("started", self.record["started"])
            self.record["resumed"] = [*self.before.get("resumed", ()), _now()]
        else:
            name = plan.name or project.config.name
            self.folder = run_folder.make_folder(plan.folder, name)
            write_bytes(self.folder / run_folder.SOURCE_FILE, self.source)
            resolved = run_folder.resolved_text(project)
            write_bytes(self.folder / run_folder.CONFIG_FILE, resolved.encode())
        self._write_record()
        self.talk.open(self.folder / run_folder.LOG_FILE)
        self.talk.say(f"writing {self.folder}/")
        return self.folder

    def _save(self, model: Model, path: Path) -> None:
        save(model, self.data, path)

    def _states(self) -> Path | None:
        """The folder of the checkpoint after the last good epoch."""
        folder = (self.folder or Path()) / run_folder.CHECKPOINTS
        return folder if folder.is_dir() else None

    # --- how it ends ----------------------------------------------------------------------------

    def _write_record(self) -> None:
        if self.folder is None:
            return
        recorder = self.recorder
        self.record |= {
            "epochs": recorder.epochs,
            "best_epoch": recorder.best_epoch or None,
            "best_by": recorder.watched,
            "best": recorder.best,
            "best_is_most": recorder.most,
            "best_is_averaged": bool(recorder.averaged),
            "seconds": round(self.seconds, 3),
        }
        run_folder.write_json(self.folder / run_folder.RECORD_FILE, self.record)

    @property
    def seconds(self) -> float:
        """How long the run has trained, before a resumption included."""
        return self.before.get("seconds", 0.0) + time.perf_counter() - self.began

    @contextmanager
    def _ending(self, state: str) -> Generator[None, None, None]:
        self.record["state"] = state
        self.record["ended"] = _now()
        self.record["notes"] = list(self.data.notes)
        self._write_record()
        yield
        self._write_record()

    def _finished(self) -> Outcome:
        recorder, folder, model = self.recorder, self.folder or Path(), self.model
        self._average(folder)
        if recorder.watched is None:
            self._save(model, folder / run_folder.MODEL_FILE)
        elif recorder.best_epoch:
            load_weights(model, folder / run_folder.MODEL_FILE, self.arguments.allowance)
        seconds = self.seconds
        metrics = {name: self._measured(name) for name in self.data.parts.given()}
        which: dict[str, Any] = {"weights": "last" if recorder.watched is None else "best"}
        which["epoch"] = recorder.best_epoch
        run_folder.write_json(folder / run_folder.METRICS_FILE, which | metrics)
        history = model.history.history
        lines = report(self.project.config.name, model, history, seconds, metrics, recorder)
        run_folder.write_summary(folder, [*lines, "", *layer_lines(model)])
        with self._ending(FINISHED):
            self.talk.say("\n".join(lines))
            self.talk.say(f"wrote {folder}/")
        return Outcome(folder, self.record, metrics)

    def _average(self, folder: Path) -> None:
        """Let the averages of the weights that an optimizer has kept, with which training ends, be
        the last model, and the best where they are better than those of every epoch."""
        recorder, optimizer = self.recorder, self.model.optimizer
        if optimizer is None or not optimizer.keeps_averages:
            return
        optimizer.finalize_variable_values(self.model.trainable_variables)
        self._save(self.model, folder / run_folder.LAST_FILE)
        if recorder.watched is None:
            return
        found = self._measured("validation")["as_trained"]
        value = found.get(recorder.watched.removeprefix("val_"))
        if value is not None and recorder.improves(value, recorder.best):
            recorder.best, recorder.best_epoch = value, recorder.epochs
            recorder.averaged = {f"val_{name}": one for name, one in found.items()}
            write_bytes(
                folder / run_folder.MODEL_FILE, (folder / run_folder.LAST_FILE).read_bytes()
            )

    def _measured(self, name: str) -> dict[str, Any]:
        return measured(self.model, self.data, name)

    def _interrupted(self) -> None:
        recorder, folder = self.recorder, self.folder or Path()
        with self._ending(INTERRUPTED):
            if not (folder / run_folder.MODEL_FILE).exists():
                for name in (run_folder.LAST_FILE, run_folder.MODEL_FILE):
                    self._save(self.model, folder / name)
                what = "the model as it was within its first epoch"
            else:
                what = f"the model after epoch {recorder.best_epoch}"
                if recorder.best_epoch != recorder.epochs:
                    what += f", the best, and {run_folder.LAST_FILE} after {recorder.epochs}"
            history = self.model.history.history if recorder.epochs else {}
            lines = report(
                self.project.config.name, self.model, history, self.seconds, {}, recorder
            )
            run_folder.write_summary(folder, [*lines, "", *layer_lines(self.model)])
            self.talk.say("\n".join(lines))
            self.talk.say(f"interrupted: {folder}/{run_folder.MODEL_FILE} is {what}")
            self.talk.say(f"  kerasish fit --resume {folder}  goes on")


def outcome_of(folder: Path) -> Outcome:
    """The outcome of a run from its folder."""
    metrics = run_folder.read_json(folder / run_folder.METRICS_FILE)
    parts = {name: held for name, held in metrics.items() if isinstance(held, dict)}
    return Outcome(folder, run_folder.read_json(folder / run_folder.RECORD_FILE), parts)


def save(model: Model, data: Prepared, path: Path) -> None:
    """Write the model that a run has trained."""
    preparation.save(model, data, path)


def load_weights(model: Model, path: Path, allowance: float | None = None) -> None:
    """Give a model the weights of a file that `save` wrote."""
    model.set_weights(network_of(path, allowance).get_weights())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
