"""Where text for people goes: a terminal, a notebook, or a file; and lines drawn again in place."""

from __future__ import annotations

import html
import importlib
import logging
import os
import sys
import threading
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from kerasish.config import settings


def tell(text: str) -> None:
    """Write a line of text to standard output, at once; to nowhere where a program has none.

    After `disable_interactive_logging` it goes to the logger "kerasish" instead.
    """
    if not settings.interactive:
        logging.getLogger("kerasish").info(text)
    elif sys.stdout is not None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def on_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def moves() -> bool:
    """Whether standard output is a terminal on which text can be drawn again in its place."""
    if not on_terminal() or os.environ.get("TERM", "") == "dumb":
        return False
    return os.name != "nt" or bool({"WT_SESSION", "TERM", "ANSICON"} & os.environ.keys())


def shell() -> Any:
    """The notebook's shell where output goes to one; None elsewhere. IPython is not imported."""
    ipython = sys.modules.get("IPython")
    found = ipython.get_ipython() if ipython is not None else None
    to_cell = type(sys.stdout).__module__ not in ("_io", "io")
    return found if to_cell and getattr(found, "kernel", None) is not None else None


def live() -> bool:
    """Whether standard output is a screen on which something can go on."""
    return moves() or shell() is not None


def size() -> tuple[int | None, int | None]:
    """Columns and rows of the terminal, None each where it does not say."""
    try:
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        columns, rows = 0, 0
    told = os.environ.get("COLUMNS", "")
    return columns or (int(told) if told.isdecimal() and int(told) else None), rows or None


def writes(text: str) -> bool:
    """Whether standard output has the characters of a text."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class Line(NamedTuple):
    """A line on a terminal: its text, and the same with colours."""

    text: str
    styled: str


class Live:
    """A few lines that are drawn again in place, for as long as something goes on.

    On a terminal anything else that the program writes comes above them: while they stand there,
    `sys.stdout` and `sys.stderr` are streams around the old ones that take the lines away first.
    In a notebook they are one output of the cell that is replaced. Elsewhere nothing is drawn.
    """

    _lock = threading.RLock()
    _drawn: Sequence[Line] = ()
    _fresh = True  # whether the cursor is where a line begins
    _handle: Any = None

    def __init__(self) -> None:
        self._around: dict[str, _Around] = {}

    def draw(self, lines: Sequence[Line]) -> None:
        """Put lines in the place of those drawn before."""
        with self._lock:
            if shell() is not None:
                self._display([line.text for line in lines])
            elif moves():
                begin = self._home() if self._drawn else "" if self._fresh else "\n"
                text = "\n".join(f"{line.styled}\x1b[K" for line in lines)
                self._write(f"{begin}{text}\x1b[J")
                self._drawn = lines
                self._stand_around()

    def finish(self, lines: Sequence[Line]) -> None:
        """Draw for the last time: these lines stay."""
        with self._lock:
            self.draw(lines)
            if self._drawn:
                self._write("\n")
            self._drawn, self._handle, self._fresh = (), None, True
            for name, stream in self._around.items():
                if getattr(sys, name) is stream:
                    setattr(sys, name, stream.stream)
            self._around = {}

    def give_way(self, text: str) -> None:
        """Take the lines away, since `text` is about to be written where they stand."""
        with self._lock:
            if self._drawn:
                self._write(f"{self._home()}\x1b[J")
                self._drawn = ()
            if text:
                self._fresh = text.endswith("\n")

    def _home(self) -> str:
        """Back to where the drawn lines begin; a terminal may have been made narrower since."""
        columns = size()[0]
        high = sum(-(-len(line.text) // columns) if columns else 1 for line in self._drawn)
        up = max(high, len(self._drawn)) - 1
        return f"\r\x1b[{up}A" if up else "\r"

    def _write(self, text: str) -> None:
        stream = self._around["stdout"].stream if "stdout" in self._around else sys.stdout
        stream.write(text)
        stream.flush()

    def _stand_around(self) -> None:
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if name not in self._around and stream is not None and stream.isatty():
                self._around[name] = _Around(stream, self)
                setattr(sys, name, self._around[name])

    def _display(self, lines: Iterable[str]) -> None:
        display = importlib.import_module("IPython.display").display
        shown = _Cell("\n".join(lines))
        if self._handle is None:
            self._handle = display(shown, display_id=True)
        else:
            self._handle.update(shown)


class _Around:
    """A stream of the terminal; what is written to it first takes away the lines drawn there."""

    def __init__(self, stream: Any, live: Live) -> None:
        self.stream = stream
        self._live = live

    def write(self, text: str) -> int:
        self._live.give_way(text)
        return self.stream.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class _Cell:
    """Text as an output of a notebook."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return preformatted(self._text)


def preformatted(text: str) -> str:
    """Text as HTML that keeps its lines."""
    style = "margin:0;white-space:pre-wrap;line-height:1.2"
    return f'<pre style="{style}">{html.escape(text)}</pre>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as HTML."""
    lines = [("th", head), *(("td", row) for row in rows)]
    body = "".join(
        "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"
        for tag, row in lines
    )
    return f"<table>{body}</table>"
