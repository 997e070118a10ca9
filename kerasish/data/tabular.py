"""Rows of files: tables in csv and parquet, and lines of text, read block by block.

A pass takes the memory of a few blocks, whatever the files' size. Several files are one dataset,
in the order they are given. Tables are read by pyarrow.
"""

from __future__ import annotations

import gzip
import io
import os
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.data.arrow import Place, as_arrays, of_type, pyarrow, spec_of_type
from kerasish.data.elements import count_rows, rows_of, text_array
from kerasish.data.nodes import UNKNOWN, Contents, Node, Pass
from kerasish.errors import ArgumentError, DataError
from kerasish.extras import package
from kerasish.spec import TEXT, TensorSpec, dtype_name

BLOCK_BYTES = 1 << 20
BLOCK_LINES = 4096
_INTS = [f"{sign}int{bits}" for bits in (8, 16, 32, 64) for sign in ("", "u")]
_READ = ("bool", *_INTS, "float32", "float64")
MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")


def paths_of(what: str, given: Any) -> list[Path]:
    """One path or several, of files that are there.

    Raises:
        ArgumentError: none, or one that is no file.
    """
    paths = [given] if isinstance(given, (str, os.PathLike)) else list(given)
    if not paths:
        raise ArgumentError(what, expected="a path, or several", received="none")
    for path in paths:
        if not Path(path).is_file():
            raise ArgumentError(what, expected="a file that is there", received=str(path))
    return [Path(path) for path in paths]


def opened(path: Path) -> Any:
    """A file of bytes, unpacked where its name ends with `.gz`."""
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")


class Files(Node, ABC):
    """Base of what reads files block by block."""

    batched = False
    decides: tuple[str, ...] = ("contents",)

    def __init__(self, name: str, paths: Any) -> None:
        super().__init__()
        self.name = name
        self.paths = paths_of(name, paths)
        self._counts: dict[Path, int] = {}  # rows of files that were read to their end

    @property
    def contents(self) -> list[Contents]:
        """The files, each of which counts by its bytes."""
        return [Contents(path) for path in self.paths]

    @abstractmethod
    def read(self, path: Path, skip: int) -> Iterator[Any]:
        """The blocks of a file without its first `skip` rows."""

    def length(self) -> int:
        return UNKNOWN

    def blocks(self, run: Pass, start: int) -> Iterator[Any]:
        for index, path in enumerate(self.paths):
            known = self._counts.get(path)
            if known is not None and known <= start:
                start -= known
                continue
            rows = 0
            only = start if known is not None or index == len(self.paths) - 1 else 0
            for block in self.read(path, only):
                held = count_rows(block, self.name)
                rows += held
                left = start - only  # rows of a file whose length is not known are read, not given
                if left < held:
                    yield rows_of(block, slice(left, None)) if left else block
                start -= min(left, held)
            if rows or not only:
                self._counts[path] = rows + only
            start = max(start - only, 0)


class Table(Files):
    """Base of tables: dicts of columns by name, and what is the label apart."""

    decides = ("contents", "columns", "label")

    def __init__(self, name: str, paths: Any, columns: Any, label: Any) -> None:
        super().__init__(name, paths)
        self.columns = None if columns is None else list(columns)
        self.label = label
        self._schema: dict[str, Any] = {}  # type of every column, as the first file has it

    @property
    def labels(self) -> list[str]:
        """The columns that are labels."""
        if self.label is None:
            return []
        return [self.label] if isinstance(self.label, str) else list(self.label)

    def wanted(self, names: Sequence[str], where: str) -> list[str]:
        """The columns to read.

        Raises:
            DataError: some are not there.
        """
        chosen = list(self._schema or (names if self.columns is None else self.columns))
        chosen += [name for name in self.labels if name not in chosen]
        absent = [name for name in chosen if name not in names]
        if absent:
            raise DataError(
                f"{self.name}, {where}",
                expected=f"the column {absent[0]!r}",
                received=f"the columns {list(names)}",
            )
        return chosen

    def element(self, columns: dict[str, Any]) -> Any:
        """A dict of features, with the labels beside it where there are any."""
        if self.label is None:
            return columns
        apart = {name: columns.pop(name) for name in self.labels}
        return columns, apart[self.label] if isinstance(self.label, str) else apart

    @property
    def types(self) -> dict[str, Any]:
        """The types of the columns that are read, as the first file has them."""
        if not self._schema:
            self._schema = self.find_types()
        return self._schema

    @abstractmethod
    def find_types(self) -> dict[str, Any]:
        """The types of the columns, from the beginning of the first file."""

    def spec(self) -> Any:
        pa = pyarrow(self.name)
        return self.element({n: spec_of_type(pa, kind) for n, kind in self.types.items()})

    def converted(self, batch: Any, path: Path, before: int) -> Any:
        """The columns of a pyarrow batch as arrays, those of the file's row `before` first."""
        place = Place(self.name, path, before, isinstance(self, Csv))
        found = {}
        for name, kind in self.types.items():
            column = of_type(batch.column(name), kind, name, place)
            found[name] = as_arrays(column, name, place)
        return self.element(found)


class Csv(Table):
    """Tables of values that a delimiter parts, with the names of the columns in the first line."""

    decides = (*Table.decides, "dtypes", "delimiter", "names", "quote", "missing")
    missing: Sequence[str] = MISSING
    typed = "Say what it is with `dtypes`, such as dtypes={{{name!r}: 'float64'}} or 'string'."

    def __init__(
        self,
        paths: Any,
        columns: Any = None,
        label: Any = None,
        dtypes: Mapping[str, Any] | None = None,
        delimiter: str = ",",
        names: Sequence[str] | None = None,
        quote: str | None = '"',
    ) -> None:
        super().__init__("Dataset.from_csv", paths, columns, label)
        self.quote = quote
        self.dtypes = dict(dtypes or {})
        self.delimiter = delimiter
        self.names = None if names is None else list(names)
        unknown = sorted(set(self.dtypes) - set(self.types))
        if unknown:
            raise ArgumentError(
                f"{self.name}, dtypes",
                expected=f"some of the columns {list(self.types)}",
                received=repr(unknown[0]),
            )

    def _open(self, path: Path, skip: int, types: dict[str, Any] | None) -> Any:
        csv = package("pyarrow.csv", self.name)
        return csv.open_csv(
            path,
            read_options=csv.ReadOptions(
                block_size=BLOCK_BYTES,
                use_threads=False,
                column_names=self.names,
                skip_rows_after_names=skip,
            ),
            parse_options=csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=True, quote_char=self.quote or False
            ),
            convert_options=csv.ConvertOptions(
                column_types=types,
                include_columns=None if types is None else list(types),
                null_values=list(self.missing),
                strings_can_be_null=False,
            ),
        )

    def find_types(self) -> dict[str, Any]:
        pa, path = pyarrow(self.name), self.paths[0]
        try:
            with self._open(path, 0, None) as reader:
                first = reader.read_next_batch()
        except StopIteration:
            raise DataError(f"{self.name}, {path}", expected="a row", received="none") from None
        except pa.ArrowInvalid as error:
            raise self._refusal(path, {}, error) from error
        found = {}
        twice = sorted({n for n in first.schema.names if first.schema.names.count(n) > 1})
        if twice:
            raise DataError(
                f"{self.name}, {path}",
                expected="columns of different names",
                received=f"{twice[0]!r} more than once",
                fix="Change the first line of the file.",
            )
        for name in self.wanted(first.schema.names, str(path)):
            kind = first.schema.field(name).type
            gaps = first.column(name).null_count
            if name in self.dtypes:
                kind = _arrow_type(pa, self.dtypes[name])
            elif pa.types.is_null(kind) or (pa.types.is_integer(kind) and gaps):
                kind = pa.float64()
            elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
                kind = kind if pa.types.is_boolean(kind) and not gaps else pa.string()
            found[name] = kind
        return found

    def read(self, path: Path, skip: int) -> Iterator[Any]:
        pa, types, before = pyarrow(self.name), self.types, skip
        try:
            with self._open(path, skip, types) as reader:
                for batch in reader:
                    yield self.converted(batch, path, before)
                    before += batch.num_rows
        except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
            raise self._refusal(path, types, error) from error

    def _refusal(self, path: Path, types: dict[str, Any], error: Exception) -> DataError:
        """The error of a file that pyarrow cannot read: the first line that is not as it should
        be is looked for, which pyarrow does not tell."""
        pa = pyarrow(self.name)
        for line, row, names in self._lines(path):
            if any("\ufffd" in text for text in row or names):
                return DataError(
                    f"{self.name}, {path}, line {line}",
                    expected="text in UTF-8",
                    received=repr(next(text for text in row or names if "\ufffd" in text)[:80]),
                    fix="Write the file in UTF-8.",
                )
            if row is None:
                self.wanted(names, str(path))
                continue
            if len(row) != len(names):
                return DataError(
                    f"{self.name}, {path}, line {line}",
                    expected=f"{len(names)} values, one for every column",
                    received=f"{len(row)}",
                )
            for name, text in zip(names, row, strict=True):
                kind = types.get(name)
                if kind is not None and not _reads(pa, self.readable(text), kind, self.missing):
                    return DataError(
                        f"{self.name}, {path}, line {line}, column {name!r}",
                        expected=f"a value of type {kind}"
                        + ("" if name in self.dtypes else ", as the first rows have it"),
                        received=repr(text),
                        fix=self.typed.format(name=name),
                        about=f"types.{name}=",
                    )
        return DataError(f"{self.name}, {path}", expected="a csv file", received=str(error))

    def readable(self, text: str) -> str:
        """A field as numbers are read."""
        return text

    def _lines(self, path: Path) -> Iterator[tuple[int, list[str] | None, list[str]]]:
        """(line, values, names) of every row; values None for the names."""
        import csv  # for the error only

        names, before = self.names, 1
        with io.TextIOWrapper(
            opened(path), encoding="utf-8-sig", errors="replace", newline=""
        ) as file:
            quoting = csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE
            rows = csv.reader(
                file, delimiter=self.delimiter, quotechar=self.quote or None, quoting=quoting
            )
            try:
                for row in rows:
                    if names is None:
                        names = row
                        yield before, None, names
                    elif row:
                        yield before, row, names
                    before = rows.line_num + 1
            except (csv.Error, OSError, EOFError, zlib.error):
                return  # a text without an end is none of its values


def _reads(pa: Any, text: str, kind: Any, missing: Sequence[str]) -> bool:
    """Whether pyarrow reads a text as a value of a type."""
    if text in missing:
        return pa.types.is_floating(kind) or pa.types.is_string(kind)
    if pa.types.is_boolean(kind):
        return text.lower() in ("true", "false", "0", "1")
    try:
        pa.scalar(text.strip()).cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


def _arrow_type(pa: Any, dtype: Any) -> Any:
    if dtype in (TEXT, str, object):
        return pa.string()
    name = dtype_name(dtype)
    if name not in _READ:
        raise ArgumentError(
            "Dataset.from_csv, dtypes",
            expected=f"string, {', '.join(_READ)}",
            received=name,
            fix="Read it as float32, and let map make of it what you want.",
        )
    return pa.from_numpy_dtype(np.dtype(name))


class Parquet(Table):
    """Tables in parquet files."""

    def __init__(self, paths: Any, columns: Any = None, label: Any = None) -> None:
        super().__init__("Dataset.from_parquet", paths, columns, label)
        self._counts = {path: self._file(path).metadata.num_rows for path in self.paths}

    def _file(self, path: Path) -> Any:
        pa = pyarrow(self.name)
        try:
            return package("pyarrow.parquet", self.name).ParquetFile(path)
        except pa.ArrowInvalid as error:
            raise DataError(
                f"{self.name}, {path}", expected="a parquet file", received=str(error)
            ) from error

    def length(self) -> int:
        return sum(self._counts[path] for path in self.paths)

    def find_types(self) -> dict[str, Any]:
        pa, path = pyarrow(self.name), self.paths[0]
        schema = self._file(path).schema_arrow
        found = {}
        for name in self.wanted(schema.names, str(path)):
            kind = schema.field(name).type
            found[name] = kind.value_type if pa.types.is_dictionary(kind) else kind
        return found

    def read(self, path: Path, skip: int) -> Iterator[Any]:
        pa = pyarrow(self.name)
        with self._file(path) as file:
            names = self.wanted(file.schema_arrow.names, str(path))
            before, groups = 0, []
            for index in range(file.num_row_groups):
                rows = file.metadata.row_group(index).num_rows
                if not groups and skip >= rows:
                    skip, before = skip - rows, before + rows
                else:
                    groups.append(index)
            if not groups:
                return
            try:
                for batch in file.iter_batches(BLOCK_LINES, groups, names):
                    if skip < batch.num_rows:
                        yield self.converted(batch.slice(skip), path, before + skip)
                    skip = max(skip - batch.num_rows, 0)
                    before += batch.num_rows
            except (pa.ArrowInvalid, OSError) as error:
                raise DataError(
                    f"{self.name}, {path}, behind row {before}",
                    expected="a parquet file",
                    received=str(error),
                ) from error


class Lines(Files):
    """The lines of text files, without their ends."""

    decides = ("contents", "encoding")

    def __init__(self, paths: Any, encoding: str = "utf-8") -> None:
        super().__init__("Dataset.from_lines", paths)
        try:
            plain = "\n".encode(encoding) == b"\n"
        except LookupError:
            plain = False
        if not plain:
            raise ArgumentError(
                f"{self.name}, encoding",
                expected="the name of an encoding whose lines end with one byte, as utf-8's do",
                received=encoding,
            )
        self.encoding = encoding

    def read(self, path: Path, skip: int) -> Iterator[Any]:
        done = 0
        for chunk in self._chunks(path):
            kept = chunk[max(skip - done, 0) :]
            if kept:
                first = done + len(chunk) - len(kept)
                yield text_array(list(self._decoded(kept, path, first)))
            done += len(chunk)

    def _chunks(self, path: Path) -> Iterator[list[bytes]]:
        try:
            with opened(path) as file:
                yield from iter(lambda: file.readlines(BLOCK_BYTES), [])
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(
                f"{self.name}, {path}", expected="a whole gzip file", received=str(error)
            ) from error

    def _decoded(self, lines: Iterable[bytes], path: Path, first: int) -> Iterator[str]:
        for number, line in enumerate(lines, first + 1):
            try:
                yield line.decode(self.encoding).rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{self.name}, {path}, line {number}",
                    expected=f"text in {self.encoding}",
                    received=str(error),
                    fix="Say what it is with `encoding`.",
                ) from None

    def spec(self) -> Any:
        return TensorSpec((), TEXT)
