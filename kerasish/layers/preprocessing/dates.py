"""Dates as numbers: `DateFeatures`, and the texts that are dates."""

from __future__ import annotations

import re
from typing import Annotated, Any

import numpy as np

from kerasish import config, tables
from kerasish.arguments.rules import enum, taking
from kerasish.errors import DataError
from kerasish.layers.base.layer import Layer
from kerasish.ops.symbol import KerasTensor
from kerasish.spec import TEXT
from kerasish.texts import as_texts

_CLOCK = r"(?:[T ](\d{1,2}(?::\d{2}){1,2})[\d.]*(?:Z|([+-])(\d{2}):?(\d{2}))?)?"
_DATE = re.compile(r"(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2})" + _CLOCK + ")?")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})" + _CLOCK)
EXPECTED = "a date such as 2016-07-01, 2016-07-01 13:00:00 or 31.12.2016"

# Parts that come round: how many seconds, or days or months, a round has.
_ROUNDS = {"month": 12.0, "day": 31.0, "weekday": 7.0, "hour": 24.0, "minute": 60.0}
PARTS = ("elapsed", "year", *_ROUNDS)
_DECADE = 3652.5  # days


def as_date(text: str) -> np.datetime64:
    """A date in UTC: year first, or the day with dots, 31.12.2023; with or without time, and with
    one or two digits for months, days and hours.

    Raises:
        ValueError: the text is none.
    """
    text = text.strip()
    found, other = _DATE.fullmatch(text), _DAY_FIRST.fullmatch(text)
    if found is not None:
        year, month, day, *time = found.groups()
    elif other is not None:
        day, month, year, *time = other.groups()
    else:
        raise ValueError(text)
    clock, sign, hours, minutes = time
    hour = f"T{clock if clock[1:2] != ':' else '0' + clock}" if clock else ""
    made = np.datetime64(f"{year}-{int(month):02}-{int(day or 1):02}{hour}", "s")
    if sign:
        ahead = np.timedelta64(int(hours) * 60 + int(minutes), "m")
        made = made - ahead if sign == "+" else made + ahead
    return made


class DateFeatures(Layer):
    """Texts that are dates as numbers of size around 1.

    What comes round, such as months, becomes the sine and cosine of its place in the round, so that
    December lies beside January. A text that is empty becomes zeros.

    Args:
        parts: some of "elapsed" (decades since 2000-01-01, fractions too), "year" (decades since
            2000), "month", "day" (of the month), "weekday", "hour" and "minute".

    Returns:
        Floats (rows, numbers): for each column of the input one of "elapsed" and "year", two of
        every other part, in the order of `parts`.

    Raises:
        DataError: a text is no date.

    Example:
        >>> import kerasish as keras
        >>> layer = keras.layers.DateFeatures(["elapsed", "weekday"])
        >>> layer(["2010-01-01", "31.12.1999"]).numpy().round(2).tolist()
        [[1.0, -0.43, -0.9], [-0.0, -0.43, -0.9]]
    """

    parts: Annotated[Any, taking("array", items=enum(PARTS))] = ("elapsed", "month", "weekday")
    states_spec = True
    runs_on_host = True
    _positional_values = True

    def __post_init__(self) -> None:
        self.parts = [self.parts] if isinstance(self.parts, str) else list(self.parts)
        if not self.parts or not all(part in PARTS for part in self.parts):
            raise self._refusal(f"parts, some of {', '.join(PARTS)}", repr(self.parts))

    @property
    def width(self) -> int:
        """Numbers of a date."""
        return sum(2 if part in _ROUNDS else 1 for part in self.parts)

    def call(self, inputs: Any) -> Any:
        texts = as_texts(inputs, self.name)
        rows = texts.reshape(len(texts), -1) if texts.ndim else texts.reshape(1, 1)
        found = [_numbers(self._dates(column), self.parts) for column in rows.T]
        return np.concatenate(found, axis=1).astype(config.floatx())

    def _dates(self, texts: np.ndarray) -> np.ndarray:
        made = tables.full(len(texts), np.datetime64("NaT"), "datetime64[s]")
        for row, text in enumerate(texts.tolist()):
            if not text.strip():
                continue
            try:
                made[row] = as_date(text)
            except ValueError:
                refused = DataError(
                    f"DateFeatures {self.name!r}, row {row}",
                    expected=EXPECTED,
                    received=repr(text),
                )
                refused.row = row
                raise refused from None
        return made

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """The symbol of what a call gives."""
        columns = 1
        for size in inputs.shape[1:]:
            columns *= size
        return KerasTensor((inputs.shape[0], columns * self.width), config.floatx())

    @property
    def input_dtype(self) -> str | None:
        """Texts."""
        return TEXT


def _numbers(dates: np.ndarray, parts: Any) -> np.ndarray:
    """(rows, numbers) of dates, zeros for none."""
    none = np.isnat(dates)
    dates = np.where(none, np.datetime64("2000-01-01T00:00:00"), dates)
    days = dates.astype("datetime64[D]")
    months = dates.astype("datetime64[M]").astype(np.int64)
    seconds = (dates - days).astype(np.int64)
    values = {
        "elapsed": (dates - np.datetime64("2000-01-01T00:00:00")).astype(np.float64)
        / (86400 * _DECADE),
        "year": (months // 12 - 30) / 10,
        "month": months % 12,
        "day": (days - days.astype("datetime64[M]")).astype(np.int64),
        "weekday": (days.astype(np.int64) + 3) % 7,  # 1970-01-01 was a Thursday; 0 is Monday
        "hour": seconds / 3600,
        "minute": seconds % 3600 / 60,
    }
    columns: list[np.ndarray] = []
    for part in parts:
        if part in _ROUNDS:
            angle = 2 * np.pi * values[part] / _ROUNDS[part]
            columns += [np.sin(angle), np.cos(angle)]
        else:
            columns.append(np.asarray(values[part], np.float64))
    return np.where(none[:, None], 0.0, np.stack(columns, axis=1))
