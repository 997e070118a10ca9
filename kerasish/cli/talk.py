"""What a run says: on the terminal unless it is to be quiet, and in the log of its folder."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TextIO

_STYLES = {"bold": "1", "red": "31", "green": "32", "dim": "2"}


class Talk:
    """Says lines, and keeps them for the log of a folder that may not be there yet.

    Args:
        quiet: whether lines go to the log only.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self._kept: list[str] = []
        self._path: Path | None = None

    def say(self, text: str, style: str = "") -> None:
        """Print a line, in a style where it goes to a terminal, and log it."""
        if not self.quiet:
            print(styled(text, style), flush=True)
        self.note(text)

    def note(self, text: str) -> None:
        """Log a line."""
        if self._path is None:
            self._kept.append(text)
            return
        with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    def open(self, path: Path) -> None:
        """Log to a file from now on, what was said before included."""
        self._path = path
        before, self._kept = self._kept, []
        for text in before:
            self.note(text)

    @contextmanager
    def hearing(self) -> Generator[None, None, None]:
        """Context manager: warnings are logged too."""
        shown = warnings.showwarning

        def show(message: Any, category: Any, *rest: Any) -> None:
            self.note(f"{category.__name__}: {message}")
            shown(message, category, *rest)

        warnings.showwarning = show
        try:
            yield
        finally:
            warnings.showwarning = shown


def styled(text: str, style: str, stream: TextIO | None = None) -> str:
    """A text with a colour, where it goes to a terminal and NO_COLOR is not set."""
    out = sys.stdout if stream is None else stream
    plain = not style or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if plain or out is None or not out.isatty():
        return text
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


@contextmanager
def aside(apart: bool) -> Generator[None, None, None]:
    """Context manager: what is printed goes to standard error, where standard output is kept for
    one JSON object."""
    if not apart:
        yield
        return
    with redirect_stdout(sys.stderr):
        yield
