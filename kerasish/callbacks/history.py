"""`History` and `CSVLogger`: what every epoch gave; `LambdaCallback`: hooks from functions."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerasish.callbacks.callback import Callback, Logs
from kerasish.errors import ArgumentError


class History(Callback):
    """Keeps the logs of every epoch; `fit` returns it.

    Attributes:
        history: a list of values per log.
        epoch: the epochs' numbers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs = None) -> None:
        self.epoch = []
        self.history = {}

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def state_dict(self) -> dict[str, Any]:
        return {"history": self.history, "epoch": self.epoch}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.history = {name: list(values) for name, values in state["history"].items()}
        self.epoch = [int(e) for e in state["epoch"]]


class CSVLogger(Callback):
    """Writes the logs of every epoch as a row of a CSV file.

    Args:
        filename: the file.
        separator: between the values of a row.
        append: whether to go on in an existing file instead of replacing it.
    """

    def __init__(self, filename: str, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = Path(filename)
        self.separator = separator
        self.append = append
        self._names: list[str] | None = None
        self._rows = 0
        self._resumed = False

    def on_train_begin(self, logs: Logs = None) -> None:
        self._names = None
        self._rows = 0
        self._resumed = False

    def _begin(self, logs: dict[str, Any]) -> list[str]:
        """Start the file, or go on in it; rows behind the resumed epoch are dropped."""
        rows: list[list[str]] = []
        if (self.append or self._resumed) and self.filename.exists():
            with self.filename.open(newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file, delimiter=self.separator))
        rows = rows[: self._rows + 1] if self._resumed else rows
        if not rows:
            rows = [["epoch", *sorted(logs)]]
        with self.filename.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=self.separator).writerows(rows)
        return rows[0][1:]

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        if self._names is None:
            # Only now, since a checkpoint may say where to go on after training has begun.
            self._names = self._begin(logs)
        row = [epoch, *(_cell(logs.get(name, "NA")) for name in self._names)]
        with self.filename.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=self.separator).writerow(row)
        self._rows += 1

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self._rows}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._rows = int(state["rows"])
        self._resumed = True


def _cell(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


class LambdaCallback(Callback):
    """A callback from functions, one per hook.

    Args:
        on_epoch_begin: called as `on_epoch_begin(epoch, logs)`.
        on_epoch_end: called as `on_epoch_end(epoch, logs)`.
        on_train_begin: called as `on_train_begin(logs)`.
        on_train_end: called as `on_train_end(logs)`.
        on_train_batch_begin: called as `on_train_batch_begin(batch, logs)`.
        on_train_batch_end: called as `on_train_batch_end(batch, logs)`.
        kwargs: any other hook of `Callback`.
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Callable[..., Any],
    ) -> None:
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for hook, function in given.items():
            if not hook.startswith("on_") or not hasattr(Callback, hook):
                raise ArgumentError(
                    f"LambdaCallback. Expected: names of hooks such as on_epoch_end. "
                    f"Received: {hook!r}."
                )
            if function is not None:
                setattr(self, hook, function)
