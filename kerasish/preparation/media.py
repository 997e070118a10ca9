"""A file per row: folders of images, sound and texts, and tables with a column of paths.

Files are decoded when their rows are asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.data.audio import SOUNDS, LoadSound, read_sound
from kerasish.data.folders import Kind
from kerasish.data.image_folders import IMAGES, TEXTS, LoadImage, LoadText
from kerasish.data.images import COLOR_MODES, read_image
from kerasish.data.tabular import opened
from kerasish.errors import ArgumentError, DataError
from kerasish.preparation.formats import Format, Option, Options, about, place_of
from kerasish.preparation.table import Column, Table, column_of
from kerasish.registry import hint
from kerasish.spec import TEXT, TensorSpec

_LOOKED_AT = 200  # images whose sizes are compared where no size is said


@dataclass(frozen=True)
class Medium:
    """What files hold.

    Attributes:
        column: the name of the column of their values.
        kind: their endings.
        loads: for some files and options, what reads one and the spec of a value.
        options: of the source, and of a column of paths.
    """

    column: str
    kind: Kind
    loads: Callable[[list[str], Options], tuple[Callable[[str], Any], TensorSpec]]
    options: tuple[Option, ...]


def _image(paths: list[str], options: Options) -> tuple[Callable[[str], Any], TensorSpec]:
    color = options.get("color", "rgb")
    size = options.get("size")
    if size is None:
        step = max(1, len(paths) // _LOOKED_AT)
        sizes = {path: read_image(path, color).size for path in paths[::step]}
        first = sizes[paths[0]]
        other = next((path for path, found in sizes.items() if found != first), None)
        if other is not None:
            raise DataError(
                "Images without a `size`",
                expected=f"images of one size, as the first is {first[1]} x {first[0]}",
                received=f"{sizes[other][1]} x {sizes[other][0]} in '{other}'",
                fix="Say what they are brought to: size: [height, width].",
            )
        size = [first[1], first[0]]
    shape = (*size, COLOR_MODES[color][0])
    return LoadImage((size[0], size[1]), color, "bilinear", "", True), TensorSpec(shape, "float32")


def _sound(paths: list[str], options: Options) -> tuple[Callable[[str], Any], TensorSpec]:
    length = options.get("length")
    rate = options.get("rate")
    samples, own = read_sound(paths[0])
    load = LoadSound(own if rate is None else rate, length)
    return load, TensorSpec((length, samples.shape[1]), "float32")


def _text(paths: list[str], options: Options) -> tuple[Callable[[str], Any], TensorSpec]:
    return LoadText(None), TensorSpec((), TEXT)


MEDIA = {
    "images": Medium(
        "image", IMAGES, _image,
        (
            Option("size", "size", "height and width that images are brought to", "[96, 96]"),
            Option("color", "color", "the channels of an image", "grayscale"),
        ),
    ),
    "audio": Medium(
        "audio", SOUNDS, _sound,
        (
            Option("rate", "count", "samples a second; by default those of the first file", "8000"),
            Option("length", "count", "samples, longer sounds are cut, shorter filled with silence",
                   "8000"),
        ),
    ),
    "texts": Medium("text", TEXTS, _text, ()),
}  # fmt: skip


def _folder(name: str) -> Callable[[list[Path], Options], Table]:
    medium = MEDIA[name]

    def read(paths: list[Path], options: Options) -> Table:
        files, labels = _files(medium, paths)
        table = Table({medium.column: column_of(np.array(files, object))})
        columns = {medium.column: loaded(table, medium, medium.column, options)}
        if labels is not None:
            columns["label"] = column_of(np.array(labels, object))
        columns["path"] = column_of(np.array(files, object))
        return Table(columns, lambda row: files[row])

    return read


def _files(medium: Medium, paths: list[Path]) -> tuple[list[str], list[str] | None]:
    """The files, and the folder of each, where folders are classes."""
    found: list[tuple[str, str]] = []
    for path in paths:
        if path.is_file():
            if not _is(path, medium.kind.formats):
                endings = ", ".join(medium.kind.formats)
                raise DataError(
                    f"The file '{path}'", expected=f"a folder of {medium.kind.files}, or files "
                    f"that end in {endings}", received="one that does not",
                )  # fmt: skip
            found.append((str(path), ""))
            continue
        inner = sorted(
            entry.name
            for entry in os.scandir(path)
            if entry.is_dir() and not entry.name.startswith(".")
        )
        classes = [name for name in inner if _in(path / name, medium.kind.formats)]
        flat = [p for p in sorted(path.iterdir()) if _is(p, medium.kind.formats)]
        if classes and flat:
            raise DataError(
                f"The folder '{path}'",
                expected=f"{medium.kind.files} in folders, one for each class, or all in itself",
                received=f"{len(flat)} beside the folder {classes[0]!r}",
            )
        found += [(str(p), "") for p in flat]
        found += [(p, name) for name in classes for p in _in(path / name, medium.kind.formats)]
        if not flat and not classes:
            raise DataError(
                f"The folder '{path}'",
                expected=f"{medium.kind.files} ({', '.join(medium.kind.formats)})",
                received="none",
            )
    labels = [label for _, label in found]
    return [name for name, _ in found], labels if any(labels) else None


def _is(path: Path, formats: tuple[str, ...]) -> bool:
    return path.is_file() and path.name.lower().endswith(formats)


def _in(folder: Path, formats: tuple[str, ...]) -> list[str]:
    """The files of some endings below a folder, sorted."""
    return sorted(
        os.path.join(root, name)
        for root, _, files in os.walk(folder)
        for name in files
        if name.lower().endswith(formats)
    )


def loaded(table: Table, medium: Medium, name: str, options: Options) -> Column:
    """A column of paths as one of what the files hold."""
    paths = [str(path) for path in table.head(name, table.total).tolist()]
    if not paths:
        raise DataError("The data", expected=f"paths of {medium.kind.files}", received="none")
    load, spec = medium.loads(paths, options)
    return Column(spec, table.columns[name].values, load)


# --- columns of paths -----------------------------------------------------------------------------


def with_files(table: Table, folder: Path, options: Options) -> Table:
    """A table whose columns of paths are read, as the option `files` says.

    Raises:
        ArgumentError: it does not say what the files are.
        DataError: a file is not there, with the place of its row.
    """
    for column, asked in (options.get("files") or {}).items():
        with about(f"files.{column}"):
            table = _with_files(table, folder, column, asked)
    return table


def _with_files(table: Table, folder: Path, column: str, asked: Mapping[str, Any]) -> Table:
    """A table one of whose columns of paths is read."""
    name = next(iter(asked), "")
    medium = MEDIA.get(name)
    known = [] if medium is None else [option.name for option in medium.options]
    wrong = next((key for key in list(asked)[1:] if key not in known), None)
    if medium is None or wrong is not None or not isinstance(asked[name], str):
        raise ArgumentError(
            f"The option 'files' of {column!r}",
            expected=f"{{{name}: FOLDER}}, and some of {', '.join(known) or 'nothing'}"
            if medium
            else f"one of {', '.join(MEDIA)} with the folder in which the paths begin",
            received=repr(wrong or name),
            fix='Such as {images: ".", size: [96, 96]}.',
            about=f"files.{column}=",
        )
    table.check([column])
    begin = folder / asked[name]
    if not begin.is_dir():
        there = sorted(one.name for one in folder.iterdir() if one.is_dir())
        raise DataError(
            f"The paths of {column!r}", expected="the folder in which they begin",
            received=f"'{asked[name]}', which there is not", fix=hint(asked[name], there),
            about=f"files.{column}.{name}=",
        )  # fmt: skip
    paths = np.array([str(begin / path) for path in table.values(column).tolist()], object)
    for row, path in enumerate(paths.tolist()):
        if not os.path.isfile(path):
            raise DataError(
                table.where(row, column), expected="the path of a file",
                received=f"'{path}', which there is not",
                fix=f"Files are looked for below '{asked[name]}', beside the table.",
            )  # fmt: skip
    held = replace(table, columns={**table.columns, column: column_of(paths)})
    read = loaded(held, medium, column, asked)
    return replace(table, columns={**table.columns, column: read})


FILES = Option(
    "files",
    "files",
    "columns of paths, each with what the files are and the folder in which the paths begin",
    "{photo: {images: photos, size: [96, 96]}}",
)

FORMATS: dict[str, Format] = {
    "images": Format(
        _folder("images"),
        "A folder of images, each class in a folder of its own, or all in one: columns image, "
        "label and path.",
        "photos", MEDIA["images"].options,
        tuple(end[1:] for end in IMAGES.formats), ("image",), ("label",),
    ),
    "audio": Format(
        _folder("audio"),
        "A folder of sound files: columns audio (samples, channels), label and path.",
        "words", MEDIA["audio"].options,
        tuple(end[1:] for end in SOUNDS.formats), ("audio",), ("label",),
    ),
    "texts": Format(
        _folder("texts"), "A folder of text files: columns text, label and path.",
        "reviews", MEDIA["texts"].options, (), ("text",), ("label",),
    ),
}  # fmt: skip


def _text_file(paths: list[Path], options: Options) -> Table:
    by = options.get("by", "line")
    contents = [_content(path) for path in paths]
    if by == "file":
        columns = {
            "text": column_of(np.array(contents, object)),
            "path": column_of(np.array([str(path) for path in paths], object)),
        }
        return Table(columns, lambda row: paths[row].name)
    if by == "character":
        values = [np.array(list(text), object) for text in contents]
    else:
        values = [np.array(text.splitlines(), object) for text in contents]
    counts = [len(part) for part in values]
    joined = np.concatenate(values) if values else np.array([], object)
    if not len(joined):
        raise DataError(f"The file '{paths[0]}'", expected="text", received="an empty file")
    unit = "line" if by == "line" else "character"
    before = place_of(paths, counts, unit)
    place = before if by == "character" else place_of_lines(paths, counts)
    return Table({"text": column_of(joined)}, place)


def place_of_lines(paths: list[Path], counts: list[int]) -> Callable[[int], str]:
    """The place of a line among several files, as editors number it."""

    def place(row: int) -> str:
        for path, count in zip(paths, counts, strict=True):
            if row < count or path == paths[-1]:
                return f"{path.name}, line {row + 1}"
            row -= count
        return f"row {row}"

    return place


def _content(path: Path) -> str:
    try:
        with opened(path) as file:
            raw = file.read()
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"The file '{path}'", expected="a whole file", received=error) from error
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path.name}, line {line}",
            expected="text in UTF-8",
            received=repr(raw[error.start : error.start + 8]),
            fix="Write the file in UTF-8.",
        ) from None


FORMATS["text"] = Format(
    _text_file, "Text files: a row for every line, character or file, column text.",
    "poems.txt",
    (Option("by", "unit", "what a row is", "character"),), ("txt",), ("text",),
)  # fmt: skip
