"""Layers that change colours: labels, boxes and masks stay as they are."""

from __future__ import annotations

from typing import Any

from kerasish import config, ops, random
from kerasish.arguments.fields import placed
from kerasish.arguments.rules import Rate
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.layers.augmentation.base import (
    Drawn,
    ImageLayer,
    RandomLayer,
    Sizes,
    per_image,
    rescaled,
)
from kerasish.layers.augmentation.factors import (
    Bits,
    FromZero,
    OddSizes,
    OptionalFactor,
    SignedFactor,
    SortedRange,
    UnitFactor,
    ValueRange,
)
from kerasish.spec import is_int

BYTE = (0, 255)


class RandomBrightness(RandomLayer):
    """A random number added to every image.

    Args:
        factor: largest change as a part of the value range, or a pair in [-1, 1].
        value_range: lowest and highest value of a pixel.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    factor: OptionalFactor
    value_range: SortedRange = (0, 255)

    in_dtype = False

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        more = self._uniform((sizes.count, 1, 1, 1), self.factor, seed, "float32")
        return {"rgb_delta": more * (self.value_range[1] - self.value_range[0])}

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        more = convert_to_tensor(drawn["rgb_delta"])
        if not is_int(images.dtype):
            return ops.clip(images + ops.cast(more, images.dtype), *self.value_range)
        # Images of whole numbers stay such: they get a whole number added.
        y = ops.cast(images, "float32") + ops.trunc(more)
        return ops.saturate_cast(ops.clip(y, *self.value_range), images.dtype)


class RandomContrast(RandomLayer):
    """Distances from the mean of each channel times a random number.

    Args:
        factor: a number f for 1 to 1 + f, or a pair (lower, upper) for 1 - lower to 1 + upper.
        value_range: lowest and highest value of a pixel.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    factor: UnitFactor
    value_range: ValueRange = (0, 255)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        lower, upper = self.factor
        scale = self._uniform((sizes.count, 1, 1, 1), (1.0 - lower, 1.0 + upper), seed)
        return {"contrast_factor": scale}

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        mean = ops.mean(images, axis=self._axes[:2], keepdims=True)
        y = (images - mean) * self._spread(drawn["contrast_factor"]) + mean
        return ops.clip(y, *self.value_range)


class RandomColorDegeneration(RandomLayer):
    """Images mixed with their grey copies.

    Args:
        factor: a number f for -f to f, or a pair in [-1, 1]; 0 changes nothing, 1 is grey.
        value_range: lowest and highest value of a pixel.
        data_format: "channels_last" or "channels_first".
        seed: int, for the same draws every time.
    """

    factor: SignedFactor
    value_range: SortedRange = (0, 255)
    seed: int | None = placed(behind="data_format", default=None)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        return {"factor": self._uniform((sizes.count, 1, 1, 1), self.factor, seed, "float32")}

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        grey = ops.image.rgb_to_grayscale(images, self.data_format)
        return ops.clip(images + self._spread(drawn["factor"]) * (grey - images), *self.value_range)


class RandomGrayscale(RandomLayer):
    """Images that lose their colours with a probability.

    Args:
        factor: the probability.
        data_format: "channels_last" or "channels_first".
        seed: int, for the same draws every time.
    """

    factor: Rate = 0.5
    seed: int | None = placed(behind="data_format", default=None)

    in_dtype = False

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        shape = (sizes.count, 1, 1, 1)
        return self._uniform(shape, (0.0, 1.0), seed, "float32") < self.factor

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        grey = ops.image.rgb_to_grayscale(images, self.data_format)
        return ops.where(per_image(drawn), grey, images)


class Hued(RandomLayer):
    """A layer that computes in hue, saturation and value."""

    def _hue_changed(self, images: Tensor, channel: int, change: Any) -> Tensor:
        """RGB images of which one of these channels is changed."""
        axis = self._axes[2]
        parts = ops.unstack(ops.image.rgb_to_hsv(images, self.data_format), 3, axis=axis)
        parts[channel] = change(parts[channel])
        return ops.image.hsv_to_rgb(ops.stack(parts, axis=axis), self.data_format)

    def _spread_flat(self, numbers: Any) -> Tensor:
        return ops.cast(ops.reshape(numbers, (-1, 1, 1)), self.compute_dtype)


class RandomHue(Hued):
    """Images whose colours move around the circle of hues, one way or the other.

    Args:
        factor: largest move, half of it in turns, or a pair in [0, 1].
        value_range: lowest and highest value of a pixel.
        data_format: "channels_last" or "channels_first".
        seed: int, for the same draws every time.
    """

    factor: UnitFactor
    value_range: ValueRange = (0, 255)
    seed: int | None = placed(behind="data_format", default=None)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        turn = self._uniform((sizes.count,), (0.0, 1.0), seed, "float32")
        size = self._uniform((sizes.count,), self.factor, seed, "float32")
        return {"factor": ops.where(turn > 0.5, -1.0, 1.0) * size * 0.5}

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        turns = self._spread_flat(drawn["factor"])

        def turned(hue: Tensor) -> Tensor:
            hue = hue + turns
            hue = ops.where(hue > 1.0, hue - 1.0, hue)
            return ops.where(hue < 0.0, hue + 1.0, hue)

        unit = rescaled(images, self.value_range, (0, 1))
        y = ops.clip(self._hue_changed(unit, 0, turned), 0, 1)
        return rescaled(y, (0, 1), self.value_range)


class RandomSaturation(Hued):
    """Images whose saturation is multiplied by f / (1 - f): 0.5 changes nothing, 0 is grey.

    Args:
        factor: a number for -f to f, or a pair in [-1, 1].
        value_range: lowest and highest value that a saturation may have.
        data_format: "channels_last" or "channels_first".
        seed: int, for the same draws every time.
    """

    factor: SignedFactor
    value_range: SortedRange = (0, 255)
    seed: int | None = placed(behind="data_format", default=None)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        f = self._uniform((sizes.count,), self.factor, seed, "float32")
        return {"factor": f / (1 - f + config.epsilon())}

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        scale = self._spread_flat(drawn["factor"])
        return self._hue_changed(images, 1, lambda s: ops.clip(s * scale, *self.value_range))


class RandomInvert(RandomLayer):
    """Images whose values are taken from the highest one, with a probability.

    Args:
        factor: probability that an image is changed, or a pair from which it is drawn.
        value_range: lowest and highest value of a pixel.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    factor: UnitFactor = 1.0
    value_range: ValueRange = (0, 255)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        return {"apply_inversion": self._happens(sizes, self.factor, seed)}

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        return ops.where(per_image(drawn["apply_inversion"]), self.value_range[1] - images, images)


class RandomPosterization(RandomLayer):
    """Images of which every value keeps its highest bits only.

    Args:
        factor: a number of bits n for 1 to n - 1, or a pair (lower, upper) in [1, 8], the upper
            one left out unless both are equal.
        value_range: lowest and highest value of a pixel.
        data_format: "channels_last" or "channels_first".
        seed: int, for the same draws every time.
    """

    factor: Bits
    value_range: SortedRange = (0, 255)
    seed: int | None = placed(behind="data_format", default=None)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        lower, upper = self.factor
        if lower == upper:
            bits = ops.full((sizes.count,), lower, "uint8")
        else:
            bits = random.randint((sizes.count,), lower, upper, "uint8", seed=seed)
        return {"shift_factor": ops.cast(8, "uint8") - bits}

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        shift = ops.cast(ops.reshape(drawn["shift_factor"], (-1, 1, 1, 1)), "uint8")
        byte = ops.cast(rescaled(images, self.value_range, BYTE), "uint8")
        kept = ops.left_shift(ops.right_shift(byte, shift), shift)
        return rescaled(ops.cast(kept, self.compute_dtype), BYTE, self.value_range)


class RandomSharpness(RandomLayer):
    """Images mixed with their smoothed copies.

    Args:
        factor: a number for 0 to f, or a pair in [0, 1]: 0 is smoothed, 0.5 changes nothing, 1 is
            sharpened.
        value_range: lowest and highest value of a pixel.
        data_format: "channels_last" or "channels_first".
        seed: int, for the same draws every time.
    """

    factor: UnitFactor
    value_range: SortedRange = (0, 255)
    seed: int | None = placed(behind="data_format", default=None)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        return {"factor": self._uniform((sizes.count,), self.factor, seed, "float32")}

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        axis = self._axes[2]
        last = ops.moveaxis(images, axis, -1)
        kernel = ops.cast([[1, 1, 1], [1, 5, 1], [1, 1, 1]], images.dtype) / 13
        kernel = ops.tile(ops.reshape(kernel, (3, 3, 1, 1)), (1, 1, last.shape[-1], 1))
        smooth = ops.depthwise_conv(last, kernel, 1, "same", "channels_last")
        blunt = 1.0 - 2.0 * self._spread(drawn["factor"])
        y = ops.clip(last + blunt * (smooth - last), *self.value_range)
        return ops.moveaxis(y, -1, axis)


class RandomGaussianBlur(RandomLayer):
    """Images blurred with a probability.

    Args:
        factor: probability that an image is changed, or a pair from which it is drawn.
        kernel_size: odd number of weights, or a pair.
        sigma: largest standard deviation in pixels, or a pair in [0, 1]; drawn for the batch.
        value_range: lowest and highest value of a pixel.
        data_format: "channels_last" or "channels_first".
        seed: int, for the same draws every time.
    """

    factor: UnitFactor = 1.0
    kernel_size: OddSizes = 3
    sigma: UnitFactor = 1.0
    value_range: ValueRange = (0, 255)
    seed: int | None = placed(behind="data_format", default=None)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        applies = self._happens(sizes, self.factor, seed)
        return {
            "should_apply_blur": applies,
            "blur_factor": self._uniform((2,), self.sigma, seed, "float32") + 1e-6,
        }

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        blurred = ops.image.gaussian_blur(
            images, self.kernel_size, drawn["blur_factor"], self.data_format
        )
        y = ops.where(per_image(drawn["should_apply_blur"]), blurred, images)
        return ops.clip(y, *self.value_range)


class Solarization(RandomLayer):
    """Values above a threshold are taken from the highest one, after something was added.

    Args:
        addition_factor: largest part of the value range to add, or a pair in [0, 1].
        threshold_factor: largest threshold, as a part of the value range, or a pair in [0, 1].
        value_range: lowest and highest value of a pixel.
        seed: int, for the same draws every time.
    """

    addition_factor: FromZero = 0.0
    threshold_factor: FromZero = 0.0
    value_range: SortedRange = (0, 255)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        def drawn(factor: Any) -> Tensor:
            # The lower end is a number of 0 to 255 in Keras, the upper one a part of it.
            return self._uniform((sizes.count, 1, 1, 1), (factor[0], factor[1] * 255), seed)

        additions = drawn(self.addition_factor)
        return {"additions": additions, "thresholds": drawn(self.threshold_factor)}

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        byte = rescaled(images, self.value_range, BYTE)
        more = ops.clip(byte + self._spread(drawn["additions"]), *BYTE)
        y = ops.where(more < self._spread(drawn["thresholds"]), more, 255 - more)
        return rescaled(y, BYTE, self.value_range)


class AutoContrast(ImageLayer):
    """Images whose channels are stretched to the whole value range, in training and outside.

    Args:
        value_range: lowest and highest value of a pixel.
    """

    value_range: SortedRange = (0, 255)

    always = True

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        byte = rescaled(images, self.value_range, BYTE)
        axes = self._axes[:2]
        low = ops.min(byte, axis=axes, keepdims=True)
        span = ops.max(byte, axis=axes, keepdims=True) - low
        flat = span == 0
        scale = 255.0 / ops.where(flat, 1.0, span)
        stretched = rescaled(ops.clip(byte * scale - low * scale, *BYTE), BYTE, self.value_range)
        return ops.where(flat, images, stretched)
