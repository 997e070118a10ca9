"""`ProgbarLogger`: a bar through tqdm while an epoch runs, and a plain line when it is over."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import Any

import numpy as np

from kerasish.callbacks.callback import Callback, Logs, on_terminal, tell
from kerasish.callbacks.paths import columns
from kerasish.config import settings


def shown(value: Any) -> str:
    """A log for people: four decimals, or an exponent for small numbers; arrays by their mean."""
    array = np.asarray(value)
    if array.dtype.kind not in "biufV" or not array.size:
        return str(value)
    mean = float(array.astype("float64").mean())
    return f"{mean:.4f}" if abs(mean) > 1e-3 else f"{mean:.4e}"


def line(logs: dict[str, Any]) -> str:
    """Logs as "loss: 0.1234 - accuracy: 0.9876"."""
    return " - ".join(f"{name}: {shown(logs[name])}" for name in columns(logs))


def _duration(seconds: float) -> str:
    """A time in whole seconds, milliseconds or microseconds."""
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"


class ProgbarLogger(Callback):
    """Shows progress and metrics: at most ten times a second, so that it costs nothing.

    With verbose=1 and a terminal a bar, which tells training from validation and goes when the
    epoch is over. What stays is one line, the one that Keras prints with verbose=2: nothing of it
    is cut, however narrow the terminal.
    """

    tick_seconds = 0.1
    _bar: Any = None
    _begun = 0.0
    _training = False

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        # A run without a bar need not be interrupted for one.
        self.tick_seconds = 0.1 if self._draws else None

    @property
    def _draws(self) -> bool:
        wanted = self.params.get("verbose", 1) == 1
        return wanted and settings.interactive and on_terminal()

    def _open(self, title: str, total: int | None) -> None:
        self._begun = perf_counter()
        if self._draws:
            from tqdm.auto import tqdm

            self._bar = tqdm(
                total=total, desc=title, file=sys.stdout, dynamic_ncols=True, leave=False
            )

    def _close(self, logs: dict[str, Any]) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        seconds = perf_counter() - self._begun
        steps = self._steps()
        count = f"{steps}/{steps} - " if steps else ""
        each = f" - {_duration(seconds / steps)}/step" if steps else ""
        told = f" - {line(logs)}" if logs else ""
        tell(f"{count}{seconds:.0f}s{each}{told}")

    def _steps(self) -> int | None:
        """How many steps an epoch has; where that was not known before, how many it had."""
        steps = self.params.get("steps")
        active = getattr(getattr(self.model, "runs", None), "active", None)
        return steps or (getattr(active[-1], "done", None) if active else None)

    def _title(self, epoch: int) -> str:
        return f"Epoch {epoch + 1}/{self.params.get('epochs', '?')}"

    def on_train_begin(self, logs: Logs = None) -> None:
        self._training = True

    def on_train_end(self, logs: Logs = None) -> None:
        self._training = False

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if self.params.get("epochs", 1) != 1:
            tell(f"{self._title(epoch)}")
        self._open(self._title(epoch), self.params.get("steps"))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._close(logs or {})

    def on_test_begin(self, logs: Logs = None) -> None:
        if not self._training:
            self._open("Evaluating", self.params.get("steps"))
        elif self._bar is not None:
            self._bar.set_postfix_str("validating", refresh=True)

    def on_test_end(self, logs: Logs = None) -> None:
        if not self._training:
            self._close(logs or {})

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._open("Predicting", self.params.get("steps"))

    def on_predict_end(self, logs: Logs = None) -> None:
        self._close({})

    def on_tick(self, step: int, logs: dict[str, Any]) -> None:
        if self._bar is not None and (not self._training or step >= self._bar.n):
            self._bar.n = step
            self._bar.set_postfix_str(line(logs), refresh=False)
            self._bar.refresh()
