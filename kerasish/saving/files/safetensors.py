"""The safetensors format: a JSON header, then the raw bytes of all tensors without a gap.

Layout: u64 little endian header length, the header, the buffer. All rules of the format's
reference implementation are checked: no holes, no overlaps, exact sizes, no duplicate names.
https://github.com/huggingface/safetensors
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from kerasish import budget
from kerasish.errors import DTypeError, FileFormatError, UnsafeFileError
from kerasish.saving.files import atomic
from kerasish.saving.files.sources import check_source
from kerasish.saving.files.text import is_list, is_object
from kerasish.spec import dtype_name, np_dtype

MAX_HEADER = 100_000_000

_DTYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "U16": "uint16",
    "I16": "int16",
    "U32": "uint32",
    "I32": "int32",
    "U64": "uint64",
    "I64": "int64",
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
    "C64": "complex64",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
}
_ORDERED = "iufc"  # numpy's kinds that have a byte order to choose; ml_dtypes are native only
_DIGEST = "kerasish_sha256"  # among the metadata; other writers have none
_CODES = {name: code for code, name in _DTYPES.items()}


def begins(path: Path) -> bool:
    """Whether a file begins as one of this format does: a length, then an object."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def read(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """All tensors of a file and its metadata (text to text).

    Raises:
        FileFormatError: any rule of the format is broken.
    """
    check_source(path)
    try:
        size = os.path.getsize(path)
        with budget.opened(str(path), size):
            budget.spend("read", size, f"its {size:,} bytes")
            data = np.fromfile(path, np.uint8, count=size)
            return read_bytes(data.data, str(path))
    except OSError as error:
        raise FileFormatError(f"{path}: cannot be read: {error.strerror or error}.") from error


def read_bytes(
    data: bytes | memoryview, label: str
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The same for a file's content; the arrays share its memory and are read-only."""
    header, start = _header(data, label)
    metadata = header.pop("__metadata__", {})
    if not is_object(metadata) or not all(isinstance(v, str) for v in metadata.values()):
        raise _wrong(label, "__metadata__", "an object of texts", metadata)
    end, arrays = 0, {}
    for name, entry in sorted(header.items(), key=lambda item: _offsets(item, label)):
        begin, stop = _offsets((name, entry), label)
        if begin != end:
            raise _wrong(label, f"{name!r} data_offsets", f"to begin at {end}", begin)
        end = stop
        arrays[name] = _tensor(data, start, name, entry, label)
    if start + end != len(data):
        raise _wrong(label, "the size of the file", f"{start + end} bytes", len(data))
    wanted = metadata.pop(_DIGEST, None)
    if wanted is not None and wanted != _digest(header, [data[start:]]):
        raise _wrong(label, "damaged", f"content of sha256 {wanted}", "other content")
    return {name: arrays[name] for name in header}, metadata


def _header(data: bytes | memoryview, label: str) -> tuple[dict[str, Any], int]:
    if len(data) < 8:
        raise _wrong(label, "the file", "at least 8 bytes", len(data))
    length = struct.unpack("<Q", data[:8])[0]
    most = min(MAX_HEADER, len(data) - 8)
    if length > most:
        raise _wrong(label, "the header length", f"at most {most}", length)
    raw = bytes(data[8 : 8 + length])
    if not raw.startswith(b"{"):
        raise _wrong(label, "the header", "JSON that starts with '{'", raw[:8])
    budget.spend("objects", raw.count(b"{") + raw.count(b"["), "the header")
    try:
        header = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{label}: the header is not JSON: {error}.") from error
    return header, 8 + length


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _offsets(item: tuple[str, Any], label: str) -> tuple[int, int]:
    name, entry = item
    offsets = entry.get("data_offsets") if is_object(entry) else None
    if not _is_sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise _wrong(label, f"{name!r} data_offsets", "[begin, end]", offsets)
    return offsets[0], offsets[1]


def _is_sizes(value: Any) -> TypeGuard[list[int]]:
    # type(...) is int, since True and 1.0 are no sizes
    return is_list(value) and all(type(v) is int and 0 <= v < 2**63 for v in value)


def _tensor(
    data: bytes | memoryview, start: int, name: str, entry: dict[str, Any], label: str
) -> np.ndarray:
    shape, code = entry.get("shape"), entry.get("dtype")
    if set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _wrong(label, repr(name), "dtype, shape and data_offsets", sorted(entry))
    if not _is_sizes(shape):
        raise _wrong(label, f"{name!r} shape", "a list of sizes", shape)
    if not isinstance(code, str) or code not in _DTYPES:
        raise _wrong(label, f"{name!r} dtype", ", ".join(_DTYPES), code)
    dtype, (begin, stop) = np_dtype(_DTYPES[code]), _offsets((name, entry), label)
    count = math.prod(shape)
    if count * dtype.itemsize != stop - begin:
        raise _wrong(label, f"{name!r} data", f"{count * dtype.itemsize} bytes", stop - begin)
    if start + stop > len(data):
        raise _wrong(label, "the size of the file", f"{start + stop} bytes or more", len(data))
    if len(shape) > 32:
        raise UnsafeFileError(f"{label}: {name!r} has {len(shape)} dimensions", expected="up to 32")
    if math.prod(max(1, n) for n in shape) * dtype.itemsize >= 2**63:
        raise _wrong(label, f"{name!r} shape", "one that an array can have", shape)
    little = dtype.newbyteorder("<") if dtype.kind in _ORDERED else dtype
    flat = np.frombuffer(data, np.uint8, stop - begin, start + begin)
    array = flat.view(little).reshape(shape) if count else np.empty(shape, dtype)
    array.flags.writeable = False
    return array


def _wrong(label: str, what: str, expected: str, received: Any) -> FileFormatError:
    text = repr(received)
    return FileFormatError(f"{label}: {what}", expected=expected, received=text[:200])


def write(
    path: str | os.PathLike[str],
    arrays: Mapping[str, np.ndarray],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write tensors and texts, replacing `path` whole.

    Raises:
        DTypeError: a dtype that the format has no code for.
    """
    header: dict[str, Any] = {}
    parts: list[bytes | memoryview] = []
    offset = 0
    # Widest first keeps every tensor aligned to its own item size.
    for name in sorted(arrays, key=lambda n: (-arrays[n].dtype.itemsize, n)):
        array = _little(arrays[name], name)
        header[name] = {
            "dtype": _CODES[dtype_name(array.dtype)],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
        parts.append(array.reshape(-1).view(np.uint8).data)
    about = {**(metadata or {}), _DIGEST: _digest(header, parts)}
    text = json.dumps({"__metadata__": about, **header}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    atomic.write_bytes(Path(path), struct.pack("<Q", len(text)), text, *parts)


def _digest(header: Mapping[str, Any], parts: Iterable[bytes | memoryview]) -> str:
    """sha256 of what the header says of the tensors and of their bytes."""
    found = hashlib.sha256(json.dumps(header, separators=(",", ":")).encode())
    for part in parts:
        found.update(part)
    return found.hexdigest()


def _little(array: np.ndarray, name: str) -> np.ndarray:
    if dtype_name(array.dtype) not in _CODES:
        raise DTypeError(
            f"{name!r} cannot be stored",
            expected=f"one of {', '.join(_CODES)}",
            received=array.dtype,
        )
    if array.dtype.kind in _ORDERED:
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return np.asarray(array, order="C")
