"""The heaps in which HDF5 keeps texts of variable length, checked before the library reads them.

The library walks a heap object by object and trusts each size: a size of zero keeps it going for
ever, and many attributes can name one large object. Here the same walk is made first.
Layout: "GCOL", version, 3 bytes, u64 size; then objects of u16 index, u16 count, 4 bytes, u64
size and the data padded to 8; index 0 is the free rest. (HDF5 file format, III.E "Global heap".)
"""

from __future__ import annotations

import mmap
import os
import struct

from kerasish.errors import FileFormatError

_SIGNATURE = b"GCOL\x01"
_HEAD = struct.Struct("<4sB3xQ")
_OBJECT = struct.Struct("<HH4xQ")
_SMALLEST = 4096


def largest_object(source: str | os.PathLike[str] | bytes, label: str) -> int:
    """Bytes of the largest object in any heap of a file, 0 where there is no heap.

    Raises:
        FileFormatError: a heap that does not fit into the file or whose objects do not fit into
            it, or a file with offsets and lengths of other than 8 bytes.
    """
    if isinstance(source, bytes):
        return _scan(source, label)
    with open(source, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        return _scan(view, label)


def _scan(data: bytes | mmap.mmap, label: str) -> int:
    version = data[8]
    widths = tuple(data[13:15] if version < 2 else data[9:11])
    if widths != (8, 8):
        raise FileFormatError(
            f"{label}: widths of offsets and lengths. Expected: 8 and 8. Received: {widths}."
        )
    largest, at = 0, data.find(_SIGNATURE)
    while at >= 0:
        largest = max(largest, _walk(data, at, label))
        at = data.find(_SIGNATURE, at + 1)
    return largest


def _walk(data: bytes | mmap.mmap, start: int, label: str) -> int:
    """The largest object of the heap at `start`."""
    if start + _SMALLEST > len(data):
        raise _damaged(label, start)
    size = _HEAD.unpack_from(data, start)[2]
    if not _SMALLEST <= size <= len(data) - start:
        raise _damaged(label, start)
    at, end, largest = start + _HEAD.size, start + size, 0
    while end - at >= _OBJECT.size:
        index, _, length = _OBJECT.unpack_from(data, at)
        need = _OBJECT.size + (length + 7) // 8 * 8 if index else length
        if not _OBJECT.size <= need <= end - at:
            raise _damaged(label, start)
        if index:
            largest = max(largest, length)
        at += need
    return largest


def _damaged(label: str, start: int) -> FileFormatError:
    return FileFormatError(
        f"{label}: a damaged heap of texts at byte {start}. "
        "Expected: objects that fill it exactly. Received: sizes that do not."
    )
