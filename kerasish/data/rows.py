"""Tables as people have them: fields stripped, gaps kept, types that fit every row.

Each class reads files block by block, as the nodes of `tabular` do. A gap is NaN among numbers and
"" among texts; whole numbers with gaps are floats. Lists of different lengths are arrays in arrays.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.data.arrow import pyarrow
from kerasish.data.guessing import Guess
from kerasish.data.nodes import UNKNOWN
from kerasish.data.tabular import BLOCK_LINES, MISSING, Csv, Parquet, Table
from kerasish.errors import DataError
from kerasish.extras import package
from kerasish.registry import hint
from kerasish.spec import TEXT, TensorSpec

Arrays = dict[str, np.ndarray]

# A number with a decimal comma, and perhaps points between thousands.
_COMMA = r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)?(,\d+)?([eE][+-]?\d+)?$"


class CleanCsv(Csv):
    """A csv file whose fields are stripped of blanks.

    Args:
        paths: one file or several.
        columns: the columns to read; all by default.
        dtypes: from column to dtype; what is left out is found from all rows.
        delimiter, quote: what parts and encloses values; quote None for nothing.
        names: the columns' names where the first line does not have them; () for names by place:
            column_1, column_2, ...
        missing: texts that mean that a value is missing, beside those that always do.
        decimal: what stands before fractions; with "," points part thousands.
    """

    decides = (*Csv.decides, "decimal")

    typed = "Say what it is in the training file, such as types: {{{name}: float}} or text."

    def __init__(
        self,
        paths: Any,
        columns: Any = None,
        dtypes: Mapping[str, Any] | None = None,
        delimiter: str = ",",
        names: Sequence[str] | None = None,
        quote: str | None = '"',
        missing: Sequence[str] = (),
        decimal: str = ".",
    ) -> None:
        self.decimal = decimal
        self.gone = ("", *missing)  # in texts too; the usual ones are gaps among numbers only
        self.missing = (*MISSING, *missing)
        self.notes: list[str] = []
        self._given = None if names is None else list(names)
        wanted = {n: d for n, d in (dtypes or {}).items() if columns is None or n in columns}
        super().__init__(paths, columns, None, wanted, delimiter, self._given, quote)

    def find_types(self) -> dict[str, Any]:
        pa = pyarrow(self.name)
        names = self._header(self.paths[0])
        self._check_names(names)
        unknown = next((name for name in self.dtypes if name not in names), None)
        if unknown is not None:
            raise DataError(
                str(self.paths[0]), expected=f"a column {unknown!r}",
                received=f"the columns {', '.join(names)}", fix=hint(unknown, names),
                about=f"types.{unknown}",
            )  # fmt: skip
        if self._given is not None:
            self.names = names
        wanted = self.wanted(names, str(self.paths[0]))
        open_ones = [name for name in wanted if name not in self.dtypes]
        guesses, lines = {name: Guess() for name in open_ones}, 0
        for path in self.paths if guesses else ():
            for batch in self._texts(path, 0, wanted):
                for name, guess in guesses.items():
                    guess.add(self._numbers(_without(pa, batch[name], self.missing)))
                    lines += _lines_within(batch[name]) if self.delimiter == "\t" else 0
        self.notes += [told for name, guess in guesses.items() if (told := guess.doubt(name))]
        if lines and self.quote:
            self.notes.append(
                f"{lines} lines were read as part of the value before, which begins with "
                f"{self.quote}; `quote: false` takes that for a letter as others"
            )
        found = {name: guess.dtype for name, guess in guesses.items()} | self.dtypes
        return {name: _arrow(pa, found[name]) for name in wanted}

    def read(self, path: Path, skip: int) -> Iterator[Any]:
        pa, types, before = pyarrow(self.name), self.types, skip
        for batch in self._texts(path, skip, list(types)):
            found = {}
            for name, kind in types.items():
                try:
                    column = batch[name]
                    if not pa.types.is_string(kind):
                        column = self._numbers(_without(pa, column, self.missing))
                    found[name] = _array(pa, column, kind)
                except pa.ArrowInvalid as error:
                    raise self._refusal(path, types, error) from error
            yield found
            before += len(next(iter(found.values())))

    def _numbers(self, column: Any) -> Any:
        """A pyarrow array of texts, those that are numbers with a point before fractions."""
        if self.decimal == ".":
            return column
        pc = package("pyarrow.compute", self.name)
        without = pc.replace_substring(column, ".", "")
        found = pc.match_substring_regex(column, _COMMA)
        return pc.if_else(found, pc.replace_substring(without, ",", "."), column)

    def readable(self, text: str) -> str:
        return str(self._numbers(pyarrow(self.name).array([text])).to_pylist()[0])

    def _header(self, path: Path) -> list[str]:
        """The names of the columns, without blanks around them."""
        pa = pyarrow(self.name)
        try:
            with self._strings(path, 0, None) as reader:
                written = reader.schema.names
        except pa.ArrowInvalid as error:
            if "Empty CSV" in str(error):
                error = DataError(
                    f"{self.name}, {path}", expected="a csv file", received="an empty one"
                )
                raise error from None
            raise self._refusal(path, {}, error) from error
        except UnicodeDecodeError as error:
            raise DataError(
                f"{self.name}, {path}, line 1",
                expected="text in UTF-8",
                received=repr(error.object[:20]),
                fix="Write the file in UTF-8.",
            ) from None
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(
                f"{self.name}, {path}", expected="a csv file", received=error
            ) from error
        if self._given is None:
            return [name.strip().removeprefix("\ufeff") for name in written]
        if not self._given:
            return [f"column_{place + 1}" for place in range(len(written))]
        if len(self._given) != len(written):
            raise DataError(
                f"{self.name}, {path}, line 1",
                expected=f"{len(self._given)} values, one for each of `names`",
                received=f"{len(written)}",
                fix="Where a header names the columns, names: {new: old} gives some new names.",
                about="names=",
            )
        return self._given

    def _check_names(self, names: list[str]) -> None:
        path = self.paths[0]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise DataError(
                f"{self.name}, {path}",
                expected="columns of different names",
                received=f"{twice!r} more than once",
                fix="Change the first line of the file, or give all names with `names`."
                if self._given is None
                else "Give each column a name of its own.",
                about="" if self._given is None else "names=",
            )
        if self._given is None and any(_is_number(name) for name in names):
            shown = next(name for name in names if _is_number(name))
            self.notes.append(
                f"{path.name}: the first line is read as the names of the columns, and one is "
                f"{shown!r}; header: false says that it is none"
            )

    def _strings(self, path: Path, skip: int, names: list[str] | None) -> Any:
        """A reader of all columns as texts, by the places of their names."""
        csv, pa = package("pyarrow.csv", self.name), pyarrow(self.name)
        types = None if names is None else {name: pa.string() for name in names}
        return csv.open_csv(
            path,
            read_options=csv.ReadOptions(
                block_size=1 << 20,
                use_threads=False,
                autogenerate_column_names=self._given is not None,
                skip_rows_after_names=skip,
            ),
            parse_options=csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=True, quote_char=self.quote or False
            ),
            convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=False),
        )

    def _texts(self, path: Path, skip: int, wanted: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Blocks of columns as stripped texts, null where they are missing."""
        pa, pc = pyarrow(self.name), package("pyarrow.compute", self.name)
        names = self._header(path)
        absent = [name for name in wanted if name not in names]
        if absent:
            raise DataError(
                f"{self.name}, {path}",
                expected=f"the columns of '{self.paths[0].name}', {absent[0]!r} among them",
                received=f"the columns {', '.join(names)}",
            )
        places = {name: names.index(name) for name in self.wanted(names, str(path))}
        rows = 0
        try:
            with self._strings(path, 0, None) as reader:
                written = list(reader.schema.names)
            with self._strings(path, skip, written) as reader:
                for batch in reader:
                    rows += batch.num_rows
                    block = {}
                    for name in wanted:
                        column = pc.utf8_trim_whitespace(batch.column(places[name]))
                        block[name] = _without(pa, column, self.gone)
                    yield block
        except pa.ArrowInvalid as error:
            raise self._refusal(path, {}, error) from error
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(
                f"{self.name}, {path}", expected="a whole csv file", received=error
            ) from error
        if not rows and not skip:
            raise DataError(f"{self.name}, {path}", expected="a row", received="none")


def _lines_within(column: Any) -> int:
    """How many lines with tabs, as rows have them, stand within values."""
    compute = package("pyarrow.compute", "A file of values between tabs")
    return compute.sum(compute.count_substring_regex(column, r"\n[^\n\t]*\t")).as_py() or 0


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return not name
    return True


def _arrow(pa: Any, dtype: Any) -> Any:
    return pa.string() if dtype in (TEXT, str, object) else pa.from_numpy_dtype(np.dtype(dtype))


def _without(pa: Any, column: Any, gone: Sequence[str]) -> Any:
    """A column of texts with null in the place of some."""
    pc = package("pyarrow.compute", "A column")
    empty = pc.is_in(column, value_set=pa.array(gone))
    return pc.if_else(empty, pa.scalar(None, pa.string()), column)


def _array(pa: Any, column: Any, kind: Any) -> np.ndarray:
    """A column of texts as an array of a type: gaps are NaN or ""."""
    if pa.types.is_string(kind):
        return column.fill_null("").to_numpy(zero_copy_only=False)
    if pa.types.is_boolean(kind):
        return column.cast(kind).to_numpy(zero_copy_only=False).astype(bool)
    if column.null_count and pa.types.is_integer(kind):
        raise pa.ArrowInvalid("a missing value")
    return column.cast(kind).to_numpy(zero_copy_only=False)


class GapParquet(Parquet):
    """A parquet file, gaps included."""

    notes: Sequence[str] = ()

    def converted(self, batch: Any, path: Path, before: int) -> Any:
        wanted = [name for name in self.types if name in batch.schema.names]
        return {name: plain_column(batch.column(name), name, str(path)) for name in wanted}

    def spec(self) -> Any:
        return {name: TensorSpec((), TEXT) for name in self.types}


class ArrowFile(Table):
    """Arrow files (feather, ipc) and streams, gaps included."""

    notes: Sequence[str] = ()

    def __init__(self, paths: Any, columns: Any = None) -> None:
        super().__init__("An arrow file", paths, columns, None)

    def length(self) -> int:
        return UNKNOWN

    def _batches(self, path: Path) -> Iterator[Any]:
        ipc, pa = package("pyarrow.ipc", self.name), pyarrow(self.name)
        try:
            with pa.memory_map(str(path)) as source:
                try:
                    reader = ipc.open_file(source)
                except pa.ArrowInvalid:
                    source.seek(0)
                    yield from ipc.open_stream(source)
                    return
                for place in range(reader.num_record_batches):
                    yield reader.get_batch(place)
        except (pa.ArrowInvalid, OSError) as error:
            raise DataError(f"'{path}'", expected="an arrow file", received=error) from error

    def find_types(self) -> dict[str, Any]:
        first = next(self._batches(self.paths[0]), None)
        if first is None:
            raise DataError(f"'{self.paths[0]}'", expected="a row", received="none")
        names = first.schema.names
        return {n: first.schema.field(n).type for n in self.wanted(names, str(self.paths[0]))}

    def read(self, path: Path, skip: int) -> Iterator[Any]:
        for batch in self._batches(path):
            for begin in range(0, batch.num_rows, BLOCK_LINES):
                piece = batch.slice(begin, BLOCK_LINES)
                if skip < piece.num_rows:
                    piece = piece.slice(skip)
                    names = self.wanted(piece.schema.names, str(path))
                    yield {n: plain_column(piece.column(n), n, str(path)) for n in names}
                    skip = 0
                else:
                    skip -= piece.num_rows


def plain_column(column: Any, name: str, where: str) -> np.ndarray:
    """A column of pyarrow as an array; dates are texts, gaps NaN or "".

    Raises:
        DataError: values are neither numbers, texts, dates nor lists of numbers.
    """
    pa = pyarrow(where)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_temporal(kind):
        column = column.cast(pa.string())
    elif pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.fill_null("").to_numpy(zero_copy_only=False)
    if pa.types.is_boolean(kind) and column.null_count:
        column = column.cast(pa.float64())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return ragged([np.asarray([] if row is None else row) for row in column.to_pylist()])
    if not (pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise DataError(
            f"The column {name!r} of '{where}'",
            expected="numbers, texts, dates or lists of numbers",
            received=f"type {kind}",
        )
    return column.to_numpy(zero_copy_only=False)


def ragged(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Rows (n, ...) where all have one shape, else an array (n,) of arrays."""
    if len({row.shape for row in rows}) == 1:
        return np.stack(rows)
    found = np.empty(len(rows), object)
    found[:] = rows
    return found
