"""The entry point, light to load: the file of a command is loaded inside of its care.

Exit codes: 0 done, 1 a fault of ours, 2 the config, a file, an argument or a variable of the
environment is wrong, 3 training diverged, 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import traceback
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from kerasish.cli import commands
from kerasish.cli._index import COMMANDS
from kerasish.cli.streams import open_streams, pipe_closed
from kerasish.cli.trouble import fault
from kerasish.errors import ConfigError, KerasishError, NumericsError
from kerasish.version import __version__

_LOADING = f"kerasish {__version__}: loading"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code.

    Args:
        arguments: its name and what follows; by default those of the process.
    """
    open_streams()
    chosen: Namespace | None = None
    try:
        words = list(sys.argv[1:] if arguments is None else arguments)
        chosen = commands.parse(words)
        chosen.words = words
        _open(chosen)
        function = _function(chosen.command)
        _clear(chosen)
        return function(chosen) or 0
    except commands.Ended as ended:
        return ended.code
    except ConfigError as error:
        count = len(error.diagnostics)
        told = f"{error}\n\n{count} finding{'s' if count != 1 else ''}" if count else f"{error}"
        return _failed(told, 2)
    except BrokenPipeError:
        return pipe_closed()
    except (KerasishError, OSError, MemoryError) as error:
        if getattr(chosen, "traceback", False) or os.environ.get("KERASISH_TRACEBACK") == "1":
            traceback.print_exception(error)
        line = " ".join(str(error).split()) or type(error).__name__
        return _failed(f"error: {line}", 3 if isinstance(error, NumericsError) else 2)
    except KeyboardInterrupt:
        return _failed("\ninterrupted", 130)
    except Exception as error:  # noqa: BLE001 - whatever else comes is told, and nothing is hidden
        return _failed(*fault(error, chosen))


def _open(chosen: Namespace) -> None:
    """Say what is being done before the file of a command, and all that it needs, is loaded.

    What prints something to keep says it on a terminal alone, where it goes again.
    """
    opening = COMMANDS[chosen.command].get("opening")
    if _is_passing(chosen):
        print(_LOADING, end="\r", file=sys.stderr, flush=True)
    elif opening and not getattr(chosen, "quiet", False):
        stream = sys.stderr if getattr(chosen, "json", False) else sys.stdout
        print(f"kerasish {__version__}: {opening}", file=stream, flush=True)


def _is_passing(chosen: Namespace) -> bool:
    return not COMMANDS[chosen.command].get("opening") and sys.stderr.isatty()


def _clear(chosen: Namespace) -> None:
    """Take back what was said while loading."""
    if _is_passing(chosen):
        print(" " * len(_LOADING), end="\r", file=sys.stderr, flush=True)


def _failed(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code


def _function(name: str) -> Callable[[Namespace], int | None]:
    """The function of a command, its file imported."""
    # Loading takes longest of all, so that is when an early interrupt comes.
    with _ending_at_once():
        module = importlib.import_module(COMMANDS[name]["module"])
    return getattr(module, COMMANDS[name]["function"])


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


if __name__ == "__main__":
    sys.exit(main())
