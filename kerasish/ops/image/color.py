"""keras.ops.image, colours: grey, RGB to HSV and back (Smith, "Color gamut transform pairs")."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.errors import DTypeError, ShapeError
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic import reduction as _r
from kerasish.ops.basic.elementwise import as_float, cast_like, where
from kerasish.ops.declare import composite
from kerasish.ops.image.layout import Restore, batch_of
from kerasish.ops.numpy.join import stack, unstack
from kerasish.spec import is_float

# ITU-R BT.601 luma.
LUMA = (0.2989, 0.5870, 0.1140)
_COLOURS = [case((2, 3, 4, 3), domain=(0.05, 0.95)), case((3, 2, 2), data_format="channels_first")]


@composite(*_COLOURS, domain=(0.05, 0.95))
def rgb_to_grayscale(images: TensorLike, data_format: str | None = None) -> Tensor:
    """0.2989 R + 0.5870 G + 0.1140 B, in one channel; grey images stay as they are.

    Args:
        images: one image or a batch, 3 or 1 channels.
        data_format: "channels_last" or "channels_first".
    """
    x, restore = batch_of("rgb_to_grayscale", images, data_format)
    if x.shape[-1] == 1:
        return restore(x)
    _need_three("rgb_to_grayscale", x)
    wide = as_float(x)
    return restore(cast_like(_r.sum(wide * cast_like(np.array(LUMA), wide), -1, True), x))


def _colours(what: str, images: Any, data_format: str | None) -> tuple[Any, Restore]:
    """`batch_of` images of floats in three channels."""
    x, restore = batch_of(what, images, data_format)
    if not is_float(x.dtype):
        raise DTypeError(what, expected="images of floats", received=x.dtype)
    _need_three(what, x)
    return x, restore


def _need_three(what: str, x: Any) -> None:
    if x.shape[-1] not in (3, None):
        raise ShapeError(what, expected="3 channels", received=x.shape[-1])


@composite(*_COLOURS, domain=(0.05, 0.95))
def rgb_to_hsv(images: TensorLike, data_format: str | None = None) -> Tensor:
    """Hue, saturation and value, each in [0, 1], of RGB images with values in [0, 1]."""
    x, restore = _colours("rgb_to_hsv", images, data_format)
    zero, one = _e.zero_like(x), cast_like(1.0, x)
    precision = float(np.finfo("float32" if x.dtype == "bfloat16" else x.dtype).eps)
    x = where(_e.absolute(x) < precision, zero, x)
    r, g, b = unstack(x, 3, axis=-1)
    value = _e.maximum(_e.maximum(r, g), b)
    spread = value - _e.minimum(_e.minimum(r, g), b)
    grey = _e.equal(spread, 0)
    sixth = 1 / (6 * where(grey, one, spread))
    hue = where(_e.equal(value, g), (b - r) * sixth + 1 / 3, (r - g) * sixth + 2 / 3)
    hue = where(_e.equal(value, r), (g - b) * sixth, hue)
    hue = where(grey, zero, hue)
    hue = where(hue < 0, hue + 1, hue)
    dark = value <= 0
    saturation = where(dark, zero, spread / where(dark, one, value))
    return restore(stack([hue, saturation, value], axis=-1))


@composite(*_COLOURS, domain=(0.05, 0.95))
def hsv_to_rgb(images: TensorLike, data_format: str | None = None) -> Tensor:
    """RGB images of hue, saturation and value in [0, 1]."""
    x, restore = _colours("hsv_to_rgb", images, data_format)
    hue, saturation, value = unstack(x, 3, axis=-1)
    angle = _e.mod(hue, 1.0) * 6

    def unit(t: Any) -> Any:
        return _e.minimum(_e.maximum(t, 0.0), 1.0)

    pure = (
        unit(_e.absolute(angle - 3) - 1),
        unit(2 - _e.absolute(angle - 2)),
        unit(2 - _e.absolute(angle - 4)),
    )
    return restore(stack([value * (1 - saturation + saturation * p) for p in pure], axis=-1))
