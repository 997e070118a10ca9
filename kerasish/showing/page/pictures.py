"""Arrays as pictures inside a page: PNG, made with zlib alone."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np

from kerasish.errors import ShapeError
from kerasish.showing.page.markup import Markup, tag

_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}  # PNG's type by channels
_MOST = 256  # pixels along a side; larger pictures are thinned


def png(pixels: np.ndarray) -> bytes:
    """A PNG file.

    Args:
        pixels: uint8, (height, width) or (height, width, channels) with 1 to 4 channels: grey,
            grey and alpha, RGB, RGBA.

    Raises:
        ShapeError: another shape.
    """
    array = np.asarray(pixels, np.uint8)
    array = array[..., None] if array.ndim == 2 else array
    if array.ndim != 3 or array.shape[2] not in _COLOURS or 0 in array.shape:
        raise ShapeError("pixels", expected="(height, width, 1 to 4)", received=array.shape)
    height, width, channels = array.shape
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOURS[channels], 0, 0, 0)
    lines = np.zeros((height, 1 + width * channels), np.uint8)  # each begins with its filter, none
    lines[:, 1:] = array.reshape(height, -1)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pixels_of(values: Any, low: float, high: float) -> np.ndarray:
    """Values as uint8 from black at `low` to white at `high`; what is not finite is black."""
    array = np.asarray(values, np.float64)
    scaled = (array - low) * (255.0 / ((high - low) or 1.0))
    return np.nan_to_num(np.clip(np.rint(scaled), 0, 255)).astype(np.uint8)


def ends_of(values: np.ndarray, among: Any) -> tuple[float, float]:
    """What is black and what is white in a picture: 0 and 255 of bytes, else what there is.

    Args:
        values: of the picture.
        among: those of some pictures that belong together, an array or arrays.
    """

    def largest() -> float:
        if isinstance(among, np.ndarray) and among.dtype != object:
            return float(np.nanmax(among, initial=1))
        return float(max((np.nanmax(one, initial=1) for one in among), default=255))

    if values.dtype == np.uint8:
        white = largest()
        return 0.0, 255.0 if white > 100 else white
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low >= 0:
        return 0.0, max(1.0 if high <= 1 else largest(), 1e-9)
    return low, high


def picture(pixels: np.ndarray, told: str) -> Markup:
    """An element with a picture in it; `told` is read to people who do not see it."""
    step = max(1, -(-max(pixels.shape[:2]) // _MOST))
    data = base64.b64encode(png(pixels[::step, ::step])).decode("ascii")
    small = max(pixels.shape[:2]) <= 64
    return tag("img", src=f"data:image/png;base64,{data}", alt=told,
               class_="pixels" if small else None)  # fmt: skip
