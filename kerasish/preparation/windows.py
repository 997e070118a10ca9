"""Which moments of a series have a whole window of rows, and what the windows are cut from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from kerasish.errors import DataError
from kerasish.preparation.clock import clock
from kerasish.preparation.table import Table


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
    run = runs(base)
    found = found[run[found + low] == run[found + high - 1]]
    own = np.zeros(total, bool)
    own[np.arange(total) if table.rows is None else _within(table, base)] = True
    held = np.concatenate([[0], np.cumsum(own)])
    for a, b in targets:
        found = found[held[found + b] - held[found + a] == b - a]
    return found[::stride]


def in_series(table: Table) -> Table:
    """A table whose groups follow each other, each in the order of its time, else of the file.

    Args:
        table: all rows.

    Raises:
        DataError: a text of the time is no date.
    """
    if table.group is None and not table.time:
        return table
    when = clock(table) if table.time else np.arange(len(table))
    order = np.lexsort((when, _series_of(table)))
    return table if (np.diff(order) == 1).all() else table.choose(order)


def _series_of(table: Table) -> np.ndarray:
    """The number of the series that each row is of, in the order in which they begin."""
    if table.group is None:
        return np.zeros(len(table), np.int64)
    _, first, codes = np.unique(table.values(table.group), return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[codes]


def ends(base: Table, begins: np.ndarray) -> np.ndarray:
    """The positions in `begins` of the last window of each series.

    Args:
        base: all rows, series after series.
        begins: the first row of each window, ascending.
    """
    series = _series_of(base)[begins]
    return np.flatnonzero(np.append(series[1:] != series[:-1], True))


def _within(table: Table, base: Table) -> np.ndarray:
    """The rows of a part as positions in the table that it is of."""
    rows = table.rows if table.rows is not None else np.arange(len(table))
    if base.rows is None:
        return rows
    order = np.argsort(base.rows)
    return order[np.searchsorted(base.rows[order], rows)]


def runs(table: Table) -> np.ndarray:
    """A number for each row; rows of one number follow each other without a gap.

    Args:
        table: rows, series after series.

    Raises:
        DataError: two rows of a series have one time.
    """
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
                expected="a time of its own",
                received="one that another row has",
                fix="`group: COLUMN` in the source tells several series apart.",
                about="time=",
            )
        usual = np.median(steps[inside])
        breaks[1:] |= np.abs(steps - usual) > usual / 2
    return np.cumsum(breaks)
