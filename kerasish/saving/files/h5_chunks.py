"""Chunks of compressed HDF5 arrays, looked at before the library unpacks them.

A chunk says how many bytes it holds, and the library does not stop there: it unpacks whatever the
compressed stream gives, a thousand times what is stored. Chunks that are not in the file at all
cost time, however little they hold.
"""

from __future__ import annotations

import math
import zlib
from typing import Any

from kerasish import budget
from kerasish.errors import UnsafeFileError

_DEFLATE = 1
_CHUNKS_PER_STEP = 4  # of work


def check_chunks(dataset: Any, filters: list[int], where: str, most: int) -> None:
    """Refuse chunks that unpack to another size than they say, and charge the time that they take.

    Args:
        dataset: an open `h5py.Dataset` that is chunked.
        filters: the codes of its filters, in the order of writing.
        where: what errors call it.
        most: bytes of the file; no chunk can hold more.

    Raises:
        UnsafeFileError: a chunk is larger or smaller than it says, or compressed more than once.
        LimitError: there are more chunks than a file may have.
    """
    shape, chunk = dataset.shape, dataset.chunks
    count = math.prod(-(-n // c) for n, c in zip(shape, chunk, strict=True))
    budget.spend("work", count / _CHUNKS_PER_STEP, f"{where}, of {count:,} chunks")
    if _DEFLATE not in filters:
        return
    if filters.count(_DEFLATE) > 1:
        raise UnsafeFileError(f"{where}: compressed more than once", expected="gzip at most once")
    size = math.prod(chunk) * dataset.dtype.itemsize
    skipped = 1 << filters.index(_DEFLATE)  # a chunk may have been stored without the filter
    stored: list[Any] = []
    dataset.id.chunk_iter(stored.append)
    for info in stored:
        if info.size > most:
            raise UnsafeFileError(f"{where}: a chunk of {info.size} bytes in a file of {most}.")
        found = info.size
        if not info.filter_mask & skipped:
            packed = dataset.id.read_direct_chunk(info.chunk_offset)[1]
            found = len(zlib.decompressobj().decompress(packed, size + 1))
        if found != size:  # fewer, and the library reads on behind them
            raise UnsafeFileError(
                f"{where}: a chunk that is not what it says",
                expected=f"{size} bytes in it",
                received=found if found < size else "more",
            )
