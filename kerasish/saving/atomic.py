"""Files that are either the old one or the new one, whole: write aside, flush, replace.

The sequence is: a temporary file in the same folder, fsync of the file, `os.replace`, fsync of
the folder. A reader, a crash or a power cut at any moment finds one complete file.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kerasish.errors import ArgumentError, FileFormatError


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the path of a new empty file that takes the place of `path` when the block ends well.

    Any exception inside the block removes the temporary file and leaves `path` as it was. Where
    `path` is a symbolic link, the file it points to is replaced and the link stays.

    Args:
        path: the file to write. Its folder must exist.

    Raises:
        ArgumentError: `path` is a folder, or its folder does not exist.
        FileFormatError: the folder or the disk does not take the file.
    """
    target = Path(os.path.realpath(path))
    _check_target(path, target)
    temporary = target.with_name(f".{target.name[:80]}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise _refused(path, error) from error
    try:
        yield temporary
        _flush_file(temporary)
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        os.replace(temporary, target)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    _flush_folder(target.parent)


def write_bytes(path: str | os.PathLike[str], *parts: bytes | memoryview) -> None:
    """Replace `path` by a file that holds `parts` one after the other."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        for part in parts:
            file.write(part)


def _check_target(path: str | os.PathLike[str], target: Path) -> None:
    if target.is_dir():
        raise ArgumentError(f"path. Expected: the name of a file. Received: the folder {path}.")
    if not target.parent.is_dir():
        raise ArgumentError(
            f"path. Expected: a name in an existing folder. Received: {path}, "
            f"but there is no folder {target.parent}. Create it first."
        )


def _refused(path: str | os.PathLike[str], error: OSError) -> FileFormatError:
    return FileFormatError(
        f"{path} could not be written: {error}. Any earlier file of that name is unchanged. "
        "Expected: a writable folder with room for the file."
    )


def _flush_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_folder(folder: Path) -> None:
    """Make the new name itself durable; platforms without folder handles skip this."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
