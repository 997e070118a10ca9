"""Layers that move pixels: labels stay, images, masks and boxes follow one mapping."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kerasish import ops, random
from kerasish.arguments.fields import Deferred, placed
from kerasish.arguments.rules import Rate
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.layers.augmentation.base import Drawn, ImageLayer, RandomLayer, Sizes, as_batch
from kerasish.layers.augmentation.factors import (
    FillMode,
    FlipMode,
    OptionalFactor,
    OptionalZoom,
    Sampling,
    ShearFactor,
    Shift,
    UnitFactor,
    ValueRange,
    Zoom,
    interval,
)
from kerasish.layers.augmentation.mapping import (
    Affine,
    Elastic,
    Mapping,
    Mirrored,
    Perspective,
    Sheared,
)
from kerasish.ops.image.boxes import clip_to_image_size, convert_format


class Geometric(ImageLayer):
    """A layer that moves pixels; it says in `mapping` where to."""

    if TYPE_CHECKING:
        interpolation = Deferred[str]()

    def mapping(self, drawn: Drawn, count: Any, height: Any, width: Any) -> Mapping:
        """Where the pixels of a batch go.

        Args:
            drawn: what `draw` gave.
            count, height, width: of the batch.
        """
        raise NotImplementedError

    def size_before(self, drawn: Drawn) -> tuple[Any, Any, Any]:
        """Number, height and width of the images for which something was drawn."""
        if "input_shape" not in drawn:
            return drawn["batch_size"], drawn["image_height"], drawn["image_width"]
        shape = tuple(drawn["input_shape"])
        height, width, _ = self._axes
        return shape[0] if len(shape) == 4 else 1, shape[height], shape[width]

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        return self._mapped(images, drawn, self.interpolation)

    def _mapped(self, images: Tensor, drawn: Drawn, interpolation: str) -> Tensor:
        sizes = self.sizes(images)
        mapping = self.mapping(drawn, sizes.count, sizes.height, sizes.width)
        return mapping.images(images, interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Drawn = None, training: bool = True
    ) -> Any:
        """Masks, moved as the images are; a pixel keeps the number of the nearest one."""
        masks = convert_to_tensor(segmentation_masks)
        if self._rests(transformation, training):
            return masks
        return as_batch(lambda x: self._mapped(x, transformation, "nearest"), masks)

    def transform_bounding_boxes(
        self, bounding_boxes: dict[str, Any], transformation: Drawn = None, training: bool = True
    ) -> dict[str, Any]:
        """The boxes around what was in boxes, cut at the edges; -1 labels those that are gone."""
        if self._rests(transformation, training):
            return bounding_boxes
        count, height, width = self.size_before(transformation)
        mapping = self.mapping(transformation, count, height, width)
        form = self.bounding_box_format or "xyxy"
        found = convert_format(bounding_boxes, form, "xyxy", height, width)
        boxes = found["boxes"]
        moved = mapping.boxes(ops.expand_dims(boxes, 0) if boxes.ndim == 2 else boxes)
        if boxes.ndim == 2 and moved.shape[0] == 1:
            moved = ops.squeeze(moved, 0)
        size = mapping.size or (height, width)
        found = self._cut({**found, "boxes": moved}, size)
        return convert_format(found, "xyxy", form, *size)

    def _cut(self, boxes: dict[str, Any], size: tuple[Any, Any]) -> dict[str, Any]:
        return clip_to_image_size(boxes, *size)

    @property
    def _reading(self) -> dict[str, Any]:
        """How what lies outside of images is read."""
        names = {"fill_mode", "fill_value", "data_format"} & type(self).fields.keys()
        return {name: getattr(self, name) for name in names}


class RandomFlip(RandomLayer, Geometric):
    """Images mirrored with probability 1/2.

    Args:
        mode: "horizontal", "vertical" or "horizontal_and_vertical", both at once.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    mode: FlipMode = "horizontal_and_vertical"

    interpolation = "nearest"

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        flips = self._uniform((sizes.count, 1, 1, 1), (0.0, 1.0), seed, "float32") <= 0.5
        return {"flips": flips, "input_shape": sizes.shape}

    def mapping(self, drawn: Drawn, count: Any, height: Any, width: Any) -> Mapping:
        rows, columns, _ = self._axes
        named = (("horizontal", columns), ("vertical", rows))
        axes = tuple(axis for name, axis in named if name in self.mode)
        return Mirrored(drawn["flips"], axes, (height, width), columns)


class Warp(RandomLayer, Geometric):
    """Images read at moved places: rotations, translations, zooms, shears."""

    fill_mode: FillMode = placed(default="reflect")
    interpolation: Sampling = placed(behind="fill_mode", default="bilinear")
    seed: int | None = placed(behind="interpolation", default=None)
    fill_value: float = placed(behind="seed", default=0.0)

    def _affine(self, count: Any, *rows: Any) -> Affine:
        return Affine(count, rows, self._reading)


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

    factor: OptionalFactor = placed()

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        degrees = [360.0 * f for f in self.factor]
        angle = self._uniform((sizes.count,), degrees, seed, "float32")
        return {"angle": angle, "input_shape": sizes.shape}

    def mapping(self, drawn: Drawn, count: Any, height: Any, width: Any) -> Mapping:
        angle = ops.cast(drawn["angle"], "float32") * (math.pi / 180)
        cos, sin = ops.cos(angle), ops.sin(angle)
        across, down = (width - 1) / 2, (height - 1) / 2
        left = across - across * cos + down * sin
        top = down - across * sin - down * cos
        return self._affine(count, cos, -sin, left, sin, cos, top)


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

    height_factor: Shift = placed()
    width_factor: Shift = placed(behind="height_factor")

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        down = self._uniform((sizes.count, 1), interval(self.height_factor), seed, "float32")
        right = self._uniform((sizes.count, 1), interval(self.width_factor), seed, "float32")
        moves = ops.concatenate([right * sizes.width, down * sizes.height], axis=1)
        return {"translations": moves, "input_shape": sizes.shape}

    def mapping(self, drawn: Drawn, count: Any, height: Any, width: Any) -> Mapping:
        right, down = ops.unstack(ops.cast(drawn["translations"], "float32"), 2, axis=1)
        return self._affine(count, 1.0, 0.0, -right, 0.0, 1.0, -down)


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

    height_factor: Zoom = placed()
    width_factor: OptionalZoom = placed(behind="height_factor", default=None)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        def drawn(factor: Any) -> Tensor:
            low, high = interval(factor)
            return self._uniform((sizes.count, 1), (1.0 + low, 1.0 + high), seed, "float32")

        tall = drawn(self.height_factor)
        wide = tall if self.width_factor is None else drawn(self.width_factor)
        return {"height_zoom": tall, "width_zoom": wide, "input_shape": sizes.shape}

    def mapping(self, drawn: Drawn, count: Any, height: Any, width: Any) -> Mapping:
        wide, tall = (ops.cast(drawn[f"{k}_zoom"], "float32") for k in ("width", "height"))
        left, top = (width - 1) / 2 * (1 - wide), (height - 1) / 2 * (1 - tall)
        return self._affine(count, wide, 0.0, left, 0.0, tall, top)


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

    x_factor: ShearFactor = placed(default=0.0)
    y_factor: ShearFactor = placed(behind="x_factor", default=0.0)
    interpolation: Sampling = placed(behind="y_factor", default="bilinear")
    fill_mode: FillMode = placed(behind="interpolation", default="reflect")
    fill_value: float = placed(behind="fill_mode", default=0.0)
    seed: int | None = placed(behind="data_format", default=None)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        shape = (sizes.count, 1)
        sign = ops.where(self._uniform(shape, (0.0, 1.0), seed, "float32") > 0.5, -1.0, 1.0)
        down = self._uniform(shape, self.y_factor, seed, "float32")
        along = self._uniform(shape, self.x_factor, seed, "float32")
        shears = ops.concatenate([along, down], axis=1) * sign
        return {"shear_factor": shears, "input_shape": sizes.shape}

    def mapping(self, drawn: Drawn, count: Any, height: Any, width: Any) -> Mapping:
        along, down = ops.unstack(ops.cast(drawn["shear_factor"], "float32"), 2, axis=1)
        rows = (1.0, along, 0.0, down, 1.0, 0.0)
        return Sheared(count, rows, self._reading, (along, down), (height, width))


class RandomPerspective(RandomLayer, Geometric):
    """Images seen from another side: their corners are moved at random.

    Args:
        factor: probability that an image is changed, or a pair from which it is drawn.
        scale: how far corners are moved at most, half of it in parts of the size.
        interpolation: "bilinear" or "nearest".
        fill_value: for what lies outside.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    factor: UnitFactor = 1.0
    scale: Rate = 1.0
    interpolation: Sampling = "bilinear"
    fill_value: float = 0.0

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        applies = self._happens(sizes, self.factor, seed)
        half = 0.5 * self.scale
        moves = self._uniform((sizes.count, 4, 2), (-half, half), seed, "float32")
        right, bottom = sizes.width - 1, sizes.height - 1
        corners = [[[0.0, 0.0], [right, 0.0], [0.0, bottom], [right, bottom]]]
        start = ops.zeros_like(moves) + convert_to_tensor(corners, "float32")
        return {
            "apply_perspective": applies,
            "start_points": start,
            "end_points": start + start * moves,
            "input_shape": sizes.shape,
        }

    def mapping(self, drawn: Drawn, count: Any, height: Any, width: Any) -> Mapping:
        start, end = (ops.cast(drawn[f"{k}_points"], "float32") for k in ("start", "end"))
        return Perspective(start, end, drawn["apply_perspective"], self._reading)


class RandomElasticTransform(RandomLayer, Geometric):
    """Images whose pixels are moved by smooth random distances (Simard et al. 2003).

    Boxes are refused, as in Keras: what was straight is bent.

    Args:
        factor: probability that an image is changed, or a pair from which it is drawn.
        scale: how strong, a number or a pair in [0, 1]; drawn for the batch.
        interpolation: "bilinear" or "nearest".
        fill_mode: what lies outside: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: for "constant".
        value_range: lowest and highest value of a pixel.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    factor: UnitFactor = 1.0
    scale: UnitFactor = 1.0
    interpolation: Sampling = "bilinear"
    fill_mode: FillMode = "reflect"
    fill_value: float = 0.0
    value_range: ValueRange = (0, 255)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        if self.factor[1] == 0 or self.scale[1] == 0:
            return None
        applies = self._happens(sizes, self.factor, seed)
        strength = self._uniform((), self.scale, seed, "float32")
        # A key of the draws of the distances, so that masks move as the images do.
        return {
            "apply_transform": applies,
            "distortion_factor": strength,
            "seed": random.draw_key(seed),
            "input_shape": sizes.shape,
        }

    def get_elastic_transform_params(self, height: int, width: int, factor: Any) -> Any:
        """How far pixels are moved, and the deviation of what smooths it, both in pixels."""
        return 0.1 * max(height, width) * factor, 0.05 * min(height, width) * factor

    def mapping(self, drawn: Drawn, count: Any, height: Any, width: Any) -> Mapping:
        strength = ops.cast(drawn["distortion_factor"], "float32")
        alpha, sigma = self.get_elastic_transform_params(height, width, strength)
        return Elastic(
            drawn["apply_transform"],
            alpha,
            sigma,
            int(6 * self.get_elastic_transform_params(height, width, 1.0)[1]) | 1,
            drawn["seed"],
            self._reading,
        )

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        return ops.clip(super().changed(images, drawn), *self.value_range)

    def transform_bounding_boxes(
        self, bounding_boxes: dict[str, Any], transformation: Drawn = None, training: bool = True
    ) -> dict[str, Any]:
        """Refuses them.

        Raises:
            ArgumentError: always.
        """
        raise self._refusal(
            "images, labels and masks: what was a box is none when it is bent",
            "bounding boxes",
            "Use RandomPerspective, RandomRotation or RandomShear, which move boxes too.",
        )
