"""Images at another size: Keras's methods without antialiasing, plane by plane in numpy.

As in TensorFlow and `ops.image.resize`, pixel i lies at i + 1/2. The planes are those in which
Pillow keeps an image: gathering columns of bytes is several times as fast as of pixels.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np

from kerasish.graph.tensor import convert_to_tensor
from kerasish.ops.image import resizing

Array = np.ndarray
# Where an output pixel looks: for each tap, the places in the input and their weights.
Taps = tuple[tuple[Array, Array], ...]
Kernel = Callable[[Array], Array]


def _mitchell(t: Array) -> Array:
    """Mitchell and Netravali, "Reconstruction filters in computer graphics" (1988)."""
    near = ((7 * t - 12) * t * t + 16 / 3) / 6
    far = (((-7 / 3 * t + 12) * t - 20) * t + 32 / 3) / 6
    return np.where(t < 1, near, far)


def _of_ops(name: str) -> Kernel:
    return lambda t: np.asarray(resizing.KERNELS[name](convert_to_tensor(t)))


# Each kernel with its radius.
KERNELS: dict[str, tuple[float, Kernel]] = {
    **{
        name: (radius, _of_ops(name))
        for name, radius in (("bilinear", 1), ("bicubic", 2), ("lanczos3", 3), ("lanczos5", 5))
    },
    "gaussian": (1.5, lambda t: np.exp(-2 * t * t)),
    "mitchellcubic": (2, _mitchell),
}
# These leave an image that has the size already as it is: their kernels are 0 at whole numbers.
UNCHANGED = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5")
METHODS = ("bilinear", "nearest", "bicubic", "area", *(n for n in KERNELS if n[0] in "lgm"))


@functools.lru_cache(4096)
def taps(size: int, out: int, method: str) -> Taps:
    """Where every one of `out` pixels along an axis looks among `size`."""
    if method == "area":
        return _areas(size, out)
    at = (np.arange(out) + 0.5) * (size / out)
    if method == "nearest":
        return ((np.minimum(at.astype(np.int64), size - 1), np.ones(out, np.float32)),)
    radius, kernel = KERNELS[method]
    first = np.ceil(at - radius - 0.5).astype(np.int64)
    places = first[:, np.newaxis] + np.arange(int(2 * radius) + 1)
    distance = np.abs(places + 0.5 - at[:, np.newaxis])
    inside = (distance < radius) & (0 <= places) & (places < size)
    return _as_taps(places.clip(0, size - 1), np.where(inside, kernel(distance), 0.0))


def _areas(size: int, out: int) -> Taps:
    """Each pixel the mean of what it covers."""
    begin = np.arange(out) * (size / out)
    end = begin + size / out
    places = begin.astype(np.int64)[:, np.newaxis] + np.arange(int(np.ceil(size / out)) + 1)
    covered = np.minimum(end[:, np.newaxis], places + 1) - np.maximum(begin[:, np.newaxis], places)
    return _as_taps(places.clip(0, size - 1), np.where(places < size, covered.clip(0), 0.0))


def _as_taps(places: Array, weights: Array) -> Taps:
    weights = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    used = np.flatnonzero(weights.any(0))
    return tuple((places[:, i].copy(), weights[:, i].copy()) for i in used)


def resample(planes: Sequence[Array], out: Array, method: str) -> None:
    """Write the planes of an image at another size.

    Args:
        planes: each (height, width).
        out: float32 (new height, new width, planes).
        method: one of `METHODS`.
    """
    height, width = out.shape[:2]
    across = taps(planes[0].shape[1], width, method)
    down = taps(planes[0].shape[0], height, method)
    for i, plane in enumerate(planes):
        wide = _mixed(plane, across, 1)
        out[..., i] = _mixed(wide, down, 0)


def _mixed(x: Array, along: Taps, axis: int) -> Array:
    (places, weights), *more = along
    total = x.take(places, axis).astype(np.float32, copy=False)
    if not more:
        return total
    if len(more) == 1:  # a + w (b - a), as TensorFlow computes it
        step = x.take(more[0][0], axis).astype(np.float32, copy=False)
        step -= total
        step *= more[0][1] if axis else more[0][1][:, np.newaxis]
        step += total
        return step
    total = total * (weights if axis else weights[:, np.newaxis])
    for places, weights in more:
        part = x.take(places, axis).astype(np.float32, copy=False)
        part *= weights if axis else weights[:, np.newaxis]
        total += part
    return total
