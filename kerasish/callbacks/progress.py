"""`ProgbarLogger`: a run on the screen while it goes on, and its line when it is over."""

from __future__ import annotations

from typing import Any

from kerasish.callbacks.callback import Callback, Logs
from kerasish.callbacks.paths import columns
from kerasish.config import settings
from kerasish.showing.progress import Progbar
from kerasish.showing.screen import live, tell


class ProgbarLogger(Callback):
    """Shows progress and metrics: at most ten times a second, so that it costs nothing.

    With verbose=1, on a terminal or in a notebook, a bar that tells training from validation;
    elsewhere, and with verbose=2, one plain line an epoch. No metric is cut, however narrow the
    terminal.
    """

    tick_seconds = 0.1
    _bar: Progbar | None = None
    _training = False

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        # A run without a bar need not be interrupted for one.
        self.tick_seconds = 0.1 if self._draws else None

    @property
    def _draws(self) -> bool:
        wanted = self.params.get("verbose", 1) == 1
        return wanted and settings.interactive and live()

    def _open(self) -> None:
        verbose = 1 if self._draws else 2
        self._bar = Progbar(self.params.get("steps"), 20, verbose, 0.0, stateless_metrics=())

    def _close(self, logs: dict[str, Any]) -> None:
        if self._bar is not None:
            self._bar.target, self._bar.note = self._steps(), ""
            self._bar.update(self._bar.target or 0, _in_order(logs), finalize=True)
            self._bar = None

    def _steps(self) -> int | None:
        """How many steps an epoch has; where that was not known before, how many it had."""
        return self.params.get("steps") or self._done()

    def _done(self, mode: str = "") -> int | None:
        """The steps done in the innermost run, of one mode where it is given."""
        runs = getattr(self.model, "runs", None)
        if runs is None or not runs.active:
            return None
        return getattr(runs.innermost(mode) if mode else runs.active[-1], "done", None)

    def on_train_begin(self, logs: Logs = None) -> None:
        self._training = True

    def on_train_end(self, logs: Logs = None) -> None:
        self._training = False

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if self.params.get("epochs", 1) != 1:
            tell(f"Epoch {epoch + 1}/{self.params.get('epochs', '?')}")
        self._open()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._close(logs or {})

    def on_test_begin(self, logs: Logs = None) -> None:
        if not self._training:
            self._open()
        elif self._bar is not None and self._bar.verbose == 1:
            self._bar.note = "validating"
            # An epoch may be over before the first tick.
            self._bar.update(self._done("train") or self._bar.seen, finalize=False)

    def on_test_end(self, logs: Logs = None) -> None:
        if not self._training:
            self._close(logs or {})
        elif self._bar is not None:
            self._bar.note = ""

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._open()

    def on_predict_end(self, logs: Logs = None) -> None:
        self._close({})

    def on_tick(self, step: int, logs: dict[str, Any]) -> None:
        if self._bar is not None and not self._bar.note:
            self._bar.update(step, _in_order(logs), finalize=False)


def _in_order(logs: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, logs[name]) for name in columns(logs)]
