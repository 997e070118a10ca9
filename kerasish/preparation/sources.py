"""Files as tables: one reader for every format, under the name that a source gives first."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.data.dataset import Dataset
from kerasish.data.fetch import digest
from kerasish.data.npz import open_npz
from kerasish.errors import ArgumentError, DataError
from kerasish.preparation.table import Column, Table, column_of
from kerasish.registry import hint

BATCH = 1 << 16
Options = Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        read: files and options to a table.
        options: what may stand beside it in a source.
        text: what it is, in a sentence.
    """

    read: Callable[[list[Path], Options], Table]
    options: tuple[str, ...]
    text: str


COMMON = ("sha256", "names", "types", "time", "group")


def read_table(source: Any, folder: Path | str = ".") -> Table:
    """The table of a source.

    Args:
        source: a dict whose first key is a format of `FORMATS`, with a file, a list of files, a
            pattern or a dict from columns to files; options stand beside it. Or a list of such
            dicts, whose columns stand side by side.
        folder: where files are looked for first; then it is `$KERASISH_DATA`.

    Raises:
        ArgumentError: an unknown format or option.
        DataError: a file is not there, has another sha256, or is not what it should be.
    """
    if not isinstance(source, Mapping):
        return side_by_side([read_table(one, folder) for one in source])
    name = next(iter(source), "")
    if name not in FORMATS:
        raise ArgumentError(
            "A source", expected=f"a format: {', '.join(FORMATS)}", received=repr(name),
            fix=hint(str(name), FORMATS, 3),
        )  # fmt: skip
    reader = FORMATS[name]
    options = {key: value for key, value in source.items() if key != name}
    for key in options:
        if key not in (*reader.options, *COMMON):
            raise ArgumentError(
                f"The source {name!r}",
                expected=f"options of {', '.join((*reader.options, *COMMON))}",
                received=repr(key),
            )
    given = source[name]
    if isinstance(given, Mapping):
        rest = {key: value for key, value in options.items() if key in reader.options}
        apart = [
            (column, read_table({name: path, **rest}, folder)) for column, path in given.items()
        ]
        table = side_by_side([_named(one, column) for column, one in apart])
    else:
        paths = find(given, Path(folder))
        _check_digest(paths, options.get("sha256"))
        table = reader.read(paths, options)
        table = replace(table, files={str(path): digest(path) for path in paths})
    renamed = options.get("names")
    if isinstance(renamed, Mapping):
        table.check(renamed.values())
        back = {old: new for new, old in renamed.items()}
        columns = {back.get(key, key): column for key, column in table.columns.items()}
        table = replace(table, columns=columns)
    times = options.get("time") or ()
    times = (times,) if isinstance(times, str) else tuple(times)
    table.check([*times, *([options["group"]] if options.get("group") else [])])
    return replace(table, time=times, group=options.get("group"))


def find(given: Any, folder: Path) -> list[Path]:
    """The files of a name, a pattern or a list of such: in the folder, else under the data's.

    Raises:
        DataError: one is nowhere, with the places that were looked at.
    """
    found: list[Path] = []
    data = os.environ.get("KERASISH_DATA")
    places = [folder, *([Path(data)] if data else [])]
    for name in [given] if isinstance(given, (str, os.PathLike)) else given:
        for place in places:
            path = place / name
            many = sorted(glob.glob(str(path))) if glob.has_magic(str(name)) else []
            if many or path.exists():
                found += [Path(one) for one in many] or [path]
                break
        else:
            raise DataError(
                "The data",
                expected=f"the file {str(name)!r}",
                received="none in " + " or ".join(f"'{place}'" for place in places),
                fix="" if data else "KERASISH_DATA may name another folder of data.",
            )
    return found


def _check_digest(paths: Sequence[Path], wanted: Any) -> None:
    for path, one in zip(
        paths, [wanted] if isinstance(wanted, str) else wanted or (), strict=False
    ):
        held = digest(path)
        if held != str(one).lower():
            raise DataError(f"The file '{path}'", expected=f"sha256 {one}", received=held)


def _named(table: Table, name: str) -> Table:
    """A table of one column under another name."""
    (column,) = table.columns.values()
    return replace(table, columns={name: column})


def side_by_side(tables: Sequence[Table]) -> Table:
    """The columns of several tables of one length.

    Raises:
        DataError: the lengths differ, or two columns have one name.
    """
    if len(tables) == 1:
        return tables[0]
    lengths = {len(table) for table in tables}
    if len(lengths) != 1:
        raise DataError(
            "Sources side by side", expected="as many rows in each", received=sorted(lengths)
        )
    columns: dict[str, Column] = {}
    for table in tables:
        twice = columns.keys() & table.columns.keys()
        if twice:
            raise DataError(
                "Sources side by side",
                expected="columns of different names",
                received=f"{sorted(twice)[0]!r} twice",
                fix="Rename one with names: {new: old}.",
            )
        columns |= table.columns
    files = {path: known for table in tables for path, known in table.files.items()}
    return replace(tables[0], columns=columns, files=files)


# --- formats ------------------------------------------------------------------------------------


def _gathered(batches: Any) -> dict[str, np.ndarray]:
    """The columns of a dataset's batches."""
    parts: dict[str, list[Any]] = {}
    for batch in batches:
        for name, values in batch.items():
            parts.setdefault(name, []).append(np.asarray(values))
    return {name: np.concatenate(held) for name, held in parts.items()}


def _csv(paths: list[Path], options: Options) -> Table:
    names = options.get("names")
    dataset = Dataset.from_csv(
        paths,
        dtypes=options.get("types"),
        batch_size=BATCH,
        delimiter=options.get("separator", ","),
        names=None if isinstance(names, Mapping) else names,
    )
    columns = {name: column_of(values) for name, values in _gathered(dataset).items()}
    before = 1 if names is None or isinstance(names, Mapping) else 0
    return Table(columns, lambda row: f"{paths[0].name}, row {row + before + 1}")


def _npz(paths: list[Path], options: Options) -> Table:
    parts: dict[str, list[np.ndarray]] = {}
    for path in paths:
        with open_npz(path) as archive:
            for name in archive.names:
                parts.setdefault(name, []).append(archive.read(name))
    columns = {name: column_of(np.concatenate(held)) for name, held in parts.items()}
    return Table(columns, lambda row: f"{paths[0].name}, row {row}")


FORMATS: dict[str, Format] = {
    "csv": Format(_csv, ("separator",), "A table of values with commas or another separator."),
    "npz": Format(_npz, (), "Arrays of numpy by name."),
}
