"""The entry point, light to load: what the commands need is loaded inside of its care.

Exit codes: 0 done, 2 the config, a file, an argument or a variable of the environment is wrong,
130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kerasish.errors import KerasishError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    _open_streams()
    try:
        # Loading takes longest of all, so that is when an early interrupt comes.
        with _ending_at_once():
            commands = importlib.import_module("kerasish.cli.commands")
        return commands.perform(arguments)
    except KerasishError as error:  # settings from the environment are read while loading
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130


@contextmanager
def _ending_at_once() -> Iterator[None]:
    """An interrupt ends the process: raised in a callback of an import it would be lost."""
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(number: int, frame: object) -> None:
    os.write(2, b"\ninterrupted\n")
    os._exit(130)


def _open_streams() -> None:
    """Closed streams lead to nowhere, so that no file opened later takes their numbers."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            opened = open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8")
            setattr(sys, name, opened)


if __name__ == "__main__":
    sys.exit(main())
