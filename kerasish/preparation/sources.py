"""Files as tables: one reader for every format, under the name that a source gives first."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kerasish.data.fetch import digest
from kerasish.errors import ArgumentError, DataError, KerasishError
from kerasish.preparation import media, numbers, tabular
from kerasish.preparation.formats import KINDS, Format, about
from kerasish.preparation.table import Column, Table
from kerasish.registry import hint

FORMATS: dict[str, Format] = {**tabular.FORMATS, **numbers.FORMATS, **media.FORMATS}
_INSIDE = ("sha256", "time", "group", "names", "types")  # options of a source as a whole


def read_table(source: Any, folder: Path | str = ".", like: Table | None = None) -> Table:
    """The table of a source.

    Args:
        source: a dict whose first key is a format of `FORMATS`, with a file, a list of files, a
            pattern or a dict from columns to files; options stand beside it. Or a list of such
            dicts, whose columns stand side by side.
        folder: where files are looked for first; then it is `$KERASISH_DATA`.
        like: a table whose columns' types those of the same names have, instead of guessed ones.

    Raises:
        ArgumentError: an unknown format or option, or a value that is none of an option.
        DataError: a file is not there, has another sha256, or is not what it should be.
    """
    if not isinstance(source, Mapping):
        return side_by_side([read_table(one, folder, like) for one in source])
    name = next(iter(source), "")
    if name not in FORMATS:
        raise ArgumentError(
            "A source", expected=f"a format: {', '.join(FORMATS)}", received=repr(name),
            fix=hint(str(name), FORMATS, 3),
        )  # fmt: skip
    reader = FORMATS[name]
    options = {key: value for key, value in source.items() if key != name and value is not None}
    for key, value in options.items():
        _check_option(name, reader, key, value)
    renamed = options.get("names")
    back = dict(renamed) if isinstance(renamed, Mapping) else {}
    if options.get("types"):  # by the names that a config goes on with, or by the file's
        options["types"] = {back.get(key, key): kind for key, kind in options["types"].items()}
    if like is not None:
        known = {
            key: column.spec.dtype
            for key, column in like.columns.items()
            if not column.load and not column.spec.shape  # what lists hold, their rows say
        }
        known |= {old: known[new] for new, old in back.items() if new in known}
        options["like"] = {k: d for k, d in known.items() if k not in options.get("types", {})}
    given = source[name]
    if isinstance(given, Mapping):
        rest = {key: value for key, value in options.items() if key not in (*_INSIDE, "like")}
        kinds = options.get("types") or {}
        if kinds and reader not in numbers.FORMATS.values():
            raise ArgumentError(
                f"The option 'types' of {name!r}",
                expected=f"arrays, such as {', '.join(numbers.FORMATS)}, where columns are files",
                received=f"columns of {name}",
                fix="Write each file as a source of its own, in a list.",
                about="types",
            )
        apart = []
        for column, path in given.items():
            with about(f"{name}.{column}=", whole=True):
                apart.append(_named(read_table({name: path, **rest}, folder), column))
        table = side_by_side(apart)
        table = numbers.typed(table, tabular.types_of({"types": kinds}))
    else:
        paths = find(given, Path(folder), name)
        _check_kinds(name, paths, folders=reader in media.FORMATS.values() and name != "text")
        with about("sha256="):
            _check_digest(paths, options.get("sha256"))
        table = _read(name, reader, paths, options)
        table = replace(table, files={str(path): hash_of(path) for path in paths})
    if isinstance(options.get("names"), Mapping):
        table = tabular.renamed(table, options["names"])
    times = options.get("time") or ()
    times = (times,) if isinstance(times, str) else tuple(times)
    with about("time="):
        table.check(times)
    with about("group="):
        table.check([options["group"]] if options.get("group") else [])
    notes = tuple(n for n in table.notes if not any(n.endswith(f"`time: {t}` orders the rows by "
                                                               "them") for t in times))  # fmt: skip
    how = {key: value for key, value in options.items() if key not in ("sha256", "like")}
    return replace(table, time=times, group=options.get("group"), notes=notes,
                   source={name: None, **how})  # fmt: skip


def _read(name: str, reader: Format, paths: list[Path], options: Mapping[str, Any]) -> Table:
    """The table of files; whatever a library raises on a damaged one is a `DataError`."""
    try:
        return reader.read(paths, options)
    except KerasishError:
        raise
    except Exception as error:
        shown = f"'{paths[0]}'" + f" and {len(paths) - 1} more" * (len(paths) > 1)
        raise DataError(
            f"The file {shown}",
            expected=f"a whole {name} file",
            received=" ".join(str(error).split()) or type(error).__name__,
        ) from error


def _check_option(name: str, reader: Format, key: str, value: Any) -> None:
    if key not in reader.keys:
        raise ArgumentError(
            f"The source {name!r}",
            expected=f"options of {', '.join(reader.keys)}",
            received=repr(key),
            fix=hint(key, reader.keys, 3),
        )
    words, fits = KINDS[reader.keys[key].kind]
    if not fits(list(value) if isinstance(value, tuple) else value):
        raise ArgumentError(f"The option {key!r} of {name!r}", expected=words, received=repr(value))


def _check_kinds(name: str, paths: Sequence[Path], folders: bool) -> None:
    for path in paths:
        if path.is_dir() and not folders:
            raise DataError(
                f"The source {name!r}", expected="a file", received=f"the folder '{path}'",
                fix="A pattern names the files in it, such as " + str(Path(path.name) / "*") + ".",
            )  # fmt: skip


def hash_of(path: Path) -> str:
    """The SHA-256 of a file, or of all names and contents in a folder."""
    if path.is_file():
        return digest(path)
    taken = hashlib.sha256()
    for inner in sorted(path.rglob("*")):
        if inner.is_file():
            taken.update(f"{inner.relative_to(path)}\n{digest(inner)}\n".encode())
    return taken.hexdigest()


def find(given: Any, folder: Path, option: str = "") -> list[Path]:
    """The files of a name, a pattern or a list of such: in the folder, else under the data's.

    Args:
        given: what names them.
        folder: where they are looked for first.
        option: which option names them, for errors.

    Raises:
        DataError: one is nowhere, with the places that were looked at.
    """
    found: list[Path] = []
    data = os.environ.get("KERASISH_DATA")
    places = [folder, *([Path(data)] if data else [])]
    for number, name in enumerate([given] if isinstance(given, (str, os.PathLike)) else given):
        for place in places:
            path = place / name
            many = sorted(glob.glob(str(path))) if glob.has_magic(str(name)) else []
            if many or path.exists():
                found += [Path(one) for one in many] or [path]
                break
        else:
            magic = glob.has_magic(str(name))
            raise DataError(
                "The data",
                expected=f"files that fit {str(name)!r}" if magic else f"the file {str(name)!r}",
                received="none in " + " or ".join(f"'{place}'" for place in places),
                fix=_near(str(name), places, bool(data)),
                about=f"{option}.{number}" if isinstance(given, (list, tuple)) else f"{option}=",
            )
    return found


def _near(name: str, places: Sequence[Path], data: bool) -> str:
    """What may be meant by a file that is nowhere: one of a name like it."""
    slashes = name.replace("\\", "/")
    if slashes != name and any((place / slashes).exists() for place in places):
        return f"Write it with /: {slashes}"
    parent, last = os.path.split(name)
    for place in places:
        folder = place / parent
        there = [one.name for one in folder.iterdir()] if folder.is_dir() else []
        near = hint(last, sorted(there)[:1000])
        if near:
            return near
    return "" if data else "KERASISH_DATA may name another folder of data."


def _check_digest(paths: Sequence[Path], wanted: Any) -> None:
    several = [wanted] if isinstance(wanted, str) else list(wanted or ())
    if several and len(several) != len(paths):
        raise ArgumentError(
            "sha256", expected=f"one for each of {len(paths)} files", received=f"{len(several)}"
        )
    for path, one in zip(paths, several, strict=False):
        held = hash_of(path)
        if held != str(one).lower():
            raise DataError(
                f"The file '{path}'", expected=f"sha256 {one}", received=held,
                fix=f"It is another file, or damaged. If it is the one that is meant: {held}",
            )  # fmt: skip


def _named(table: Table, name: str) -> Table:
    """A table of one column under another name.

    Raises:
        DataError: it has several.
    """
    if len(table.columns) != 1:
        raise DataError(
            f"The file of {name!r}",
            expected="a file of one array",
            received=f"the columns {', '.join(table.names)}",
            fix="A list of sources puts their columns side by side.",
        )
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
        counts = (f"{Path(next(iter(t.files), '?')).name} {len(t)}" for t in tables)
        raise DataError(
            "Sources side by side", expected="as many rows in each", received=", ".join(counts)
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
    notes = tuple(dict.fromkeys(note for table in tables for note in table.notes))
    times = next((table.time for table in tables if table.time), ())
    group = next((table.group for table in tables if table.group), None)
    source = {key: value for table in tables for key, value in table.source.items()}
    return replace(tables[0], columns=columns, files=files, notes=notes, time=times, group=group,
                   source=source)  # fmt: skip
