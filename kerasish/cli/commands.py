"""The commands: parse, run one, and turn every expected error of it into text and a code."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence

from kerasish.cli import describe, run
from kerasish.cli.parser import parser
from kerasish.errors import ConfigError, KerasishError

COMMANDS: dict[str, Callable[[Namespace], None]] = {
    "fit": run.fit,
    "evaluate": run.evaluate,
    "predict": run.predict,
    "check": describe.check,
    "summary": describe.summary,
    "show": describe.show,
    "schema": describe.schema,
    "info": describe.info,
}


def perform(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code: 0 done, 2 something the user gave is wrong."""
    chosen = parser().parse_args(arguments)
    try:
        COMMANDS[chosen.command](chosen)
    except ConfigError as error:
        return _failed(f"{error}\n\n{_count(len(error.diagnostics))}")
    except (KerasishError, OSError, MemoryError, ModuleNotFoundError) as error:
        if isinstance(error, BrokenPipeError):
            return _pipe_closed()
        return _failed(f"error: {' '.join(str(error).split()) or type(error).__name__}")
    return 0


def _failed(text: str) -> int:
    print(text, file=sys.stderr)
    return 2


def _count(findings: int) -> str:
    return "1 finding" if findings == 1 else f"{findings} findings"


def _pipe_closed() -> int:
    # Whoever read our output has left; keep the interpreter from complaining when it flushes.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
