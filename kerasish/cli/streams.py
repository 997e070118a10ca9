"""Standard output and error that no reader can end a run with."""

from __future__ import annotations

import io
import os
import sys
from typing import Any


def open_streams() -> None:
    """Closed streams lead to nowhere, so that no file opened later takes their numbers; those that
    are pipes do once their reader has left, so that `kerasish fit ... | head` trains on."""
    for name in ("stdin", "stdout", "stderr"):
        held = getattr(sys, name)
        if held is None:
            opened = open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8")
            setattr(sys, name, opened)
        elif name != "stdin" and held is getattr(sys, f"__{name}__") and _is_plain(held):
            setattr(sys, name, _lasting(held))


def _is_plain(stream: io.TextIOBase) -> bool:
    """Whether a stream is the interpreter's own and no terminal."""
    buffer = getattr(stream, "buffer", None)  # the file itself where Python runs unbuffered
    raw = getattr(buffer, "raw", buffer)
    return type(raw) is io.FileIO and not stream.isatty()


def _lasting(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    stream.flush()
    file: Any = _Lasting(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(file),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=True,
        write_through=stream.write_through,
    )


class _Lasting(io.FileIO):
    """A file whose reader may leave: what is written after that goes nowhere."""

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """How many bytes are done with."""
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            _lead_nowhere(self.fileno())
            return len(memoryview(data).cast("B"))


def _lead_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def pipe_closed() -> int:
    """Whoever read our output has left: the exit code, with nothing left to complain about."""
    _lead_nowhere(sys.stdout.fileno())
    return 0
