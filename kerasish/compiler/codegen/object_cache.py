"""The cache of object files on disk: who may be believed, and how much is kept.

Files are named by a hash of everything that went into them. What lies there is run, so a file is
believed only if it is whole, and only if nobody else can have written it: the folder and the file
belong to this user, and others may not write to them. Anything else is a miss, which costs a
compilation.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import struct
import threading
import time
from pathlib import Path

MAGIC = b"kerasish-object-1\n"
HEAD = len(MAGIC) + 8 + 32  # magic, size, SHA-256
MOST = 1 << 28  # bytes kept on disk; the files that were unused longest go first
DAY = 86400.0  # seconds: how exactly the last use of a file is known
EVERY = 64  # how many files are written between two looks at the whole folder

_written = 0


def cache_folder() -> Path | None:
    """Where object files are kept; None where KERASISH_CACHE is "off" or there is no home."""
    asked = os.environ.get("KERASISH_CACHE", "")
    if asked == "off":
        return None
    try:
        base = Path(asked) if asked else Path.home() / ".cache" / "kerasish"
    except RuntimeError:  # no HOME, and a user whom the system does not know
        return None
    return base / "kernels"


def load(digest: str) -> bytes | None:
    """The object file of that name, or None where there is none that can be believed."""
    folder = cache_folder()
    if folder is None or not _private(folder):
        return None
    path = folder / f"{digest}.o"
    try:
        # Never through a link, and never waiting for the other end of a pipe.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with open(os.open(path, flags), "rb") as file:
            held = os.fstat(file.fileno())
            if not stat.S_ISREG(held.st_mode) or not _ours(held):
                return None
            raw = file.read(held.st_size)
        if time.time() - held.st_mtime > DAY:
            os.utime(path)
    except OSError:
        return None
    return _believed(raw)


def _believed(raw: bytes) -> bytes | None:
    start = len(MAGIC)
    if raw[:start] != MAGIC or len(raw) < HEAD:
        return None
    (size,) = struct.unpack("<Q", raw[start : start + 8])
    image = raw[HEAD:]
    whole = len(image) == size and hashlib.sha256(image).digest() == raw[start + 8 : HEAD]
    return image if whole else None


def store(digest: str, image: bytes) -> None:
    """Keep an object file; where that is not possible, it is compiled again next time."""
    global _written
    folder = cache_folder()
    if folder is None:
        return
    path = folder / f"{digest}.o"
    mine = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.tmp")
    head = MAGIC + struct.pack("<Q", len(image)) + hashlib.sha256(image).digest()
    try:
        for part in (folder.parent, folder):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _private(folder) and not _reclaimed(folder):
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
        with open(os.open(mine, flags, 0o600), "wb") as file:
            file.write(head + image)
        os.replace(mine, path)
    except OSError:
        # A cache that cannot be written (read-only home, full disk) only costs the next start.
        with contextlib.suppress(OSError):
            mine.unlink()
        return
    if _written % EVERY == 0:
        prune(folder)
    _written += 1


def _ours(held: os.stat_result) -> bool:
    """Whether nobody else can have written there."""
    if not hasattr(os, "geteuid"):
        return True  # Windows: the profile's folder is the user's own
    return held.st_uid == os.geteuid() and not held.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _private(folder: Path) -> bool:
    try:
        held = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(held.st_mode) and _ours(held)


def _reclaimed(folder: Path) -> bool:
    """Whether a folder of this user's that others could write to was emptied and closed to them."""
    held = os.lstat(folder)
    if not stat.S_ISDIR(held.st_mode) or held.st_uid != os.geteuid():
        return False
    os.chmod(folder, 0o700)
    for entry in os.scandir(folder):
        os.unlink(entry.path)
    return True


def prune(folder: Path) -> None:
    """Take away the files that were unused longest, and what was left half written, over MOST."""
    found: list[tuple[float, int, str]] = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                held = entry.stat(follow_symlinks=False)
                old = time.time() - held.st_mtime > DAY
                if entry.name.endswith(".tmp") and old:
                    os.unlink(entry.path)
                elif entry.name.endswith(".o"):
                    found.append((held.st_mtime, held.st_size, entry.path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= MOST:
            return
        with contextlib.suppress(OSError):
            os.unlink(path)
        total -= size
