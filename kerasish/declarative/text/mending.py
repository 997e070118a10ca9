"""A text with what is wrong in it mended, so that the rest can be read: all mistakes at once.

A mistake that has one meaning (`batch_size:64`, a Python tuple, curly quotes) is a finding, and
the text is read on as if it had been written right. Nothing else follows from it, and what is wrong
elsewhere is found in the same run. Marks are about the characters as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from kerasish.declarative.text.scan import Line
from kerasish.declarative.text.source import BREAK


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `end` of a line, counted from 0, to be replaced by `text`."""

    line: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Mend:
    """A mistake: where it stands, what it is, how it is mended.

    Attributes:
        line: counted from 0.
        start: the first marked character, counted from 0.
        width: how many are marked.
        message: what is wrong.
        hint: what to write.
        edits: what makes it right.
        code: of the finding.
        hides: whether what is found at this place from now on follows from it.
        final: whether nothing else in the text is worth a word.
    """

    line: int
    start: int
    width: int
    message: str
    hint: str
    edits: tuple[Edit, ...]
    code: str = "K101"
    final: bool = False
    hides: bool = False


@dataclass(slots=True)
class Text:
    """Lines that can be mended, and remember where each character comes from."""

    lines: list[str]
    breaks: list[str]
    columns: dict[int, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> Text:
        """The text cut into lines as YAML counts them."""
        pieces = re.split(f"({BREAK.pattern})", text)
        return cls(pieces[::2], [*pieces[1::2], ""])

    def __str__(self) -> str:
        return "".join(line + end for line, end in zip(self.lines, self.breaks, strict=True))

    def column(self, line: int, column: int) -> int:
        """Where the character at a column of a line, both from 0, was written."""
        columns = self.columns.get(line)
        return column if columns is None else columns[min(column, len(columns) - 1)]

    def mended(self, edits: Iterable[Edit]) -> Text:
        """A text with edits made; those of one line must not overlap."""
        made = Text(list(self.lines), self.breaks, dict(self.columns))
        for edit in sorted(edits, key=lambda e: (e.line, e.start), reverse=True):
            line = made.lines[edit.line]
            columns = made.columns.get(edit.line) or list(range(len(line) + 1))
            # Characters that stay where they were keep their columns; others go by the first.
            kept = min(edit.end - edit.start, len(edit.text))
            held = columns[edit.start : edit.start + kept]
            held += [columns[edit.end]] * (len(edit.text) - kept)
            made.columns[edit.line] = columns[: edit.start] + held + columns[edit.end :]
            made.lines[edit.line] = line[: edit.start] + edit.text + line[edit.end :]
        return made


def replaced(line: Line, start: int, width: int, message: str, hint: str, text: str) -> Mend:
    """The mend that puts `text` in place of the marked characters."""
    edit = Edit(line.number, start, start + width, text)
    return Mend(line.number, start, width, message, hint, (edit,))


def clean(line: Line, start: int, lead: str) -> str:
    """The rest of a line from `start`, without its comment, behind `lead`."""
    return lead + line.text[start : len(line.code.rstrip())].strip() if lead else line.text.strip()
