"""Tables in csv, tsv, parquet, Arrow and JSON lines: in memory, or read block by block."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.data.json_lines import JsonLines
from kerasish.data.nodes import FIXED
from kerasish.data.rows import ArrowFile, CleanCsv, GapParquet
from kerasish.data.tabular import Files, opened
from kerasish.errors import DataError
from kerasish.preparation.formats import TYPES, Format, Option, Options, about
from kerasish.preparation.media import FILES, with_files
from kerasish.preparation.streams import Stream, Streamed, gathered
from kerasish.preparation.table import Column, Place, Table, column_of
from kerasish.spec import TensorSpec

LIMIT = 1 << 30  # bytes of a table, from which on it is streamed
_PACKED = 4  # how many times its size a packed file holds, about
_IN_MEMORY = {"csv": 2, "jsonl": 3, "parquet": 4, "arrow": 1}  # a byte of the file, about

_MISSING = Option("missing", "values", "texts that mean a value is missing", '"?"')
STREAM = Option(
    "stream", "flag", f"rows are read anew in every epoch; by default from {LIMIT >> 30} GiB on",
    "true",
)  # fmt: skip
_CSV = (
    Option("separator", "letter", "what stands between values", '";"'),
    Option("quote", "letter or false", "what encloses texts", '"\'"'),
    Option("decimal", "mark", "what stands before fractions", '","'),
    Option("header", "flag", "whether the first line names the columns", "false"),
    _MISSING,
    STREAM,
    FILES,
)


def types_of(options: Options) -> dict[str, str]:
    """The dtypes that a person said, by column."""
    given: Mapping[str, str] = options.get("types") or {}
    return {name: TYPES.get(kind, kind) for name, kind in given.items()}


def _missing(options: Options) -> list[str]:
    given = options.get("missing", ())
    several = [given] if isinstance(given, (str, int, float)) else given
    return [str(one) for one in several]


def _csv(separator: str) -> Callable[[list[Path], Options], Table]:
    def read(paths: list[Path], options: Options) -> Table:
        names: Any = options.get("names")
        if isinstance(names, Mapping):
            names = None
        if names is None and options.get("header") is False:
            names = ()

        def node(columns: list[str] | None, types: Mapping[str, Any]) -> CleanCsv:
            return CleanCsv(
                paths, columns, types, options.get("separator", separator), names,
                options.get("quote", '"') or None, _missing(options), options.get("decimal", "."),
            )  # fmt: skip

        place = _lines(paths, options.get("separator", separator), names is None)
        return _table("csv", paths, options, node, place)

    return read


def _jsonl(paths: list[Path], options: Options) -> Table:
    def node(columns: list[str] | None, types: Mapping[str, Any]) -> JsonLines:
        return JsonLines(paths, columns, types, _missing(options))

    return _table("jsonl", paths, options, node, _numbered(paths))


def _parquet(paths: list[Path], options: Options) -> Table:
    return _table("parquet", paths, options, lambda c, _: GapParquet(paths, c), _rows(paths))


def _arrow(paths: list[Path], options: Options) -> Table:
    return _table("arrow", paths, options, lambda c, _: ArrowFile(paths, c), _rows(paths))


def _table(
    kind: str,
    paths: list[Path],
    options: Options,
    node: Callable[[list[str] | None, Mapping[str, Any]], Any],
    place: Place,
) -> Table:
    """The table of a node that reads blocks."""
    given = types_of(options)
    known = {name: t for name, t in (options.get("like") or {}).items() if name not in given}
    # Whole numbers may have gaps or fractions elsewhere: they are looked at again.
    like = {name: dtype for name, dtype in known.items() if "int" not in dtype}
    whole: Any = node(None, {} if like else given)
    if like:
        there = _names(whole)
        whole = node(None, {n: t for n, t in (like | given).items() if n in there})
    names = _names(whole)
    streamed = options.get("stream")
    if streamed is None:
        streamed = _bytes(kind, paths) > LIMIT
    if streamed:
        dtypes = _dtypes(whole)
        stream = Stream(lambda wanted: node(wanted, dtypes), names[0])
        blocks = next(iter(whole.blocks(FIXED, 0)), {})
        columns = {
            name: Column(column_of(blocks[name]).spec, Streamed(stream, name)) for name in names
        }
    else:
        found = gathered(whole.blocks(FIXED, 0))
        if not found:
            raise DataError(f"The file '{paths[0]}'", expected="a row", received="none")
        columns = {name: column_of(values) for name, values in found.items()}
    numbers = {name: "float64" for name, dtype in known.items() if "int" in dtype}
    texts = {name: "float64" for name in numbers if name in columns and _is_text(columns[name])}
    wanted = texts | given
    columns = {name: _typed(name, one, wanted.get(name), place) for name, one in columns.items()}
    table = Table(columns, place, notes=tuple(whole.notes))
    return with_files(table, paths[0].parent, options)


def _is_text(column: Column) -> bool:
    return column.spec.dtype == "string"


def _names(node: Files) -> list[str]:
    return list(getattr(node, "types", {}))


def _dtypes(node: Any) -> dict[str, Any]:
    """The dtypes that a node found, to be given to another of the same files."""
    kinds = node.types
    return {n: t if isinstance(t, str) else _dtype_of(t) for n, t in kinds.items()}


def _dtype_of(kind: Any) -> str:
    return {"double": "float64", "float": "float32"}.get(str(kind), str(kind))


def _typed(name: str, column: Column, wanted: str | None, place: Place) -> Column:
    """A column of the type that a person said."""
    dtype = "string" if wanted == "string" else wanted
    if dtype is None or column.spec.dtype == dtype or isinstance(column.values, Streamed):
        return column
    return column_of(cast_values(name, column.values, dtype, place))


def cast_values(name: str, values: np.ndarray, dtype: str, place: Place) -> np.ndarray:
    """The values of a column in another dtype.

    Raises:
        DataError: with the place of the first value that is none.
    """
    if dtype == "string":
        found = np.empty(len(values), object)
        found[:] = [str(value) for value in values.tolist()]
        return found
    try:
        if values.dtype == object:
            return np.array([value or np.nan for value in values.tolist()], float).astype(dtype)
        return values.astype(dtype)
    except (ValueError, TypeError):
        for row, value in enumerate(values.tolist()):
            try:
                np.array([value]).astype(dtype)
            except (ValueError, TypeError):
                raise DataError(
                    f"{place(row)}, column {name!r}",
                    expected=f"a value of {dtype}",
                    received=repr(value),
                ) from None
        raise


def _bytes(kind: str, paths: Sequence[Path]) -> int:
    """About how many bytes the columns of some files take."""
    return sum(
        path.stat().st_size * _IN_MEMORY[kind] * (_PACKED if path.suffix == ".gz" else 1)
        for path in paths
    )


# --- places ---------------------------------------------------------------------------------------


def _lines(paths: Sequence[Path], separator: str, header: bool) -> Place:
    """The lines of csv files in which rows begin, looked for when one is asked for."""

    def place(row: int) -> str:
        left = row
        for path in paths:
            with io.TextIOWrapper(opened(path), "utf-8", errors="replace", newline="") as file:
                lines = csv.reader(file, delimiter=separator)
                number, seen = 1, -1 if header else 0
                for fields in lines:
                    if fields:
                        if seen == left:
                            return f"{path.name}, line {number}"
                        seen += 1
                    number = lines.line_num + 1
            left -= seen
        return f"row {row}"

    return place


def _numbered(paths: Sequence[Path]) -> Place:
    """The lines of files of lines that are not empty."""

    def place(row: int) -> str:
        left = row
        for path in paths:
            with opened(path) as file:
                for number, line in enumerate(file, 1):
                    if line.strip():
                        if not left:
                            return f"{path.name}, line {number}"
                        left -= 1
        return f"row {row}"

    return place


def _rows(paths: Sequence[Path]) -> Place:
    return lambda row: f"{paths[0].name}, row {row}"


_TABLE = "A table in "
FORMATS: dict[str, Format] = {
    "csv": Format(
        _csv(","), _TABLE + "lines of values with commas, or another separator, between them.",
        "people.csv", _CSV, ("csv",),
    ),
    "tsv": Format(
        _csv("\t"), _TABLE + "lines of values with tabs between them.",
        "people.tsv", _CSV, ("tsv",),
    ),
    "parquet": Format(
        _parquet, _TABLE + "parquet files.", "people.parquet",
        (STREAM, FILES), ("parquet",),
    ),
    "arrow": Format(
        _arrow, _TABLE + "Arrow files (feather).", "people.arrow",
        (STREAM, FILES), ("arrow", "feather", "ipc"),
    ),
    "jsonl": Format(
        _jsonl, _TABLE + "lines of JSON objects; inner objects are columns `outer.inner`.",
        "people.jsonl", (_MISSING, STREAM, FILES), ("jsonl", "ndjson"),
    ),
}  # fmt: skip


def renamed(table: Table, names: Mapping[str, str]) -> Table:
    """A table whose columns have new names: {new: old}.

    Raises:
        DataError: there is no column of an old name, or one of a new name stays.
    """
    for new, old in names.items():
        with about(f"names.{new}="):
            table.check([old])
        if new in table.columns and new not in names.values():
            raise DataError(
                "names", expected="names that no other column has",
                received=f"{new!r}, which is a column already", fix="Choose another name.",
                about=f"names.{new}",
            )  # fmt: skip
    back = {old: new for new, old in names.items()}
    columns = {back.get(name, name): column for name, column in table.columns.items()}
    return replace(table, columns=columns)


def spec_text(spec: TensorSpec) -> str:
    """A spec in words, for notes."""
    return f"{spec.dtype}{list(spec.shape) if spec.shape else ''}"
