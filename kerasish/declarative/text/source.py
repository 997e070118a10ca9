"""Values that know where they were written: the document tree of the declarative layer.

A `Value` is a `Scalar`, a `Sequence` or a `Mapping`. Each carries a `Mark` (source, line, column,
width), so that every later stage can point at the very characters that an error is about. The
source is a file, or the list of `--set` arguments shown as if it were a file of one line each.
Trees are never changed in place: an override or an interpolation makes a new tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

# The line breaks of YAML 1.1 as PyYAML counts them; `str.splitlines` would split on more.
BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Source:
    """A text that values come from: a file, or the `--set` arguments (one line each)."""

    name: str
    lines: tuple[str, ...] = field(repr=False)
    path: str | None = None

    @classmethod
    def of_text(cls, name: str, text: str, path: str | None = None) -> Source:
        """The source holding `text`, split into lines the way YAML counts them."""
        return cls(name, tuple(BREAK.split(text)), path)

    def line(self, number: int) -> str:
        """The text of line `number`, counted from 1; empty outside the text."""
        return self.lines[number - 1] if 1 <= number <= len(self.lines) else ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a source; line and column count from 1, `width` is in characters.

    `used` is where the block is used that the place lies in.
    """

    source: Source
    line: int
    column: int
    width: int = 1
    used: Mark | None = None

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"

    def part(self, offset: int, width: int) -> Mark:
        """The mark of `width` characters that start `offset` characters into this one."""
        return replace(self, column=self.column + offset, width=max(1, width))

    @property
    def uses(self) -> tuple[Mark, ...]:
        """Where the blocks around are used, the innermost first."""
        return () if self.used is None else (self.used, *self.used.uses)

    @property
    def text(self) -> str:
        """The marked characters."""
        return self.source.line(self.line)[self.column - 1 : self.column - 1 + self.width]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value; `via` is where an interpolated value was defined."""

    value: bool | int | float | str | None
    mark: Mark
    quoted: bool = False
    via: Mark | None = None

    size = 1
    height = 0


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of values; `size` and `height` count what aliases stand for."""

    items: tuple[Value, ...]
    mark: Mark
    size: int = field(init=False)
    height: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", 1 + sum(item.size for item in self.items))
        object.__setattr__(self, "height", 1 + max((i.height for i in self.items), default=0))


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping with its own mark, and the value under it."""

    key: str
    mark: Mark
    value: Value


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with values, in written order."""

    entries: dict[str, Entry]
    mark: Mark
    size: int = field(init=False)
    height: int = field(init=False)

    def __post_init__(self) -> None:
        values = [entry.value for entry in self.entries.values()]
        object.__setattr__(self, "size", 1 + sum(value.size for value in values))
        object.__setattr__(self, "height", 1 + max((v.height for v in values), default=0))

    @classmethod
    def of(cls, entries: Iterable[Entry], mark: Mark) -> Mapping:
        """The mapping of `entries`; the last of equal keys wins."""
        return cls({entry.key: entry for entry in entries}, mark)

    def get(self, key: str) -> Value | None:
        """The value under `key`, or None where there is none."""
        entry = self.entries.get(key)
        return None if entry is None else entry.value

    def with_entry(self, entry: Entry) -> Mapping:
        """This mapping with `entry` added, or put in place of the entry of the same key."""
        return Mapping({**self.entries, entry.key: entry}, self.mark)

    def without(self, key: str) -> Mapping:
        """This mapping without `key`."""
        kept = {name: entry for name, entry in self.entries.items() if name != key}
        return Mapping(kept, self.mark)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())

    def __len__(self) -> int:
        return len(self.entries)


Value = Scalar | Sequence | Mapping


def plain(value: Value) -> Any:
    """The value without its marks: None, bool, int, float, str, list or dict."""
    if isinstance(value, Scalar):
        return value.value
    if isinstance(value, Sequence):
        return [plain(item) for item in value.items]
    return {entry.key: plain(entry.value) for entry in value}


def marks_in(value: Value, before: str = "") -> dict[str, Mark]:
    """Where everything in a value stands, by keys with dots: a key, `key=` its value, `list.0`."""
    found: dict[str, Mark] = {}
    if isinstance(value, Mapping):
        for entry in value:
            key = f"{before}{entry.key}"
            found |= {key: entry.mark, f"{key}=": entry.value.mark}
            found |= marks_in(entry.value, f"{key}.")
    elif isinstance(value, Sequence):
        for place, item in enumerate(value.items):
            found[f"{before}{place}"] = item.mark
    return found


def nearest_mark(marks: dict[str, Mark], about: str, usual: Mark) -> Mark:
    """The mark of what an error is about, or of what holds it, else the usual one."""
    while about:
        if about in marks:
            return marks[about]
        about = about[:-1] if about.endswith("=") else about.rpartition(".")[0]
    return usual


V = TypeVar("V", bound=Scalar | Sequence | Mapping)


def stamped(value: V, used: Mark) -> V:
    """The value as it stands in a block that is used at `used`: every mark says so."""
    return cast(V, _stamped(value, used))


def _stamped(value: Value, used: Mark) -> Value:
    mark = replace(value.mark, used=used)
    if isinstance(value, Scalar):
        return replace(value, mark=mark)
    if isinstance(value, Sequence):
        return Sequence(tuple(_stamped(item, used) for item in value.items), mark)
    entries = [
        Entry(one.key, replace(one.mark, used=used), _stamped(one.value, used)) for one in value
    ]
    return Mapping.of(entries, mark)
