"""Signals while a run trains: what ends it, and when nothing may."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager


def _ours() -> bool:
    """Whether this thread may say what signals do."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def stoppable() -> Generator[None, None, None]:
    """Context manager: SIGTERM and a closed terminal interrupt as Ctrl-C does.

    Raises:
        KeyboardInterrupt: inside, when one of them comes.
    """
    names = [getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")] if _ours() else []
    taken = [
        number
        for number in names
        if number is not None and signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in taken:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def held() -> Generator[None, None, None]:
    """Context manager: interrupts do nothing while the files of a run's end are written."""
    if not _ours():
        yield
        return
    taken = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in taken]
    try:
        yield
    finally:
        for number, handler in zip(taken, before, strict=True):
            signal.signal(number, handler)
