"""Arrays of numpy, HDF5 and idx as tables: a column per array."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np

from kerasish.data.npz import open_npz, read_arrays
from kerasish.data.rows import ragged
from kerasish.datasets.idx import read_idx
from kerasish.errors import DataError
from kerasish.preparation.formats import Format, Option, Options, place_of
from kerasish.preparation.table import Table, column_of
from kerasish.preparation.tabular import cast_values, types_of
from kerasish.saving.files.safe_h5 import SafeDataset, SafeGroup, open_h5

Arrays = dict[str, np.ndarray]
_MAPPED = 1 << 30  # bytes of a .npy file, from which on it stays on disk
_RAGGED = Option(
    "ragged", "texts by name", "values of rows of different lengths, and where rows begin: "
    "{values: offsets}", "{samples: offsets}",
)  # fmt: skip


def _npz(path: Path, wanted: list[str] | None) -> Arrays:
    with open_npz(path) as archive:
        names = [name for name in archive.names if wanted is None or name in wanted]
        return {name: archive.read(name) for name in names}


def _npy(path: Path, wanted: list[str] | None) -> Arrays:
    if path.stat().st_size > _MAPPED:
        try:
            return {path.stem: np.load(path, mmap_mode="r", allow_pickle=False)}
        except ValueError as error:
            raise DataError(f"The file '{path}'", expected="a .npy file", received=error) from error
    found = read_arrays(path)
    if isinstance(found, dict):
        raise DataError(
            f"The file '{path}'", expected="one array", received="an archive of several",
            fix=f"Read it with npz: {path.name}.",
        )  # fmt: skip
    return {path.stem: found}


def _idx(path: Path, wanted: list[str] | None) -> Arrays:
    return {path.stem.removesuffix(".gz"): read_idx(path)}


def _hdf5(path: Path, wanted: list[str] | None) -> Arrays:
    found: Arrays = {}

    def walk(group: SafeGroup, before: str) -> None:
        for name in group.names():
            node, full = group.member(name), before + name
            if isinstance(node, SafeGroup):
                walk(node, full + "/")
            elif wanted is None or full in wanted:
                found[full] = _dataset(node)

    with open_h5(path) as root:
        walk(root, "")
    return found


def _dataset(node: SafeDataset) -> np.ndarray:
    return np.asarray(node.read())


def _reader(
    what: str, read: Callable[[Path, list[str] | None], Arrays]
) -> Callable[[list[Path], Options], Table]:
    def table(paths: list[Path], options: Options) -> Table:
        names = options.get("names")
        parts = dict(options.get("ragged") or {})
        wanted = None
        if isinstance(names, Mapping):
            wanted = [*names.values(), *parts.values()]
        held = [read(path, wanted) for path in paths]
        arrays = [_ragged(one, parts, path) for one, path in zip(held, paths, strict=True)]
        notes: list[str] = []
        arrays = [_rows_only(a, wanted, p, notes) for a, p in zip(arrays, paths, strict=True)]
        first = arrays[0]
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
            joined = {n: np.concatenate([a[n] for a in arrays]) if arrays[1:] else first[n]
                      for n in first}  # fmt: skip
        except ValueError as error:
            raise DataError(
                f"The {what} files", expected="arrays of one shape", received=error
            ) from error
        for name, kind in types_of(options).items():
            if name in joined:
                joined[name] = cast_values(name, joined[name], kind, place)
        columns = {name: column_of(values) for name, values in joined.items()}
        return Table(columns, place, notes=tuple(notes))

    return table


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
                )
        values, begins = arrays[name], arrays[offsets]
        total = len(values) if values.ndim else -1
        fits = begins.ndim == 1 and begins.dtype.kind in "iu" and len(begins) > 1
        fits = fits and begins[0] >= 0 and begins[-1] <= total and not (np.diff(begins) < 0).any()
        if not fits:
            raise DataError(
                f"The file '{path}', array {offsets!r}",
                expected=f"one more number than there are rows, ascending from 0 to {total}",
                received=f"shape {list(begins.shape)}, {begins.reshape(-1)[:5].tolist()} ...",
            )
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
            fix="Name those that belong together, such as names: {x: x_train, y: y_train}.",
        )
    for name, array in arrays.items():
        if not array.ndim or len(array) != rows:
            held = f"{len(array)} values" if array.ndim else "a single value"
            notes.append(f"{path.name}: {name} left out, {held} where there are {rows} rows")
            found.pop(name, None)
    return found


FORMATS: dict[str, Format] = {
    "npy": Format(
        _reader("npy", _npy), "An array of numpy; several by column: {image: x.npy, label: y.npy}.",
        "{x: x.npy, y: y.npy}", (), ("npy",), ("x",), ("y",),
    ),
    "npz": Format(
        _reader("npz", _npz), "Arrays of numpy by name.",
        "clips.npz", (_RAGGED,), ("npz",), ("x",), ("y",),
    ),
    "hdf5": Format(
        _reader("hdf5", _hdf5), "Datasets of an HDF5 file; those in groups are `group/name`.",
        "measured.h5", (_RAGGED,), ("h5", "hdf5"), ("x",), ("y",),
    ),
    "idx": Format(
        _reader("idx", _idx), "The files of MNIST and its relatives, packed or not.",
        "{image: train-images-idx3-ubyte.gz, label: train-labels-idx1-ubyte.gz}", (),
        ("idx3-ubyte", "idx1-ubyte", "idx"), ("image",), ("label",),
    ),
}  # fmt: skip
