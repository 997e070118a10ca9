"""Rows with named columns: what a source gives, and what parts of it are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kerasish.errors import DataError
from kerasish.registry import hint
from kerasish.spec import TEXT, TensorSpec

Place = Callable[[int], str]


def nowhere(row: int) -> str:
    """The place of a row that is in no file."""
    return f"row {row}"


@dataclass(frozen=True)
class Column:
    """Values of one name.

    Attributes:
        spec: of one value; a size of None differs from row to row.
        values: an array (rows, ...); texts and ragged rows are arrays of objects.
    """

    spec: TensorSpec
    values: Any


def column_of(values: Any) -> Column:
    """The column of an array: texts as objects, rows of different lengths as arrays in one."""
    array = values if isinstance(values, np.ndarray) else np.asarray(values)
    if array.dtype.kind in "US":
        array = array.astype(object)
    if array.dtype.kind != "O":
        return Column(TensorSpec(array.shape[1:], str(array.dtype)), array)
    first = next(iter(array.reshape(-1).tolist()), "")
    if isinstance(first, np.ndarray):
        return Column(TensorSpec((None, *first.shape[1:]), str(first.dtype)), array)
    return Column(TensorSpec(array.shape[1:], TEXT), array)


@dataclass(frozen=True)
class Table:
    """Rows with named columns.

    Attributes:
        columns: by name, all of one length.
        place: where a row of `columns` stands, for errors: "adult.csv, line 17".
        rows: the numbers of the rows that are meant, in order; None for all.
        time: columns that order the rows of a series.
        group: the column that tells several series apart.
        files: what it was read from, with a digest each.
    """

    columns: Mapping[str, Column]
    place: Place = nowhere
    rows: np.ndarray | None = None
    time: tuple[str, ...] = ()
    group: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        if self.rows is not None:
            return len(self.rows)
        return next((len(c.values) for c in self.columns.values()), 0)

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(self.columns)

    def spec(self, name: str) -> TensorSpec:
        """What one value of a column is.

        Raises:
            DataError: there is no such column.
        """
        self.check([name])
        return self.columns[name].spec

    def values(self, name: str) -> Any:
        """A column's values in the rows that are meant."""
        self.check([name])
        held = self.columns[name].values
        return held if self.rows is None else held[self.rows]

    def choose(self, rows: np.ndarray) -> Table:
        """The rows at these positions of this table."""
        chosen = np.asarray(rows)
        return replace(self, rows=chosen if self.rows is None else self.rows[chosen])

    def where(self, row: int, name: str | None = None) -> str:
        """The place of a row of this table, and of a column in it."""
        place = self.place(row if self.rows is None else int(self.rows[row]))
        return place if name is None else f"{place}, column {name!r}"

    def check(self, names: Iterable[str]) -> None:
        """Refuse columns that are not there.

        Raises:
            DataError: with the columns that are.
        """
        for name in names:
            if name not in self.columns:
                raise DataError(
                    "The data",
                    expected=f"a column {name!r}",
                    received=f"the columns {', '.join(self.names)}",
                    fix=hint(name, self.names, 3),
                )
