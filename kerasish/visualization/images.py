"""What all drawing begins with: a batch of images as an array with the channels last."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.config import standardize_data_format
from kerasish.errors import ShapeError


def batch_of(what: str, images: Any, data_format: str | None) -> tuple[np.ndarray, bool]:
    """Images as an array (batch, height, width, channels), and whether they came so.

    Raises:
        ShapeError: not four axes.
    """
    last = standardize_data_format(data_format) == "channels_last"
    array = np.asarray(images)
    if array.ndim != 4:
        raise ShapeError(
            f"{what}, images", expected="a batch of images, four axes", received=array.shape
        )
    return (array if last else array.transpose(0, 2, 3, 1)), last


def as_bytes(images: np.ndarray) -> np.ndarray:
    """A copy of images as uint8; fractions up to 1 count as parts of 255."""
    if images.dtype.kind == "f" and images.size:
        images = images.clip(0, 1) * 255 if images.max() <= 1 else images.clip(0, 255)
    return images.astype(np.uint8)
