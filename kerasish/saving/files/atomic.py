"""Files that are either the old one or the new one, whole: write aside, flush, replace.

The sequence is: a temporary file in the same folder, fsync of the file, `os.replace`, fsync of
the folder. A reader, a crash or a power cut at any moment finds one complete file. A temporary
file is locked while it is written, so one that is not locked was left behind by a killed process
and is taken away by the next file that is written into the folder.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from kerasish.errors import ArgumentError, FileFormatError

try:
    import fcntl
except ImportError:  # not on Windows, where nothing that is left behind is taken away
    fcntl = None  # type: ignore[assignment]

_TEMPORARY = re.compile(r"\..{1,80}\.\d{1,10}-[0-9a-f]{8}\.tmp", re.DOTALL)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Generator[Path, None, None]:
    """Give the path of a new empty file that takes the place of `path` when the block ends well.

    Any exception inside the block removes the temporary file and leaves `path` as it was. Where
    `path` is a symbolic link, the file it points to is replaced and the link stays. The new file
    has the mode of the one it replaces, from the beginning.

    Args:
        path: the file to write. Its folder must exist.

    Raises:
        ArgumentError: `path` is a folder, a pipe or a device, or its folder does not exist.
        FileFormatError: the folder or the disk does not take the file.
    """
    target = check_target(path)
    with suppress(OSError):
        _take_away_leftovers(target.parent)
    try:
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
        temporary, held = _new_temporary(target, mode)
    except OSError as error:
        raise _refused(path, error) from error
    try:
        yield temporary
        _flush(temporary)
        if mode is not None:
            temporary.chmod(mode)
        os.replace(temporary, target)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
        os.close(held)
    _flush_folder(target.parent)


def write_bytes(path: str | os.PathLike[str], *parts: bytes | memoryview) -> None:
    """Replace `path` by a file that holds `parts` one after the other."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        for part in parts:
            file.write(part)


def check_target(path: str | os.PathLike[str]) -> Path:
    """The file that writing `path` replaces, behind symbolic links.

    Raises:
        ArgumentError: `path` is a folder, a pipe or a device, or its folder does not exist.
    """
    try:
        target = Path(os.path.realpath(path))
        target.exists()
    except (OSError, ValueError) as error:  # a NUL inside, or longer than any name may be
        reason = getattr(error, "strerror", None) or error
        raise ArgumentError(
            "path", expected="the name of a file", received=f"{os.fspath(path)[:80]!r}: {reason}"
        ) from error
    if target.is_dir():
        raise ArgumentError("path", expected="the name of a file", received=f"the folder {path}")
    if target.exists() and not target.is_file():
        raise ArgumentError(
            "path", expected="the name of a file", received=f"{path}, a pipe, socket or device"
        )
    if not target.parent.is_dir():
        raise ArgumentError(
            "path",
            expected="a name in an existing folder",
            received=f"{path}, but there is no folder {target.parent}",
            fix="Create it first.",
        )
    return target


def _new_temporary(target: Path, mode: int | None) -> tuple[Path, int]:
    """A new file beside `target`, and an open, locked handle of it.

    Args:
        mode: that of the file to be replaced; nobody else may ever read what it kept from them.
            None for what new files have.
    """
    while True:
        name = f".{target.name[:80]}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
        temporary = target.with_name(name)
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR
        held = os.open(temporary, flags, 0o666 if mode is None else 0o600)
        if mode is not None:
            temporary.chmod(mode | stat.S_IRUSR | stat.S_IWUSR)
        if fcntl is None:
            return temporary, held
        with suppress(OSError):  # a file system without locks
            fcntl.flock(held, fcntl.LOCK_EX)
        # Before it was locked, another process may have taken it for a leftover.
        if temporary.exists():
            return temporary, held
        os.close(held)


def _take_away_leftovers(folder: Path) -> None:
    """Delete temporary files that no process holds any more."""
    if fcntl is None:
        return
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if _TEMPORARY.fullmatch(e.name)]
    for name in names:
        with suppress(OSError):
            held = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                if stat.S_ISREG(os.fstat(held).st_mode):
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    (folder / name).unlink()
            finally:
                os.close(held)


def _refused(path: str | os.PathLike[str], error: OSError) -> FileFormatError:
    return FileFormatError(
        f"{path} could not be written: {error}. Any earlier file of that name is unchanged",
        expected="a writable folder with room for the file",
    )


def _flush(path: Path, flags: int = os.O_RDWR) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_folder(folder: Path) -> None:
    """Make the new name itself durable; platforms without folder handles skip this."""
    if os.name == "posix":
        _flush(folder, os.O_RDONLY)
