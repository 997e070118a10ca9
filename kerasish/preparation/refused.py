"""Values that nothing can be trained on, with the place of the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasish.errors import DataError
from kerasish.preparation.columns import Columns, missing
from kerasish.preparation.table import Table


def weights_of(table: Table, name: str | None) -> np.ndarray | None:
    """How much each row counts.

    Raises:
        DataError: with the place of the first that is no number of 0 or more.
    """
    if name is None:
        return None
    values = table.values(name)
    is_number = values.dtype.kind in "iufb" and values.ndim == 1
    wrong = ~(np.isfinite(values) & (values >= 0)) if is_number else np.ones(len(values), bool)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            table.where(row, name), expected="a weight, a number of 0 or more",
            received="a missing value" if values[row] != values[row] else repr(values[row]),
            fix="Rows that shall not count have the weight 0.", about="sample_weight",
        )  # fmt: skip
    return values


def check_finite(
    x: Mapping[str, np.ndarray], symbols: Mapping[str, Any], columns: Columns, table: Table
) -> None:
    """Refuse NaN among inputs, with the place of the first."""
    for name, array in x.items():
        if array.dtype.kind != "f" or np.isfinite(array).all():
            continue
        for column in columns.inputs({name: symbols[name]}):
            gaps = missing(table, column)
            if gaps.any():
                raise DataError(
                    table.where(int(gaps.argmax()), column),
                    expected="a number",
                    received=f"a missing value, one of {int(gaps.sum())}",
                    fix="Fill them with fill: median (or mean, most_frequent, a number).",
                    about=f"column.{column}",
                )
        wrong = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
        raise DataError(
            table.where(int(wrong.argmax())),
            expected=f"finite numbers in {name!r}",
            received=f"NaN or infinity in {int(wrong.sum())} rows",
            fix="Take such rows out, or say that the value means a missing one: missing.",
            about=f"column.{next(iter(columns.inputs({name: symbols[name]})), '')}",
        )
