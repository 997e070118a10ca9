"""When the rows of a series are: dates, numbers, or year, month, day and hour."""

from __future__ import annotations

import numpy as np

from kerasish.errors import DataError
from kerasish.layers.preprocessing.dates import EXPECTED, as_date
from kerasish.preparation.table import Table
from kerasish.spec import TEXT

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
                about="time=",
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
                expected=EXPECTED,
                received=repr(text),
                about="time=",
            ) from None
    return np.array(found, "datetime64[s]")
