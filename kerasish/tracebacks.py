"""What tracebacks show: the lines of users, and of this package those that help."""

from __future__ import annotations

import contextlib
import os
import sys
from types import FrameType, TracebackType

from kerasish.config import settings
from kerasish.errors import KerasishError

_OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep
_HANDS_ON = contextlib.__file__  # calls what it decorates


def shorten(error: BaseException) -> None:
    """Take this package's own lines out of the traceback of an error, and of those it comes from.

    Where no line of another package's or a user's is left, an error of this package, which says
    what to do, keeps none; any other keeps all, since the mistake may be in here.
    `config.disable_traceback_filtering` leaves tracebacks as they are.
    """
    seen: set[int] = set()
    one: BaseException | None = error if settings.traceback_filtering else None
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        kept = _others(one.__traceback__)
        if kept is not None or isinstance(one, KerasishError):
            one.__traceback__ = kept
        one = one.__cause__ or one.__context__


def users_level() -> int:
    """The `stacklevel` at which a warning shows the line of users that led to it."""
    frame: FrameType | None = sys._getframe(1)
    level = 1
    while frame is not None and frame.f_code.co_filename.startswith(_OWN):
        frame, level = frame.f_back, level + 1
    return level


def _others(traceback: TracebackType | None) -> TracebackType | None:
    """The lines that are not this package's."""
    lines = []
    while traceback is not None:
        if not traceback.tb_frame.f_code.co_filename.startswith((_OWN, _HANDS_ON)):
            lines.append(traceback)
        traceback = traceback.tb_next
    kept: TracebackType | None = None
    for line in reversed(lines):
        kept = TracebackType(kept, line.tb_frame, line.tb_lasti, line.tb_lineno)
    return kept
