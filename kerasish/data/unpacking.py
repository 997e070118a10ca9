"""Archives: read member by member, or unpacked into a folder that nothing in them gets out of.

Every byte is charged to the open account as it comes out of the compression, headers included,
so that a small file cannot fill the memory or the disk.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import posixpath
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from kerasish import budget
from kerasish.errors import ArgumentError, FileFormatError, KerasishError, UnsafeFileError
from kerasish.saving.files.sources import check_source

FORMATS = ("tar", "zip")
_PACKED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_PIECE = 1 << 20
_DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # an encrypted member
    NotImplementedError,  # a compression that is not there
    LookupError,
    OverflowError,
)


class _Charged(io.RawIOBase):
    """What comes out of a stream, charged before it is handed on."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._stream.readinto(buffer)
        budget.spend("read", count, "its content")
        return count


@contextmanager
def open_tar(path: str | os.PathLike[str]) -> Iterator[tarfile.TarFile]:
    """Context manager: a tar archive, plain or packed by gzip, bzip2 or xz, read front to back.

    Its account is opened with it, of the size of the file.

    Raises:
        FileFormatError: no such archive, or a damaged one.
        LimitError: it unpacks to more than a file of that size may.
    """
    check_source(path)
    with _whole(path, "a tar archive"), budget.opened(str(path), os.path.getsize(path)):
        with open(path, "rb") as file:
            begin = file.read(6)
            file.seek(0)
            opener = next((o for magic, o in _PACKED.items() if begin.startswith(magic)), None)
            plain: IO[bytes] = opener(file) if opener else file  # type: ignore[assignment]
            stream = io.BufferedReader(_Charged(plain), _PIECE)
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                yield archive


def unpack(path: Path, folder: Path, formats: Iterable[str] = FORMATS) -> None:
    """Unpack an archive into a folder, which it replaces; the folder appears whole or not at all.

    Args:
        path: the archive.
        folder: where to.
        formats: which kinds to try, of "tar" and "zip".

    Raises:
        ArgumentError: another kind.
        FileFormatError: no such archive, or a damaged one.
        UnsafeFileError: a member's path or link leads outside of the folder, or is no plain file.
        LimitError: it unpacks to more than a file of its size may.
    """
    kinds = list(formats)
    if unknown := [kind for kind in kinds if kind not in FORMATS]:
        raise ArgumentError("archive_format", expected=f"of {FORMATS}", received=unknown)
    found = next((kind for kind in kinds if _IS[kind](path)), None)
    if found is None:
        raise FileFormatError(
            f"{path} cannot be unpacked",
            expected=f"a {' or '.join(kinds)} archive" if kinds else "archive_format",
            received=f"a file of {os.path.getsize(path):,} bytes that is none",
        )
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name[:80]}.", dir=folder.parent))
    try:
        inside = temporary / "new"
        inside.mkdir()
        (_untar if found == "tar" else _unzip)(path, inside)
        if folder.exists():
            folder.replace(temporary / "old")
        inside.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _untar(path: Path, folder: Path) -> None:
    links: set[str] = set()  # in one case: some file systems do not tell them apart
    with open_tar(path) as archive:
        for member in archive:
            budget.spend("objects", 1, "a member")
            name = _inside(member.name, path)
            parts = name.casefold().split("/")
            if any("/".join(parts[:i]) in links for i in range(1, len(parts) + 1)):
                raise _refusal(path, member.name, "a path through a link")
            if member.issym() or member.islnk():
                base = posixpath.dirname(name) if member.issym() else ""
                target = _inside(posixpath.join(base, member.linkname), path)
                if member.issym() or target.casefold() in links:
                    links.add(name.casefold())
            # The counter of the stream is behind it: a hole in a sparse file is in no stream.
            if member.issparse():
                budget.spend("read", member.size, f"{member.name!r} of {member.size:,} bytes")
            try:
                archive.extract(member, folder, filter="data")
            except tarfile.FilterError as error:
                raise _refusal(path, member.name, str(error)) from error
    _check_links(path, folder)


def _check_links(path: Path, folder: Path) -> None:
    """Raise where a link leads outside: through others it may, though its own text does not."""
    top = os.path.realpath(folder)
    for place, folders, files in os.walk(folder):
        for name in filter(os.path.islink, (os.path.join(place, n) for n in folders + files)):
            try:
                target = os.path.realpath(name, strict=True)
            except OSError as error:
                raise _refusal(path, name, f"a link that leads nowhere ({error})") from error
            if os.path.commonpath([top, target]) != top:
                raise _refusal(path, os.path.relpath(name, folder), f"a link to {target}")


def _unzip(path: Path, folder: Path) -> None:
    with (
        _whole(path, "a zip archive"),
        budget.opened(str(path), os.path.getsize(path)),
        zipfile.ZipFile(path) as archive,
    ):
        for info in archive.infolist():
            budget.spend("objects", 1, "a member")
            _inside(info.filename, path)
            # No more than this is ever read out of a member.
            budget.spend("read", info.file_size, f"{info.filename!r} of {info.file_size:,} bytes")
            archive.extract(info, folder)


def _inside(name: str, archive: Path) -> str:
    """The path of a member below its folder, normalised.

    Raises:
        UnsafeFileError: it leads outside.
    """
    plain = name.replace("\\", "/") if os.sep == "\\" else name
    normal = posixpath.normpath(plain)
    if posixpath.isabs(plain) or os.path.splitdrive(name)[0] or normal.split("/")[0] == "..":
        raise _refusal(archive, name, "a path outside of its folder")
    return normal


def _refusal(archive: Path, name: str, received: str) -> UnsafeFileError:
    return UnsafeFileError(
        f"{archive}: the member {name[:200]!r}",
        expected="a file, folder or link inside of the folder that it is unpacked into",
        received=received,
        fix="Nothing was unpacked.",
    )


@contextmanager
def _whole(path: str | os.PathLike[str], kind: str) -> Iterator[None]:
    """Context manager: what is raised on a damaged archive is a `FileFormatError`."""
    try:
        yield
    except KerasishError:
        raise
    except _DAMAGED as error:
        raise FileFormatError(
            f"{path} cannot be read",
            expected=f"{kind}, whole",
            received=error or type(error).__name__,
        ) from error


def _is_tar(path: Path) -> bool:
    """Whether the first member of a tar archive can be read."""
    try:
        with open_tar(path) as archive:
            return archive.next() is not None
    except FileFormatError as error:
        if isinstance(error, UnsafeFileError):
            raise
        return False


_IS = {"tar": _is_tar, "zip": zipfile.is_zipfile}
