"""What is to be known of a file before a config can be written for it."""

from __future__ import annotations

import csv
import gzip
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.data.audio import SOUNDS, read_sound
from kerasish.data.fetch import digest
from kerasish.data.image_folders import IMAGES
from kerasish.errors import ArgumentError, DataError
from kerasish.extras import package
from kerasish.preparation import Table, read_table
from kerasish.preparation.incoming import kind_of_folder
from kerasish.preparation.sources import find
from kerasish.registry import hint
from kerasish.spec import TEXT

_FILES = 100  # files of a folder that are looked at
_LARGEST = 128  # pixels along a side
_HEAD = 200  # lines that are looked at before a file is read
_SUFFIXES = {"txt": "csv", "data": "csv", "tab": "tsv", "pq": "parquet", "ndjson": "jsonl",
             "h5": "hdf5"}  # fmt: skip
_TABLES = ("csv", "tsv", "parquet", "arrow", "jsonl", "npz", "hdf5")
_MISSING = ("?", "-", "N/A", "n/a", "NA", "NULL", "null", "None", "nan", "NaN")
_SEPARATORS = ",;\t|"
_COMMAS = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
_SPLITS = re.compile(r"(?i)(split|part|set|subset|fold|partition|usage)")
_PART_NAMES = {
    "train": ("train", "training", "tr", "fit"),
    "validation": ("validation", "valid", "val", "dev", "eval"),
    "test": ("test", "testing", "te", "held-out", "holdout", "private"),
}


@dataclass
class Given:
    """A file as a table, and how a config says it.

    Attributes:
        path: the file.
        table: its rows.
        beside: the folder of the config.
        source: what stands under `source`, the file's name first.
        test: a file with the test part beside it; None where there is none.
        named: whether the columns have names of their own.
        notes: what was guessed.
    """

    path: Path
    beside: Path
    table: Table
    source: dict[str, Any]
    test: Path | None = None
    named: bool = True
    notes: list[str] = field(default_factory=list[str])


def read(path: Path, header: bool | None, beside: Path, test: Path | None = None) -> Given:
    """Read a file or a folder of files, guessing what a config has to say of it.

    Args:
        path: the file, a pattern of several, or a folder of images, sounds or texts; one with a
            folder `train` in it is that folder.
        header: whether the first line names the columns; guessed where None.
        beside: the folder that the config will lie in.
        test: a file with the test part; one whose name says so is found by itself.

    Raises:
        DataError: there is no such file, or it is no table.
        ArgumentError: a folder without such files.
    """
    if path.is_dir():
        return _folder(path, beside, test)
    files = find(path, Path())
    first = files[0]
    path = first if len(files) == 1 else path
    form = format_of(first)
    source: dict[str, Any] = {form: shown(path, beside)}
    notes: list[str] = []
    named = True
    if form in ("csv", "tsv"):
        separator = "\t" if form == "tsv" else _separator(first)
        if separator != "\t" and separator != ",":
            source["separator"] = separator
        elif separator == "\t" and form == "csv":
            source = {"tsv": source["csv"]}
            form = "tsv"
        lines = _lines(first, separator)
        if _has_decimal_commas(lines):
            source["decimal"] = ","
            notes.append("a comma stands before fractions")
            lines = [[cell.replace(",", ".") for cell in row] for row in lines]
        named = _has_header(lines) if header is None else header
        if not named:
            source["names"] = [f"column_{i}" for i in range(1, len(lines[0]) + 1)]
            notes.append("the first line is read as data; --header if it names the columns")
        gaps = _gaps(lines[1:] if named else lines)
        if gaps:
            source["missing"] = gaps[0] if len(gaps) == 1 else gaps
        codes = _codes(lines[1:] if named else lines)
        if codes:
            names = lines[0] if named else source["names"]
            source["types"] = {names[place]: "text" for place in codes}
            listed = ", ".join(source["types"])
            notes.append(f"{listed}: digits with zeros before them are codes, not amounts")
    table = read_table({**source, form: str(path.resolve())})
    slashed = [name for name in table.names if "/" in name]
    if slashed and named:
        chosen = table.names if form in ("npz", "hdf5") else slashed  # there names choose
        source["names"] = {name.replace("/", " per "): name for name in chosen}
        notes.append("names of columns may hold no /")
        table = read_table({**source, form: str(path.resolve())})
    if not len(table) or not table.names:
        raise DataError(f"The file '{path}'", expected="rows", received="none")
    test = _sibling(path) if test is None else test
    if test is not None:
        notes.append(f"the test part is {test.name}")
    return Given(path, beside, table, source, test, named, notes)


def format_of(path: Path) -> str:
    """The format of a table by the name of its file.

    Raises:
        ArgumentError: a name that says none.
    """
    suffix = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    form = _SUFFIXES.get(suffix, suffix)
    if form not in _TABLES:
        raise ArgumentError(
            f"init {path.name}",
            expected=f"a table: {', '.join(_TABLES)}",
            received=f"a name that ends in .{suffix}",
            fix="Of images, sounds and texts name the folder, with a folder for each class.",
        )
    return form


def _folder(path: Path, beside: Path, test: Path | None) -> Given:
    """A folder of files, each a row."""
    notes: list[str] = []
    if (path / "train").is_dir():
        path = path / "train"
        notes.append("the training part is the folder train")
    form = kind_of_folder(path)
    source = {form: shown(path, beside), **_options(form, path)}
    table = read_table({**source, form: str(path.resolve())})
    table = replace(table, columns={n: c for n, c in table.columns.items() if n != "path"})
    test = _sibling(path) if test is None else test
    if test is not None:
        notes.append(f"the test part is the folder {test.name}")
    return Given(path, beside, table, source, test, True, notes)


def _options(form: str, path: Path) -> dict[str, Any]:
    """What some of the files of a folder say of how all are to be read."""
    if form == "texts":
        return {}
    kind, look = (IMAGES, _of_images) if form == "images" else (SOUNDS, _of_sounds)
    inside = sorted(p for p in path.rglob("*") if p.name.lower().endswith(kind.formats))
    return look([str(one) for one in inside[:: max(1, len(inside) // _FILES)]])


def _of_images(paths: list[str]) -> dict[str, Any]:
    """The size that images are brought to: their own where it is one and small, else a square."""
    opened = package("PIL.Image", "Images")
    sizes, colors = [], set[str]()
    for path in paths:
        with opened.open(path) as image:
            sizes.append((image.height, image.width))
            colors.add(image.mode)
    size = list(sizes[0])
    if len(set(sizes)) > 1 or max(size) > _LARGEST:
        middle = float(np.median([min(one) for one in sizes]))
        size = [int(min(max(middle // 16 * 16, 32), _LARGEST))] * 2
    grey = colors <= {"1", "L", "I", "I;16", "F"}
    return {"size": size, "color": "grayscale" if grey else "rgb"}


def _of_sounds(paths: list[str]) -> dict[str, Any]:
    """The rate of the first sound, at most 16,000, and a length that few sounds are longer than."""
    rate = min(read_sound(paths[0])[1], 16_000)
    seconds = [len(samples) / own for samples, own in map(read_sound, paths)]
    return {"rate": rate, "length": int(np.ceil(np.quantile(seconds, 0.95) * 10) / 10 * rate)}


def shown(path: Path, beside: Path) -> str:
    """A file as a config in the folder `beside` names it: from there, or from $KERASISH_DATA."""
    whole = path.resolve()
    places = [beside.resolve()]
    if os.environ.get("KERASISH_DATA"):
        places.append(Path(os.environ["KERASISH_DATA"]).resolve())
    for place in places:
        if whole.is_relative_to(place):
            return whole.relative_to(place).as_posix()
    return whole.as_posix()


def column_named(given: Given, target: str) -> str:
    """The column that a name or a position (from 1, or from the end with -1) means.

    Raises:
        ArgumentError: there is none, with those that there are.
    """
    names = given.table.names
    if target in names:
        return target
    try:
        place = int(target)
        if place and abs(place) <= len(names):
            return names[place - 1 if place > 0 else place]
    except ValueError:
        pass
    listed = ", ".join(names[:30]) + (", ..." if len(names) > 30 else "")
    raise ArgumentError(
        f"--target {target}",
        expected=f"one of the columns {listed}, or a position: 1 is the first, -1 the last",
        received=repr(target),
        fix=hint(target, names, 3),
    )


def _open(path: Path) -> Any:
    opener = gzip.open if path.name.endswith(".gz") else open
    return opener(path, "rt", encoding="utf-8-sig", errors="replace", newline="")


def _separator(path: Path) -> str:
    """What stands as often in every line, and most often."""
    with _open(path) as file:
        lines = [line for _, line in zip(range(50), file, strict=False) if line.strip()]
    best = ","
    most = 0
    for one in _SEPARATORS:
        counts = [len(row) for row in csv.reader(lines, delimiter=one)]
        if counts and min(counts) == max(counts) > max(most, 1):
            best, most = one, counts[0]
    return best


def _lines(path: Path, separator: str) -> list[list[str]]:
    with _open(path) as file:
        reader = csv.reader(file, delimiter=separator, skipinitialspace=True)
        rows = (row for row in reader if any(cell.strip() for cell in row))
        found = [[c.strip() for c in row] for _, row in zip(range(_HEAD), rows, strict=False)]
    if not found:
        raise DataError(f"The file '{path}'", expected="rows", received="an empty file")
    return found


def _has_header(lines: list[list[str]]) -> bool:
    """Whether the first line names the columns: no numbers in it, each name once, and no value."""
    first, rest = lines[0], lines[1:]
    if any(_is_number(cell) for cell in first) or len(set(first)) < len(first) or "" in first[1:]:
        return False
    columns = [[row[i] for row in rest if len(row) > i] for i in range(len(first))]
    if any(column and sum(map(_is_number, column)) > len(column) / 2 for column in columns):
        return True
    return not any(cell in column for cell, column in zip(first, columns, strict=True))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.lower().lstrip("+-") not in ("nan", "inf", "infinity")


def _has_decimal_commas(lines: list[list[str]]) -> bool:
    """Whether numbers have commas before fractions: more than have points, and not as between
    thousands."""
    cells = [cell for row in lines for cell in row]
    commas = [cell for cell in cells if _COMMAS.fullmatch(cell)]
    points = sum("." in cell and _is_number(cell) for cell in cells)
    return len(commas) > points and not all(_THOUSANDS.fullmatch(cell) for cell in commas)


def _gaps(lines: list[list[str]]) -> list[str]:
    """The signs for what is missing that columns hold among other values."""
    found: list[str] = []
    for column in zip(*(row for row in lines if len(row) == len(lines[0])), strict=True):
        held = set(column)
        numbers = sum(_is_number(cell) for cell in column)
        for sign in _MISSING:
            usual = sign == "?" or numbers > len(column) / 2
            if sign in held and len(held) > 2 and usual and sign not in found:
                found.append(sign)
    return found


def _codes(lines: list[list[str]]) -> list[int]:
    """The places of columns of digits, as many in every row, some with zeros before them."""
    found: list[int] = []
    for place in range(len(lines[0]) if lines else 0):
        held = {row[place] for row in lines if len(row) > place and row[place]}
        alike = len({len(cell) for cell in held}) == 1 and all(cell.isdecimal() for cell in held)
        if alike and len(next(iter(held))) > 1 and any(cell[0] == "0" for cell in held):
            found.append(place)
    return found


def _sibling(path: Path) -> Path | None:
    """The file beside one of training that holds the test part, by its name."""
    if "train" not in path.name:
        return None
    before, _, after = path.name.rpartition("train")
    other = path.with_name(f"{before}test{after}")
    if path.is_dir():
        return other if other.is_dir() else None
    held = other.is_file() and digest(other) != digest(path)
    return other if held else None


def is_text(table: Table, name: str) -> bool:
    """Whether a column holds texts."""
    return table.spec(name).dtype == TEXT


def split_column(table: Table, target: str) -> tuple[str, dict[str, list[Any]]] | None:
    """The column that says which part a row belongs to, and its values for each part.

    Where it has the very names of parts, rows of other values (`oos_test` beside `test`) are in
    none of them; else each value belongs to the part that it has a word of (`my_test`).
    """
    for name in table.names:
        if name == target or not _SPLITS.fullmatch(name) or not is_text(table, name):
            continue
        known = sorted(set(table.values(name).tolist()))
        words = {one: [one.strip()] for one in known}
        if "train" not in map(part_of, (text.strip() for text in known)):
            words = {one: re.split(r"[\W_]+", one) for one in known}
        found: dict[str, list[Any]] = {}
        for one, held in words.items():
            parts = {part_of(word) for word in held} - {None}
            if len(parts) == 1:
                found.setdefault(str(*parts), []).append(one)
        if "train" in found and len(found) > 1:
            return name, found
    return None


def part_of(text: str) -> str | None:
    """The part that a word names."""
    word = text.casefold()
    return next((part for part, names in _PART_NAMES.items() if word in names), None)
