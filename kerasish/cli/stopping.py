"""Signals while a run trains: what ends it, and when nothing may.

An interrupt is an exception in whatever runs at that moment. Where it is lost, as in a callback of
the garbage collector, or has to wait, since files are being written, `notice` raises it later.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@dataclass
class _State:
    asked: bool = False
    waits: bool = False


_state = _State()


def _ours() -> bool:
    """Whether this thread may say what signals do."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def stoppable() -> Generator[None, None, None]:
    """Context manager: SIGTERM and a closed terminal interrupt as Ctrl-C does.

    Raises:
        KeyboardInterrupt: inside, when one of them comes.
    """
    known = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)] if _ours() else []
    before = {number: signal.getsignal(number) for number in known}
    usual = (signal.SIG_DFL, signal.default_int_handler)
    taken = {number: handler for number, handler in before.items() if handler in usual}
    _state.asked = _state.waits = False
    for number in taken:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in taken.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: object) -> None:
    _state.asked = True
    notice()


def notice() -> None:
    """Raise an interrupt that has come, unless it has to wait.

    Raises:
        KeyboardInterrupt: one has.
    """
    if _state.asked and not _state.waits:
        raise KeyboardInterrupt


@contextmanager
def waiting() -> Generator[None, None, None]:
    """Context manager: interrupts wait until what belongs together is written.

    Raises:
        KeyboardInterrupt: at the end, where one has come.
    """
    before, _state.waits = _state.waits, True
    try:
        yield
    finally:
        _state.waits = before
    notice()


@contextmanager
def ending() -> Generator[None, None, None]:
    """Context manager: further interrupts do nothing while the files of a run's end are written."""
    before, _state.waits = _state.waits, True
    try:
        yield
    finally:
        _state.asked, _state.waits = False, before
