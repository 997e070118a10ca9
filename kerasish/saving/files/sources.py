"""What may be read as a file: a regular one. A pipe keeps its reader waiting, a device may too."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeGuard

from kerasish.errors import ArgumentError, FileFormatError


def check_source(path: str | os.PathLike[str]) -> None:
    """Refuse what is there but no regular file; what is not there is left to the reader.

    Raises:
        FileFormatError: a folder, a pipe, a socket or a device.
    """
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return
    except ValueError as error:  # a NUL inside
        raise FileFormatError(
            f"{os.fspath(path)!r}: cannot be read", expected="the name of a file", received=error
        ) from error
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
        raise FileFormatError(f"{path}: cannot be read", expected="a regular file", received=kind)


def is_path(value: Any) -> TypeGuard[str | os.PathLike[str]]:
    """Whether a value names a file."""
    return isinstance(value, (str, os.PathLike))


@contextmanager
def as_path(source: Any) -> Generator[Path, None, None]:
    """Context manager: the path of what is to be read, a path or an open binary file.

    What is left of an open file is copied into a private file for as long as it is read.

    Raises:
        ArgumentError: neither.
    """
    if is_path(source):
        yield Path(source)
    elif hasattr(source, "read"):
        with tempfile.TemporaryDirectory(prefix="kerasish-") as folder:
            path = Path(folder) / "file"
            with path.open("wb") as copy:
                shutil.copyfileobj(source, copy)
            yield path
    else:
        raise ArgumentError(
            "filepath", expected="a path or an open binary file", received=repr(source)
        )
