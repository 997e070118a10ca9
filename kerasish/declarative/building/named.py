"""Every column that a data section names, held against those that there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerasish.declarative.check.specification import DataSection
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean
from kerasish.declarative.text.source import Mark

BY_COLUMN = ("stratify", "group")  # of a choice of rows
_ALL = ("all", "*")  # other tools' words for `rest`


def read_columns(section: DataSection) -> Iterator[tuple[str, Mark]]:
    """The columns that inputs, targets and weights are made of, with where they are named."""
    entries = (*(section.x or ()), *(section.y or ()))
    own = {entry.name for entry in entries}
    for entry in entries:
        # What has an entry's own name is the column.
        yield from ((one.name, one.mark) for one in entry.sources or () if one.name not in own
                    or one.name == entry.name)  # fmt: skip
    if section.sample_weight is not None:
        yield section.sample_weight.name, section.sample_weight.mark


def choosing_columns(section: DataSection) -> Iterator[tuple[str, Mark]]:
    """The columns that decide about rows, with where they are named."""
    for source in section.sources:
        times = source.values.get("time") or ()
        for one in (times,) if isinstance(times, str) else times:
            yield str(one), source.marks.get("time=", source.mark)
        if source.values.get("group"):
            yield str(source.values["group"]), source.marks.get("group=", source.mark)
    for part in section.parts.values():
        choice, marks = part.choice or {}, part.marks
        yield from ((str(one), marks[f"where.{one}"]) for one in choice.get("where") or ())
        yield from ((str(choice[k]), marks[f"{k}="]) for k in BY_COLUMN if choice.get(k))


def check_named(
    section: DataSection,
    names: Sequence[str],
    diagnostics: Diagnostics,
    first_line: Sequence[str] = (),
) -> None:
    """Record K502 for every column that a section names and that there is not."""
    told: set[tuple[str, Mark]] = set()
    for name, mark in (*read_columns(section), *choosing_columns(section)):
        if name not in names and (name, mark) not in told:
            told.add((name, mark))
            no_column(diagnostics, name, mark, names, first_line)


def no_column(
    diagnostics: Diagnostics,
    name: str,
    mark: Mark,
    names: Sequence[str],
    first_line: Sequence[str] = (),
) -> None:
    """Record that there is no column of a name, with what may be meant.

    Args:
        diagnostics: receives K502.
        name: the column.
        mark: where it is named.
        names: the columns that there are.
        first_line: the values of the first row.
    """
    hint = did_you_mean(name, list(names), listing=False)
    parts = [one for one in (";", "\t", "|", ",") if len(names) == 1 and one in names[0]]
    if parts:
        parted = {"\t": "\\t"}.get(parts[0], parts[0])
        hint = f'the file has one column: write separator: "{parted}" in the source'
    elif name in _ALL:
        hint = "write rest, which is all columns that nothing else names"
    elif name in first_line:
        hint = "the first line has the names of the columns: leave out header: false"
    shown = ", ".join(clip(one, 60) for one in names[:30])
    message = f"there is no column '{clip(name, 60)}'"
    diagnostics.add("K502", message, mark, hint, [f"columns: {shown}"])
