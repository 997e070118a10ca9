"""`ProgbarLogger`: a bar per epoch through tqdm, or plain lines where there is no terminal."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import Any

from kerasish.callbacks.callback import Callback, Logs
from kerasish.config import settings


def shown(value: Any) -> str:
    """A log for people: four decimals, or an exponent for small numbers."""
    if isinstance(value, float):
        return f"{value:.4f}" if value == 0 or abs(value) > 1e-3 else f"{value:.4e}"
    return str(value)


def line(logs: dict[str, Any]) -> str:
    """Logs as "loss: 0.1234 - accuracy: 0.9876"."""
    return " - ".join(f"{name}: {shown(value)}" for name, value in logs.items())


class ProgbarLogger(Callback):
    """Shows progress and metrics: at most ten times a second, so that it costs nothing.

    With verbose=1 and a terminal a bar, which tells training from validation; otherwise one line
    per epoch.
    """

    tick_seconds = 0.1

    def __init__(self) -> None:
        super().__init__()
        self._bar: Any = None
        self._begun = 0.0
        self._training = False

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        # A run without a bar need not be interrupted for one.
        self.tick_seconds = 0.1 if self._draws else None

    @property
    def _draws(self) -> bool:
        wanted = self.params.get("verbose", 1) == 1
        return wanted and settings.interactive and sys.stdout.isatty()

    def _open(self, title: str, total: int | None) -> None:
        self._begun = perf_counter()
        if self._draws:
            from tqdm.auto import tqdm

            self._bar = tqdm(
                total=total, desc=title, file=sys.stdout, dynamic_ncols=True, leave=True
            )

    def _close(self, title: str, steps: int | None, logs: dict[str, Any]) -> None:
        if self._bar is not None:
            if self._bar.total:
                self._bar.n = self._bar.total
            self._bar.set_postfix_str(line(logs), refresh=True)
            self._bar.close()
            self._bar = None
            return
        seconds = perf_counter() - self._begun
        count = f" - {steps} steps" if steps else ""
        told = f" - {line(logs)}" if logs else ""
        sys.stdout.write(f"{title}{count} - {seconds:.1f}s{told}\n")
        sys.stdout.flush()

    def _title(self, epoch: int) -> str:
        return f"Epoch {epoch + 1}/{self.params.get('epochs', '?')}"

    def on_train_begin(self, logs: Logs = None) -> None:
        self._training = True

    def on_train_end(self, logs: Logs = None) -> None:
        self._training = False

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._open(self._title(epoch), self.params.get("steps"))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._close(self._title(epoch), self.params.get("steps"), logs or {})

    def on_test_begin(self, logs: Logs = None) -> None:
        if not self._training:
            self._open("Evaluating", self.params.get("steps"))
        elif self._bar is not None:
            self._bar.set_postfix_str("validating", refresh=True)

    def on_test_end(self, logs: Logs = None) -> None:
        if not self._training:
            self._close("Evaluated", self.params.get("steps"), logs or {})

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._open("Predicting", self.params.get("steps"))

    def on_predict_end(self, logs: Logs = None) -> None:
        self._close("Predicted", self.params.get("steps"), {})

    def on_tick(self, step: int, logs: dict[str, Any]) -> None:
        if self._bar is not None and (not self._training or step >= self._bar.n):
            self._bar.n = step
            self._bar.set_postfix_str(line(logs), refresh=False)
            self._bar.refresh()
