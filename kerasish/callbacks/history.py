"""`History` and `CSVLogger`: what every epoch gave."""

from __future__ import annotations

import csv
import io
import weakref
from pathlib import Path
from typing import Any

from kerasish.callbacks.callback import Callback, Logs
from kerasish.callbacks.paths import check_target, columns
from kerasish.errors import ArgumentError, FileFormatError
from kerasish.saving.files.atomic import replacing
from kerasish.showing.progress import line, shown
from kerasish.showing.screen import table

_ROWS = 20  # of a table in a notebook


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

    def set_model(self, model: Any) -> None:
        # Weak, since a model holds its history, and the history must not keep the model alive.
        self._model = None if model is None else weakref.ref(model)

    def __repr__(self) -> str:
        last = {name: values[-1] for name, values in self.history.items() if values}
        told = f", the last with {line(last)}" if last else ""
        return f"<History of {len(self.epoch)} epochs{told}>"

    def _repr_html_(self) -> str:
        names = columns(self.history)
        rows = []
        for number, epoch in enumerate(self.epoch):
            held = [self.history[name][number : number + 1] for name in names]
            rows.append([str(epoch + 1), *(shown(one[0]) if one else "" for one in held)])
        if len(rows) > _ROWS:
            rows = [*rows[: _ROWS // 2], ["..."] * (len(names) + 1), *rows[-_ROWS // 2 :]]
        return table(["epoch", *names], rows)

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

    Where the first epoch has no validation, columns for its logs are there all the same.

    Args:
        filename: the file.
        separator: between the values of a row.
        append: whether to go on in an existing file instead of replacing it.
    """

    _names: list[str] | None = None
    _rows = 0
    _resumed = False

    def __init__(self, filename: str, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        if not isinstance(separator, str) or len(separator) != 1 or separator in '\r\n"':
            raise ArgumentError(
                "separator", expected="one character, such as ',' or ';'", received=repr(separator)
            )
        self.filename = Path(filename)
        self.separator = separator
        self.append = append

    def on_train_begin(self, logs: Logs = None) -> None:
        check_target(self.filename, "filename")
        self._names = None
        self._rows = 0
        self._resumed = False

    def _begin(self, logs: dict[str, Any]) -> list[str]:
        """Start the file, or go on in it; rows behind the resumed epoch are dropped."""
        held: list[list[str]] = []
        if (self.append or self._resumed) and self.filename.exists():
            text = self.filename.read_text(encoding="utf-8")
            held = list(csv.reader(io.StringIO(text, newline=""), delimiter=self.separator))
            if held and not text.endswith("\n"):
                self._write("a", "\n")  # a row that was cut off stays one of its own
        if self._resumed and len(held) > self._rows + 1:
            # Put together aside: the rows that stay are never lost.
            with replacing(self.filename) as aside:
                aside.write_text(self._text(held[: self._rows + 1]), encoding="utf-8", newline="")
        if held:
            return held[0][1:]
        names = columns(logs)
        if names and not any(name.startswith("val_") for name in names):
            names += [f"val_{name}" for name in names]
        self._write("a" if self.append else "w", self._text([["epoch", *names]]))
        return names

    def _text(self, rows: list[list[Any]]) -> str:
        made = io.StringIO(newline="")
        csv.writer(made, delimiter=self.separator).writerows(rows)
        return made.getvalue()

    def _write(self, mode: str, text: str) -> None:
        try:
            with self.filename.open(mode, newline="", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise FileFormatError(
                f"CSVLogger: {self.filename} cannot be written: {error.strerror}."
            ) from error

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        if self._names is None:
            # Only now, since a checkpoint may say where to go on after training has begun.
            self._names = self._begin(logs)
        row = [epoch, *(_cell(logs.get(name, "NA")) for name in self._names)]
        self._write("a", self._text([row]))
        self._rows += 1

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self._rows}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._rows = int(state["rows"])
        self._resumed = True


def _cell(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
