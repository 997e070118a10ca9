"""What an HDF5 object's header says of an attribute, without the library, which believes it.

A header is a list of messages in blocks; a message of type 0x10 names a further block, one of type
0x0c is an attribute. Version 1 has no signature, version 2 begins with "OHDR". (HDF5 file format,
IV.A.1 "Data object headers".)
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator

Content = bytes | mmap.mmap

_ATTRIBUTE, _CONTINUATION = 0x0C, 0x10
_MAX_BLOCKS = 10_000
_BLOCK = struct.Struct("<QQ")


def attribute_data(data: Content, header: int, name: bytes, size: int) -> bytes | None:
    """The stored bytes of an attribute; None where it is not kept in the header, or is damaged.

    Args:
        data: the whole file.
        header: where the object's header begins.
        name: of the attribute.
        size: how many bytes its values take.
    """
    try:
        for start, length in _attributes(data, header):
            found = _values(data, start, length, name, size)
            if found is not None:
                return found
    except (struct.error, IndexError, OverflowError):
        pass  # runs over the end of the file
    return None


def _attributes(data: Content, header: int) -> Iterator[tuple[int, int]]:
    """Where the attribute messages of a header begin, and how long they are."""
    new = data[header : header + 4] == b"OHDR"
    flags = data[header + 5] if new else 0
    if new:
        at = header + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        blocks = [(at + width, int.from_bytes(data[at : at + width], "little"))]
    else:
        blocks = [(header + 16, struct.unpack_from("<I", data, header + 8)[0])]
    head = 4 + (2 if flags & 4 else 0) if new else 8
    for number, (at, length) in enumerate(blocks):
        if number > _MAX_BLOCKS:
            return
        end = min(at + length, len(data))
        while end - at >= head:
            kind = data[at] if new else int.from_bytes(data[at : at + 2], "little")
            begin = at + (1 if new else 2)
            size = int.from_bytes(data[begin : begin + 2], "little")
            if kind == _CONTINUATION:
                start, more = _BLOCK.unpack_from(data, at + head)
                blocks.append((start + 4, more - 8) if new else (start, more))
            elif kind == _ATTRIBUTE:
                yield at + head, size
            at += head + size


def _values(data: Content, at: int, length: int, name: bytes, size: int) -> bytes | None:
    """The values in an attribute message, if it is the one of that name."""
    version = data[at]
    sizes = struct.unpack_from("<HHH", data, at + 2)
    begin = at + (9 if version == 3 else 8)
    if data[begin : begin + sizes[0]].split(b"\0")[0] != name:
        return None
    for part in sizes:
        begin += (part + 7) // 8 * 8 if version == 1 else part
    found = bytes(data[begin : begin + size])
    return found if len(found) == size and begin + size <= at + length else None
