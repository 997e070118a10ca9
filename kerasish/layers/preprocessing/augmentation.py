"""Images resized and cropped, and changed at random while training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

from kerasish import config, ops, random
from kerasish.arguments.fields import Deferred, placed
from kerasish.arguments.rules import DataFormat, Interpolation, PositiveInt, one_of
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.tensor import Tensor
from kerasish.layers.base.layer import Layer
from kerasish.random import SeedGenerator
from kerasish.spec import is_int

FillMode = Annotated[str, one_of("constant", "nearest", "wrap", "mirror", "reflect")]
Sampling = Annotated[str, one_of("nearest", "bilinear")]
FlipMode = Annotated[str, one_of("horizontal", "vertical", "horizontal_and_vertical")]


class Images(Layer):
    """A layer on one image (height, width, channels) or a batch of them."""

    if TYPE_CHECKING:
        data_format = Deferred[Any]()

    def __post_init__(self) -> None:
        if "data_format" in type(self).fields:
            self.data_format = config.standardize_data_format(self.data_format)
        if "seed" in type(self).fields:
            self.seed_generator = SeedGenerator(getattr(self, "seed", None))

    def _size(self, x: Tensor) -> tuple[int, int]:
        """Height and width, which must be known."""
        first = x.ndim - (3 if self._last else 2)
        size: Any = x.shape[first : first + 2]
        if None in size:
            raise self._refusal("images of known height and width", size, kind=ShapeError)
        return size

    @property
    def _last(self) -> bool:
        return getattr(self, "data_format", "channels_last") == "channels_last"

    def _window(self, x: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
        """A part of the rows and columns."""
        part = (slice(top, top + height), slice(left, left + width))
        return x[(..., *part, slice(None))] if self._last else x[(..., *part)]


class Resizing(Images):
    """Images at another size.

    Args:
        height, width: the new size.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        crop_to_aspect_ratio: cut the image to the new ratio first.
        pad_to_aspect_ratio: pad the image to the new ratio first.
        fill_mode: must be "constant".
        fill_value: what to pad with.
        antialias: whether to average when the image shrinks.
        data_format: "channels_last" or "channels_first".
    """

    height: PositiveInt
    width: PositiveInt
    interpolation: Interpolation = "bilinear"
    crop_to_aspect_ratio: bool = False
    pad_to_aspect_ratio: bool = False
    fill_mode: str = "constant"
    fill_value: float = 0.0
    antialias: bool = False
    data_format: DataFormat = None

    def call(self, inputs: Tensor) -> Tensor:
        y = ops.image.resize(
            ops.cast(inputs, self.compute_dtype),
            (self.height, self.width),
            interpolation=self.interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )
        # Images of whole numbers stay such, and within their bounds.
        return y if not is_int(inputs.dtype) else ops.saturate_cast(ops.round(y), inputs.dtype)


def _resized_window(layer: Any, x: Tensor) -> Tensor:
    """The largest middle part of the wanted ratio, resized."""
    return ops.image.resize(
        x,
        (layer.height, layer.width),
        crop_to_aspect_ratio=True,
        data_format=layer.data_format,
    )


class CenterCrop(Images):
    """The middle of images; smaller ones are resized.

    Args:
        height, width: size of the part.
        data_format: "channels_last" or "channels_first".
    """

    height: PositiveInt
    width: PositiveInt
    data_format: DataFormat = None

    def call(self, inputs: Tensor) -> Tensor:
        x = ops.cast(inputs, self.compute_dtype)
        height, width = self._size(x)
        top, left = (height - self.height) // 2, (width - self.width) // 2
        if min(top, left) < 0:
            return _resized_window(self, x)
        return self._window(x, top, left, self.height, self.width)


# --- at random, while training -------------------------------------------------------------------


class Augmentation(Images):
    """A change drawn anew for every image while training; no change otherwise.

    As in Keras a call outside of a model counts as training.
    """

    seed: int | None = None
    data_format: DataFormat = None

    def call(self, inputs: Tensor, training: bool = True) -> Tensor:
        x = ops.cast(inputs, self.compute_dtype)
        if not training:
            return x
        whole = is_int(inputs.dtype)
        if x.ndim == 3:
            return self.changed(ops.expand_dims(x, 0), whole)[0]
        return self.changed(x, whole)

    def changed(self, x: Tensor, whole: bool = False) -> Tensor:
        """A batch of images, changed.

        Args:
            whole: whether they were given as whole numbers.
        """
        raise NotImplementedError

    def _draw(self, x: Tensor, low: float, high: float) -> Tensor:
        """A number in [low, high) for every image, as (batch, 1, 1, 1)."""
        shape = (x.shape[0], 1, 1, 1)
        return random.uniform(shape, low, high, x.dtype, seed=self.seed_generator)


def interval(value: Any, what: str, low: float = -math.inf) -> tuple[float, float]:
    """A factor f as (-f, f), a pair as it is.

    Raises:
        ArgumentError: another form.
    """
    pair = (-value, value) if isinstance(value, (int, float)) else tuple(value)
    if len(pair) != 2 or not low <= pair[0] <= pair[1]:
        raise ArgumentError(
            what,
            expected="a number, or a pair (lower, upper) with lower <= upper",
            received=repr(value),
        )
    return pair


class RandomFlip(Augmentation):
    """Images mirrored with probability 1/2.

    Args:
        mode: "horizontal", "vertical" or "horizontal_and_vertical".
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    mode: FlipMode = placed(default="horizontal_and_vertical")

    def changed(self, x: Tensor, whole: bool = False) -> Tensor:
        rows, columns = (1, 2) if self._last else (2, 3)
        for name, axis in (("horizontal", columns), ("vertical", rows)):
            if name in self.mode:
                x = ops.where(self._draw(x, 0, 1) < 0.5, ops.flip(x, axis=axis), x)
        return x


class RandomCrop(Augmentation):
    """A part of images at a place drawn for the batch.

    Outside training, and for smaller images, the largest part of that ratio, resized.

    Args:
        height, width: size of the part.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    height: PositiveInt = placed()
    width: PositiveInt = placed(behind="height")

    def call(self, inputs: Tensor, training: bool = True) -> Tensor:
        x = ops.cast(inputs, self.compute_dtype)
        height, width = self._size(x)
        spare = height - self.height, width - self.width
        if not training or min(spare) < 0:
            return _resized_window(self, x)
        first = x.ndim - (3 if self._last else 2)
        for axis, room, size in ((first, spare[0], self.height), (first + 1, spare[1], self.width)):
            at = random.randint((), 0, room + 1, seed=self.seed_generator)
            x = ops.take(x, at + ops.arange(size, dtype="int32"), axis=axis)
        return x


class Warp(Augmentation):
    """Images read at moved places: rotations, translations, zooms, shears."""

    fill_mode: FillMode = placed(default="reflect")
    interpolation: Sampling = placed(behind="fill_mode", default="bilinear")
    fill_value: float = placed(behind="seed", default=0.0)

    def _warped(self, x: Tensor, *rows: Any, centred: bool = True) -> Tensor:
        """Output pixel (u, v) reads input (a u + b v + c, d u + e v + f).

        Args:
            rows: a, b, c, d, e, f, each (batch, 1, 1, 1).
            centred: whether u and v count from the middle, or from the top left corner.
        """
        height, width = self._size(x)
        across, down = ((width - 1) / 2, (height - 1) / 2) if centred else (0.0, 0.0)
        a, b, c, d, e, f = (ops.reshape(r + ops.zeros((x.shape[0], 1, 1, 1)), (-1,)) for r in rows)
        zero = ops.zeros_like(a)
        transform = ops.stack(
            [
                a,
                b,
                c + across - a * across - b * down,
                d,
                e,
                f + down - d * across - e * down,
                zero,
                zero,
            ],
            axis=1,
        )
        return ops.image.affine_transform(
            x, transform, self.interpolation, self.fill_mode, self.fill_value, self.data_format
        )


class RandomRotation(Warp):
    """Images rotated by a random angle.

    Args:
        factor: largest fraction of a full turn, or a pair; positive is counter-clockwise.
        fill_mode: what lies outside: "constant", "nearest", "wrap", "mirror" or "reflect".
        interpolation: "bilinear" or "nearest".
        seed: int, for the same draws every time.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first".
    """

    factor: Any = placed()

    def changed(self, x: Tensor, whole: bool = False) -> Tensor:
        low, high = interval(self.factor, "RandomRotation.factor")
        angle = self._draw(x, low * 2 * math.pi, high * 2 * math.pi)
        cos, sin = ops.cos(angle), ops.sin(angle)
        return self._warped(x, cos, -sin, 0.0, sin, cos, 0.0)


class RandomTranslation(Warp):
    """Images moved by a random part of their size.

    Args:
        height_factor: largest part of the height, or a pair; positive is down.
        width_factor: largest part of the width, or a pair; positive is to the right.
        fill_mode: what lies outside: "constant", "nearest", "wrap", "mirror" or "reflect".
        interpolation: "bilinear" or "nearest".
        seed: int, for the same draws every time.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first".
    """

    height_factor: Any = placed()
    width_factor: Any = placed(behind="height_factor")

    def changed(self, x: Tensor, whole: bool = False) -> Tensor:
        height, width = self._size(x)
        down = self._draw(x, *interval(self.height_factor, "RandomTranslation.height_factor"))
        right = self._draw(x, *interval(self.width_factor, "RandomTranslation.width_factor"))
        return self._warped(x, 1.0, 0.0, -right * width, 0.0, 1.0, -down * height)


class RandomZoom(Warp):
    """Images zoomed in or out around the middle.

    Args:
        height_factor: largest change of the height, or a pair; positive shows more, smaller.
        width_factor: the same for the width; None keeps the ratio.
        fill_mode: what lies outside: "constant", "nearest", "wrap", "mirror" or "reflect".
        interpolation: "bilinear" or "nearest".
        seed: int, for the same draws every time.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first".
    """

    height_factor: Any = placed()
    width_factor: Any = placed(behind="height_factor", default=None)

    def changed(self, x: Tensor, whole: bool = False) -> Tensor:
        low, high = interval(self.height_factor, "RandomZoom.height_factor", -1.0)
        tall = self._draw(x, 1 + low, 1 + high)
        wide = tall
        if self.width_factor is not None:
            low, high = interval(self.width_factor, "RandomZoom.width_factor", -1.0)
            wide = self._draw(x, 1 + low, 1 + high)
        return self._warped(x, wide, 0.0, 0.0, 0.0, tall, 0.0)


class RandomShear(Warp):
    """Images sheared along their axes, from their top left corner.

    Both shifts of an image have the same sign, one or the other with probability 1/2.

    Args:
        x_factor: largest shift of columns per row, or a pair (lower, upper) in [0, 1].
        y_factor: largest shift of rows per column, or a pair (lower, upper) in [0, 1].
        interpolation: "bilinear" or "nearest".
        fill_mode: what lies outside: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first".
        seed: int, for the same draws every time.
    """

    x_factor: Any = placed(default=0.0)
    y_factor: Any = placed(behind="x_factor", default=0.0)
    interpolation: Sampling = placed(behind="y_factor", default="bilinear")
    fill_value: float = placed(behind="fill_mode", default=0.0)
    seed: int | None = placed(behind="data_format", default=None)

    def changed(self, x: Tensor, whole: bool = False) -> Tensor:
        sign = ops.where(self._draw(x, 0, 1) > 0.5, -1.0, 1.0)
        along = sign * self._draw(x, *interval(self.x_factor, "RandomShear.x_factor"))
        down = sign * self._draw(x, *interval(self.y_factor, "RandomShear.y_factor"))
        return self._warped(x, 1.0, along, 0.0, down, 1.0, 0.0, centred=False)


class RandomBrightness(Augmentation):
    """A random number added to every image.

    Args:
        factor: largest change as a part of the value range, or a pair in [-1, 1].
        value_range: lowest and highest value of a pixel.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    factor: Any = placed()
    value_range: Any = placed(behind="factor", default=(0, 255))

    def call(self, inputs: Tensor, training: bool = True) -> Tensor:
        y = super().call(inputs, training)
        return ops.cast(y, inputs.dtype) if is_int(inputs.dtype) else y

    def changed(self, x: Tensor, whole: bool = False) -> Tensor:
        least, most = self.value_range
        low, high = interval(self.factor, "RandomBrightness.factor")
        more = self._draw(x, low, high) * (most - least)
        # Images of whole numbers stay such: they get a whole number added.
        return ops.clip(x + (ops.trunc(more) if whole else more), least, most)


class RandomContrast(Augmentation):
    """Distances from the mean of each channel times a random number.

    Args:
        factor: numbers from 1 - factor to 1 + factor, or a pair (lower, upper) of such changes.
        value_range: lowest and highest value of a pixel.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    factor: Any = placed()
    value_range: Any = placed(behind="factor", default=(0, 255))

    def changed(self, x: Tensor, whole: bool = False) -> Tensor:
        given = self.factor
        lower, upper = (given, given) if isinstance(given, (int, float)) else given
        scale = self._draw(x, 1 - lower, 1 + upper)
        mean = ops.mean(x, axis=(1, 2) if self._last else (2, 3), keepdims=True)
        return ops.clip((x - mean) * scale + mean, *self.value_range)
