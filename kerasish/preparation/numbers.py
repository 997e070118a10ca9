"""Arrays of numpy, HDF5 and idx as tables: a column per array."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.data.npz import open_npz, read_arrays
from kerasish.data.rows import ragged
from kerasish.datasets.idx import read_idx
from kerasish.errors import DataError
from kerasish.preparation.formats import Format, Option, Options, place_of
from kerasish.preparation.ondisk import Hdf5Rows, OnDisk
from kerasish.preparation.table import Table, column_of
from kerasish.preparation.tabular import LIMIT, STREAM, cast_values, types_of
from kerasish.registry import hint
from kerasish.saving.files.safe_h5 import SafeGroup, open_h5

Arrays = dict[str, Any]  # arrays, or `OnDisk`
_RAGGED = Option(
    "ragged", "texts by name", "values of rows of different lengths, and where rows begin: "
    "{values: offsets}", "{samples: offsets}",
)  # fmt: skip


def _npz(path: Path, wanted: list[str] | None, _: bool | None) -> Arrays:
    with open_npz(path) as archive:
        names = [name for name in archive.names if wanted is None or name in wanted]
        return {name: archive.read(name) for name in names}


def _npy(path: Path, _: list[str] | None, streamed: bool | None) -> Arrays:
    if path.stat().st_size > LIMIT if streamed is None else streamed:
        try:
            return {path.stem: OnDisk([np.load(path, mmap_mode="r", allow_pickle=False)])}
        except ValueError as error:
            raise DataError(f"The file '{path}'", expected="a .npy file", received=error) from error
    found = read_arrays(path)
    if isinstance(found, dict):
        raise DataError(
            f"The file '{path}'", expected="one array", received="an archive of several",
            fix=f"Read it with npz: {path.name}.",
        )  # fmt: skip
    return {path.stem: found}


def _idx(path: Path, _wanted: list[str] | None, _: bool | None) -> Arrays:
    return {path.stem.removesuffix(".gz"): read_idx(path)}


def _hdf5(path: Path, wanted: list[str] | None, streamed: bool | None) -> Arrays:
    found: Arrays = {}

    def walk(group: SafeGroup, before: str) -> None:
        for name in group.names():
            node, full = group.member(name), before + name
            if isinstance(node, SafeGroup):
                walk(node, full + "/")
            elif wanted is None or full in wanted:
                large = node.nbytes > LIMIT if streamed is None else streamed and node.shape
                if large and node.dtype != "bfloat16":
                    found[full] = OnDisk([Hdf5Rows(path, full)])
                else:
                    found[full] = np.asarray(node.read())

    with open_h5(path) as root:
        walk(root, "")
    return found


def _reader(
    what: str, read: Callable[[Path, list[str] | None, bool | None], Arrays], named: bool = True
) -> Callable[[list[Path], Options], Table]:
    def table(paths: list[Path], options: Options) -> Table:
        names = options.get("names")
        parts = dict(options.get("ragged") or {})
        wanted = None
        if isinstance(names, Mapping):
            wanted = [*names.values(), *parts.values()]
        held = [read(path, wanted, options.get("stream")) for path in paths]
        arrays = [_ragged(one, parts, path) for one, path in zip(held, paths, strict=True)]
        notes: list[str] = []
        arrays = [_rows_only(a, wanted, p, notes) for a, p in zip(arrays, paths, strict=True)]
        first = arrays[0]
        if not named:  # an array a file, called as the first of them is
            arrays = [dict(zip(first, one.values(), strict=True)) for one in arrays]
        for path, other in zip(paths, arrays, strict=True):
            if set(other) != set(first):
                raise DataError(
                    f"The file '{path}'",
                    expected=f"the arrays {', '.join(first)}, as in '{paths[0].name}'",
                    received=", ".join(other) or "none",
                )
        counts = [len(next(iter(one.values()))) for one in arrays]
        place = place_of(paths, counts)
        try:
            joined = {name: _joined([one[name] for one in arrays]) for name in first}
        except ValueError as error:
            raise DataError(
                f"The {what} files", expected="arrays of one shape", received=error
            ) from error
        columns = {name: column_of(values) for name, values in joined.items()}
        return typed(Table(columns, place, notes=tuple(notes)), types_of(options))

    return table


def _joined(arrays: list[Any]) -> Any:
    """Arrays of several files one behind the other; those that stay in their files do so."""
    if not arrays[1:]:
        return arrays[0]
    if not all(isinstance(one, OnDisk) for one in arrays):
        return np.concatenate([np.asarray(one[:]) for one in arrays])
    if len({one.shape[1:] for one in arrays}) > 1:
        raise ValueError(f"rows of shapes {', '.join(str(one.shape[1:]) for one in arrays)}")
    return OnDisk([part for one in arrays for part in one.parts])


def typed(table: Table, kinds: Mapping[str, str]) -> Table:
    """A table with some columns in the dtypes that a person said.

    Raises:
        DataError: there is no such column, or a value that is none of the dtype.
    """
    table.check(kinds)
    columns = dict(table.columns)
    for name, kind in kinds.items():
        values = columns[name].values
        if isinstance(values, OnDisk) and kind != "string":
            columns[name] = column_of(values.astype(kind))
        else:
            columns[name] = column_of(cast_values(name, np.asarray(values[:]), kind, table.place))
    return replace(table, columns=columns)


def _ragged(arrays: Arrays, parts: Mapping[str, str], path: Path) -> Arrays:
    """Arrays with values and offsets put together to rows of different lengths."""
    found = dict(arrays)
    for name, offsets in parts.items():
        for one in (name, offsets):
            if one not in arrays:
                raise DataError(
                    f"The file '{path}'",
                    expected=f"an array {one!r}",
                    received=f"the arrays {', '.join(arrays)}",
                    fix=hint(one, arrays),
                    about=f"ragged.{name}" + ("" if one == name else "="),
                )
        values, begins = (
            one[:] if isinstance(one, OnDisk) else one for one in (arrays[name], arrays[offsets])
        )
        total = len(values) if values.ndim else -1
        fits = begins.ndim == 1 and begins.dtype.kind in "iu" and len(begins) > 1
        fits = fits and begins[0] >= 0 and begins[-1] <= total and not (np.diff(begins) < 0).any()
        if not fits:
            raise DataError(
                f"The file '{path}', array {offsets!r}",
                expected=f"one more number than there are rows, ascending from 0 to {total}",
                received=f"shape {list(begins.shape)}, {begins.reshape(-1)[:5].tolist()} ...",
                fix="ragged: {values: offsets}.", about=f"ragged.{name}=",
            )  # fmt: skip
        rows = [values[a:b] for a, b in pairwise(begins.tolist())]
        found[name] = ragged(rows)
        found.pop(offsets, None)
    return found


def _rows_only(arrays: Arrays, wanted: list[str] | None, path: Path, notes: list[str]) -> Arrays:
    """The arrays of one length, that which most have; the others are left out and told."""
    found = {name: array for name, array in arrays.items() if array.ndim}
    if not found:
        raise DataError(
            f"The file '{path}'", expected="arrays", received=", ".join(arrays) or "none"
        )
    lengths = Counter(len(array) for array in found.values())
    (rows, most), *others = lengths.most_common()
    if (wanted is None and others and others[0][1] == most) or (wanted and others):
        told = ", ".join(f"{name} {len(array)}" for name, array in list(found.items())[:8])
        raise DataError(
            f"The file '{path}'",
            expected="arrays of one length",
            received=f"lengths {told}",
            fix="Name those that belong together, such as names: {x: x_train, y: y_train}; rows of "
            "different lengths are said by ragged: {values: offsets}.",
        )
    for name, array in arrays.items():
        if not array.ndim or len(array) != rows:
            held = f"{len(array)} values" if array.ndim else "a single value"
            notes.append(f"{path.name}: {name} left out, {held} where there are {rows} rows")
            found.pop(name, None)
    return found


FORMATS: dict[str, Format] = {
    "npy": Format(
        _reader("npy", _npy, named=False),
        "An array of numpy; several by column: {image: x.npy, label: y.npy}.",
        "{x: x.npy, y: y.npy}", (STREAM,), ("npy",), ("x",), ("y",),
    ),
    "npz": Format(
        _reader("npz", _npz), "Arrays of numpy by name.",
        "clips.npz", (_RAGGED,), ("npz",), ("x",), ("y",),
    ),
    "hdf5": Format(
        _reader("hdf5", _hdf5), "Datasets of an HDF5 file; those in groups are `group/name`.",
        "measured.h5", (_RAGGED, STREAM), ("h5", "hdf5"), ("x",), ("y",),
    ),
    "idx": Format(
        _reader("idx", _idx, named=False), "The files of MNIST and its relatives, packed or not.",
        "{image: train-images-idx3-ubyte.gz, label: train-labels-idx1-ubyte.gz}", (),
        ("idx3-ubyte", "idx1-ubyte", "idx"), ("image",), ("label",),
    ),
}  # fmt: skip
