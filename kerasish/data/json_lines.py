"""Tables in JSON lines: types that fit every row, inner objects as columns, lists as arrays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.data.rows import Arrays, ragged
from kerasish.data.tabular import BLOCK_LINES, Files, Lines
from kerasish.errors import DataError
from kerasish.spec import TEXT, TensorSpec


class JsonLines(Files):
    """A JSON object per line; inner objects are columns `outer.inner`.

    Args:
        paths: one file or several.
        columns: the columns to read; all by default.
        dtypes: from column to dtype; what is left out is found from all rows.
        missing: values that mean that one is missing, beside null.
    """

    notes: Sequence[str] = ()

    def __init__(
        self,
        paths: Any,
        columns: Any = None,
        dtypes: Mapping[str, Any] | None = None,
        missing: Sequence[str] = (),
    ) -> None:
        super().__init__("A file of JSON lines", paths)
        self.columns = None if columns is None else list(columns)
        self.missing = set(missing)
        self.dtypes = dict(dtypes or {})
        self._kinds: dict[str, str] | None = None

    @property
    def types(self) -> dict[str, str]:
        """The dtype of every column, found from all rows."""
        if self._kinds is None:
            kinds: dict[str, set[str]] = {}
            rows, held = 0, dict[str, int]()
            for path in self.paths:
                for row in self._rows(path, 0):
                    rows += 1
                    for name, value in row.items():
                        kinds.setdefault(name, set()).add(type(value).__name__)
                        held[name] = held.get(name, 0) + (value is not None)
            if not rows:
                raise DataError(f"'{self.paths[0]}'", expected="a row", received="none")
            found = {
                name: self.dtypes.get(name) or _json_dtype(kind - {"NoneType"}, held[name] < rows)
                for name, kind in kinds.items()
            }
            if self.columns is not None:
                found = {name: found[name] for name in self.columns}
            self._kinds = found
        return self._kinds

    def read(self, path: Path, skip: int) -> Iterator[Any]:
        types, rows, before = self.types, list[dict[str, Any]](), skip
        for row in self._rows(path, skip):
            rows.append(row)
            if len(rows) == BLOCK_LINES:
                yield _json_block(rows, types, path, before)
                rows, before = [], before + len(rows)
        if rows:
            yield _json_block(rows, types, path, before)

    def _rows(self, path: Path, skip: int) -> Iterator[dict[str, Any]]:
        number = seen = 0
        for block in Lines(path).read(path, 0):
            for text in block.tolist():
                number += 1
                text = text.removeprefix("\ufeff").strip()
                if not text:
                    continue
                seen += 1
                if seen <= skip:
                    continue
                yield self._row(text, f"'{path}', line {number}")

    def _row(self, text: str, where: str) -> dict[str, Any]:
        try:
            held = json.loads(text)
        except (ValueError, RecursionError) as error:
            fix = "A line is one JSON object." if text.startswith("[") else ""
            raise DataError(where, expected="a JSON object", received=str(error), fix=fix) from None
        if not isinstance(held, dict):
            raise DataError(where, expected="a JSON object", received=type(held).__name__)
        found: dict[str, Any] = {}
        waiting = list(held.items())[::-1]
        while waiting:
            name, value = waiting.pop()
            if isinstance(value, dict):
                waiting += [(f"{name}.{key}", inner) for key, inner in value.items()][::-1]
            else:
                gone = isinstance(value, str) and value in self.missing
                found[name] = None if gone else value
        return found

    def spec(self) -> Any:
        return {name: TensorSpec((), TEXT) for name in self.types}


def _json_dtype(kinds: set[str], gaps: bool) -> str:
    if not kinds:
        return "float64"
    if kinds == {"list"}:
        return "list"
    if kinds == {"bool"}:
        return "float64" if gaps else "bool"
    if kinds == {"int"}:
        return "float64" if gaps else "int64"
    return "float64" if kinds <= {"int", "float", "bool"} else TEXT


def _json_block(
    rows: list[dict[str, Any]], types: Mapping[str, str], path: Path, before: int
) -> Arrays:
    """The columns of some rows, `before` of the file before them."""
    block: Arrays = {}
    for name, dtype in types.items():
        values = [row.get(name) for row in rows]
        try:
            block[name] = _json_column(values, dtype)
        except (ValueError, TypeError, OverflowError):
            for row, value in enumerate(values, before):
                try:
                    _json_column([value], dtype)
                except (ValueError, TypeError, OverflowError) as error:
                    what = "a list of numbers or of texts" if dtype == "list" else "a number"
                    raise DataError(
                        f"'{path}', row {row}, column {name!r}",
                        expected=what,
                        received=str(error) if dtype == "list" else repr(value),
                    ) from None
            raise
    return block


def _json_column(values: list[Any], dtype: Any) -> np.ndarray:
    if dtype == "list":
        return ragged([_list(v) for v in values])
    if dtype in (TEXT, "str", str):
        array = np.empty(len(values), object)
        array[:] = ["" if v is None else v if isinstance(v, str) else json.dumps(v)
                    for v in values]  # fmt: skip
        return array
    gap = np.nan if np.dtype(dtype).kind == "f" else None
    return np.array([gap if v is None else v for v in values], dtype)


def _list(value: Any) -> np.ndarray:
    """A list of JSON as an array; a null among numbers is NaN.

    Raises:
        ValueError: lists in it have different lengths, or it holds what is no number or text.
    """
    try:
        array = np.asarray([] if value is None else value)
        return array.astype(np.float64) if array.dtype == object else array
    except (ValueError, TypeError):
        shown = json.dumps(value)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        raise ValueError(shown) from None
