"""What callbacks tell on the terminal."""

from __future__ import annotations

import sys


def tell(text: str) -> None:
    """Write a line of text to standard output, at once; to nowhere where a program has none."""
    if sys.stdout is not None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def on_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()
