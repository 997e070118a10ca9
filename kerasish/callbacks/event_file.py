"""Event files, which TensorBoard reads: numbers, histograms, pictures, graphs and texts by step.

A file is a row of records: the length, its checksum, the data and their checksum, all little
endian. The checksum is CRC32C (Castagnoli), turned and shifted. A record is written at once, so
that a program that is killed leaves whole records behind.
"""

from __future__ import annotations

import functools
import itertools
import os
import platform
import struct
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError
from kerasish.saving.files.protobuf import Forms, encoded

FORMS: Forms = {
    "Event": {
        "wall_time": (1, "double"),
        "step": (2, "int"),
        "file_version": (3, "text"),
        "graph_def": (4, "GraphDef"),
        "summary": (5, "Summary"),
    },
    "Summary": {"value": (1, "Value")},
    "Value": {
        "tag": (1, "text"),
        "tensor": (8, "Tensor"),
        "metadata": (9, "Metadata"),
    },
    "Metadata": {"plugin_data": (1, "PluginData"), "data_class": (4, "int")},
    "PluginData": {"plugin_name": (1, "text"), "content": (2, "bytes")},
    "Tensor": {
        "dtype": (1, "int"),
        "tensor_shape": (2, "TensorShape"),
        "tensor_content": (4, "bytes"),
        "string_val": (8, "bytes"),
    },
    "TensorShape": {"dim": (2, "Dim"), "unknown_rank": (3, "int")},
    "Dim": {"size": (1, "int")},
    "GraphDef": {"node": (1, "NodeDef"), "versions": (4, "Versions")},
    "Versions": {"producer": (1, "int")},
    "NodeDef": {
        "name": (1, "text"),
        "op": (2, "text"),
        "input": (3, "text"),
        "attr": (5, "AttrEntry"),
    },
    "AttrEntry": {"key": (1, "text"), "value": (2, "AttrValue")},
    "AttrValue": {"list": (1, "AttrList"), "s": (2, "bytes")},
    "AttrList": {"shape": (7, "TensorShape")},
}
_FLOAT, _DOUBLE, _STRING = 1, 2, 7  # types of tensors
_SCALAR, _TENSOR, _BLOBS = 1, 2, 3  # what a tag's values are
_BUCKETS = 30
_PRODUCER = 27
_serial = itertools.count()


@functools.cache
def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        rows.append(byte)
    return tuple(rows)


def crc32c(data: bytes) -> int:
    """The checksum of Castagnoli, as in RFC 3720."""
    table, crc = _table(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def record(data: bytes) -> bytes:
    """Data as a record."""
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


class EventFile:
    """One event file of a folder, made with its first event.

    Args:
        folder: made if needed.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._path: Path | None = None

    def scalar(self, tag: str, value: Any, step: int) -> None:
        """A number; of an array every number under a tag of its own."""
        numbers = np.asarray(value).astype("float32")
        if numbers.ndim:
            for index, one in np.ndenumerate(numbers):
                self.scalar("_".join(map(str, (tag, *index))), one, step)
        else:
            self._value(tag, "scalars", _array(numbers, _FLOAT), _SCALAR, step)

    def histogram(self, tag: str, values: Any, step: int) -> None:
        """How often values lie where, in 30 ranges; values that are not finite are left out."""
        flat = np.asarray(values).astype("float64").reshape(-1)
        flat = flat[np.isfinite(flat)]
        counts, edges = np.histogram(flat, _BUCKETS if flat.size else 1)
        rows = np.stack([edges[:-1], edges[1:], counts.astype("float64")], -1)
        rows = rows if flat.size else rows[:0]
        self._value(tag, "histograms", _array(rows, _DOUBLE), _TENSOR, step)

    def image(self, tag: str, images: Any, step: int) -> None:
        """Pictures (number, height, width, 1, 3 or 4); floats from 0 to 1, or bytes."""
        pictures = [png(picture) for picture in images]
        height, width = np.shape(images)[1:3]
        texts = [str(width).encode(), str(height).encode(), *pictures]
        self._value(tag, "images", _texts(texts, (len(texts),)), _BLOBS, step)

    def text(self, tag: str, text: str | Sequence[str], step: int) -> None:
        """A text in Markdown, or a list of them."""
        alone = isinstance(text, str)
        lines = [text] if alone else list(text)
        shape = () if alone else (len(lines),)
        made = _texts([str(line).encode() for line in lines], shape)
        self._value(tag, "text", made, _TENSOR, step)

    def model(self, config: str, step: int = 0) -> None:
        """A model's config as JSON, as Keras writes it."""
        tensor = _texts([config.encode()], ())
        self._value("keras", "graph_keras_model", tensor, None, step, b"1")

    def graph(self, nodes: Iterable[Mapping[str, Any]]) -> None:
        """Nodes with "name", "op", "input" (names), and "shapes", tuples with None, each."""
        listed = []
        for node in nodes:
            shapes = [
                {"dim": [{"size": -1 if n is None else n} for n in s]} for s in node["shapes"]
            ]
            attr = {"key": "_output_shapes", "value": {"list": {"shape": shapes}}}
            listed.append({key: node[key] for key in ("name", "op", "input")} | {"attr": [attr]})
        self._event(graph_def={"node": listed, "versions": {"producer": _PRODUCER}})

    def close(self) -> None:
        """End the file: a further event begins another. Nothing is open between events."""
        self._path = None

    def _value(
        self, tag: str, plugin: str, tensor: Any, kind: int | None, step: int, content: bytes = b""
    ) -> None:
        metadata = {"plugin_data": {"plugin_name": plugin, "content": content}, "data_class": kind}
        value = {"tag": tag, "tensor": tensor, "metadata": metadata}
        self._event(step=int(step), summary={"value": [value]})

    def _event(self, **what: Any) -> None:
        data = record(encoded(FORMS, "Event", {"wall_time": time.time(), **what}))
        try:
            if self._path is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                ending = f"{platform.node()}.{os.getpid()}.{next(_serial)}.v2"
                self._path = self.folder / f"events.out.tfevents.{int(time.time()):010d}.{ending}"
                self._event(file_version="brain.Event:2")
            with self._path.open("ab", buffering=0) as file:
                file.write(data)
        except OSError as error:
            raise ArgumentError(
                "log_dir",
                expected="a folder that can be written",
                received=f"{self.folder}: {error.strerror}",
            ) from error


def _shape(shape: Sequence[int]) -> dict[str, Any]:
    return {"dim": [{"size": size} for size in shape]}


def _array(array: np.ndarray, dtype: int) -> dict[str, Any]:
    content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    return {"dtype": dtype, "tensor_shape": _shape(array.shape), "tensor_content": content}


def _texts(texts: list[bytes], shape: Sequence[int]) -> dict[str, Any]:
    return {"dtype": _STRING, "tensor_shape": _shape(shape), "string_val": texts}


def png(picture: Any) -> bytes:
    """A picture (height, width, 1, 3 or 4) as PNG; floats from 0 to 1, or bytes."""
    array = np.asarray(picture)
    if array.dtype != np.uint8:
        array = np.nan_to_num(array.astype("float64"))
        array = np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8)
    height, width, channels = array.shape
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = np.concatenate([np.zeros((height, 1), np.uint8), array.reshape(height, -1)], 1)

    def part(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + part(b"IDAT", zlib.compress(rows.tobytes()))
        + part(b"IEND", b"")
    )
