"""The `.keras` archive: a zip of metadata.json, config.json, model.weights.h5 (and assets/).

Nothing is ever extracted to disk. Members are few, known by name, and their sizes are compared
with the archive before anything is unpacked.
"""

from __future__ import annotations

import json
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kerasish import budget
from kerasish.errors import FileFormatError, KerasishError, UnsafeFileError
from kerasish.saving.files import atomic, limits
from kerasish.saving.files.sources import check_source
from kerasish.saving.files.text import parse_json

METADATA = "metadata.json"
CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
ASSETS = "assets/"
# The version of Keras whose layout this is; Keras reads it back as information only.
KERAS_VERSION = "3.15.1"

_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    OverflowError,
    MemoryError,
    LookupError,
)


@dataclass
class Archive:
    """What a `.keras` file holds."""

    config: dict[str, Any]
    weights: bytes | None = None
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    assets: dict[str, bytes] = field(default_factory=dict[str, bytes])


def is_archive(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins like a zip archive.

    Raises:
        FileFormatError: it is no regular file.
    """
    check_source(path)
    try:
        with Path(path).open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def read_archive(path: str | os.PathLike[str]) -> Archive:
    """Read a `.keras` file into memory.

    Raises:
        FileFormatError: missing, truncated, not a zip archive, or without a config.
        UnsafeFileError: unknown or repeated members, encrypted ones, or far larger unpacked.
    """
    check_source(path)
    try:
        size = os.path.getsize(path)
        with budget.opened(str(path), size), zipfile.ZipFile(path) as archive:
            members = _members(archive, str(path))
            _account(members, size, str(path))
            parts = {name: _read(archive, info, str(path)) for name, info in members.items()}
    except KerasishError:
        raise
    except _DAMAGED as error:
        raise FileFormatError(
            f"{path}: not a whole .keras archive",
            expected=f"a zip file with {CONFIG} and {WEIGHTS}",
            received=error,
        ) from error
    if CONFIG not in parts:
        raise FileFormatError(
            f"{path}: no model in it",
            expected=f"a member {CONFIG}",
            received=", ".join(sorted(parts)) or "an empty archive",
        )
    return Archive(
        config=parse_json(parts[CONFIG], f"{path}: {CONFIG}"),
        weights=parts.get(WEIGHTS),
        metadata=parse_json(parts.get(METADATA, b"{}"), f"{path}: {METADATA}"),
        assets={n.removeprefix(ASSETS): b for n, b in parts.items() if n.startswith(ASSETS)},
    )


def _members(archive: zipfile.ZipFile, path: str) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > limits.MAX_OBJECTS:
        raise UnsafeFileError(f"{path}: {len(infos)} members", expected="a handful")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename
        if info.is_dir():
            limits.check_path(name, path)
            continue
        if name not in (METADATA, CONFIG, WEIGHTS) and not name.startswith(ASSETS):
            raise UnsafeFileError(
                f"{path}: an unknown member {name!r}",
                expected=f"{METADATA}, {CONFIG}, {WEIGHTS} and {ASSETS}..",
                fix="only.",
            )
        if name in found:
            raise UnsafeFileError(f"{path}: the member {name!r} occurs twice.")
        limits.check_path(name, path)
        found[name] = info
    return found


def _account(members: Mapping[str, zipfile.ZipInfo], size: int, path: str) -> None:
    """Charge what all members unpack to, before the first is unpacked.

    Their sizes stand in headers: none can take more than its share of the file, which the headers
    cannot say, and nothing is read beyond the size that is charged here.
    """
    packed = sum(info.compress_size for info in members.values())
    if packed > size:
        raise UnsafeFileError(
            f"{path}: members of {packed} bytes together",
            expected=f"at most the {size} of the file",
        )
    most = {METADATA: limits.MAX_METADATA_BYTES, CONFIG: limits.MAX_CONFIG_BYTES}
    for name, info in members.items():
        if info.file_size > most.get(name, info.file_size):
            raise UnsafeFileError(
                f"{path}: {name} of {info.file_size} bytes", expected=f"at most {most[name]}"
            )
        budget.spend("read", info.file_size, f"{name} of {info.file_size:,} bytes")


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str) -> bytes:
    where = f"{path}: {info.filename}"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnsafeFileError(f"{where}: compression {info.compress_type}", expected="deflate")
    if info.flag_bits & 0x1:
        raise UnsafeFileError(f"{where}: encrypted", expected="a plain member")
    with archive.open(info) as member:
        data = member.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise FileFormatError(
            f"{where}: wrong size", expected=f"{info.file_size} bytes", received=len(data)
        )
    return data


def write_archive(
    path: str | os.PathLike[str],
    config: Mapping[str, Any],
    weights: bytes | memoryview,
    assets: Mapping[str, bytes] | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write a `.keras` file that Keras opens; members are stored, in Keras's order.

    `more` goes into the metadata, where other readers pass over it.
    """
    metadata = {
        **(more or {}),
        "keras_version": KERAS_VERSION,
        "date_saved": datetime.now(UTC).strftime("%Y-%m-%d@%H:%M:%S"),
    }
    with (
        atomic.replacing(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive,
    ):
        archive.writestr(zipfile.ZipInfo(METADATA), json.dumps(metadata))
        archive.writestr(zipfile.ZipInfo(CONFIG), json.dumps(config))
        with archive.open(zipfile.ZipInfo(WEIGHTS), "w", force_zip64=True) as member:
            member.write(weights)
        for name, data in sorted((assets or {}).items()):
            archive.writestr(zipfile.ZipInfo(ASSETS + name), data)
