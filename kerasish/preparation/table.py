"""Rows with named columns: what a source gives, and what parts of it are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.data.dataset import Dataset
from kerasish.data.mapping import workers
from kerasish.data.nodes import Contents, Node, Pass
from kerasish.data.rows import ragged
from kerasish.errors import DataError
from kerasish.preparation.ondisk import OnDisk
from kerasish.preparation.streams import Stream, Streamed, chunks
from kerasish.registry import hint
from kerasish.spec import TEXT, TensorSpec

Place = Callable[[int], str]
CHUNK = 8192
_DECODED = 64  # rows of a chunk where files are decoded


def nowhere(row: int) -> str:
    """The place of a row that is in no file."""
    return f"row {row}"


@dataclass(frozen=True)
class Column:
    """Values of one name.

    Attributes:
        spec: of one value; a size of None differs from row to row.
        values: an array (rows, ...); texts and ragged rows are arrays of objects. `Streamed` or
            `OnDisk` where they are not held in memory.
        load: what makes a value of what is held, where that is the path of a file.
    """

    spec: TensorSpec
    values: Any
    load: Callable[[Any], Any] | None = None

    @property
    def at_hand(self) -> bool:
        """Whether the values themselves are in memory."""
        return self.load is None and not isinstance(self.values, (Streamed, OnDisk))

    def decoded(self, held: np.ndarray) -> np.ndarray:
        """The values of what is held of some rows."""
        if self.load is None:
            return held
        paths = held.tolist()
        if len(paths) < 2:
            return ragged([np.asarray(self.load(path)) for path in paths])
        with ThreadPoolExecutor(workers(Dataset.AUTOTUNE)) as pool:
            return ragged([np.asarray(value) for value in pool.map(self.load, paths)])


def column_of(values: Any) -> Column:
    """The column of an array: texts as objects, rows of different lengths as arrays in one."""
    if isinstance(values, OnDisk):
        return Column(TensorSpec(values.shape[1:], str(values.dtype)), values)
    array = values if isinstance(values, np.ndarray) else np.asarray(values)
    if array.dtype.kind in "US":
        texts = np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array
        array = texts.astype(object)
    if array.dtype.kind != "O":
        return Column(TensorSpec(array.shape[1:], str(array.dtype)), array)
    first = next(iter(array.reshape(-1).tolist()), "")
    if isinstance(first, np.ndarray):
        rows = [row for row in array.tolist() if len(row)] or [first]
        return Column(TensorSpec((None, *rows[0].shape[1:]), _dtype_of(rows)), array)
    return Column(TensorSpec(array.shape[1:], TEXT), array)


def _dtype_of(rows: Sequence[np.ndarray]) -> str:
    """The dtype that holds the values of all rows."""
    dtypes = {row.dtype for row in rows}
    return TEXT if any(one.kind in "USO" for one in dtypes) else str(np.result_type(*dtypes))


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
        notes: what a person should know of how it was read.
        source: how it was read: formats and their options, without the files.
    """

    columns: Mapping[str, Column]
    place: Place = nowhere
    rows: np.ndarray | None = None
    time: tuple[str, ...] = ()
    group: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    source: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.total if self.rows is None else len(self.rows)

    @property
    def total(self) -> int:
        """How many rows the columns hold."""
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
        """A column's values in the rows that are meant, all of them in memory."""
        self.check([name])
        column = self.columns[name]
        return column.decoded(column.values[:] if self.rows is None else column.values[self.rows])

    def head(self, name: str, most: int) -> Any:
        """A column's values in the first rows, at most `most`."""
        if len(self) <= most and self.columns[name].at_hand:
            return self.values(name)
        found: list[Any] = []
        for _, chunk in self.chunks([name]):
            found.append(chunk[name])
            if sum(map(len, found)) >= most:
                break
        return np.concatenate(found)[:most]

    def choose(self, rows: np.ndarray) -> Table:
        """The rows at these positions of this table."""
        chosen = np.asarray(rows)
        if any(isinstance(column.values, Streamed) for column in self.columns.values()):
            chosen = np.sort(chosen)
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

    # --- without holding all ----------------------------------------------------------------------

    def at_hand(self, names: Iterable[str]) -> bool:
        """Whether columns are in memory as they are."""
        return all(self.columns[name].at_hand for name in names)

    def by_number(self, names: Iterable[str]) -> bool:
        """Whether rows of columns can be read in any order."""
        return not any(isinstance(self.columns[name].values, Streamed) for name in names)

    def load(self, names: Iterable[str]) -> None:
        """Read columns of a stream in one pass, and hold them."""
        streams: dict[int, tuple[Stream, list[str]]] = {}
        for name in names:
            held = self.columns[name].values if name in self.columns else None
            if isinstance(held, Streamed):
                streams.setdefault(id(held.stream), (held.stream, []))[1].append(held.name)
        for stream, wanted in streams.values():
            stream.load(wanted)

    def held(self, names: Iterable[str]) -> Table:
        """The same rows with some columns only, all of them in memory."""
        wanted = list(dict.fromkeys(names))
        self.load(wanted)
        columns = {name: self.columns[name] for name in wanted}
        whole = {
            name: replace(column, values=column.values[:])
            if isinstance(column.values, Streamed)
            else column
            for name, column in columns.items()
        }
        return replace(self, columns=whole)

    def chunks(self, names: Iterable[str]) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
        """The values of some columns, some rows at a time, with the position of the first."""
        columns = {name: self.columns[name] for name in names}
        held = {name: column.values for name, column in columns.items()}
        size = _DECODED if any(column.load for column in columns.values()) else CHUNK
        size = min([size, *(v.at_once for v in held.values() if isinstance(v, OnDisk))])
        begin = 0
        for chunk in self._chunks(held, size):
            yield begin, {name: columns[name].decoded(part) for name, part in chunk.items()}
            begin += len(next(iter(chunk.values()), ()))

    def _chunks(self, held: Mapping[str, Any], size: int) -> Iterator[dict[str, np.ndarray]]:
        if any(isinstance(values, Streamed) for values in held.values()):
            yield from chunks(held, self.rows, self.total, CHUNK)
            return
        for begin in range(0, len(self), size):
            at: Any = slice(begin, begin + size)
            if self.rows is not None:
                at = self.rows[at]
            yield {name: values[at] for name, values in held.items()}

    def dataset(self, names: Iterable[str]) -> Dataset:
        """The rows as dicts of some columns; files are decoded when they are asked for."""
        wanted = list(names)
        dataset = Dataset(RowsOf(self, wanted))
        loads = {name: self.columns[name].load for name in wanted if self.columns[name].load}
        return dataset.map(Decode(loads), Dataset.AUTOTUNE) if loads else dataset


@dataclass(frozen=True)
class Decode:
    """Makes values of the paths in a row."""

    loads: Mapping[str, Any]

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        return row | {name: load(str(row[name])) for name, load in self.loads.items()}


class RowsOf(Node):
    """The rows of a table as they are held: by number, or block by block where they are streamed.

    Args:
        table: the rows.
        names: columns of it.
    """

    batched = False
    decides = ("contents", "names")

    def __init__(self, table: Table, names: list[str]) -> None:
        super().__init__()
        self.name = "The rows of the data"
        self.table, self.names = table, names
        self._held = {name: table.columns[name].values for name in names}
        self.indexable = not any(isinstance(v, Streamed) for v in self._held.values())

    @property
    def contents(self) -> list[Any]:
        """What the values are made of: arrays, and files, which count by their bytes."""
        found: list[Any] = [self.table.rows]
        for name, held in self._held.items():
            if isinstance(held, (Streamed, OnDisk)):
                found += [Contents(Path(path)) for path in self.table.files]
            elif self.table.columns[name].load:
                rows = held if self.table.rows is None else held[self.table.rows]
                found += [Contents(Path(path)) for path in rows.tolist()]
            else:
                found.append(held)
        return found

    def length(self) -> int:
        return len(self.table)

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        return map(self._at, order)

    def rows(self, run: Pass) -> Any:
        return self._at if self.indexable else None

    def _at(self, which: Any) -> dict[str, Any]:
        at = which if self.table.rows is None else self.table.rows[which]
        return {name: values[at] for name, values in self._held.items()}

    def blocks(self, run: Pass, start: int) -> Iterator[Any] | None:
        if self.indexable:
            return super().blocks(run, start)
        return self._streamed(start)

    def _streamed(self, start: int) -> Iterator[dict[str, np.ndarray]]:
        for chunk in chunks(self._held, self.table.rows, self.table.total, CHUNK):
            count = len(next(iter(chunk.values())))
            if start < count:
                yield {name: values[start:] for name, values in chunk.items()}
            start = max(start - count, 0)

    def spec(self) -> Any:
        specs = {name: self.table.columns[name] for name in self.names}
        return {n: TensorSpec((), TEXT) if c.load else c.spec for n, c in specs.items()}
