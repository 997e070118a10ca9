"""The idx format of MNIST and its relatives: a big-endian header, then the values."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kerasish import budget
from kerasish.data.fetch import fetch
from kerasish.errors import FileFormatError

_PIECE = 1 << 20
# The third byte of a file, and what its values are.
_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

# From the meaning of a file to its name, the same for every dataset of this family.
FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}

Arrays = tuple[np.ndarray, np.ndarray]


def read_idx(path: Path) -> np.ndarray:
    """The array in an idx file, packed by gzip or not.

    Raises:
        FileFormatError: no such file format, or truncated.
        LimitError: it unpacks to more than a file of its size may.
    """
    try:
        size = path.stat().st_size
        with budget.opened(str(path), size), path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            with gzip.open(plain, "rb") if packed else plain as file:
                raw = b"".join(_charged(file))
    except (OSError, EOFError, zlib.error) as error:
        raise FileFormatError(path, expected="a whole gzip file", received=error) from error
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] not in _TYPES or not 1 <= raw[3] <= 4:
        raise FileFormatError(path, expected="an idx file", received=f"a header of {raw[:4]!r}")
    start, dtype = 4 + 4 * raw[3], np.dtype(_TYPES[raw[2]])
    shape = struct.unpack(f">{raw[3]}I", raw[4:start]) if len(raw) >= start else ()
    if not shape or math.prod(shape) * dtype.itemsize != len(raw) - start:
        raise FileFormatError(
            path,
            expected=f"as many values as the shape {shape} says",
            received=(len(raw) - start) // dtype.itemsize,
        )
    if math.prod(max(1, n) for n in shape) >= 2**63:
        raise FileFormatError(path, expected="a shape of an array", received=shape)
    array = np.frombuffer(raw, dtype, offset=start).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False)


def _charged(file: Any) -> Iterator[bytes]:
    """The content in pieces, each on the account."""
    while piece := file.read(_PIECE):
        budget.spend("read", len(piece), "its content")
        yield piece


def load(name: str, base_url: str, hashes: Mapping[str, str]) -> tuple[Arrays, Arrays]:
    """The four arrays of a dataset of the MNIST family.

    Args:
        name: of the dataset.
        base_url: what a file's name is appended to.
        hashes: the SHA-256 for every key of `FILES`.
    """
    x_train, y_train, x_test, y_test = (
        read_idx(fetch(name, file, base_url + file, hashes[part])) for part, file in FILES.items()
    )
    return (x_train, y_train), (x_test, y_test)
