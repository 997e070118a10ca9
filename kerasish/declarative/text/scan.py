"""Where quoted texts, comments and brackets lie in a YAML text that may be wrong.

A parser says what a right text means. What is wrong with a wrong one has to be found in its
characters, so the lines are read once here, with nothing but quotes, comments, brackets and block
texts in mind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

QUOTED = "\0"  # stands for a character inside of quotes, or of a text in block style
_OPENS, _CLOSES = "[{", "]}"
_BLOCK_TEXT = re.compile(r"(?:^|[:-] +)[|>][-+0-9]{0,2}\s*$")


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a reader of YAML sees it.

    Attributes:
        number: counted from 0.
        text: as it is written.
        code: as long as `text`, with blanks for the comment and `QUOTED` for what is quoted;
            the quotes themselves stay.
        inside: for every character the bracket that it lies in: `[`, `{` or a blank.
        opened: the bracket that the line begins in, or a blank.
    """

    number: int
    text: str
    code: str
    inside: str
    opened: str

    @property
    def indent(self) -> int:
        """How far the line is indented."""
        return len(self.text) - len(self.text.lstrip(" "))

    @property
    def bare(self) -> str:
        """The line without its comment and the blanks around it."""
        return self.code.strip()

    @property
    def is_block(self) -> bool:
        """Whether the line begins outside of brackets and quotes, and holds anything."""
        return self.opened == " " and bool(self.bare) and not self.bare.startswith(QUOTED)


def scan(lines: Sequence[str]) -> list[Line]:
    """The lines with what each of their characters is."""
    scanner = _Scanner()
    return [scanner.line(number, text) for number, text in enumerate(lines)]


class _Scanner:
    """Reads lines in turn; knows what is open between them."""

    def __init__(self) -> None:
        self.brackets: list[str] = []
        self.quote = ""
        self.text_indent: int | None = None  # of the key of a text in block style

    def line(self, number: int, text: str) -> Line:
        opened = QUOTED if self.quote else self._bracket()
        if self.text_indent is not None:
            if not text.strip() or len(text) - len(text.lstrip(" ")) > self.text_indent:
                return Line(number, text, QUOTED * len(text), " " * len(text), " ")
            self.text_indent = None
        code, inside = self._read(text)
        if not self.brackets and not self.quote and _BLOCK_TEXT.search(code):
            self.text_indent = len(text) - len(text.lstrip(" "))
        return Line(number, text, code, inside, opened)

    def _bracket(self) -> str:
        return self.brackets[-1] if self.brackets else " "

    def _read(self, text: str) -> tuple[str, str]:
        code: list[str] = []
        inside: list[str] = []
        token = ""  # the first character of the one that is read
        position, start, last = 0, True, ""  # whether a token may begin; the last that is no blank
        while position < len(text):
            char = text[position]
            inside.append(self._bracket())
            if self.quote:
                width = self._quoted(text, position)
                code.append(QUOTED if self.quote else char)
                if width == 2:
                    code.append(QUOTED)
                    inside.append(self._bracket())
                position, start, last = position + width, False, char
                continue
            if char == "#" and (position == 0 or text[position - 1] in " \t"):
                rest = len(text) - position
                code.append(" " * rest)
                inside.append(" " * (rest - 1))
                break
            if start and char in "\"'":
                self.quote = char
            elif char in _OPENS and (start or self.brackets):
                self.brackets.append(char)
            elif char in _CLOSES and self.brackets:
                self.brackets.pop()
            code.append(char)
            if char in " \t":
                start = start or token in ("&", "!")  # an anchor or a tag stands before a value
                start = start or last in (",:[{" if self.brackets else ":-?")
            else:
                token = char if start else token
                start, last = bool(self.brackets) and char in ",:[{", char
            position += 1
        return "".join(code), "".join(inside)

    def _quoted(self, text: str, position: int) -> int:
        """How many characters of a quoted text to take; ends the quote at its end."""
        char = text[position]
        if self.quote == '"' and char == "\\":
            return min(2, len(text) - position)
        if char == self.quote:
            if self.quote == "'" and text[position + 1 : position + 2] == "'":
                return 2
            self.quote = ""
        return 1
