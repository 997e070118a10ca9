"""Which moments of a series have a whole window of rows, and what the windows are cut from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from kerasish.errors import DataError
from kerasish.preparation.parts import as_date
from kerasish.preparation.table import Table
from kerasish.spec import TEXT


@dataclass(frozen=True)
class Window:
    """Windows of rows around a moment, which is the first row that is not history.

    Attributes:
        history: rows before the moment that inputs read.
        horizon: rows from the moment on that targets are.
        stride: moments between one window and the next.
        offsets: for single inputs or targets (from, to), `to` excluded, in the place of these; the
            row of the moment is 0.
    """

    history: int = 1
    horizon: int = 1
    stride: int = 1
    offsets: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def span(self, name: str, is_target: bool) -> tuple[int, int]:
        """The rows of an input or target, `to` excluded."""
        usual = (0, self.horizon) if is_target else (-self.history, 0)
        low, high = self.offsets.get(name, usual)
        return low, high

    def length(self, names: Iterable[str], targets: Iterable[str]) -> int:
        """The rows from the first to the last of a window."""
        spans = [self.span(one, False) for one in names] + [self.span(t, True) for t in targets]
        return max(b for _, b in spans) - min(a for a, _ in spans)


def moments(
    table: Table, base: Table, spans: list[tuple[int, int]], targets: list[tuple[int, int]],
    stride: int,
) -> np.ndarray:  # fmt: skip
    """The rows of `base` at which all windows are whole and the targets are rows of `table`.

    Windows never reach over the end of a series (another value of `group`) or a gap in its time.

    Args:
        table: the part whose rows the targets must be.
        base: all rows.
        spans: (from, to) of inputs.
        targets: (from, to) of targets.
        stride: distance between moments.
    """
    total = len(base)
    low = min((a for a, _ in (*spans, *targets)), default=0)
    high = max((b for _, b in (*spans, *targets)), default=1)
    found = np.arange(max(0, -low), max(total - high + 1, 0))
    run = _runs(base)
    found = found[run[found + low] == run[found + high - 1]]
    own = np.zeros(total, bool)
    own[np.arange(total) if table.rows is None else _within(table, base)] = True
    held = np.concatenate([[0], np.cumsum(own)])
    for a, b in targets:
        found = found[held[found + b] - held[found + a] == b - a]
    return found[::stride]


def in_series(table: Table) -> Table:
    """A table whose groups follow each other, each in the order of the file.

    Args:
        table: all rows.
    """
    if table.group is None:
        return table
    codes = np.unique(table.values(table.group), return_inverse=True)[1]
    if np.count_nonzero(np.diff(codes)) == codes.max():
        return table
    return table.choose(np.argsort(codes, kind="stable"))


def _within(table: Table, base: Table) -> np.ndarray:
    """The rows of a part as positions in the table that it is of."""
    rows = table.rows if table.rows is not None else np.arange(len(table))
    if base.rows is None:
        return rows
    order = np.argsort(base.rows)
    return order[np.searchsorted(base.rows[order], rows)]


def _runs(table: Table) -> np.ndarray:
    """A number for each row; rows of one number follow each other without a gap."""
    breaks = np.zeros(len(table), bool)
    if table.group is not None:
        values = table.values(table.group)
        breaks[1:] |= values[1:] != values[:-1]
    if table.time and len(table) > 2:
        steps = np.diff(clock(table))
        inside = ~breaks[1:]
        if (steps[inside] <= 0).any():
            row = int(np.flatnonzero(inside & (steps <= 0))[0]) + 1
            raise DataError(
                table.where(row, table.time[0]),
                expected="a time after that of the row before",
                received="one that is not",
                fix="Sort the file by its time; `group` tells several series apart.",
            )
        usual = np.median(steps[inside])
        breaks[1:] |= np.abs(steps - usual) > usual / 2
    return np.cumsum(breaks)


# The columns that a time may be in, and how many seconds one of each is.
_UNITS = {"week": 604800, "day": 86400, "hour": 3600, "minute": 60, "second": 1}


def clock(table: Table) -> np.ndarray:
    """The time of every row, in seconds (or what numbers of a single column count).

    Raises:
        DataError: a text is no date.
    """
    names = table.time
    if len(names) == 1:
        values = table.values(names[0])
        if table.spec(names[0]).dtype != TEXT:
            return np.asarray(values, np.float64)
        return _dates(table, names[0], values).astype("datetime64[s]").astype(np.float64)
    parts = {name.lower(): np.asarray(table.values(name), np.int64) for name in names}
    months = (parts.pop("year") - 1970) * 12 + parts.pop("month", 1) - 1 if "year" in parts else 0
    seconds = np.asarray(months, "datetime64[M]").astype("datetime64[s]").astype(np.float64)
    for name, values in parts.items():
        if name not in _UNITS:
            raise DataError(
                "The time of the rows",
                expected=f"columns year, month, {', '.join(_UNITS)}",
                received=repr(name),
            )
        seconds = seconds + (values - (name == "day")) * float(_UNITS[name])
    return seconds


def _dates(table: Table, name: str, values: np.ndarray) -> np.ndarray:
    found = []
    for row, text in enumerate(values.tolist()):
        try:
            found.append(as_date(text))
        except ValueError:
            raise DataError(
                table.where(row, name),
                expected="a date such as 2016-07-01 or 2016-07-01 13:00:00",
                received=repr(text),
            ) from None
    return np.array(found, "datetime64[s]")
