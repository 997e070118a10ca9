"""Learning rates that follow the epochs: a function of the epoch, or lower on a plateau."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.callbacks.callback import Callback, Logs
from kerasish.callbacks.monitor import Mode, Monitor
from kerasish.errors import ArgumentError
from kerasish.hints import called
from kerasish.showing.screen import tell
from kerasish.signatures import parameters


def rated(model: Any) -> dict[str, Any]:
    """The optimizers of a model that have a learning rate, by what logs call that rate."""
    optimizer = model.optimizer
    inner = getattr(getattr(optimizer, "inner_optimizer", optimizer), "optimizers", None)
    if inner is None:
        return {"learning_rate": optimizer}
    return {f"learning_rate_{one.name}": one for one in inner}


def rate_of(optimizer: Any) -> float:
    """The present learning rate of an optimizer."""
    return float(np.asarray(optimizer.learning_rate))


def rates_of(model: Any) -> dict[str, float]:
    """The present learning rates of a model, as logs."""
    return {name: rate_of(optimizer) for name, optimizer in rated(model).items()}


def _words(label: str) -> str:
    name = label.removeprefix("learning_rate").removeprefix("_")
    return f"{name} learning rate".strip()


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of every epoch.

    Args:
        schedule: `schedule(epoch)` or `schedule(epoch, learning_rate)`, giving the new rate.
        verbose: 1 to say so.
    """

    schedule: Callable[..., float]
    verbose: int = 0
    _set_in: int | None = None  # the epoch whose rate has been set

    def on_train_begin(self, logs: Logs = None) -> None:
        self._set_in = None

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if epoch == self._set_in:
            return  # resumed inside this epoch: the restored rate is already that of the schedule
        self._set_in = epoch
        for label, optimizer in rated(self.model).items():
            rate = rate_of(optimizer)
            given = (epoch, rate) if len(parameters(self.schedule)) > 1 else (epoch,)
            new = called("schedule", "schedule(epoch, learning_rate)", self.schedule, *given)
            if not isinstance(new, (int, float, np.floating)):
                raise ArgumentError("schedule", expected="a number", received=repr(new))
            optimizer.learning_rate = float(new)
            if self.verbose > 0:
                told = f"LearningRateScheduler setting {_words(label)} to {new}."
                tell(f"\nEpoch {epoch + 1}: {told}")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if logs is not None:
            logs.update(rates_of(self.model))

    def state_dict(self) -> dict[str, Any]:
        return {"set_in": self._set_in}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._set_in = state["set_in"]


class ReduceLROnPlateau(Monitor):
    """Multiplies the learning rate by `factor` when a log has not improved for some epochs.

    Args:
        monitor: name of the log.
        factor: below 1.
        patience: epochs without improvement that are borne.
        verbose: 1 to say so.
        mode: "min", "max" or "auto".
        min_delta: the least change that counts as an improvement.
        cooldown: epochs to wait after a reduction before counting again.
        min_lr: the rate is never lowered below this.
    """

    monitor: str = "val_loss"
    factor: float = 0.1
    patience: int = 10
    verbose: int = 0
    mode: Mode = "auto"
    min_delta: float = 1e-4
    cooldown: int = 0
    min_lr: float = 0.0

    def __post_init__(self) -> None:
        if self.factor >= 1.0:
            raise ArgumentError("factor", expected="below 1.0", received=repr(self.factor))
        self._reset()

    def _reset(self) -> None:
        self.best: float | None = None
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if logs is not None:
            logs.update(rates_of(self.model))
        value = self.get_monitor_value(logs)
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def in_cooldown(self) -> bool:
        """Whether epochs do not count, since a rate was lowered a short while ago."""
        return self.cooldown_counter > 0

    def _reduce(self, epoch: int) -> None:
        higher = {
            label: optimizer
            for label, optimizer in rated(self.model).items()
            if rate_of(optimizer) > np.float32(self.min_lr)
        }
        if not higher:
            return
        for label, optimizer in higher.items():
            new = max(rate_of(optimizer) * self.factor, self.min_lr)
            optimizer.learning_rate = new
            if self.verbose > 0:
                told = f"ReduceLROnPlateau reducing {_words(label)} to {new}."
                tell(f"\nEpoch {epoch + 1}: {told}")
        self.cooldown_counter = self.cooldown
        self.wait = 0

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "cooldown_counter": self.cooldown_counter, "wait": self.wait}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
