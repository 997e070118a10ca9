"""Blocks of images: space_to_depth and back, unfold and fold; psnr, which compares whole images."""

from __future__ import annotations

import math
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
from kerasish.ops.nn.windows import Sizes, per_axis
from kerasish.ops.numpy.axes import product
from kerasish.spec import Dim, alike, window_output


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


class _Taps:
    """The slices of a padded (N, C, H, W) image that the positions of a window see."""

    def __init__(self, kernel: Any, dilation: Any, padding: Any, stride: Any) -> None:
        self.kernel = per_axis(kernel, 2, "kernel_size")
        self.dilation = per_axis(dilation, 2, "dilation")
        self.stride = per_axis(stride, 2, "stride")
        self.padding = per_axis(padding, 2, "padding", 0)

    def output(self, size: Any) -> Any:
        pairs = tuple((p, p) for p in self.padding)
        return window_output(size, self.kernel, self.stride, self.dilation, pairs)

    def padded(self, size: Sizes) -> Sizes:
        return tuple(n + 2 * p for n, p in zip(size, self.padding, strict=True))

    def inner(self, size: Sizes) -> Any:
        """The part of a padded image that is no padding."""
        spans = zip(self.padding, size, strict=True)
        return (None, None, *((p, n, 1) for p, n in spans))

    def parts(self, output: Sizes) -> list[Any]:
        """Arguments of `slice`, one per window position in row-major order."""
        (dy, dx), (sy, sx), (rows, columns) = self.dilation, self.stride, output
        return [
            (None, None, (i * dy, rows, sy), (j * dx, columns, sx))
            for i in range(self.kernel[0])
            for j in range(self.kernel[1])
        ]


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
    taps = _Taps(kernel_size, dilation, padding, stride)
    n, channels, *size = x.shape
    rows, columns = taps.output(tuple(size))
    if any(taps.padding):
        whole = (n, channels, *taps.padded(tuple(size)))
        x = unslice(x, parts=taps.inner(tuple(size)), shape=whole)
    seen = [expand_dims(slice_(x, parts=p), axis=2) for p in taps.parts((rows, columns))]
    places = len(seen)
    return reshape(
        concatenate(*seen, axis=2), shape=(n, product((channels, places)), rows * columns)
    )


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
    taps = _Taps(kernel_size, dilation, padding, stride)
    size = per_axis(output_size, 2, "output_size")
    rows, columns = taps.output(size)
    places = math.prod(taps.kernel)
    n, depth, count = x.shape if x.ndim == 3 else (None, None, None)
    if depth is None or depth % places or count not in (None, rows * columns):
        raise ShapeError("fold", expected=f"(N, C * {places}, {rows * columns})", received=x.shape)
    channels = depth // places
    split = reshape(x, shape=(n, channels, places, rows, columns))
    whole = (n, channels, *taps.padded(size))
    total: Any = None
    for place, parts in enumerate(taps.parts((rows, columns))):
        one = slice_(split, parts=(None, None, (place, 1, 1), None, None))
        one = unslice(reshape(one, shape=(n, channels, rows, columns)), parts=parts, shape=whole)
        total = one if total is None else total + one
    return slice_(total, parts=taps.inner(size)) if any(taps.padding) else total


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
