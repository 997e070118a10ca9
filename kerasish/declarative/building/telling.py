"""What goes wrong with data -> findings at the line that asked for it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.source import Mark, nearest_mark
from kerasish.errors import KerasishError


class Failed(Exception):
    """A part could not be made; the finding is recorded."""


@contextmanager
def told(
    diagnostics: Diagnostics,
    mark: Mark,
    code: str,
    marks: dict[str, Mark] | None = None,
    folder: Path | None = None,
) -> Iterator[None]:
    """What goes wrong with the data inside is a finding at the line that asked for it.

    Args:
        diagnostics: receives it.
        mark: where, if the error is about nothing among `marks`.
        code: of the finding.
        marks: places by what an error may be about; see `marks_in`.
        folder: the config's, in which files are told without it.
    """
    try:
        yield
    except (KerasishError, OSError, ValueError, TypeError) as error:
        parts = getattr(error, "parts", {})
        what = parts.get("what", "") or " ".join(str(error).split())
        if parts.get("expected"):
            what += f": expected {parts['expected']}, received {parts.get('received', 'none')}"
        place = nearest_mark(marks or {}, getattr(error, "about", ""), mark)
        fix = _in_files(parts.get("fix", ""), folder)
        diagnostics.add(code, _in_files(what, folder), place, fix)
        raise Failed from None


def _in_files(text: str, folder: Path | None) -> str:
    """A text about data without the names of functions, and of files as they are in the config."""
    text = re.sub(r"^Dataset\.\w+, ", "", text)
    text = re.sub(r"\bnp\.\w+\(([^()]*)\)", r"\1", text)
    return text if folder is None else text.replace(f"{folder}{os.sep}", "")
