"""Layers that spread values evenly: over whole images, and over tiles of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import ops, tables
from kerasish.arguments.rules import PositiveInt
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.layers.augmentation.base import Drawn, ImageLayer, rescaled
from kerasish.layers.augmentation.colour import BYTE
from kerasish.layers.augmentation.factors import SortedRange, Tiles, ValueRange
from kerasish.spec import known


class Equalization(ImageLayer):
    """Channels whose values are spread evenly over the value range.

    The values of a whole batch are counted together, as in Keras.

    Args:
        value_range: lowest and highest value of a pixel.
        bins: how many values are told apart.
        data_format: "channels_last" or "channels_first".
    """

    value_range: SortedRange = (0, 255)
    bins: PositiveInt = 256

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        axis = self._axes[2]
        byte = rescaled(ops.cast(images, "float32"), self.value_range, BYTE)
        byte = ops.moveaxis(byte, axis, -1)
        channels = known((byte.shape[-1],))[0]
        own = convert_to_tensor(tables.arange(channels, dtype=np.int32) * self.bins)
        last = self.bins - 1
        counted = ops.clip(ops.cast(byte * last / 255.0, "int32"), 0, last) + own
        flat = ops.reshape(counted, (-1,))
        counts = ops.segment_sum(ops.ones_like(flat), flat, channels * self.bins)
        below = ops.cumsum(ops.reshape(counts, (channels, self.bins)), axis=1)
        # The number of the lowest value that occurs.
        least = ops.min(ops.where(below > 0, below, below[:, -1:]), axis=1, keepdims=True)
        spread = below[:, -1:] - least
        above = ops.cast(ops.cast(below - least, "int64") * 255, "float32")
        table = above / ops.cast(ops.maximum(spread, 1), "float32")
        table = ops.reshape(ops.clip(ops.round(table), *BYTE), (-1,))
        at = ops.cast(ops.clip(byte / 255.0 * last, 0, last), "int32") + own
        # A channel of one value stays.
        y = ops.where(ops.reshape(spread, (-1,)) > 0, ops.take(table, at), byte)
        y = rescaled(ops.moveaxis(y, -1, axis), BYTE, self.value_range)
        return ops.cast(y, images.dtype)


class ContrastLimitedAdaptiveHistogramEqualization(ImageLayer):
    """Values spread evenly within tiles, with a limit for what is made much of (Zuiderveld 1994).

    Between the middles of tiles their results are interpolated. In training and outside.

    Args:
        value_range: lowest and highest value of a pixel.
        clip_limit: how much of an even share a value may have at most; the rest goes to all. 0 for
            no limit.
        tile_grid_size: rows and columns of tiles.
        data_format: "channels_last" or "channels_first".
    """

    value_range: ValueRange = (0, 255)
    clip_limit: float = 4.0
    tile_grid_size: Tiles = (8, 8)

    always = True
    in_dtype = False

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        axis = self._axes[2]
        byte = rescaled(ops.cast(images, "float32"), self.value_range, BYTE)
        y = self._spread_in_tiles(ops.moveaxis(byte, axis, -1))
        y = rescaled(ops.moveaxis(y, -1, axis), BYTE, self.value_range)
        return ops.cast(y, images.dtype)

    def _spread_in_tiles(self, images: Tensor) -> Tensor:
        count, height, width, channels = known(images.shape)
        rows, columns = self.tile_grid_size
        tall, wide = -(-height // rows), -(-width // columns)
        pads = ((0, 0), (0, tall * rows - height), (0, wide * columns - width), (0, 0))
        byte = ops.cast(ops.clip(ops.pad(images, pads, "symmetric"), *BYTE), "int32")
        first = ops.arange(count, dtype="int32")[:, None, None, None] * (rows * columns)
        channel = ops.arange(channels, dtype="int32")

        def entry(row: np.ndarray, column: np.ndarray) -> Tensor:
            """Where the table of every pixel's tile and channel begins, and its value there."""
            tile = tables.outer(np.add, row * columns, column).astype(np.int32)
            place = convert_to_tensor(tile)[:, :, None] + first
            return (place * channels + channel) * 256 + byte

        own = entry(tables.arange(tall * rows) // tall, tables.arange(wide * columns) // wide)
        flat = ops.reshape(own, (-1,))
        counts = ops.segment_sum(ops.ones_like(flat), flat, count * rows * columns * channels * 256)
        shares = ops.cast(ops.reshape(counts, (count, rows, columns, channels, 256)), "float32")
        pixels = float(tall * wide)
        if self.clip_limit > 0:
            cut = ops.minimum(shares, self.clip_limit * pixels / 256.0)
            shares = cut + ops.sum(shares - cut, axis=-1, keepdims=True) / 256.0
        below = ops.cumsum(shares, axis=-1)
        least = ops.min(below, axis=-1, keepdims=True)
        rest = pixels - least
        table = ops.clip((below - least) * 255.0 / ops.where(rest == 0, 1.0, rest), *BYTE)
        table = ops.reshape(table, (-1,))
        result: Any = 0.0
        for row, down in _around(tall, rows):
            for column, across in _around(wide, columns):
                values = ops.take(table, entry(row, column))
                weight = tables.outer(np.multiply, down, across)[:, :, None].astype("float32")
                result = result + values * convert_to_tensor(weight)
        return result[:, :height, :width, :]


def _around(size: int, tiles: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """For every pixel along an axis, the two tiles whose middles are around it, and their parts."""
    at = (tables.arange(size * tiles) - size / 2.0) / size
    low = np.floor(at)
    part = at - low

    def tile(index: np.ndarray) -> np.ndarray:
        return np.clip(index, 0, tiles - 1).astype(int)

    return [(tile(low), 1.0 - part), (tile(low + 1), part)]
