"""Inputs that are made when their rows are asked for, since the files hold more than memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kerasish.errors import DataError
from kerasish.ops.symbol import KerasTensor
from kerasish.preparation.columns import Columns, Made
from kerasish.preparation.table import Table


class Later:
    """An input of a part whose rows are read from their files: like an array (rows, ...).

    Args:
        columns: the columns that it comes from.
        symbol: what it is of them.
        table: the rows.
    """

    def __init__(self, columns: Columns, symbol: KerasTensor, table: Table) -> None:
        self._columns, self._symbol, self._table = columns, symbol, table

    def __len__(self) -> int:
        return len(self._table)

    @property
    def shape(self) -> tuple[int | None, ...]:
        """(rows, ...)."""
        return (len(self._table), *self._symbol.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the values; object for texts."""
        name = self._symbol.dtype
        return np.dtype(object if name == "string" else name)

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Some rows: positions, a slice or a mask."""
        if isinstance(rows, (int, np.integer)):
            return self[[rows]][0]
        at = np.arange(len(self))[rows]
        order = np.argsort(at, kind="stable")
        held = self._table if self._table.rows is not None else replace(
            self._table, rows=np.arange(len(self._table))
        )  # fmt: skip
        part = replace(held, rows=(held.rows if held.rows is not None else at)[at[order]])
        made = self._columns.run({"": self._symbol}, part)[""]
        return made[np.argsort(order, kind="stable")]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        found = self._columns.run({"": self._symbol}, self._table)[""]
        return found if dtype is None else found.astype(dtype)


@dataclass(frozen=True)
class Finish:
    """Makes (x, y) or (x, y, weight) of batches of columns and what is held beside them.

    Attributes:
        make: x from the columns.
        place: where a row stands, for errors.
        alone: whether there is one input, which then has no name.
    """

    make: Made
    place: Callable[[int], str]
    alone: bool

    def __call__(self, columns: Mapping[str, Any], beside: Mapping[str, Any]) -> Any:
        rows = np.asarray(beside["row"]).tolist()
        x = self.make(columns, lambda at: self.place(rows[at]))
        for name, values in x.items():
            self._check(name, values, rows)
        inputs = next(iter(x.values())) if self.alone else x
        found = [inputs, *(beside[key] for key in ("y", "weight") if key in beside)]
        return tuple(found) if found[1:] else inputs

    def _check(self, name: str, values: np.ndarray, rows: list[int]) -> None:
        """Refuse NaN, with the place of the first."""
        if values.dtype.kind != "f" or np.isfinite(values).all():
            return
        wrong = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
        raise DataError(
            self.place(rows[int(wrong.argmax())]),
            expected=f"finite numbers in {name!r}",
            received="a missing value or infinity",
            fix="Fill gaps with fill: median (or mean, most_frequent, a number).",
        )
