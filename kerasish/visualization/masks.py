"""Segmentation masks drawn over images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasish.errors import DTypeError, ShapeError
from kerasish.hints import hinted
from kerasish.visualization.images import batch_of

_PALETTE = np.array([2**25 - 1, 2**15 - 1, 2**21 - 1])  # of Keras


@hinted
def draw_segmentation_masks(
    images: Any,
    segmentation_masks: Any,
    num_classes: int | None = None,
    color_mapping: Mapping[int, Sequence[float]] | None = None,
    alpha: float = 0.8,
    blend: bool = True,
    ignore_index: int = -1,
    data_format: str | None = None,
) -> np.ndarray:
    """Images whose pixels are coloured by their classes.

    Args:
        images: (batch, height, width, channels), 0 to 255, or with the channels first.
        segmentation_masks: whole numbers, (batch, height, width, 1), (batch, 1, height, width)
            where the channels are first, or (batch, height, width).
        num_classes: classes 0 to `num_classes` - 1 are drawn. None: the largest number in the
            masks, which itself is not drawn then, as in Keras.
        color_mapping: a colour for each class; others are not drawn. None for a palette.
        alpha: how much of the colour is seen, 0 to 1.
        blend: whether the image is seen through it. Otherwise the colours are laid over.
        ignore_index: pixels of this class stay as they are where `blend`.
        data_format: "channels_last" or "channels_first"; None takes the setting.

    Returns:
        (batch, height, width, channels): uint8, or float32 without `blend`.

    Raises:
        ShapeError: no batch of images, or masks of other images.
        DTypeError: masks that are no whole numbers.
    """
    what = "draw_segmentation_masks"
    plain, last = batch_of(what, images, data_format)
    plain = plain.astype(np.float32)
    masks = np.asarray(segmentation_masks)
    if masks.dtype.kind not in "iu":
        raise DTypeError(
            f"{what}, segmentation_masks", expected="whole numbers", received=masks.dtype
        )
    if masks.ndim == 4:
        masks = masks[..., 0] if last else masks[:, 0]
    if masks.shape != plain.shape[:3]:
        raise ShapeError(
            f"{what}, segmentation_masks",
            expected=f"one number for each pixel of {plain.shape[:3]}",
            received=np.shape(segmentation_masks),
        )
    count = int(masks.max(initial=0)) if num_classes is None else num_classes
    if color_mapping is None:
        color_mapping = {i: (i * _PALETTE % 255).tolist() for i in range(count)}
    drawn = plain.copy()
    for number in range(count):
        if number in color_mapping:
            drawn[masks == number] = np.asarray(color_mapping[number], np.float32)
    if not blend:
        return drawn
    mixed = plain * np.float32(1 - alpha) + drawn * np.float32(alpha)
    kept = (masks != ignore_index)[..., np.newaxis]
    return np.where(kept, mixed, plain).astype(np.uint8)
