"""keras.ops.image, sizes: resize, scale_and_translate, crop_images, pad_images.

Resampling is separable: along each axis the output is a matrix of weights times the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from kerasish import tables
from kerasish.config import standardize_data_format
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.hints import one_of, whole
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic import reduction as _r
from kerasish.ops.basic.elementwise import as_float, cast, cast_like, where
from kerasish.ops.basic.indexing import gather
from kerasish.ops.basic.matmul import matmul
from kerasish.ops.core.tensors import saturate_cast
from kerasish.ops.declare import composite
from kerasish.ops.image.layout import batch_of
from kerasish.ops.nn.windows import per_axis
from kerasish.ops.numpy.arithmetic import sinc
from kerasish.ops.numpy.axes import product, slice_axis
from kerasish.ops.numpy.join import pad
from kerasish.spec import Dim, is_int, known, normalize_axis


def _triangle(t: Any) -> Any:
    return _e.maximum(1 - t, 0.0)


def _cubic(t: Any) -> Any:
    """Keys, "Cubic convolution interpolation" (1981), with a = -1/2."""
    near = ((1.5 * t - 2.5) * t) * t + 1
    far = ((-0.5 * t + 2.5) * t - 4) * t + 2
    return where(t < 1, near, where(t < 2, far, _e.zero_like(t)))


def _lanczos(radius: int) -> Callable[[Any], Any]:
    def kernel(t: Any) -> Any:
        return where(t < radius, sinc(t) * sinc(t / radius), _e.zero_like(t))

    return kernel


KERNELS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), _triangle),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), _cubic),
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}
INTERPOLATIONS = ("bilinear", "nearest", "lanczos3", "lanczos5", "bicubic")


def _weights(size: int, out: int, scale: Any, shift: Any, kernel: Any, antialias: bool) -> Any:
    """The (out, size) matrix that resamples one axis; pixel i lies at i + 1/2.

    Args:
        scale, shift: a point u of the input goes to scale * u + shift in the output.
        antialias: whether the kernel widens when the axis shrinks.
    """
    scale, shift = cast(scale, "float64"), cast(shift, "float64")
    width = _e.maximum(1 / scale, 1.0) if antialias else convert_to_tensor(1.0, "float64")
    at = (convert_to_tensor(tables.arange(out) + 0.5) - shift) / scale - 0.5
    at = _s.reshape(at, shape=(out, 1))
    w = kernel(_e.absolute(at - convert_to_tensor(tables.arange(float(size)))) / width)
    total = _r.sum(w, axis=1, keepdims=True)
    small = _e.absolute(total) <= 1000 * float(np.finfo(np.float32).eps)
    w = where(small, 0.0, w / where(small, cast_like(1.0, w), total))
    inside = _e.logical_and(at >= -0.5, at <= size - 0.5)
    return where(inside, w, _e.zero_like(w))


def _along(x: Any, axis: int, weights: Any) -> Any:
    """The matrix `weights` applied along one axis."""
    lead, tail = x.shape[:axis], x.shape[axis + 1 :]
    rows = _s.reshape(x, shape=(product(lead), x.shape[axis], product(tail)))
    y = matmul(cast_like(weights, x), rows)
    return _s.reshape(y, shape=(*lead, weights.shape[0], *tail))


def _nearest(x: Any, axis: int, out: int) -> Any:
    size = known((x.shape[axis],))[0]
    at = np.floor((tables.arange(out) + 0.5) * (size / out)).astype(np.int32)
    return gather(x, np.minimum(at, size - 1), axis=axis)


def _spec_only(x: Any, axis: int, out: int) -> Any:
    """What stands for a resampled axis of unknown size, of whose result only the spec counts."""
    first = slice_axis(x, axis, 0, 1)
    return _s.broadcast_to(first, shape=(*x.shape[:axis], out, *x.shape[axis + 1 :]))


def _resampled(x: Any, sizes: Sequence[int], method: str, antialias: bool) -> Any:
    """A channels-last batch with its two spatial axes resampled."""
    for axis, out in zip((1, 2), sizes, strict=True):
        size = x.shape[axis]
        if size is None:
            x = _spec_only(x, axis, out)
        elif method == "nearest":
            x = _nearest(x, axis, out)
        elif size != out:
            x = _along(x, axis, _weights(size, out, out / size, 0.0, KERNELS[method], antialias))
    return x


def _box(height: int, width: int, sizes: Sequence[int]) -> tuple[int, int]:
    """The height that goes with the width, and the width that goes with the height."""
    return int(width * sizes[0] / sizes[1]), int(height * sizes[1] / sizes[0])


def middle(height: int, width: int, sizes: Sequence[int]) -> tuple[int, int, int, int]:
    """The largest middle part of an image that has the ratio of `sizes`: top, left and its size."""
    tall, wide = _box(height, width, sizes)
    tall, wide = max(min(height, tall), 1), max(min(width, wide), 1)
    return (height - tall) // 2, (width - wide) // 2, tall, wide


def _cropped_to_ratio(x: Any, sizes: Sequence[int]) -> Any:
    height, width = known(x.shape[1:3])
    top, left, tall, wide = middle(height, width, sizes)
    return slice_axis(slice_axis(x, 1, top, tall), 2, left, wide)


def _padded_to_ratio(x: Any, sizes: Sequence[int], value: float) -> Any:
    height, width = known(x.shape[1:3])
    tall, wide = _box(height, width, sizes)
    above, left = (max(height, tall) - height) // 2, (max(width, wide) - width) // 2
    if above:
        left = 0
    return pad(x, ((0, 0), (above, above), (left, left), (0, 0)), constant_values=value)


@composite(
    case((2, 4, 5, 3), size=(3, 7)),
    case((4, 4, 1), size=(2, 8), interpolation="nearest"),
    case((2, 3, 4, 4), size=(6, 3), interpolation="bicubic", data_format="channels_first"),
    case((1, 6, 6, 1), size=(3, 2), interpolation="lanczos3", antialias=True),
    case((2, 4, 6, 1), size=(3, 3), crop_to_aspect_ratio=True),
    case((2, 4, 6, 1), size=(3, 3), pad_to_aspect_ratio=True, fill_value=0.5),
)
def resize(
    images: TensorLike,
    size: Any,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """Images at another size, in their own dtype.

    Args:
        images: one image or a batch.
        size: (height, width).
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        antialias: whether to average when the image shrinks.
        crop_to_aspect_ratio: cut the image to the new ratio first.
        pad_to_aspect_ratio: pad the image to the new ratio first.
        fill_mode: must be "constant".
        fill_value: what to pad with.
        data_format: "channels_last" or "channels_first".
    """
    if np.ndim(size) != 1 or len(size) != 2:
        raise ArgumentError("resize, size", expected="(height, width)", received=repr(size))
    sizes = per_axis(size, 2, "resize, size")
    one_of("resize, interpolation", interpolation, INTERPOLATIONS)
    if fill_mode != "constant" or (crop_to_aspect_ratio and pad_to_aspect_ratio):
        raise ArgumentError(
            "resize",
            expected="fill_mode='constant', and at most one of crop_to_aspect_ratio and "
            "pad_to_aspect_ratio",
            received=f"fill_mode={fill_mode!r}, both={pad_to_aspect_ratio}",
        )
    x, restore = batch_of("resize", images, data_format)
    wide = as_float(x)
    if crop_to_aspect_ratio:
        wide = _cropped_to_ratio(wide, sizes)
    elif pad_to_aspect_ratio:
        wide = _padded_to_ratio(wide, sizes, fill_value)
    y = _resampled(wide, sizes, interpolation, antialias)
    if is_int(x.dtype):
        y = _e.round_half_even(y)
    return restore(saturate_cast(y, x.dtype))


@composite(
    case(
        (3, 4),
        output_shape=(5, 6),
        scale=np.array([1.5, 1.25]),
        translation=np.array([0.2, -0.3]),
        spatial_dims=(0, 1),
        method="linear",
    ),
    case(
        (2, 6, 5, 1),
        output_shape=(2, 3, 4, 1),
        scale=np.array([0.5, 0.8]),
        translation=np.array([0.0, 0.1]),
        spatial_dims=(1, 2),
        method="bicubic",
    ),
)
def scale_and_translate(
    images: TensorLike,
    output_shape: Any,
    scale: TensorLike,
    translation: TensorLike,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Tensor:
    """Images resampled so that a point u of the input goes to scale * u + translation.

    Args:
        images: tensor.
        output_shape: shape of the result; None leaves an axis as it is.
        scale, translation: one number per axis of `spatial_dims`. Pixel i lies at i + 1/2;
            outputs whose source lies outside of the image are zero.
        spatial_dims: the axes to resample.
        method: "linear" (bilinear, trilinear, triangle), "cubic" (bicubic, tricubic),
            "lanczos3" or "lanczos5".
        antialias: whether to average where the image shrinks.
    """
    kernel = KERNELS[one_of("scale_and_translate, method", method, KERNELS)]
    x = as_float(images)
    scale, translation = convert_to_tensor(scale), convert_to_tensor(translation)
    shape = [
        x.shape[i] if out is None else whole("scale_and_translate, output_shape", out, 0)
        for i, out in enumerate(output_shape)
    ]
    if not scale.shape == translation.shape == (len(spatial_dims),):
        raise ShapeError(
            "scale_and_translate",
            expected=f"scale and translation of shape ({len(spatial_dims)},), as spatial_dims",
            received=f"{scale.shape} and {translation.shape}",
        )
    for k, axis in enumerate(spatial_dims):
        at = normalize_axis(axis, x.ndim)
        size, out = x.shape[at], shape[at]
        if size is None:
            x = _spec_only(x, at, out)
            continue
        x = _along(x, at, _weights(size, out, scale[k], translation[k], kernel, antialias))
    return x


# --- crop and pad -----------------------------------------------------------------------------


_NAMES = {
    kind: ((f"top_{kind}", f"bottom_{kind}", "target_height"),
           (f"left_{kind}", f"right_{kind}", "target_width"))
    for kind in ("cropping", "padding")
}  # fmt: skip


def _sides(
    what: str, kind: str, x: Any, data_format: str | None, *values: tuple[Any, Any, Any]
) -> Iterator[tuple[Any, ...]]:
    """(axis, names, low, high, target) of the rows and of the columns of images.

    Args:
        what: name of the caller, for errors.
        kind: of their edges: "cropping" or "padding".
        values: (low, high, target) of the rows and of the columns, exactly two of each.
    """
    if x.ndim not in (3, 4):
        raise ShapeError("", expected="an image or a batch of images", received=f"shape {x.shape}")
    rows = x.ndim - (3 if standardize_data_format(data_format) == "channels_last" else 2)
    for axis, names, three in zip((rows, rows + 1), _NAMES[kind], values, strict=True):
        given = dict(zip(names, three, strict=True))
        for name, value in given.items():
            if value is not None:
                whole(f"{what}, {name}", value)
        if three.count(None) != 1:
            raise ArgumentError(what, expected=f"exactly two of {', '.join(names)}", received=given)
        yield axis, names, *three


def _less(total: Dim, *parts: Dim) -> Dim:
    return None if total is None else total - sum(p or 0 for p in parts)


@composite(
    case((2, 5, 6, 1), top_cropping=1, left_cropping=2, target_height=3, target_width=2),
    case((5, 6, 1), bottom_cropping=1, right_cropping=2, target_height=3, target_width=2),
)
def crop_images(
    images: TensorLike,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Images without rows and columns at their edges.

    Args:
        images: one image or a batch.
        top_cropping, bottom_cropping, target_height: exactly two of them.
        left_cropping, right_cropping, target_width: exactly two of them.
        data_format: "channels_last" or "channels_first".
    """
    x = convert_to_tensor(images)
    down = top_cropping, bottom_cropping, target_height
    across = left_cropping, right_cropping, target_width
    sides = _sides("crop_images", "cropping", x, data_format, down, across)
    for axis, name, low, high, target in sides:
        start = _less(x.shape[axis], target, high) if low is None else low
        count = _less(x.shape[axis], low, high) if target is None else target
        if (start or 0) < 0 or (count or 0) < 0:
            raise ShapeError("crop_images", expected=f"{name} within {x.shape}", received="less")
        x = slice_axis(x, axis, start or 0, count)
    return x


@composite(
    case((2, 3, 4, 1), top_padding=1, left_padding=2, target_height=6, target_width=7),
    case((3, 4, 1), top_padding=0, left_padding=2, bottom_padding=1, right_padding=0),
)
def pad_images(
    images: TensorLike,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Images with zeros around them.

    Args:
        images: one image or a batch.
        top_padding, bottom_padding, target_height: exactly two of them.
        left_padding, right_padding, target_width: exactly two of them.
        data_format: "channels_last" or "channels_first".
    """
    x = convert_to_tensor(images)
    widths = [(0, 0)] * x.ndim
    down = top_padding, bottom_padding, target_height
    across = left_padding, right_padding, target_width
    sides = _sides("pad_images", "padding", x, data_format, down, across)
    for axis, name, low, high, target in sides:
        size = x.shape[axis]
        if target is not None and size is None:
            x = _spec_only(x, axis, target)
            continue
        if target is not None:
            low = target - size - (high or 0) if low is None else low
            high = target - size - low if high is None else high
        pair = (low or 0, high or 0)
        if min(pair) < 0:
            raise ShapeError("pad_images", expected=f"{name} beyond {x.shape}", received=pair)
        widths[axis] = pair
    return pad(x, widths)
