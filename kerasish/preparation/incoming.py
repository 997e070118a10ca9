"""Files of new rows for a saved run: read as the rows that it was trained on."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from kerasish.errors import ArgumentError, DataError
from kerasish.preparation.served import Served
from kerasish.preparation.sources import FORMATS, read_table
from kerasish.preparation.table import Column, Table, column_of
from kerasish.spec import TEXT, TensorSpec

STDIN = "-"
_MEDIA = ("images", "audio", "texts")
_NAMELESS = ("npy", "npz", "hdf5", "idx", "text", *_MEDIA)  # whose columns no person has named
_WHOLE = ("names", "types", "time", "group", "stream", "label")
_COLORS = {1: "grayscale", 3: "rgb", 4: "rgba"}


def read_rows(files: Sequence[str], served: Served, stdin: TextIO | None = None) -> Table:
    """The rows of some files, in their order.

    Args:
        files: csv, tsv, JSON lines, JSON, parquet, Arrow, npy, npz, HDF5, idx, images, sound or
            texts, all of one kind; folders of the last three; "-" is standard input, which holds
            csv, JSON lines, or, for a run that reads one text, a text a line.
        served: the run: columns get its types.
        stdin: where "-" is read from.

    Raises:
        ArgumentError: a kind of file that is not known, or several kinds.
        DataError: a file is not there or damaged, or a value is none of its column.
    """
    if STDIN in files:
        if len(files) > 1 or stdin is None:
            raise ArgumentError("-", expected="standard input alone", received=" ".join(files))
        return _of_text(stdin.read(), served)
    for name in files:
        if not Path(name).exists():
            raise DataError("", expected="a file", received=f"{name!r}, which does not exist")
    kinds = {kind_of(name, served): name for name in files}
    if len(kinds) > 1:
        raise ArgumentError("files", expected="files of one kind", received=", ".join(kinds))
    (kind,) = kinds
    if kind == "json":
        return _joined([_of_json(name, served) for name in files])
    return fitted(_read(kind, [str(Path(name).absolute()) for name in files], served), kind, served)


def kind_of_folder(path: Path) -> str:
    """The format of a folder by the files in it: "images", "audio" or "texts".

    Raises:
        ArgumentError: it has no such files.
    """
    inside = sorted(one for one in path.rglob("*") if one.is_file())
    found = {_by_ending(one.name) for one in inside[:1000]}
    kinds = [kind for kind in ("images", "audio") if kind in found]
    if not kinds and "text" not in found:
        raise ArgumentError(
            f"The folder '{path}'", expected="images, sound or texts in it", received="none"
        )
    return kinds[0] if kinds else "texts"


def kind_of(name: str, served: Served) -> str:
    """The format of a file by its ending, of a folder by the files in it.

    Raises:
        ArgumentError: it is not known.
    """
    path = Path(name)
    if path.is_dir():
        return kind_of_folder(path)
    kind = _by_ending(path.name)
    if kind is None:
        endings = [end for one in FORMATS.values() for end in one.suffixes]
        raise ArgumentError(
            f"The file {name!r}", expected=f"a name that ends in {', '.join((*endings, 'json'))}"
        )
    source = _source(served)
    if kind == "text" and ("texts" in source or source.get("by") == "file"):
        return "texts"
    return kind


def _by_ending(name: str) -> str | None:
    plain = name.lower().removesuffix(".gz")
    if plain.endswith(".json"):
        return "json"
    for kind, one in FORMATS.items():
        if any(plain.endswith(f".{end}") or plain.endswith(f"-{end}") for end in one.suffixes):
            return kind
    return None


def _source(served: Served) -> Mapping[str, Any]:
    """How the training part was read."""
    return served.columns.source


def _read(kind: str, paths: list[str], served: Served) -> Table:
    known = FORMATS[kind].keys
    trained = _source(served)
    other = next((one for one in _MEDIA if one in trained and kind in _MEDIA and one != kind), None)
    if other is not None:
        raise DataError("This run", expected=other, received=f"{kind}: '{Path(paths[0]).name}'")
    same = kind in trained or {kind, *trained} >= {"csv", "tsv"}
    options = {
        key: value
        for key, value in trained.items()
        if key in known and key not in _WHOLE and same and value is not None
    }
    names = trained.get("names")
    if same and isinstance(names, list):
        options["names"] = names
    if kind == "images":
        options = _picture(served) | options
    elif kind == "audio":
        options = _sound(served) | options
    elif kind == "text":
        options = {"by": "line"}
    try:
        return read_table({kind: paths, **options}, like=served.columns)
    except DataError as error:
        raise _plain(error) from None


def _plain(error: DataError) -> DataError:
    """An error of reading without what only a program could do about it."""
    told = dict(error.parts)
    what = told.pop("what", "").removeprefix("Dataset.from_csv, ")
    if "of type" in told.get("expected", ""):
        told["expected"] = "a number"
        told.pop("fix", None)
    return DataError(what, **told)


def _picture(served: Served) -> dict[str, Any]:
    """The size and the colors of the images that a run reads."""
    shape = next((s for s in _shapes(served) if len(s) in (2, 3)), None)
    if shape is None:
        raise _no(served, "images")
    channels = shape[2] if len(shape) == 3 else 1
    return {"size": [shape[0], shape[1]], "color": _COLORS.get(channels or 1, "rgb")}


def _sound(served: Served) -> dict[str, Any]:
    shape = next((s for s in _shapes(served) if len(s) in (1, 2)), None)
    if shape is None:
        raise _no(served, "sound")
    return {} if shape[0] is None else {"length": shape[0]}


def _shapes(served: Served) -> list[tuple[int | None, ...]]:
    return [served.columns.spec(name).shape for name in served.needed]


def _no(served: Served, what: str) -> DataError:
    columns = ", ".join(served.needed)
    return DataError("This run", expected=f"the columns {columns}", received=what)


# --- text ---------------------------------------------------------------------------------------


def _of_text(text: str, served: Served) -> Table:
    """Standard input: JSON lines, a text a line, or csv."""
    if text.lstrip()[:1] == "{":
        return _of_file("jsonl", text, served, "standard input, row ", 0)
    needed = served.needed
    header = text.partition("\n")[0]
    separator = str(_source(served).get("separator") or ",")
    named = [one.strip().strip('"') for one in header.split(separator)]
    if len(needed) == 1 and needed[0] not in named and served.columns.spec(needed[0]).dtype == TEXT:
        lines = np.array(text.splitlines(), object)
        if not len(lines):
            raise DataError("Standard input", expected="a text a line", received="nothing")
        return Table({needed[0]: column_of(lines)}, lambda row: f"standard input, line {row + 1}")
    return _of_file("csv", text, served, "standard input, line ", 2)


def _of_file(kind: str, text: str, served: Served, place: str, first: int) -> Table:
    with tempfile.TemporaryDirectory(prefix="kerasish-") as folder:
        path = Path(folder) / f"rows.{kind}"
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
        where = place.split(",")[0]
        try:
            table = _read(kind, [str(path)], served)
        except DataError as error:
            told = dict(error.parts)
            what = told.pop("what", "").replace(str(path), where).replace(path.name, where)
            raise DataError(what, **told) from None
    return fitted(replace(table, place=lambda row: f"{place}{row + first}", files={}), kind, served)


def _of_json(name: str, served: Served) -> Table:
    """A list of objects, or an object of lists, one a column."""
    try:
        held = json.loads(Path(name).read_bytes())
    except (ValueError, RecursionError) as error:
        raise DataError(f"The file {name!r}", expected="JSON", received=str(error)) from None
    if isinstance(held, dict):
        lists = {key: value for key, value in held.items() if isinstance(value, list)}
        if len(lists) == len(held) and len({len(v) for v in lists.values()}) == 1:
            held = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        else:
            held = [held]
    if not isinstance(held, list) or not held or not all(isinstance(one, dict) for one in held):
        raise DataError(
            f"The file {name!r}", expected="a list of objects, one a row", received="something else"
        )
    text = "\n".join(json.dumps(one) for one in held)
    return _of_file("jsonl", text, served, f"{Path(name).name}, row ", 0)


# --- columns --------------------------------------------------------------------------------------


def fitted(table: Table, kind: str, served: Served) -> Table:
    """A table whose columns have the names and types of those that a run was trained on.

    Args:
        table: as it was read.
        kind: its format: what has no names of its own is named as the run's inputs are.
        served: the run.

    Raises:
        DataError: a value is none of its column, with its place.
    """
    needed = served.needed
    if kind in _NAMELESS and not set(needed) <= set(table.names):
        table = _named(table, kind, needed)
    columns = dict(table.columns)
    for name in served.columns.names:
        if name in columns:
            columns[name] = _typed(table, name, served.columns.spec(name))
        if name in needed and name in columns and name not in served.rows.columns.padding:
            _check_shape(name, columns[name].spec.shape, served.columns.spec(name).shape)
    time = served.columns.time if all(one in columns for one in served.columns.time) else ()
    group = served.columns.group if served.columns.group in columns else None
    return replace(table, columns=columns, time=time, group=group)


def _check_shape(name: str, shape: tuple[int | None, ...], wanted: tuple[int | None, ...]) -> None:
    a, b = ([size for size in one if size != 1] for one in (shape, wanted))
    if a != b:
        raise DataError(
            f"The column {name!r}",
            expected=f"values of shape {wanted}, as the run was trained on",
            received=f"shape {shape}",
        )


def _named(table: Table, kind: str, needed: Sequence[str]) -> Table:
    values = [name for name in table.names if name not in ("label", "path", "file")]
    if len(needed) == 1:
        usual = [one for one in FORMATS[kind].x if one in table.names]
        own = (usual or values)[0]
        if usual or len(values) == 1:
            columns = {needed[0] if key == own else key: c for key, c in table.columns.items()}
            return replace(table, columns=columns)
    elif len(values) == 1 and table.spec(values[0]).shape == (len(needed),):
        rows = table.values(values[0])
        columns = {name: column_of(rows[:, i]) for i, name in enumerate(needed)}
        return Table(columns, table.place)
    return table


def _typed(table: Table, name: str, spec: TensorSpec) -> Column:
    column = table.columns[name]
    if column.load is not None:
        return _channels(column, spec)
    if not column.at_hand or (column.spec.dtype == TEXT) == (spec.dtype == TEXT):
        return column
    whole = replace(table, rows=None)
    values = whole.values(name)
    if spec.dtype == TEXT:
        texts = ["" if _gap(one) else str(one) for one in values.reshape(-1).tolist()]
        return column_of(np.array(texts, object).reshape(values.shape))
    if values.ndim > 1:
        raise DataError(whole.where(0, name), expected="numbers", received="texts")
    numbers = np.full(len(values), np.nan)
    for row, text in enumerate(values.tolist()):
        try:
            numbers[row] = float(text) if str(text).strip() else np.nan
        except ValueError:
            raise DataError(
                whole.where(row, name), expected="a number", received=repr(text)
            ) from None
    return column_of(numbers)


def _gap(value: Any) -> bool:
    return isinstance(value, float) and value != value


def _channels(column: Column, spec: TensorSpec) -> Column:
    """Files whose values have one channel more or less than those of training."""
    load, shape = column.load, column.spec.shape
    if load is None or len(shape) == len(spec.shape):
        return column
    if len(shape) == len(spec.shape) + 1:
        return replace(column, spec=TensorSpec(shape[:-1], column.spec.dtype),
                       load=_Channel(load))  # fmt: skip
    return column


class _Channel:
    """The first channel of what a file holds."""

    def __init__(self, load: Callable[[Any], Any]) -> None:
        self.load = load

    def __call__(self, path: Any) -> np.ndarray:
        return np.asarray(self.load(path))[..., 0]


def _joined(tables: Sequence[Table]) -> Table:
    """Tables one after another, of the columns that all have."""
    if len(tables) == 1:
        return tables[0]
    names = [name for name in tables[0].names if all(name in one.columns for one in tables)]
    columns = {n: column_of(np.concatenate([one.values(n) for one in tables])) for n in names}
    begins = np.cumsum([0, *map(len, tables)])

    def place(row: int) -> str:
        at = int(np.searchsorted(begins, row, side="right")) - 1
        return tables[at].place(row - int(begins[at]))

    return replace(tables[0], columns=columns, place=place)
