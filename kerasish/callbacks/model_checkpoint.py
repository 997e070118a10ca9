"""`ModelCheckpoint`: saves the model, or its weights, after epochs or every so many batches."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from kerasish.callbacks.callback import Logs
from kerasish.callbacks.monitor import Mode, Monitor
from kerasish.callbacks.paths import check_fields, check_target, fill
from kerasish.errors import ArgumentError
from kerasish.showing.screen import tell


class ModelCheckpoint(Monitor):
    """Saves the model, every time or when a log has improved.

    To resume training exactly, with epoch, order of the data and callbacks, use `Checkpoint`.

    Args:
        filepath: the file; `{epoch}` (from 1), `{batch}` and logs such as `{val_loss:.2f}` are
            filled in. Ends in ".keras" or ".h5", with `save_weights_only` in ".weights.h5".
        monitor: name of the log that decides.
        verbose: 1 to say so.
        save_best_only: whether to save only when the log has improved.
        save_weights_only: whether to save weights alone.
        mode: "min", "max" or "auto".
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: a value that must be improved on first.
    """

    runs_last = True

    filepath: str | os.PathLike[str]
    monitor: str = "val_loss"
    verbose: int = 0
    save_best_only: bool = False
    save_weights_only: bool = False
    mode: Mode = "auto"
    save_freq: str | int = "epoch"
    initial_value_threshold: float | None = None
    _epoch = 0
    _batches = 0
    _told = ""  # how the watched log has improved

    def __post_init__(self) -> None:
        self.filepath, save_freq = check_fields(os.fspath(self.filepath)), self.save_freq
        endings = (".weights.h5",) if self.save_weights_only else (".keras", ".h5")
        if not self.filepath.endswith(endings):
            raise ArgumentError(
                "filepath",
                expected=f"a name that ends in {' or '.join(endings)}",
                received=repr(self.filepath),
            )
        if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 1):
            raise ArgumentError(
                "save_freq", expected="'epoch' or a number of batches", received=repr(save_freq)
            )
        self.best = self.initial_value_threshold
        self.idle = frozenset(("on_train_batch_end",) if save_freq == "epoch" else ())

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._batches += 1
        if self._batches == self.save_freq:
            self._batches = 0
            self._save(logs or {}, batch)

    def on_train_begin(self, logs: Logs = None) -> None:
        check_target(self.filepath, "filepath", folders=True)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save(logs or {}, None)

    def _save(self, logs: dict[str, Any], batch: int | None) -> None:
        path = Path(self._path(logs, batch))
        if self.save_best_only and not self._improved(logs):
            return
        if self.save_best_only:
            self._say(f"{self._told}, saving model to {path}")
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        if not self.save_best_only:
            self._say(f"saving model to {path}")

    def _improved(self, logs: dict[str, Any]) -> bool:
        value = self.get_monitor_value(logs)
        if value is None:
            self._told = f"{self.monitor} is missing"
            return True  # as in Keras: rather one file too many than none
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self.improves(value, self.best):
            self._say(f"{self.monitor} did not improve from {best}")
            return False
        self._told = f"{self.monitor} improved from {best} to {value:.5f}"
        self.best = value
        return True

    def _say(self, text: str) -> None:
        if self.verbose:
            tell(f"\nEpoch {self._epoch + 1}: {text}")

    def _path(self, logs: dict[str, Any], batch: int | None) -> str:
        values = {"epoch": self._epoch + 1, **logs}
        if batch is not None:
            values.setdefault("batch", batch + 1)
        return fill(os.fspath(self.filepath), values)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "batches": self._batches}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best = state["best"]
        self._batches = int(state["batches"])
