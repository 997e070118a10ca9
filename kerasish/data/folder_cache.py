"""Elements kept in a folder, in one file under the key of what made them.

A file is written under another name and gets its own when all elements are in it, so whatever is
found under a key is whole. Elements lie one behind the other; at the end stand their places and
checksums. A folder has a limit: the files that were not read for the longest time go first.
"""

from __future__ import annotations

import json
import os
import struct
import threading
import time
import uuid
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.data.elements import SKIPPED, text_array
from kerasish.data.fingerprint import fingerprint
from kerasish.data.nodes import Node
from kerasish.errors import DataError
from kerasish.spec import dtype_name, np_dtype

FOLDER_BYTES = 16 << 30
SUFFIX, UNFINISHED = ".elements", ".unfinished"
_MAGIC = b"KSHCACH1"
_END = struct.Struct("<QQ")  # where the table begins, and how many elements there are
_ROW = np.dtype([("at", "<u8"), ("size", "<u8"), ("sum", "<u4")])
_STALE = 24 * 3600.0


class InFolder:
    """Elements in a file of a folder."""

    def __init__(self, folder: str | os.PathLike[str], limit: int) -> None:
        self.folder = Path(folder)
        self.limit = limit
        self.total: int | None = None
        self._lock = threading.Lock()
        self._rows: dict[int, tuple[int, int, int]] = {}  # by element: place, size, checksum
        self._file: Any = None
        self._path = self._temporary = Path()
        self._written = 0
        self._writer = os.getpid()
        self._whole = False

    def open(self, node: Node) -> None:
        with self._lock:
            if self._file is not None:
                return
            self.folder.mkdir(parents=True, exist_ok=True)
            self._path = self.folder / (fingerprint(node) + SUFFIX)
            if self._path.is_file():
                self._read()
            else:
                self._begin()

    def _read(self) -> None:
        """Take up a whole file."""
        self._file = self._path.open("rb")
        size = os.fstat(self._file.fileno()).st_size
        tail = self._at(size - _END.size, _END.size) if size > _END.size else b""
        at, total = _END.unpack(tail) if tail else (0, 0)
        if self._at(0, len(_MAGIC)) != _MAGIC or at + total * _ROW.itemsize + _END.size != size:
            self._file.close()
            self._file = None
            raise self._damaged()
        table = np.frombuffer(self._at(at, total * _ROW.itemsize), _ROW)
        self._rows = dict(enumerate(table.tolist()))
        self.total, self._whole = total, True
        os.utime(self._path)

    def _begin(self) -> None:
        name = f"{self._path.stem}.{os.getpid()}-{uuid.uuid4().hex[:8]}{UNFINISHED}"
        self._temporary = self.folder / name
        self._file = self._temporary.open("w+b")
        self._file.write(_MAGIC)
        self._written = len(_MAGIC)

    def _damaged(self) -> DataError:
        return DataError(
            f"Dataset.cache, {self._path}",
            expected="a whole file of elements",
            received="a damaged one",
            fix="Delete it; it is made anew.",
        )

    def _at(self, place: int, size: int) -> bytes:
        return os.pread(self._file.fileno(), size, place)

    def has(self, index: int) -> bool:
        return index in self._rows

    def get(self, index: int) -> Any:
        at, size, checksum = self._rows[index]
        data = self._at(at, size)
        if zlib.crc32(data) != checksum:
            raise self._damaged()
        return decoded(data)

    def put(self, index: int, element: Any) -> Any:
        data = encoded(element)
        with self._lock:
            if index in self._rows:
                return element
            if self._written + len(data) > self.limit:
                raise DataError(
                    f"Dataset.cache, {self.folder}",
                    expected=f"elements of {self.limit:,} bytes or less in all",
                    received=f"more, at element {index}",
                    fix="Give a larger `limit`.",
                )
            self._file.write(data)
            self._file.flush()
            self._rows[index] = (self._written, len(data), zlib.crc32(data))
            self._written += len(data)
            self._finish()
        return element

    def complete(self, total: int) -> None:
        with self._lock:
            self.total = total
            self._finish()

    def _finish(self) -> None:
        """Give the file its name, once all elements are in it."""
        if self._whole or self.total is None or len(self._rows) != self.total:
            return
        table = np.array([self._rows[index] for index in range(self.total)], _ROW)
        self._file.write(table.tobytes() + _END.pack(self._written, self.total))
        self._file.flush()
        os.fsync(self._file.fileno())
        make_room(self.folder, self.limit - self._temporary.stat().st_size)
        os.replace(self._temporary, self._path)
        self._whole = True

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()
            if not self._whole and self._writer == os.getpid():  # else it is a fork's
                self._temporary.unlink(missing_ok=True)


def make_room(folder: Path, room: int) -> None:
    """Delete what was not read for the longest time until the rest takes at most `room` bytes."""
    for path in folder.glob(f"*{UNFINISHED}"):  # of a program that ended in the middle
        if time.time() - path.stat().st_mtime > _STALE:
            path.unlink(missing_ok=True)
    files = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime)
    taken = sum(path.stat().st_size for path in files)
    for path in files:
        if taken <= room:
            return
        taken -= path.stat().st_size
        path.unlink(missing_ok=True)


def encoded(element: Any) -> bytes:
    """An element as bytes: its form as JSON with a length before it, and its arrays behind."""
    arrays: list[bytes] = []
    form = json.dumps(_form(element, arrays)).encode()
    return b"".join((struct.pack("<I", len(form)), form, *arrays))


def _form(part: Any, arrays: list[bytes]) -> Any:
    if part is SKIPPED:
        return {"skipped": True}
    if part is None or isinstance(part, str):
        return {"value": part}
    if isinstance(part, bytes):
        return {"bytes": part.decode("latin-1")}
    if isinstance(part, dict):
        return {"dict": [[key, _form(value, arrays)] for key, value in part.items()]}
    if isinstance(part, tuple):
        if hasattr(part, "_fields"):
            raise DataError(
                "Dataset.cache(path)",
                expected="elements of tuples, dicts and arrays",
                received=type(part).__name__,
                fix="Let map give plain tuples or dicts.",
            )
        return {"tuple": [_form(value, arrays) for value in part]}
    if part.dtype.kind == "O":
        return {"texts": [_form(text, arrays) for text in part.flat], "shape": part.shape}
    data = np.ascontiguousarray(part)
    arrays.append(data.tobytes())
    return {"array": dtype_name(part.dtype), "shape": np.shape(part)}


def decoded(data: bytes) -> Any:
    """The inverse of `encoded`."""
    (size,) = struct.unpack_from("<I", data)
    place = [4 + size]

    def part(form: Any) -> Any:
        kind, held = next(iter(form.items()))
        if kind == "skipped":
            return SKIPPED
        if kind == "value":
            return held
        if kind == "bytes":
            return held.encode("latin-1")
        if kind == "dict":
            return {key: part(value) for key, value in held}
        if kind == "tuple":
            return tuple(map(part, held))
        if kind == "texts":
            return text_array([part(text) for text in held]).reshape(form["shape"])
        dtype, count = np_dtype(held), int(np.prod(form["shape"], dtype=np.int64))
        array = np.frombuffer(data, dtype, count, place[0]).reshape(form["shape"])
        place[0] += array.nbytes
        return array[()]

    return part(json.loads(data[4 : 4 + size]))
