"""What to make of columns that nobody described: a kind for each, and why."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from kerasish.layers.preprocessing.dates import as_date
from kerasish.preparation.columns import missing
from kerasish.preparation.table import Table
from kerasish.spec import TEXT

_MOST_KINDS = 100  # different texts of a column that is one of kinds
_MOST_TOKENS = (500, 2000)  # kinds of many that are told apart: in large tables, and in small ones
_ONES = 50_000_000  # numbers that kinds become in all, above which a table is large
_SEEN = 2  # times that one of many kinds is seen, to be told apart
_OFTEN = 5  # times that the most frequent is seen, for any to be told apart
_WORDS = 3  # words of a text on average, from which on it is read as words
_VOCABULARY = 5000
_LOOKED_AT = 1000
_FEW = 10  # different texts that are kinds however few rows there are
_DATE = re.compile(
    r"\s*(\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})([T ].*)?"
)
_ID = re.compile(r"(?i)(.*[_\W])?(id|uuid|guid|index|idx|key|rowid|row)")


class Chosen(NamedTuple):
    """A kind for a column: its name, arguments, the strategy for gaps, and why.

    A kind of "" is a column to leave out.
    """

    kind: str
    arguments: dict[str, Any]
    fill: str | None
    why: str


def strays(table: Table, name: str) -> tuple[int, str, bool] | None:
    """Where a column of texts would be one of numbers but for a few values.

    Returns:
        The row of the first that is none, it, and whether all of them are the same; None where the
        column is one of texts.
    """
    if table.spec(name).dtype != TEXT or table.spec(name).shape:
        return None
    values = table.head(name, _LOOKED_AT * 10).tolist()
    wrong = [(row, text) for row, text in enumerate(values) if text and not _is_number(text)]
    if not wrong or len(wrong) * 5 > len(values):
        return None
    return *wrong[0], len({text for _, text in wrong}) == 1


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _left_out(why: str) -> Chosen:
    return Chosen("", {}, None, why)


def choose(table: Table, name: str) -> Chosen:
    """The kind of a column by its values in the training part.

    Numbers are normalized, gaps, now or later, filled with the median; texts of several words are
    read as words, others are kinds of their own, of which the rare ones are one where there are
    many; dates become their parts. What tells nothing is left out: what is the same in every row,
    ids.
    """
    spec, values = table.spec(name), table.values(name)
    if spec.dtype != TEXT:
        return _number(table, name, values)
    counts = Counter(values.tolist())
    held = [text for text in values[:_LOOKED_AT].tolist() if text]
    if len(counts) < 2 or not held:
        return _left_out("the same in every row")
    if sum(map(bool, map(_DATE.fullmatch, held))) > 0.9 * len(held):
        return _dates(values)
    words = np.mean([len(text.split()) for text in held])
    if words >= _WORDS and len(counts) > _MOST_KINDS:
        arguments: dict[str, Any] = {"max_tokens": _VOCABULARY, "output_mode": "tf_idf"}
        return Chosen("TextVectorization", arguments, None, f"{words:.0f} words a text")
    arguments = {"output_mode": "one_hot"}
    if len(counts) > min(_MOST_KINDS, max(len(values) // 2, _FEW)):
        if max(counts.values()) < _OFTEN:
            return _left_out("nearly every row has another text")
        often = sum(count >= _SEEN for count in counts.values())
        least, most = _MOST_TOKENS
        arguments["max_tokens"] = min(often, max(least, min(most, _ONES // len(values)))) + 1
    return Chosen("string_categorical", arguments, None, f"{len(counts)} different texts")


def _dates(values: np.ndarray) -> Chosen:
    """Dates by their parts; those of a form that is not read are left out."""
    hours: set[int] = set()
    try:
        for text in set(filter(str.strip, values.tolist())):
            hours.add(int(as_date(text).astype("datetime64[h]").astype(np.int64) % 24))
    except ValueError as error:
        return _left_out(f"dates of a form that is not read, such as {str(error)!r}")
    parts = ["elapsed", "month", "weekday", *(["hour"] if len(hours) > 1 else [])]
    return Chosen("DateFeatures", {"parts": parts}, None, "dates")


def _number(table: Table, name: str, values: np.ndarray) -> Chosen:
    gaps = missing(table, name)
    held = values[~gaps]
    if not len(held) or (held == held[0]).all():
        return _left_out("the same in every row")
    flat = held.reshape(len(held), -1)[:, 0]
    if values.dtype.kind in "iu" and len(flat) > 10:
        steps = np.diff(flat)
        if (steps > 0).all() and steps.max() <= 10:
            return _left_out("whole numbers that go up from row to row, as ids do")
        if _ID.fullmatch(name) and len(np.unique(flat)) == len(flat):
            return _left_out("whole numbers that differ in every row, as ids do")
    why = f"numbers, {int(gaps.sum())} missing" if gaps.any() else "numbers"
    return Chosen("float_normalized", {}, "median", why)
