"""Finding a file of data: given by the user, cached, or downloaded and checked."""

from __future__ import annotations

import hashlib
import os
import urllib.parse
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerasish import budget
from kerasish.config import settings
from kerasish.data.unpacking import FORMATS, unpack
from kerasish.errors import ArgumentError, DataError, KerasishError
from kerasish.hints import hinted, one_of
from kerasish.saving.files.atomic import replacing
from kerasish.showing.progress import Progbar
from kerasish.showing.screen import live, tell

TIMEOUT_SECONDS = 30
_PIECE = 1 << 20
_OFFLINE = (
    "Without a network, put the file into $KERASISH_DATA/<dataset>/ and set that variable to the "
    "folder."
)


def cache_dir() -> Path:
    """`$KERASISH_HOME`, or ~/.cache/kerasish.

    Raises:
        DataError: there is neither.
    """
    home = os.environ.get("KERASISH_HOME", "")
    try:
        return Path(home) if home else Path.home() / ".cache" / "kerasish"
    except RuntimeError:
        raise DataError(
            "There is no folder for downloaded data",
            expected="a home directory, or the variable KERASISH_HOME",
            received="neither",
            fix="Set KERASISH_HOME to a folder.",
        ) from None


def fetch(name: str, file: str, url: str, known: str) -> Path:
    """The path of a dataset's file, downloaded into the cache where it is nowhere else.

    Looked for in `$KERASISH_DATA/<name>/`, then in `<cache>/datasets/<name>/`. The hash is checked
    wherever the file comes from.

    Args:
        name: the dataset.
        file: the file's name.
        url: where to download it from.
        known: SHA-256 of the file, or MD5 where no other is published, in hexadecimal.

    Raises:
        ArgumentError: `file` is a path.
        DataError: the file is not the expected one, or cannot be downloaded.
    """
    path = held(name, file)
    if path is None:
        path = cache_dir() / "datasets" / name / file
        _download(url, path, known, _OFFLINE)
    return _checked(path, known)


def held(name: str, file: str) -> Path | None:
    """The path of a dataset's file where it is on this machine already.

    Raises:
        ArgumentError: `file` is a path.
    """
    _name("path", file)
    given = os.environ.get("KERASISH_DATA", "")
    places = [Path(given) / name] if given else []
    paths = (place / file for place in [*places, cache_dir() / "datasets" / name])
    return next((path for path in paths if path.is_file()), None)


@hinted
def get_file(
    fname: Any = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
    force_download: bool = False,
) -> str:
    """The path of a file that is downloaded unless it is in the cache.

        folder = keras.utils.get_file(origin="https://example.org/flowers.tgz", extract=True)

    A file appears whole or not at all. An archive is unpacked once, into a folder that appears
    whole or not at all; `force_download` unpacks anew. Nothing in an archive reaches outside of
    that folder: members with such paths or links, and special files, are refused.

    Args:
        fname: what to call the file; None for its name in `origin`. Where an archive is unpacked,
            a name without a dot is that of the folder.
        origin: the URL.
        untar: whether to unpack a tar archive; `extract` is the newer argument.
        md5_hash: an MD5 of the file; `file_hash` is the newer argument.
        file_hash: of the file, in hexadecimal. A cached file of another hash is downloaded anew.
        cache_subdir: folder inside of the cache, or an absolute path.
        hash_algorithm: "sha256", "md5", or "auto", which tells them by their length.
        extract: whether to unpack an archive.
        archive_format: "tar" (with gzip, bzip2 and xz too), "zip", a list of them, or "auto".
        cache_dir: the cache; None for `$KERASISH_HOME` or ~/.cache/kerasish.
        force_download: whether to download what is in the cache too.

    Returns:
        The path of the file, or of the folder where an archive is unpacked.

    Raises:
        ArgumentError: no URL, a path in place of a name, or an unknown word.
        DataError: the file cannot be downloaded, or has another hash.
        FileFormatError: what is to be unpacked is no such archive.
        UnsafeFileError: the archive reaches outside of its folder.
        LimitError: it is larger than a download, or unpacks to more than a file, may be.
    """
    if origin is None:
        raise ArgumentError("get_file, origin", expected="the URL of the file", received="None")
    one_of("get_file, hash_algorithm", hash_algorithm, ("auto", "sha256", "md5"))
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    given = _name("fname", str(fname)) if fname else ""
    name = given or _name("origin", os.path.basename(urllib.parse.urlsplit(origin).path))
    folder = (Path(cache_dir).expanduser() if cache_dir is not None else _cache()) / cache_subdir
    formats = ("tar",) if untar else FORMATS if archive_format == "auto" else archive_format
    unpacked = folder / (name if "." not in given else f"{given.partition('.')[0]}_extracted")
    opened = extract or untar
    path = folder / (f"{name}_archive" if opened and "." not in given else name)
    known = None if file_hash is None else file_hash.lower()
    if known and hash_algorithm not in ("auto", _algorithm(known)):
        raise ArgumentError(
            "get_file, file_hash",
            expected=f"{hash_algorithm} in hexadecimal",
            received=f"{len(known)} characters",
        )
    fresh = force_download or not path.is_file()
    if not fresh and known is not None and digest(path, _algorithm(known)) != known:
        warnings.warn(f"{path} has another hash and is downloaded anew.", stacklevel=3)
        fresh = True
    if fresh:
        _download(origin, path, known)
    if not opened:
        return str(path)
    if fresh or not unpacked.is_dir():
        unpack(path, unpacked, [formats] if isinstance(formats, str) else formats or ())
    return str(unpacked)


_cache: Callable[[], Path] = cache_dir  # an argument of Keras's has the same name


def _name(argument: str, name: str) -> str:
    if not name or name in (".", "..") or os.sep in name or (os.altsep or os.sep) in name:
        raise ArgumentError(
            argument,
            expected="the name of a file without folders",
            received=repr(name),
            fix="cache_dir= and cache_subdir= say the folder."
            if name
            else "Give the file a name with fname=.",
        )
    return name


def _algorithm(known: str) -> str:
    return "sha256" if len(known) == 64 else "md5"


def digest(path: Path, algorithm: str = "sha256") -> str:
    """A hash of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _checked(path: Path, known: str, url: str = "") -> Path:
    algorithm = _algorithm(known)
    received = digest(path, algorithm)
    if received != known:
        raise DataError(
            url or path,
            expected=f"{'SHA-256' if algorithm == 'sha256' else 'MD5'} {known}",
            received=received,
            fix="The download is damaged or has changed." if url else "Delete the file and retry.",
        )
    return path


def _download(url: str, path: Path, known: str | None, fix: str = "") -> None:
    """Put what a URL gives where `path` says, whole and of the known hash."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            path.parent,
            expected="a folder that can be written",
            received=error,
            fix="Set KERASISH_HOME, or give cache_dir=.",
        ) from error
    with replacing(path) as temporary:
        _receive(url, temporary, fix)
        if known is not None:
            _checked(temporary, known, url)


def _receive(url: str, path: Path, fix: str) -> None:
    import http.client
    import urllib.error
    import urllib.request

    try:
        with (
            budget.opened(url),
            urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer,
        ):
            _copy(answer, path, url.rsplit("/", 1)[-1])
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        if isinstance(error, KerasishError):
            raise
        raise DataError(f"{url} could not be downloaded: {error}", fix=fix) from error


def _copy(answer: Any, path: Path, label: str) -> None:
    length = answer.headers.get("Content-Length") or ""
    total = int(length) if length.isascii() and length.isdecimal() else None
    shown = settings.interactive and live()
    if shown:
        tell(label)
    bar = Progbar(total and _thousands(total), verbose=int(shown), unit_name="kB")
    done = 0
    with path.open("wb") as out:
        while piece := answer.read(_PIECE):
            budget.spend("download", len(piece), label)
            out.write(piece)
            done += len(piece)
            bar.update(_thousands(done), finalize=False)
    bar.update(_thousands(done), finalize=True)


def _thousands(count: int) -> int:
    return -(-count // 1000)
