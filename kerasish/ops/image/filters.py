"""keras.ops.image, windows over pixels: Gaussian blur, Sobel edges, SSIM, patches."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import tables
from kerasish.errors import ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.hints import one_of, whole
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic import reduction as _r
from kerasish.ops.basic.elementwise import as_float, cast, cast_like
from kerasish.ops.basic.indexing import gather
from kerasish.ops.declare import composite
from kerasish.ops.image.layout import batch_of
from kerasish.ops.nn.conv_functions import depthwise_conv
from kerasish.ops.nn.windows import per_axis
from kerasish.ops.numpy.axes import product
from kerasish.ops.numpy.join import pad
from kerasish.ops.refusals import values_that
from kerasish.spec import known, window_output, window_padding


def _gaussian(size: int, sigma: Any, dtype: str) -> Any:
    """A vector of `size` weights exp(-t**2 / (2 sigma**2)) that add up to 1."""
    sigma = values_that(lambda s: s > 0, "sigma", sigma, "positive numbers")
    t = convert_to_tensor(tables.arange(size) - (size - 1) / 2, dtype)
    w = _e.exp(-0.5 * _e.square(t / cast(sigma, dtype)))
    return w / _r.sum(w)


def _filtered(x: Any, weights: Any, axis: int, padding: str) -> Any:
    """Every channel of a channels-last batch convolved with a vector along one spatial axis."""
    channels = known((x.shape[-1],))[0]
    shape = (-1, 1, 1, 1) if axis == 1 else (1, -1, 1, 1)
    kernel = _s.reshape(weights, shape=shape)
    kernel = _s.broadcast_to(kernel, shape=(*kernel.shape[:2], channels, 1))
    return depthwise_conv(x, kernel, 1, padding, "channels_last")


@composite(
    case((2, 5, 6, 2)),
    case((5, 4, 1), kernel_size=(5, 5), sigma=(0.7, 1.2)),
    case((1, 2, 4, 4), data_format="channels_first"),
)
def gaussian_blur(
    images: TensorLike,
    kernel_size: Any = (3, 3),
    sigma: Any = (1.0, 1.0),
    data_format: str | None = None,
) -> Tensor:
    """Images convolved with a Gaussian, with zeros beyond their edges.

    Args:
        images: one image or a batch.
        kernel_size: weights along the width, then along the height: Keras's order in fact.
        sigma: standard deviations in pixels, in the same order.
        data_format: "channels_last" or "channels_first".
    """
    x, restore = batch_of("gaussian_blur", images, data_format)
    wide = as_float(x)
    sizes = per_axis(kernel_size, 2, "gaussian_blur, kernel_size")
    sigma = convert_to_tensor(sigma, wide.dtype)
    if sigma.shape not in ((), (1,), (2,)):
        raise ShapeError("gaussian_blur, sigma", expected="two numbers", received=sigma.shape)
    sigma = _s.broadcast_to(sigma, shape=(2,))
    for k, axis in enumerate((2, 1)):
        wide = _filtered(wide, _gaussian(sizes[k], sigma[k], wide.dtype), axis, "same")
    return restore(cast_like(wide, x))


@composite(case((2, 4, 5, 2)), case((1, 2, 4, 4), data_format="channels_first"))
def sobel_edges(images: TensorLike, data_format: str | None = None) -> Tensor:
    """The derivatives (dy, dx) of images by Sobel's filters, along a new last axis.

    Args:
        images: a batch of images; beyond the edges are zeros.
        data_format: "channels_last" or "channels_first".
    """
    x = convert_to_tensor(images)
    if x.ndim != 4:
        raise ShapeError("sobel_edges", expected="a batch of images", received=f"shape {x.shape}")
    batch, restore = batch_of("sobel_edges", x, data_format)
    smooth, slope = np.array([1.0, 2.0, 1.0]), np.array([-1.0, 0.0, 1.0])
    found = []
    for down, across in ((slope, smooth), (smooth, slope)):
        y = _filtered(batch, convert_to_tensor(down, x.dtype), 1, "same")
        y = restore(_filtered(y, convert_to_tensor(across, x.dtype), 2, "same"))
        found.append(_s.expand_dims(y, axis=4))
    return _s.concatenate(*found, axis=4)


@composite(
    case((2, 6, 7, 2), (2, 6, 7, 2), filter_size=5),
    case((5, 5, 1), (5, 5, 1), filter_size=3, max_val=2.0),
    domain=(0.1, 0.9),
)
def ssim(
    image1: TensorLike,
    image2: TensorLike,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Tensor:
    """The structural similarity of images, 1 for equal ones (Wang et al. 2004).

    Args:
        image1, image2: one image each, or two batches.
        max_val: the largest possible pixel.
        filter_size, filter_sigma: of the Gaussian window; only whole windows count.
        k1, k2: constants that keep the quotients stable.
        data_format: "channels_last" or "channels_first".

    Returns:
        (batch,), or a scalar for single images.
    """
    a, _ = batch_of("ssim", image1, data_format)
    b, _ = batch_of("ssim", image2, data_format)
    single = convert_to_tensor(image1).ndim == 3
    wide = as_float(a)
    other = cast_like(b, wide)
    weights = _gaussian(whole("ssim, filter_size", filter_size, 1), filter_sigma, wide.dtype)

    def local(x: Any) -> Any:
        return _filtered(_filtered(x, weights, 1, "valid"), weights, 2, "valid")

    mean_a, mean_b = local(wide), local(other)
    cross = local(wide * other) - mean_a * mean_b
    spread = local(wide * wide) + local(other * other) - mean_a * mean_a - mean_b * mean_b
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    above = (2 * mean_a * mean_b + c1) * (2 * cross + c2)
    below = (mean_a * mean_a + mean_b * mean_b + c1) * (spread + c2)
    found = cast_like(_r.mean(above / below, axis=(1, 2, 3)), a)
    return _s.reshape(found, shape=()) if single else found


# --- patches ----------------------------------------------------------------------------------


@composite(
    case((2, 6, 6, 2), size=3),
    case((5, 6, 1), size=(2, 3), strides=(1, 2)),
    case((1, 2, 5, 5), size=(3, 3), strides=2, padding="same", data_format="channels_first"),
    case((1, 7, 7, 1), size=2, strides=1, dilation_rate=2),
)
def extract_patches(
    images: TensorLike,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The windows of images, each flattened into the channels.

    Args:
        images: one image or a batch; volumes if `size` has three entries.
        size: of a window: an int, (height, width), or (depth, height, width).
        strides: steps between windows; `size` by default, so that they do not overlap.
        dilation_rate: distance of neighbours within a window.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".

    Returns:
        (..., rows, columns, height * width * channels).
    """
    rank = 3 if isinstance(size, (list, tuple)) and len(size) == 3 else 2
    x, restore = batch_of("extract_patches", images, data_format, rank)
    window = per_axis(size, rank, "extract_patches, size")
    steps = window if not strides else per_axis(strides, rank, "extract_patches, strides")
    gaps = per_axis(dilation_rate, rank, "extract_patches, dilation_rate")
    if one_of("extract_patches, padding", padding, ("valid", "same")) == "same":
        pairs = window_padding(known(x.shape[1:-1]), window, steps, gaps, padding)
        x = pad(x, ((0, 0), *pairs, (0, 0)))
    counts = window_output(x.shape[1:-1], window, steps, gaps, "valid")
    # Each spatial axis becomes (position, offset); the offsets then move behind all positions.
    for k in range(rank):
        start = tables.arange(counts[k] or 1) * steps[k]
        at = tables.outer(np.add, start, tables.arange(window[k]) * gaps[k]).astype(np.int32)
        axis = 1 + 2 * k
        y = gather(x, at, axis=axis)
        x = _s.reshape(y, shape=(*y.shape[:axis], counts[k], *y.shape[axis + 1 :]))
    places = [1 + 2 * k for k in range(rank)]
    order = (0, *places, *(p + 1 for p in places), x.ndim - 1)
    x = _s.transpose(x, axes=order)
    return restore(_s.reshape(x, shape=(*x.shape[: rank + 1], product(x.shape[rank + 1 :]))))


def extract_patches_3d(
    volumes: TensorLike,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """`extract_patches` of volumes: windows of depth, height and width."""
    sizes = per_axis(size, 3, "extract_patches_3d, size")
    return extract_patches(volumes, sizes, strides, dilation_rate, padding, data_format)


@composite(
    case((1, 4, 4, 4, 1), size=2), case((3, 3, 4, 2), size=2, strides=1), name="extract_patches_3d"
)
def _extract_patches_3d(volumes: Any, **attrs: Any) -> Any:
    return extract_patches_3d(volumes, **attrs)
