"""Finding a dataset's file: given by the user, cached, or downloaded and checked."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from kerasish import budget
from kerasish.config import settings
from kerasish.errors import DataError, KerasishError
from kerasish.saving.files.atomic import replacing

TIMEOUT_SECONDS = 30
_PIECE = 1 << 20


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


def fetch(name: str, file: str, url: str, sha256: str) -> Path:
    """The path of a dataset's file, downloaded into the cache where it is nowhere else.

    Looked for in `$KERASISH_DATA/<name>/`, then in `<cache>/datasets/<name>/`. The SHA-256 is
    checked wherever the file comes from.

    Args:
        name: the dataset.
        file: the file's name.
        url: where to download it from.
        sha256: of the file, in hexadecimal.

    Raises:
        DataError: the file is not the expected one, or cannot be downloaded.
    """
    given = os.environ.get("KERASISH_DATA", "")
    if given and (path := Path(given) / name / file).is_file():
        return _checked(path, sha256)
    path = cache_dir() / "datasets" / name / file
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            _download(url, temporary)
            _checked(temporary, sha256, url)
    return _checked(path, sha256)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked(path: Path, sha256: str, url: str = "") -> Path:
    received = sha256_of(path)
    if received != sha256:
        raise DataError(
            url or path,
            expected=f"SHA-256 {sha256}",
            received=received,
            fix="The download is damaged or has changed." if url else "Delete the file and retry.",
        )
    return path


def _download(url: str, path: Path) -> None:
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
        raise DataError(
            f"{url} could not be downloaded: {error}. Without a network, put the file into "
            "$KERASISH_DATA/<dataset>/ and set that variable to the folder."
        ) from error


def _copy(answer: Any, path: Path, label: str) -> None:
    from tqdm import tqdm

    length = answer.headers.get("Content-Length") or ""
    total = int(length) if length.isascii() and length.isdecimal() else None
    # disable=None: no bar where there is no terminal.
    quiet = None if settings.interactive else True
    with (
        path.open("wb") as out,
        tqdm(total=total, unit="B", unit_scale=True, desc=label, disable=quiet) as bar,
    ):
        while piece := answer.read(_PIECE):
            budget.spend("download", len(piece), label)
            out.write(piece)
            bar.update(len(piece))
