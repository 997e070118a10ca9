"""What files say of their columns before a row is read: the first line, or a header."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from kerasish import extras
from kerasish.data.tabular import opened
from kerasish.errors import DataError
from kerasish.preparation.sources import find
from kerasish.spec import TensorSpec

Options = Mapping[str, Any]
_MAX_LINE = 1 << 20  # bytes of a first line
_MAX_HEADER = 10_000  # bytes of the header of an array


@dataclass(frozen=True)
class Header:
    """The columns of a source.

    Attributes:
        columns: by name, what one value is; None where only the rows say it.
        rows: how many there are; None where only reading them says it.
    """

    columns: Mapping[str, TensorSpec | None]
    rows: int | None = None


def header(source: Mapping[str, Any], folder: Path | str = ".") -> Header | None:
    """What the files of a source say of their columns, no row read.

    Args:
        source: as `read_table` takes it: the first key is the format.
        folder: where files are looked for first.

    Returns:
        None for a format that says nothing before its rows are read.

    Raises:
        DataError: a file is nowhere, or is damaged.
    """
    name = next(iter(source))
    options = {key: value for key, value in source.items() if key != name and value is not None}
    given = source[name]
    if isinstance(given, Mapping):
        files = cast("Mapping[str, Any]", given)
        parts = {column: header({name: file}, folder) for column, file in files.items()}
        found = _apart(parts)
    else:
        paths = find(given, Path(folder))
        found = _of_files(name, paths, options) if name in READERS else None
    names = options.get("names")
    if found is not None and isinstance(names, Mapping):
        back = {old: new for new, old in cast("Mapping[str, str]", names).items()}
        columns = {back.get(key, key): spec for key, spec in found.columns.items()}
        found = replace(found, columns=columns)
    return found


def _apart(parts: Mapping[str, Header | None]) -> Header | None:
    """Columns from a file each."""
    columns: dict[str, TensorSpec | None] = {}
    for name, one in parts.items():
        specs = [] if one is None else list(one.columns.values())
        columns[name] = specs[0] if len(specs) == 1 else None
    rows = {None if one is None else one.rows for one in parts.values()}
    return Header(columns, rows.pop() if len(rows) == 1 else None)


def _of_files(name: str, paths: list[Path], options: Options) -> Header:
    """The header of the first of some files; with the rows of all."""
    try:
        found = [READERS[name](path, options) for path in paths]
    except (ValueError, EOFError, OSError, csv.Error, zipfile.BadZipFile) as error:
        raise DataError(
            f"The file '{paths[0]}'", expected=f"a whole {name} file",
            received=" ".join(str(error).split()) or type(error).__name__,
        ) from error  # fmt: skip
    rows = [one.rows for one in found]
    return Header(found[0].columns, None if None in rows else sum(r for r in rows if r is not None))


# --- formats ------------------------------------------------------------------------------------


def _csv(separator: str) -> Callable[[Path, Options], Header]:
    def read(path: Path, options: Options) -> Header:
        with opened(path) as file:
            text = file.readline(_MAX_LINE).decode("utf-8-sig").rstrip("\r\n")
        quote = options.get("quote") or '"'
        reader = csv.reader([text], delimiter=options.get("separator", separator), quotechar=quote)
        first = [one.strip() for one in next(reader, [])]
        names = options.get("names")
        if isinstance(names, (list, tuple)):
            first = [str(one) for one in cast("list[str]", names)]
        elif options.get("header") is False:
            first = [f"column_{place + 1}" for place in range(len(first))]
        return Header(dict.fromkeys(first))

    return read


def _parquet(path: Path, options: Options) -> Header:
    held = extras.package("pyarrow.parquet", "Reading parquet").ParquetFile(path)
    return Header(dict.fromkeys(held.schema_arrow.names), int(held.metadata.num_rows))


def _npy(path: Path, options: Options) -> Header:
    with open(path, "rb") as file:
        return _arrays({path.name.removesuffix(".npy"): _spec(file)})


def _npz(path: Path, options: Options) -> Header:
    specs: dict[str, TensorSpec | None] = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            with archive.open(member) as file:
                specs[member.removesuffix(".npy")] = _spec(cast("BinaryIO", file))
    ragged = options.get("ragged") or {}
    for values, offsets in cast("Mapping[str, str]", ragged).items():
        specs[values] = None
        specs.pop(offsets, None)
    return _arrays(specs)


def _arrays(specs: Mapping[str, TensorSpec | None]) -> Header:
    """Columns from whole arrays, whose first size is that of rows."""
    rows = {spec.shape[0] for spec in specs.values() if spec is not None and spec.shape}
    inner = {
        name: None if spec is None or not spec.shape else TensorSpec(spec.shape[1:], spec.dtype)
        for name, spec in specs.items()
    }
    return Header(inner, rows.pop() if len(rows) == 1 else None)


def _spec(file: BinaryIO) -> TensorSpec | None:
    """What the array in a stream of `.npy` format is; None where it holds no numbers."""
    version = np.lib.format.read_magic(file)
    formats = np.lib.format
    read = formats.read_array_header_1_0 if version[0] == 1 else formats.read_array_header_2_0
    shape, _, dtype = read(file, max_header_size=_MAX_HEADER)
    return TensorSpec(shape, dtype.name) if dtype.kind in "biuf" else None


READERS: Mapping[str, Callable[[Path, Options], Header]] = {
    "csv": _csv(","),
    "tsv": _csv("\t"),
    "parquet": _parquet,
    "npy": _npy,
    "npz": _npz,
}
