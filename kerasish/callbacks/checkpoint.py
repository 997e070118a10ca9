"""`Checkpoint` and `BackupAndRestore`: training that goes on, bit for bit, where it was cut off.

A checkpoint is one HDF5 file: the weights in the layout of Keras's legacy files, the optimizer's
variables, and in the group `kerasish/` the rest: random streams, running metrics, position in
the data, callbacks, history. It is replaced whole and carries a digest of every array.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np

from kerasish.callbacks.callback import Callback, Logs
from kerasish.errors import ArgumentError, FileFormatError, clip
from kerasish.random import global_seed_generator
from kerasish.saving import beside, legacy_h5, state, weights, whole_model

_NAME = re.compile(r"checkpoint-\d{6}-\d{9}\.h5")


def write_checkpoint(path: Path, model: Any) -> None:
    """Write where the running `fit` of a model stands."""
    kept = {
        **beside.state_of(model),
        "global_seed": global_seed_generator().state.numpy(),
        "metrics": [v.numpy() for v in _metric_variables(model)],
        "fit": model.fit_state.state_dict(),
    }
    with weights.new_h5(path) as file:
        legacy_h5.write_legacy(file, model)
        slots = [(v.path, v.numpy()) for v in model.optimizer.variables]
        legacy_h5.write_named(file.create_group("optimizer_weights"), slots)
        state.write_state(file, kept)


def read_checkpoint(path: Path, model: Any) -> None:
    """Bring a model and its running `fit` to where `write_checkpoint` left them.

    Raises:
        FileFormatError: a damaged file, or one of another model; nothing is changed then.
    """
    plan, kept = whole_model.plan_restore(model, path)
    variables = _metric_variables(model)
    metrics = kept.get("metrics")
    if not isinstance(metrics, list) or len(metrics) != len(variables):
        found = f"{len(metrics)} of them" if isinstance(metrics, list) else "none"
        raise FileFormatError(
            f"{path}: other metrics",
            expected=f"{len(variables)} variables of metrics",
            received=found,
            fix="Compile the model with the metrics it had.",
        )
    plan += _fitting(path, "metrics", variables, metrics)
    seed = global_seed_generator().state
    plan += _fitting(path, "global_seed", [seed], [kept.get("global_seed")])
    _take_up(path, model.fit_state, kept.get("fit"))
    weights.assign(plan)


def _fitting(path: Path, what: str, variables: list[Any], arrays: list[Any]) -> list[Any]:
    """The variables with the arrays of a file's state, which may hold anything."""
    for variable, array in zip(variables, arrays, strict=True):
        if not isinstance(array, np.ndarray) or array.shape != variable.shape:
            raise FileFormatError(
                f"{path}: {what}",
                expected=f"an array of shape {variable.shape} for {variable.path}",
                received=clip(repr(array)),
            )
    return list(zip(variables, arrays, strict=True))


def _take_up(path: Path, fit_state: Any, saved: Any) -> None:
    """Let a run take up the position of a file, or leave it where it is."""
    before = fit_state.state_dict()
    try:
        forms = {name: type(value) for name, value in before.items()}
        found = {k: type(v) for k, v in saved.items()} if isinstance(saved, dict) else None
        if found != forms:
            raise FileFormatError("", expected=", ".join(forms), received=clip(repr(saved)))
        fit_state.load_state_dict(saved)
    except Exception as error:
        fit_state.load_state_dict(before)
        raise FileFormatError(
            f"{path}: the position of another run",
            expected="what `fit` wrote, with callbacks of the same classes",
            received=f"{type(error).__name__}: {error}",
        ) from error


def _metric_variables(model: Any) -> list[Any]:
    return [v for metric in model.metrics for v in metric.variables]


class Checkpoint(Callback):
    """Saves everything that decides how training goes on, and resumes from it.

    The same script, started again, continues with the weights, optimizer, random streams, order
    of the data, metrics, callbacks and history that the interrupted run had.

    Args:
        path: a folder for the files; made if needed.
        save_freq: "epoch", or a number of batches.
        keep: how many files are kept; older ones are deleted.
        resume: "auto" resumes where there is a file, True needs one, False starts over.

    A run whose loss is not finite is not saved, so that the last good file stays.

    Raises:
        ArgumentError: the folder cannot be written, or nothing can be resumed with `resume=True`.
        FileFormatError: all files are damaged, or of another model.
    """

    runs_last = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        save_freq: Literal["epoch"] | int = "epoch",
        keep: int = 3,
        resume: Literal["auto"] | bool = "auto",
    ) -> None:
        super().__init__()
        if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 1):
            raise ArgumentError(
                "save_freq", expected="'epoch' or a number of batches", received=repr(save_freq)
            )
        if resume not in ("auto", True, False):
            raise ArgumentError("resume", expected="'auto', True or False", received=repr(resume))
        if keep < 1:
            raise ArgumentError("keep", expected="1 or more", received=repr(keep))
        self.path = Path(path)
        self.save_freq = save_freq
        self.keep = keep
        self.resume = resume
        self._batches = 0
        self.idle = frozenset(("on_train_batch_end",) if save_freq == "epoch" else ())

    def files(self) -> list[Path]:
        """The checkpoints in the folder, the newest first."""
        if not self.path.is_dir():
            return []
        return sorted((p for p in self.path.iterdir() if _NAME.fullmatch(p.name)), reverse=True)

    def on_train_begin(self, logs: Logs = None) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArgumentError(f"path {self.path}: cannot be made: {error.strerror}.") from error
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise ArgumentError(
                f"path {self.path}", expected="a folder that can be written", received="none"
            )
        if self.resume is not False:
            self._resume()

    def _resume(self) -> None:
        files = self.files()
        if not files and self.resume is True:
            raise ArgumentError(
                "resume=True", expected=f"a checkpoint in {self.path}", received="none there"
            )
        for number, path in enumerate(files):
            try:
                read_checkpoint(path, self.model)
                return
            except FileFormatError as error:
                if number == len(files) - 1:
                    raise
                warnings.warn(f"{error} Trying the one before.", stacklevel=2)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._batches += 1
        if self._batches == self.save_freq:
            self._batches = 0
            self._save(logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch" or self.model.stop_training:
            self._save(logs)

    def _save(self, logs: Logs) -> None:
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            warnings.warn(
                f"{type(self).__name__}: not saved, since the loss is {loss}.", stacklevel=2
            )
            return
        at = self.model.fit_state
        write_checkpoint(self.path / f"checkpoint-{at.epoch:06d}-{at.step:09d}.h5", self.model)
        for old in self.files()[self.keep :]:
            old.unlink(missing_ok=True)

    def state_dict(self) -> dict[str, Any]:
        return {"batches": self._batches}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._batches = int(state["batches"])


class BackupAndRestore(Checkpoint):
    """Resumes a training run that was interrupted; the files go when it has ended.

    Args:
        backup_dir: a folder for the files.
        save_freq: "epoch", or a number of batches.
        double_checkpoint: whether the file before the last is kept too.
        delete_checkpoint: whether the files, and the folder when it is empty, are deleted when
            training ends.
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: Literal["epoch"] | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        if not isinstance(backup_dir, (str, os.PathLike)) or not os.fspath(backup_dir):
            raise ArgumentError("backup_dir", expected="a folder", received=repr(backup_dir))
        super().__init__(backup_dir, save_freq, keep=2 if double_checkpoint else 1)
        self.backup_dir = backup_dir
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint

    def on_train_end(self, logs: Logs = None) -> None:
        if self.delete_checkpoint:
            for path in self.files():
                path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # something else lies there
                self.path.rmdir()
