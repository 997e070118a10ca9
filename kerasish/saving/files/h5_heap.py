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
from collections.abc import Generator
from contextlib import contextmanager

from kerasish import budget
from kerasish.errors import FileFormatError
from kerasish.saving.files.h5_header import attribute_data

_SIGNATURE = b"GCOL\x01"
_HEAD = struct.Struct("<4sB3xQ")
_OBJECT = struct.Struct("<HH4xQ")
_REFERENCE = struct.Struct("<IQI")  # length, address of the heap, number of the object
_SMALLEST = 4096


class Heaps:
    """The heaps of a file, and how long the texts are that its attributes refer to.

    Args:
        source: the file, or its content.
        label: what errors call it.

    Raises:
        FileFormatError: a heap that does not fit into the file or whose objects do not fit into
            it, or a file with offsets and lengths of other than 8 bytes.
    """

    def __init__(self, source: str | os.PathLike[str] | bytes, label: str) -> None:
        self.source = source
        self.label = label
        with self._view() as data:
            self.largest = _scan(data, label)

    @contextmanager
    def _view(self) -> Generator[bytes | mmap.mmap, None, None]:
        if isinstance(self.source, bytes):
            yield self.source
            return
        with (
            open(self.source, "rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view,
        ):
            yield view

    def text_bytes(self, header: int, name: str, count: int) -> int:
        """Bytes of all texts of an attribute, as its references say.

        The library allocates what a reference says before it looks at the heap.

        Args:
            header: the address of the object that has the attribute.
            name: the attribute.
            count: how many texts it holds.

        Raises:
            FileFormatError: the attribute is not where an object keeps few of them, or a
                reference is longer than every object in a heap.
        """
        with self._view() as data:
            found = attribute_data(data, header, name.encode(), count * _REFERENCE.size)
            if found is None:
                raise FileFormatError(
                    (
                        f"{self.label}: the texts of attribute {name!r} are not in their object's "
                        "header"
                    ),
                    expected="the layout that Keras writes",
                    fix="Save the model again.",
                )
            lengths = [length for length, _, _ in _REFERENCE.iter_unpack(found)]
        longest = max(lengths, default=0)
        if longest > self.largest:
            raise FileFormatError(
                f"{self.label}: attribute {name!r} refers to a text of {longest} bytes",
                expected=f"at most {self.largest}, as the largest in the file",
            )
        return sum(lengths)


def _scan(data: bytes | mmap.mmap, label: str) -> int:
    version = data[8]
    widths = tuple(data[13:15] if version < 2 else data[9:11])
    if widths != (8, 8):
        raise FileFormatError(
            f"{label}: widths of offsets and lengths", expected="8 and 8", received=widths
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
    at, end, largest, count = start + _HEAD.size, start + size, 0, 0
    while end - at >= _OBJECT.size:
        index, _, length = _OBJECT.unpack_from(data, at)
        need = _OBJECT.size + (length + 7) // 8 * 8 if index else length
        if not _OBJECT.size <= need <= end - at:
            raise _damaged(label, start)
        count += 1
        if count % 32 == 0:  # heaps can overlap, so that each is walked from many starts
            budget.spend("work", 1, "a heap of texts")
        if index:
            largest = max(largest, length)
        at += need
    return largest


def _damaged(label: str, start: int) -> FileFormatError:
    return FileFormatError(
        f"{label}: a damaged heap of texts at byte {start}",
        expected="objects that fill it exactly",
        received="sizes that do not",
    )
