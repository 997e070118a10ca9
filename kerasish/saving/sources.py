"""What may be read as a file: a regular one. A pipe keeps its reader waiting, a device may too."""

from __future__ import annotations

import os
import stat

from kerasish.errors import FileFormatError


def check_source(path: str | os.PathLike[str]) -> None:
    """Refuse what is there but no regular file; what is not there is left to the reader.

    Raises:
        FileFormatError: a folder, a pipe, a socket or a device.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
        raise FileFormatError(
            f"{path}: cannot be read. Expected: a regular file. Received: {kind}."
        )
