"""What a format of files is: its name, options, usual columns, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kerasish.errors import KerasishError
from kerasish.preparation.table import Place, Table

Options = Mapping[str, Any]


@contextmanager
def about(option: str, whole: bool = False) -> Generator[None, None, None]:
    """Context manager: what is refused inside is about this option, where nothing nearer is, or
    the `whole` of it is."""
    try:
        yield
    except KerasishError as error:
        error.about = option if whole else error.about or option
        raise


@dataclass(frozen=True)
class Option:
    """What may stand beside the files of a source.

    Attributes:
        name: as it is written.
        kind: what its value may be, a key of `KINDS`.
        text: what it means, a phrase without a full stop.
        example: a value as it is written in YAML.
    """

    name: str
    kind: str
    text: str
    example: str


# What values of options may be: in words, and whether a plain value is one.
KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("text", lambda v: isinstance(v, str)),
    "letter": ("one character", lambda v: isinstance(v, str) and len(v) == 1),
    "letter or false": (
        "one character, or false for none",
        lambda v: v is False or (isinstance(v, str) and len(v) == 1),
    ),
    "mark": ("a comma or a point", lambda v: v in (",", ".")),
    "flag": ("true or false", lambda v: isinstance(v, bool)),
    "count": ("an integer ≥ 1", lambda v: type(v) is int and v >= 1),
    "size": (
        "[height, width]",
        lambda v: isinstance(v, list) and len(v) == 2 and all(type(n) is int and n > 0 for n in v),
    ),
    "texts": (
        "a text or a list of texts",
        lambda v: (
            isinstance(v, str) or (isinstance(v, list) and all(isinstance(t, str) for t in v))
        ),
    ),
    "values": (
        "a value or a list of values",
        lambda v: not isinstance(v, dict) and v is not None,
    ),
    "names": (
        "a list of names (there is no header), or a mapping from new names to old ones",
        lambda v: _texts(v) or _table_of_texts(v),
    ),
    "types": (
        "a mapping from columns to int, float, bool or text",
        lambda v: isinstance(v, dict) and all(t in TYPES for t in v.values()),
    ),
    "texts by name": ("a mapping from names to names", lambda v: _table_of_texts(v)),
    "files": (
        "a mapping from columns of paths to what the files are, {images: folder}",
        lambda v: isinstance(v, dict) and all(isinstance(one, dict) for one in v.values()),
    ),
    "unit": ("line, character or file", lambda v: v in ("line", "character", "file")),
    "color": ("rgb, rgba or grayscale", lambda v: v in ("rgb", "rgba", "grayscale")),
}

# Words for the type of a column, and its dtype.
TYPES = {"int": "int64", "float": "float64", "bool": "bool", "text": "string", "string": "string",
         "int8": "int8", "int16": "int16", "int32": "int32", "int64": "int64", "uint8": "uint8",
         "float32": "float32", "float64": "float64"}  # fmt: skip


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(t, str) for t in value)


def _table_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(t, str) for t in value.values())


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        read: files and options to a table.
        text: what it is, in a sentence.
        files: files of it, as they are written in YAML.
        options: what may stand beside it in a source, beside `COMMON`.
        suffixes: how its files' names end, without `.gz`.
        x, y: its columns that are read and predicted where a config says none.
    """

    read: Callable[[list[Path], Options], Table]
    text: str
    files: str
    options: Sequence[Option] = ()
    suffixes: Sequence[str] = ()
    x: Sequence[str] = ()
    y: Sequence[str] = ()
    keys: Mapping[str, Option] = field(init=False)

    def __post_init__(self) -> None:
        known = {option.name: option for option in (*self.options, *COMMON)}
        object.__setattr__(self, "keys", known)


COMMON = (
    Option("sha256", "texts", "what the hash of the files must be, in their order", "3f2a...e1"),
    Option("names", "names", "new names of columns: {new: old}", "{price: median_house_value}"),
    Option("types", "types", "what columns are, where the guess is wrong", "{zip: text}"),
    Option("time", "texts", "the column, or columns, that order the rows of a series", "date"),
    Option("group", "text", "the column that tells several series apart", "station"),
)


def place_of(paths: Sequence[Path], counts: Sequence[int], unit: str = "row") -> Place:
    """The place of a row among several files, by how many rows each holds; rows count from 0."""

    def place(row: int) -> str:
        for path, count in zip(paths, counts, strict=True):
            if row < count or path == paths[-1]:
                return f"{path.name}, {unit} {row}"
            row -= count
        return f"row {row}"

    return place
