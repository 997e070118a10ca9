"""Columns of pyarrow as arrays: numbers, text, lists of one length, and structs as dicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kerasish.data.elements import map_element
from kerasish.errors import DataError
from kerasish.extras import package
from kerasish.spec import TensorSpec, input_dtype


def pyarrow(what: str) -> Any:
    """The package, for what is named in the error where it is not installed."""
    return package("pyarrow", what)


class Place(NamedTuple):
    """Where a column is read.

    Attributes:
        what: who reads, for errors.
        path: the file.
        row: the number of the column's first value in it.
        typed: whether the user may say the type of a column.
    """

    what: str
    path: Path
    row: int = 0
    typed: bool = False

    def error(self, name: str, expected: str, received: str, fix: str = "") -> DataError:
        """What is wrong with a column."""
        where = f"{self.what}, column {name!r} of {self.path}"
        return DataError(where, expected=expected, received=received, fix=fix)


def spec_of_type(pa: Any, kind: Any, *sizes: int | None) -> Any:
    """The spec of an element of a type, behind axes of `sizes`."""
    if pa.types.is_struct(kind):
        return {part.name: spec_of_type(pa, part.type, *sizes) for part in kind}
    if pa.types.is_fixed_size_list(kind):
        return spec_of_type(pa, kind.value_type, *sizes, kind.list_size)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return spec_of_type(pa, kind.value_type, *sizes, None)
    dtype = np.dtype(kind.to_pandas_dtype())
    return TensorSpec(sizes, input_dtype(dtype))


def of_type(column: Any, kind: Any, name: str, place: Place) -> Any:
    """A column in the type that it has in the first file.

    Raises:
        DataError: its values are none of that type.
    """
    pa = pyarrow(place.what)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.type == kind:
        return column
    try:
        if pa.types.is_primitive(column.type) == pa.types.is_primitive(kind):
            return column.cast(kind)
        received = f"type {column.type}"
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        received = str(error)
    raise place.error(name, f"type {kind}, as in the first file", received)


def as_arrays(column: Any, name: str, place: Place) -> Any:
    """A column as an array, or a dict of arrays where it is of structs.

    Raises:
        DataError: a value is missing that is no float, lists are not of one length, or neither
            numbers nor text.
    """
    pa, kind = pyarrow(place.what), column.type
    if pa.types.is_dictionary(kind):
        return as_arrays(column.dictionary_decode(), name, place)
    if column.null_count and not pa.types.is_floating(kind):
        typed = place.typed and pa.types.is_integer(kind)
        raise place.error(
            name,
            f"a value in every row, of type {kind}",
            f"none in row {place.row + int(np.argmax(np.asarray(column.is_null())))}",
            f"Let it be a float, dtypes={{{name!r}: 'float64'}}, where none is NaN."
            if typed
            else "Fill it, or leave the column out with `columns`.",
        )
    if pa.types.is_struct(kind):
        parts = zip(kind, column.flatten(), strict=True)
        return {part.name: as_arrays(held, f"{name}.{part.name}", place) for part, held in parts}
    if isinstance(column, (pa.ListArray, pa.LargeListArray, pa.FixedSizeListArray)):
        return _lists(column, name, place)
    array = column.to_numpy(zero_copy_only=False)
    if array.dtype.kind not in "biufO":
        raise place.error(
            name,
            "numbers, booleans or text",
            f"type {kind}",
            "Leave it out with `columns`, or write it as a number.",
        )
    return array


def _lists(column: Any, name: str, place: Place) -> Any:
    rows = len(column)
    lengths = set(column.value_lengths().to_pylist())
    if len(lengths) > 1:
        told = ", ".join(map(str, sorted(lengths)[:9]))
        raise place.error(name, "lists of one length", f"lengths {told}")
    # Rows are not told of what is missing within a list: its values are counted through.
    inner = as_arrays(column.flatten(), f"{name}, in its lists", place._replace(row=0))
    length = lengths.pop() if lengths else 0
    return map_element(lambda leaf: leaf.reshape(rows, length, *leaf.shape[1:]), inner)
