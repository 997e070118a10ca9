"""What users have as numpy arrays of numbers: lists, arrays, and tables and columns of pandas.

pandas itself is never imported.
"""

from __future__ import annotations

import reprlib
from numbers import Real
from typing import Any, Protocol

import numpy as np

from kerasish.errors import DataError, DTypeError, ShapeError
from kerasish.sparse import is_sparse

NO_NUMBERS = "OUSMm"  # numpy's kinds of objects, texts and times
_HINTS = {
    "category": "Pass its codes, `.cat.codes`, or one column per category, `pandas.get_dummies`.",
    "M": "Pass a duration in numbers, such as `(t - t.min()).dt.total_seconds()`.",
    "m": "Pass `.dt.total_seconds()`.",
    "O": "Convert it with `.astype`, or encode text with `StringLookup` or `pandas.get_dummies`.",
}


class HasArray(Protocol):
    """What numpy reads as an array: arrays, variables, columns of tables, others' tensors."""

    def __array__(self) -> np.ndarray: ...


def host_array(x: Any) -> np.ndarray:
    """`x` as a numpy array of numbers.

    Raises:
        ShapeError: rows of different lengths.
        DTypeError: strings, times or objects.
        DataError: a column of a table that is no numbers.
    """
    try:
        array = x.toarray() if is_sparse(x) else np.asarray(x)
    except ValueError as error:
        raise ShapeError(
            "convert_to_tensor", expected="rows of equal length", received=error
        ) from None
    if array.dtype.kind == "O" and is_table(x):
        return numbers(x, "A table")
    if array.dtype.kind in NO_NUMBERS:
        alone = not array.shape and array.dtype.kind == "O"
        raise DTypeError(
            "convert_to_tensor",
            expected="numbers",
            received=f"an array of dtype {array.dtype}" if hasattr(x, "dtype") else reprlib.repr(x),
            fix="Let the function that gives it end with `return`."
            if x is None
            else "Take out of it what is a tensor or an array."
            if alone
            else "Encode strings, times and objects as numbers first.",
        )
    return array


def is_table(x: Any) -> bool:
    """Whether `x` is of pandas: a DataFrame, a Series, an Index, or an array of its own kinds."""
    return hasattr(x, "to_numpy") and any(
        base.__module__.partition(".")[0] == "pandas" for base in type(x).__mro__
    )


def numbers(table: Any, where: str) -> np.ndarray:
    """A table whose columns are all numbers, as (rows, columns), or a single column as (rows,).

    Columns of several dtypes meet in the one that holds all of them; bool counts as a number.
    Columns that may have missing values keep their dtype where none is missing; otherwise they are
    float64 with NaN.

    Args:
        table: see `is_table`.
        where: its place, for the error.

    Raises:
        DataError: a column is no numbers; the error has its name.
    """
    parts = [_column(column, place) for column, place in _columns(table, where)]
    if table.ndim == 1:
        return parts[0]
    if not parts:
        return np.empty(table.shape, np.float64)
    whole = np.empty(table.shape, np.result_type(*parts))
    for i, part in enumerate(parts):
        whole[:, i] = part
    return whole


def texts(table: Any, where: str) -> np.ndarray:
    """The values of a table as Python objects, to be read as text.

    Raises:
        DataError: a value is missing; the error has its column.
    """
    for column, place in _columns(table, where):
        missing = np.asarray(column.isna())
        if missing.any():
            raise DataError(
                place,
                expected="a text in every row",
                received=f"{int(missing.sum())} missing, the first in row {int(missing.argmax())}",
                fix="Fill them, such as with `.fillna('')`.",
            )
    return table.to_numpy(dtype=object)


def _columns(table: Any, where: str) -> list[tuple[Any, str]]:
    if table.ndim == 1:
        name = getattr(table, "name", None)
        return [(table, where if name is None else f"{where}, column {name!r}")]
    return [(table.iloc[:, i], f"{where}, column {name!r}") for i, name in enumerate(table.columns)]


def _column(column: Any, place: str) -> np.ndarray:
    dtype = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biufc":
        return np.asarray(column)
    kind = getattr(dtype, "kind", "O")
    if kind in "biuf":
        plain = getattr(dtype, "numpy_dtype", None) or getattr(dtype, "subtype", "float64")
        if np.asarray(column.isna()).any():
            return column.to_numpy(dtype="float64", na_value=np.nan)
        return np.asarray(column.to_numpy(dtype=plain))
    if isinstance(dtype, np.dtype) and kind == "O":
        values = column.tolist()
        if values and all(isinstance(value, Real) for value in values):
            return np.asarray(values)
    example = f", such as {column.iloc[0]!r}" if len(column) and hasattr(column, "iloc") else ""
    hint = _HINTS.get(str(dtype)) or _HINTS.get(kind, _HINTS["O"])
    raise DataError(place, expected="numbers", received=f"dtype {dtype}{example}", fix=hint)
