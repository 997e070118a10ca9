"""What nobody expected: told in one line, with the traceback where it can be read."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from kerasish.version import __version__

_PACKAGE = str(Path(__file__).resolve().parents[1]) + os.sep


def fault(error: Exception, chosen: Namespace | None) -> tuple[str, int]:
    """One line about an exception that no command should raise, and the exit code.

    What a module of the user's raised (`--allow`) is wrong input, 2; all else is a fault of ours,
    1. The traceback is shown with `--traceback` or KERASISH_TRACEBACK=1, else kept in a file.

    Args:
        error: what came.
        chosen: the arguments of the command; None where it came before they were read.
    """
    text = "".join(traceback.format_exception(error))
    shown = getattr(chosen, "traceback", False) or os.environ.get("KERASISH_TRACEBACK") == "1"
    what = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(".")
    frames = traceback.extract_tb(error.__traceback__)
    theirs = _of_plugins(frames, getattr(chosen, "plugins", ()))
    if theirs is not None:
        lead, code = f"error: {theirs.filename}:{theirs.lineno}: {what}", 2
    else:
        ours = [frame for frame in frames if frame.filename.startswith(_PACKAGE)]
        place = f" at {ours[-1].filename.removeprefix(_PACKAGE)}:{ours[-1].lineno}" if ours else ""
        lead, code = f"error: a fault of kerasish, not of your files: {what}{place}", 1
    if shown:
        return f"{text}{lead}", code
    return f"{lead}; {_kept(text)}", code


def _of_plugins(
    frames: Sequence[traceback.FrameSummary], plugins: Sequence[str]
) -> traceback.FrameSummary | None:
    """The last frame, if it is in the file of a module that the user allowed."""
    files = {getattr(sys.modules.get(name), "__file__", None) for name in plugins}
    outside = [frame for frame in frames if not frame.filename.startswith(_PACKAGE)]
    return outside[-1] if outside and outside[-1].filename in files else None


def _kept(text: str) -> str:
    """Where the traceback is kept."""
    command = " ".join(sys.argv[1:])
    try:
        handle, path = tempfile.mkstemp(prefix="kerasish-", suffix=".txt")
        with open(handle, "w", encoding="utf-8") as file:
            file.write(f"kerasish {__version__}, Python {sys.version}\n{command}\n\n{text}")
    except OSError:
        return "--traceback shows where"
    return f"the traceback is in {path}"
