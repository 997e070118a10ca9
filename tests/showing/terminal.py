"""A terminal for tests: what stands on its screen after bytes have come."""

from __future__ import annotations

import io
import re

_SEQUENCE = re.compile(r"\x1b\[([\d;]*)([A-Za-z])")


class Terminal(io.StringIO):
    """Standard output that says it is a terminal of so many columns; None where it does not say."""

    encoding = "utf-8"  # type: ignore[assignment]

    def __init__(self, columns: int | None = 80) -> None:
        super().__init__()
        self.columns = columns

    def isatty(self) -> bool:
        return True

    def screen(self) -> list[str]:
        """The lines that can be read in the end."""
        rows: list[list[str]] = [[]]
        row = column = at = 0
        text = self.getvalue()
        while at < len(text):
            if found := _SEQUENCE.match(text, at):
                at, (number, kind) = found.end(), found.groups()
                if kind == "A":
                    row = max(0, row - int(number or 1))
                elif kind in "KJ":
                    del rows[row][column:]
                    if kind == "J":
                        del rows[row + 1 :]
                continue
            mark, at = text[at], at + 1
            if mark == "\r":
                column = 0
            elif mark == "\n" or column >= (self.columns or 80):
                row, column = row + 1, 0
                rows += [[] for _ in range(row + 1 - len(rows))]
            if mark not in "\r\n":
                rows[row] += " " * (column - len(rows[row]))
                rows[row][column : column + 1] = mark
                column += 1
        return ["".join(line) for line in rows]
