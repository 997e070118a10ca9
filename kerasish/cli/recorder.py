"""The callback that writes a run folder while a model trains."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.callbacks import Checkpoint, EarlyStopping, ModelCheckpoint
from kerasish.callbacks.callback import Callback, Logs
from kerasish.callbacks.monitor import Monitor
from kerasish.cli import run_folder
from kerasish.cli.stopping import notice, waiting
from kerasish.errors import DivergedError
from kerasish.saving.files.atomic import write_bytes
from kerasish.showing.progress import line

Save = Callable[[Any, Path], None]
_LOOKS = 1.0  # seconds between two looks at the loss within an epoch


class Recorder(Monitor):
    """Writes the history, the models and the record of a run after every epoch, each file whole.

    `last.keras` is the model after the last epoch. `model.keras` is that of the epoch in which the
    watched log was best, or the last where nothing is watched. A loss that is not finite ends the
    run before anything of that epoch is written over what was good.

    Args:
        begin: makes the run's folder when all before the first step has gone well.
        save: writes a model.
        record: writes down how far the run is.
        log: takes the line of an epoch.
        monitor: the log that decides which epoch is best; None for the last one.
        mode: "min", "max" or "auto".

    Attributes:
        folder: the run's folder, once training has begun.
        epochs: epochs that are done, those before a resumption included.
        best: the watched value of that epoch; the training loss where nothing is watched.
        best_epoch: the number, from 1, of the epoch that `model.keras` is of.
        averaged: what the averages of the weights gave on the validation part, where these are
            the best.

    Raises:
        DivergedError: the loss is NaN or infinite.
    """

    runs_last = True
    tick_seconds = _LOOKS

    def __init__(
        self,
        begin: Callable[[], Path],
        save: Save,
        record: Callable[[], None],
        log: Callable[[str], None],
        monitor: str | None = None,
        mode: str = "auto",
    ) -> None:
        super().__init__(monitor or "val_loss", mode)
        self._begin = begin
        self._save = save
        self._record = record
        self._log = log
        self._watches = monitor is not None
        self.folder = Path()
        self.epochs = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.averaged: dict[str, float] = {}
        self._since = 0.0
        self._checkpoints: list[Checkpoint] = []

    @property
    def watched(self) -> str | None:
        """The log by which the best epoch is chosen."""
        return self.monitor if self._watches else None

    @property
    def most(self) -> bool:
        """Whether more of the watched log is better."""
        return self._watches and self._sign < 0

    def place(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Let checkpoints lie in the run's folder once there is one; they run after this."""
        self._checkpoints = list(checkpoints)

    def on_train_begin(self, logs: Logs = None) -> None:
        self.folder = self._begin()
        for one in self._checkpoints:
            one.path = self.folder / one.path

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        notice()
        self._since = time.perf_counter()

    def on_tick(self, step: int, logs: dict[str, Any]) -> None:
        notice()
        self._check(logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        with waiting():
            self._write(epoch, logs or {})

    def _write(self, epoch: int, logs: dict[str, Any]) -> None:
        seconds = time.perf_counter() - self._since
        self._log(f"Epoch {epoch + 1}/{self.params.get('epochs')} - {seconds:.1f}s - {line(logs)}")
        run_folder.write_history(self.folder, self.model.history.history)
        self._check(logs)
        self.epochs = epoch + 1
        watches = self._watches
        value = self.get_monitor_value(logs) if watches else float(np.mean(logs.get("loss", 0.0)))
        improved = value is not None and self.improves(value, self.best)
        last, best = (self.folder / n for n in (run_folder.LAST_FILE, run_folder.MODEL_FILE))
        self._save(self.model, last)
        if improved or not watches or not self.best_epoch:
            self.best, self.best_epoch = value, epoch + 1
            write_bytes(best, last.read_bytes())
        self._record()

    def _check(self, logs: dict[str, Any]) -> None:
        loss = logs.get("loss")
        if loss is not None and not np.isfinite(loss).all():
            raise DivergedError(f"Training diverged in epoch {self.epochs + 1}: the loss is {loss}")

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "best_epoch": self.best_epoch, "epochs": self.epochs}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best = state["best"]
        self.best_epoch = int(state["best_epoch"])
        self.epochs = int(state["epochs"])


def watched(callbacks: Sequence[Callback], validated: bool) -> tuple[str | None, str]:
    """The log that says which epoch is best, and which way it improves.

    It is what an `EarlyStopping` or a `ModelCheckpoint` of the best watches, where that is of the
    validation part; else the loss of that part. None where there is no such part.
    """
    if not validated:
        return None, "auto"
    for one in callbacks:
        if not isinstance(one, (EarlyStopping, ModelCheckpoint)):
            continue
        chooses = isinstance(one, EarlyStopping) or one.save_best_only
        if chooses and one.monitor.startswith("val_"):
            return one.monitor, one.mode
    return "val_loss", "min"
