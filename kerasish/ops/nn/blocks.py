"""Blocks of images: space_to_depth and back, unfold and fold; psnr, which compares whole images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from kerasish.config import standardize_data_format
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.op import case
from kerasish.graph.primitives import concatenate, expand_dims, reshape, slice_, unslice
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, promoted
from kerasish.hints import whole
from kerasish.ops.basic.elementwise import log, subtract
from kerasish.ops.basic.reduction import mean
from kerasish.ops.core.tensors import rearrange
from kerasish.ops.declare import composite
from kerasish.ops.nn.windows import Sizes, Windows, per_axis
from kerasish.ops.numpy.axes import product
from kerasish.spec import Dim, alike, known


def _four(x: Any, what: str) -> Tensor:
    """A batch of images."""
    x = convert_to_tensor(x)
    if x.ndim != 4:
        raise ShapeError(what, expected="a batch of images, 4 axes", received=x.shape)
    return x


def _divides(size: Dim, by: int, what: str, shape: Any) -> None:
    if size is not None and size % by:
        raise ShapeError(what, expected=f"a size divisible by {by}", received=f"{size} in {shape}")


@composite(
    case((2, 3, 2, 8), block_size=2), case((2, 8, 3, 2), block_size=2, data_format="channels_first")
)
def depth_to_space(x: TensorLike, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Channels laid out as blocks of pixels: (N, H, W, C) -> (N, H b, W b, C / b**2).

    Args:
        x: images.
        block_size: b.
        data_format: "channels_last" or "channels_first".
    """
    x, b = _four(x, "depth_to_space"), whole("depth_to_space, block_size", block_size, 1)
    last = standardize_data_format(data_format) == "channels_last"
    _divides(x.shape[3 if last else 1], b * b, "depth_to_space", x.shape)
    if last:
        return rearrange(x, "n h w (i j c) -> n (h i) (w j) c", i=b, j=b)
    return rearrange(x, "n (c i j) h w -> n c (h i) (w j)", i=b, j=b)


@composite(
    case((2, 4, 6, 3), block_size=2), case((2, 3, 4, 6), block_size=2, data_format="channels_first")
)
def space_to_depth(x: TensorLike, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Blocks of pixels laid out as channels: (N, H, W, C) -> (N, H / b, W / b, C b**2).

    Args:
        x: images.
        block_size: b.
        data_format: "channels_last" or "channels_first".
    """
    x, b = _four(x, "space_to_depth"), whole("space_to_depth, block_size", block_size, 1)
    last = standardize_data_format(data_format) == "channels_last"
    for size in x.shape[1:3] if last else x.shape[2:]:
        _divides(size, b, "space_to_depth", x.shape)
    if last:
        return rearrange(x, "n (h i) (w j) c -> n h w (i j c)", i=b, j=b)
    return rearrange(x, "n c (h i) (w j) -> n (c i j) h w", i=b, j=b)


def _windows(size: Sizes, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Windows:
    """How windows slide over images of a height and width."""
    window = per_axis(kernel, 2, "kernel_size")
    gaps, steps = per_axis(dilation, 2, "dilation"), per_axis(stride, 2, "stride")
    pairs = tuple((p, p) for p in per_axis(padding, 2, "padding", 0))
    return Windows.of(size, window, steps, gaps, pairs)


def _inner(windows: Windows) -> Any:
    """The part of a padded (N, C, H, W) image that is no padding, as `slice_` takes it."""
    spans = zip(windows.padding, windows.spatial, strict=True)
    return (None, None, *((low, n, 1) for (low, _), n in spans))


def _seen(windows: Windows) -> Iterator[Any]:
    """What of it each position of the window sees, in row-major order."""
    for _, offsets in windows.taps:
        axes = zip(offsets, windows.dilation, windows.output, windows.strides, strict=True)
        yield (None, None, *((k * gap, count, step) for k, gap, count, step in axes))


@composite(
    case((2, 3, 5, 6), kernel_size=2),
    case((2, 3, 5, 6), kernel_size=(3, 2), dilation=(1, 2), padding=1, stride=2),
)
def unfold(
    x: TensorLike, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """The windows of images as columns: (N, C, H, W) -> (N, C * window, number of windows).

    Args:
        x: images, channels first, with known height and width.
        kernel_size: int or (height, width) of the window.
        dilation, padding, stride: int or (vertical, horizontal); padding is put on both sides.
    """
    x = _four(x, "unfold")
    n, channels, *size = x.shape
    windows = _windows(known(tuple(size)), kernel_size, dilation, padding, stride)
    if windows.pads:
        x = unslice(x, parts=_inner(windows), shape=(n, channels, *windows.padded))
    seen = [expand_dims(slice_(x, parts=p), axis=2) for p in _seen(windows)]
    shape = (n, product((channels, len(seen))), math.prod(windows.output))
    return reshape(concatenate(*seen, axis=2), shape=shape)


@composite(
    case((2, 12, 20), output_size=(5, 6), kernel_size=2),
    case((2, 18, 9), output_size=(5, 6), kernel_size=(3, 2), dilation=(1, 2), padding=1, stride=2),
)
def fold(
    x: TensorLike,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """Columns added up into images: the transpose of `unfold`.

    Args:
        x: (N, C * window, number of windows).
        output_size: int or (height, width) of the images.
        kernel_size, dilation, padding, stride: as in `unfold`.
    """
    x = convert_to_tensor(x)
    size = per_axis(output_size, 2, "output_size")
    windows = _windows(size, kernel_size, dilation, padding, stride)
    places, positions = math.prod(windows.window), math.prod(windows.output)
    n, depth, count = x.shape if x.ndim == 3 else (None, None, None)
    if depth is None or depth % places or count not in (None, positions):
        raise ShapeError("fold", expected=f"(N, C * {places}, {positions})", received=x.shape)
    channels = depth // places
    split = reshape(x, shape=(n, channels, places, *windows.output))
    total: Any = None
    for place, parts in enumerate(_seen(windows)):
        one = slice_(split, parts=(None, None, (place, 1, 1), None, None))
        one = reshape(one, shape=(n, channels, *windows.output))
        one = unslice(one, parts=parts, shape=(n, channels, *windows.padded))
        total = one if total is None else total + one
    return slice_(total, parts=_inner(windows)) if windows.pads else total


@composite(case((2, 3, 4), (2, 3, 4), max_val=2.0))
def psnr(x1: TensorLike, x2: TensorLike, max_val: float) -> Tensor:
    """Peak signal-to-noise ratio, 20 log10(max_val) - 10 log10(mean((x1 - x2)**2)), in dB.

    Raises:
        ShapeError: the shapes differ.
    """
    if not max_val > 0:
        raise ArgumentError("psnr, max_val", expected="a positive number", received=repr(max_val))
    a, b = promoted((x1, x2), "float")
    if not alike(a.shape, b.shape):
        raise ShapeError("psnr", expected="equal shapes", received=f"{a.shape} and {b.shape}")
    difference = subtract(a, b)
    error = mean(difference * difference)
    return 20 * math.log10(max_val) - log(error) * (10 / math.log(10))
