"""What users have as numpy arrays: lists, arrays, and tables and columns of pandas and polars.

Neither of these is ever imported.
"""

from __future__ import annotations

import reprlib
from numbers import Real
from typing import Any, Protocol

import numpy as np

from kerasish.errors import DataError, DTypeError, ShapeError
from kerasish.sparse import is_sparse

NO_NUMBERS = "OUSMm"  # numpy's kinds of objects, texts and times
_ENCODE = (
    "Convert it with `.astype`, or encode text with `StringLookup` or `pandas.get_dummies`; an "
    "`Input` with dtype='string' takes text as it is."
)
_HINTS = {
    "category": "Pass its codes, `.cat.codes`, or one column per category, `pandas.get_dummies`.",
    "M": "Pass a duration in numbers, such as `(t - t.min()).dt.total_seconds()`.",
    "m": "Pass `.dt.total_seconds()`.",
    "O": _ENCODE,
    # polars
    "Categorical": "Pass its codes, `.to_physical()`, or one column per category, `.to_dummies()`.",
    "Enum": "Pass its codes, `.to_physical()`, or one column per category, `.to_dummies()`.",
    "Date": "Pass a number, such as `.dt.epoch('s')`.",
    "Datetime": "Pass a number, such as `.dt.epoch('s')`.",
    "Duration": "Pass `.dt.total_seconds()`.",
    "List": "Bring its lists to one length, such as with `keras.utils.pad_sequences`.",
    "String": _ENCODE.replace("pandas.get_dummies", ".to_dummies()").replace("astype", "cast"),
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
    if array.dtype.kind == "O" and is_columns(x):
        return numbers(x, "A table", gaps=True)
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
    return _is_of(x, "pandas")


def is_columns(x: Any) -> bool:
    """Whether `x` is a table or a column of pandas or polars."""
    return _is_of(x, "pandas") or _is_of(x, "polars")


def is_frame(x: Any) -> bool:
    """Whether `x` is a table whose columns have names."""
    return hasattr(x, "columns") and is_columns(x)


def names(frame: Any) -> list[Any]:
    """The names of the columns of a frame; the first level of them, each once, where several."""
    columns = frame.columns
    return list(dict.fromkeys(columns.get_level_values(0) if _levels(columns) else columns))


def _levels(columns: Any) -> bool:
    return getattr(columns, "nlevels", 1) > 1


def _is_of(x: Any, package: str) -> bool:
    return hasattr(x, "to_numpy") and any(
        base.__module__.partition(".")[0] == package for base in type(x).__mro__
    )


def numbers(table: Any, where: str, gaps: bool = False) -> np.ndarray:
    """A table whose columns are all numbers, as (rows, columns), or a single column as (rows,).

    Columns of several dtypes meet in the one that holds all of them; bool counts as a number.
    A column that holds lists or arrays of one length counts as that many.

    Args:
        table: see `is_columns`.
        where: its place, for the error.
        gaps: whether values may be missing, which are NaN then, in float64 where the dtype has
            no NaN.

    Raises:
        DataError: a column is no numbers, or a value is missing; the error has the column, and
            the row.
    """
    parts = []
    for column, place in _columns(table, where):
        part = _column(column, place)
        if not gaps and part.dtype.kind == "f":
            _refuse_missing(np.isnan(part), place)
        parts.append(part)
    if not hasattr(table, "columns"):
        return parts[0]
    if not parts:
        return np.empty(table.shape, np.float64)
    wide = [part[:, None] if part.ndim == 1 else part for part in parts]
    return np.concatenate(wide, axis=1, dtype=np.result_type(*wide))


def texts(table: Any, where: str) -> np.ndarray:
    """The values of a table as Python objects, to be read as text.

    Raises:
        DataError: a value is missing; the error has its column and row.
    """
    parts = []
    for column, place in _columns(table, where):
        gaps = column.is_null() if _is_of(column, "polars") else column.isna()
        _refuse_missing(np.asarray(gaps), place, "a text", ".fillna('')")
        parts.append(_as_objects(column))
    return np.stack(parts, axis=1) if hasattr(table, "columns") else parts[0]


def _refuse_missing(
    missing: np.ndarray, place: str, expected: str = "a number", fix: str = ".fillna(0)"
) -> None:
    if missing.any():
        row = int(np.argwhere(missing)[0][0])
        raise DataError(
            place,
            expected=f"{expected} in every row",
            received=f"{int(missing.sum())} missing, the first in row {row}",
            fix=f"Fill them, such as with `{fix}` (polars: `.fill_null`), or leave these rows out."
            + (" A model that reads NaN takes `.to_numpy()`." if "number" in expected else ""),
        )


def _columns(table: Any, where: str) -> list[tuple[Any, str]]:
    if not hasattr(table, "columns"):
        name = getattr(table, "name", None)
        return [(table, where if name in (None, "") else f"{where}, column {name!r}")]
    if _is_of(table, "polars"):
        found = table.get_columns()
    else:
        found = [table.iloc[:, i] for i in range(table.shape[1])]
    return [(c, f"{where}, column {n!r}") for c, n in zip(found, table.columns, strict=True)]


def _column(column: Any, place: str) -> np.ndarray:
    if _is_of(column, "polars"):
        return _of_polars(column, place)
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
        found = _of_objects(_listed(column))
        if found is not None:
            return found
    raise _no_numbers(column, place, str(dtype) if str(dtype) in _HINTS else kind)


def _of_polars(column: Any, place: str) -> np.ndarray:
    kind = str(column.dtype).partition("(")[0]
    if column.dtype.is_numeric() or kind in ("Boolean", "Array"):
        array = column.to_numpy()
        # Decimals, and truth values that are missing, are objects.
        return array if array.dtype.kind != "O" else column.cast(float).to_numpy()
    if kind in ("List", "Object"):
        found = _of_objects(_listed(column))
        if found is not None:
            return found
    raise _no_numbers(column, place, kind)


def _listed(column: Any) -> list[Any]:
    return column.to_list() if hasattr(column, "to_list") else column.tolist()


def _as_objects(column: Any) -> np.ndarray:
    values = np.empty(len(column), object)
    values[:] = _listed(column)
    return values


def _of_objects(values: list[Any]) -> np.ndarray | None:
    """Numbers, or lists and arrays of one length of them, that objects hold; None for others."""
    held = [value for value in values if value is not None]
    if held and all(isinstance(value, Real) for value in held):
        return np.asarray([np.nan if value is None else value for value in values])
    if held and len(held) == len(values) and all(isinstance(v, (list, np.ndarray)) for v in held):
        if len({len(value) for value in held}) == 1:
            found = np.asarray([*values])
            return found if found.dtype.kind in "biuf" else None
    return None


def _no_numbers(column: Any, place: str, kind: str) -> DataError:
    example = f", such as {_listed(column[:1])[0]!r}" if len(column) else ""
    return DataError(
        place,
        expected="numbers",
        received=f"dtype {column.dtype}{example}",
        fix=_HINTS.get(kind, _HINTS["O"]),
    )
