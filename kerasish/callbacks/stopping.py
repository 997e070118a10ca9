"""Ending a run early: when a metric stops improving, or the loss is no number any more."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.callbacks.callback import Callback, Logs
from kerasish.callbacks.monitor import Mode, Monitor
from kerasish.errors import NumericsError
from kerasish.showing.screen import tell


class EarlyStopping(Monitor):
    """Ends training when a log has not improved for `patience` epochs.

    Args:
        monitor: name of the log.
        min_delta: the least change that counts as an improvement.
        patience: epochs without improvement that are borne.
        verbose: 1 to say so.
        mode: "min", "max" or "auto".
        baseline: a value that must be beaten.
        restore_best_weights: whether to end with the weights of the best epoch.
        start_from_epoch: epochs at the beginning that do not count.
    """

    monitor: str = "val_loss"
    min_delta: float = 0
    patience: int = 0
    verbose: int = 0
    mode: Mode = "auto"
    baseline: float | None = None
    restore_best_weights: bool = False
    start_from_epoch: int = 0

    def __post_init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.best_weights: list[np.ndarray] | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        value = self.get_monitor_value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self.improves(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.improves(value, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        if self.stopped_epoch > 0 and self.verbose:
            tell(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose:
                tell(
                    "Restoring model weights from the end of the best epoch: "
                    f"{self.best_epoch + 1}."
                )
            self.model.set_weights(self.best_weights)

    def state_dict(self) -> dict[str, Any]:
        names = ("wait", "stopped_epoch", "best", "best_epoch", "best_weights")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)


class TerminateOnNaN(Callback):
    """Ends training as soon as the loss is NaN or infinite.

    Args:
        raise_error: whether to raise, so that nothing after the run (such as a checkpoint) happens.

    Raises:
        NumericsError: with `raise_error=True`.
    """

    raise_error: bool = False

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or np.isfinite(loss).all():
            return
        if self.raise_error:
            raise NumericsError(
                f"Batch {batch}",
                expected="a finite loss",
                received=loss,
                fix="Lower the learning rate, clip the gradients (clipnorm=1.0), or find the "
                "layer with check_numerics.",
            )
        tell(f"Batch {batch}: the loss is {loss}, terminating training")
        self.model.stop_training = True
