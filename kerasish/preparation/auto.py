"""What to make of columns that nobody described: a kind for each, and why."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kerasish.preparation.columns import missing
from kerasish.preparation.table import Table
from kerasish.spec import TEXT

_MOST_KINDS = 100  # different texts of a column that is one of kinds
_BINS = 64
_WORDS = 3  # words of a text on average, from which on it is read as words
_VOCABULARY = 5000


class Chosen(NamedTuple):
    """A kind for a column: its name, arguments, the strategy for gaps, and why."""

    kind: str
    arguments: dict[str, object]
    fill: str | None
    why: str


def choose(table: Table, name: str) -> Chosen | None:
    """The kind of a column by its values in the training part; None where it tells nothing.

    Numbers are normalized, gaps, now or later, filled with the median; texts of at most 100 values
    are kinds of their own, longer ones words, all others hashed. What is the same in every row, or
    whole numbers or texts that differ in every row, as ids do, is left out.
    """
    spec, values = table.spec(name), table.values(name)
    if spec.dtype != TEXT:
        return _number(table, name, values)
    known = set(values.tolist())
    words = np.mean([text.count(" ") + 1 for text in values[:1000].tolist()])
    if len(known) < 2:
        return None
    if words >= _WORDS and len(known) > _MOST_KINDS:
        arguments: dict[str, object] = {"max_tokens": _VOCABULARY, "output_mode": "tf_idf"}
        return Chosen("TextVectorization", arguments, None, f"{words:.0f} words a text")
    if len(known) <= _MOST_KINDS:
        arguments = {"output_mode": "one_hot"}
        return Chosen("string_categorical", arguments, None, f"{len(known)} different texts")
    if len(known) == len(values):
        return None
    arguments = {"num_bins": _BINS, "output_mode": "one_hot"}
    return Chosen("string_hashed", arguments, None, f"{len(known)} different texts")


def _number(table: Table, name: str, values: np.ndarray) -> Chosen | None:
    gaps = missing(table, name)
    held = values[~gaps]
    if not len(held) or (held == held[0]).all():
        return None
    whole = values.dtype.kind in "iu"
    steps = np.diff(held.reshape(len(held), -1)[:, 0])
    if whole and len(steps) > 10 and (steps > 0).all() and steps.max() <= 10:
        return None
    why = f"numbers, {int(gaps.sum())} missing" if gaps.any() else "numbers"
    return Chosen("float_normalized", {}, "median", why)
