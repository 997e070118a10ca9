"""`.npz` and `.npy` files of numpy, read without running pickle and for no more than they hold.

A member's header says how much is allocated for it, so it has to agree with the size that is
stored, and that size is charged to the open account before it is unpacked.
"""

from __future__ import annotations

import io
import math
import os
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from kerasish import budget
from kerasish.errors import DataError, KerasishError
from kerasish.saving.files.pickled import read_pickled
from kerasish.saving.files.sources import check_source

_MAX_HEADER = 10_000
_NPY = ".npy"
_MAGIC = b"\x93NUMPY"
_READERS = {  # by version, with the form of the header's length
    (1, 0): (np.lib.format.read_array_header_1_0, "<H"),
    (2, 0): (np.lib.format.read_array_header_2_0, "<I"),
}


class Npz:
    """An open `.npz` archive: `names`, and `read(name)`."""

    def __init__(self, archive: zipfile.ZipFile, label: str) -> None:
        self._archive = archive
        self._label = label
        self._members = {info.filename.removesuffix(_NPY): info for info in archive.infolist()}

    @property
    def names(self) -> list[str]:
        """What its arrays are called."""
        return list(self._members)

    def read(self, name: str, objects: bool = False) -> np.ndarray:
        """One array.

        Args:
            name: of the array.
            objects: whether it may hold lists and texts, which `saving.files.pickled` reads.

        Raises:
            DataError: there is none, or it cannot be read.
            LimitError: it unpacks to more than a file of that size may.
        """
        info = self._members.get(name)
        if info is None:
            raise DataError(
                self._label,
                expected=f"an array {name!r}",
                received=", ".join(self.names[:20]) or "none",
            )
        with translated(f"{self._label}: the array {name!r}"), self._archive.open(info) as stream:
            return read_array(stream, info.file_size, name, objects)


@contextmanager
def open_npz(path: str | os.PathLike[str], allowance: float | None = None) -> Iterator[Npz]:
    """Open a `.npz` file, on an account of its size where none is open.

    Args:
        path: the file.
        allowance: how many times the usual limits it may take.

    Raises:
        DataError: no such archive.
    """
    check_source(path)
    with translated(str(path)):
        size = Path(path).stat().st_size
        archive = zipfile.ZipFile(path)
    with archive, budget.opened(str(path), size, allowance):
        packed = sum(info.compress_size for info in archive.infolist())
        if packed > size:
            raise DataError(
                path, expected=f"members that fit into its {size} bytes", received=packed
            )
        yield Npz(archive, str(path))


def read_arrays(
    path: str | os.PathLike[str], allowance: float | None = None
) -> np.ndarray | dict[str, np.ndarray]:
    """The array in a `.npy` file, or all those in a `.npz` by their names.

    Raises:
        DataError: another kind of file, or a damaged one.
        LimitError: it unpacks to more than a file of its size may.
    """
    check_source(path)
    with translated(str(path)), open(path, "rb") as file:
        size, is_array = os.fstat(file.fileno()).st_size, file.read(len(_MAGIC)) == _MAGIC
        file.seek(0)
        if is_array:
            with budget.opened(str(path), size, allowance):
                return read_array(file, size, "the array")
    with open_npz(path, allowance) as found:
        return {name: found.read(name) for name in found.names}


def read_array(stream: BinaryIO | Any, stored: int, name: str, objects: bool = False) -> np.ndarray:
    """The array in a stream of `.npy` format.

    Args:
        stream: at its beginning.
        stored: bytes of the whole, header included.
        name: what errors call the array.
        objects: whether it may hold lists and texts.

    Raises:
        ValueError: another format, Python objects, or a header that disagrees with `stored`.
    """
    version = np.lib.format.read_magic(stream)
    if version not in _READERS:
        raise ValueError(f"npy version {version} is not supported")
    reader, form = _READERS[version]
    length = stream.read(struct.calcsize(form))
    size = struct.unpack(form, length)[0]
    if size > _MAX_HEADER:  # numpy reads all of it before it looks
        raise ValueError(f"its header has {size:,} bytes, over {_MAX_HEADER:,}")
    header = io.BytesIO(length + stream.read(size))
    shape, fortran, dtype = reader(header, max_header_size=_MAX_HEADER)
    if dtype.hasobject:
        if not objects:
            raise ValueError("it holds Python objects, no numbers; texts are arrays of dtype str")
        size = stored - stream.tell()
        budget.spend("read", size, f"{name} of {size:,} bytes")
        array = read_pickled(stream.read(size), name)
        if not isinstance(array, np.ndarray) or array.shape != shape:
            raise ValueError(f"its header says an array of the shape {shape}")
        return array
    size = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or stream.tell() + size != stored:
        raise ValueError("its header does not agree with its size")
    budget.spend("read", size, f"{name} of {size:,} bytes")
    flat = np.frombuffer(stream.read(size), dtype=dtype)
    return flat.reshape(shape, order="F" if fortran else "C")


@contextmanager
def translated(label: str) -> Iterator[None]:
    """Context manager: whatever numpy and zipfile raise on a damaged file is a `DataError`."""
    try:
        yield
    except KerasishError:
        raise
    except Exception as error:  # a dozen classes: zlib.error, BadZipFile, SyntaxError, ...
        raise DataError(
            f"{label} cannot be read",
            expected="a whole .npy or .npz file of numbers",
            received=error or type(error).__name__,
        ) from error
