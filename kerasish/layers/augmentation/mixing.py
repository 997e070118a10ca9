"""Layers that mix the images of a batch, erase a part of them, or count their boxes."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import ops, random, tables
from kerasish.arguments.fields import placed
from kerasish.arguments.rules import PositiveInt
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.layers.augmentation.base import Drawn, ImageLayer, RandomLayer, Sizes, per_image
from kerasish.layers.augmentation.factors import Fill, UnitFactor, ValueRange
from kerasish.spec import is_float, known


class Mixing(RandomLayer):
    """Every image is mixed with another one of the batch, and so are labels."""

    def _mixed(self, values: Any, drawn: Drawn) -> Tensor:
        """What belongs to an image, added up by the weights of both."""
        x = convert_to_tensor(values)
        x = x if is_float(x.dtype) else ops.cast(x, self.compute_dtype)
        weight = ops.cast(ops.reshape(drawn["mix_weight"], (-1, *([1] * (x.ndim - 1)))), x.dtype)
        return weight * x + (1.0 - weight) * self._others(x, drawn)

    def _others(self, values: Any, drawn: Drawn) -> Tensor:
        return ops.take(values, ops.cast(drawn["permutation_order"], "int32"), axis=0)

    def transform_labels(
        self, labels: Any, transformation: Drawn = None, training: bool = True
    ) -> Any:
        """Labels with an entry per class, added up by the weights of the images."""
        if self._rests(transformation, training):
            return labels
        return self._mixed(labels, transformation)

    def _order(self, sizes: Sizes, seed: Any) -> Tensor:
        count = known((sizes.count,))[0]
        return random.shuffle(ops.arange(count, dtype="int32"), seed=seed)


class MixUp(Mixing):
    """Images and labels as weighted sums of two (Zhang et al. 2018); all boxes of both.

    Args:
        alpha: of the beta distribution of the weights.
        data_format: "channels_last" or "channels_first".
        seed: int, for the same draws every time.
    """

    alpha: float = 0.2
    seed: int | None = placed(behind="data_format", default=None)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        order = self._order(sizes, seed)
        weight = random.beta((sizes.count,), self.alpha, self.alpha, "float32", seed=seed)
        return {"mix_weight": weight, "permutation_order": order}

    def transform_images(
        self, images: Any, transformation: Drawn = None, training: bool = True
    ) -> Tensor:
        x = ops.cast(images, self.compute_dtype)
        if self._rests(transformation, training):
            return x
        weight = self._spread(transformation["mix_weight"])
        return weight * x + (1.0 - weight) * self._others(x, transformation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Drawn = None, training: bool = True
    ) -> Any:
        """Masks, added up by the weights of the images."""
        return self.transform_labels(segmentation_masks, transformation, training)

    def transform_bounding_boxes(
        self, bounding_boxes: dict[str, Any], transformation: Drawn = None, training: bool = True
    ) -> dict[str, Any]:
        """The boxes of both images."""
        if self._rests(transformation, training):
            return bounding_boxes
        found = {}
        for name in ("boxes", "labels"):
            own = convert_to_tensor(bounding_boxes[name])
            both = [own, self._others(own, transformation)]
            found[name] = ops.concatenate(both, axis=min(1, own.ndim - 1))
        return found


class Cutting(RandomLayer):
    """A layer that takes a window of every image."""

    def _windows(self, sizes: Sizes, across: Any, down: Any, seed: Any) -> tuple[Tensor, Tensor]:
        """(whether pixels lie in windows, (n, ..., 1) or (n, 1, ...); parts of the area, (n,)).

        Args:
            across, down: (n,) parts of the width and height.
        """
        height, width = known((sizes.height, sizes.width))
        inside: Any = True
        area: Any = 1.0
        for axis, size, part in zip(self._axes, (height, width), (down, across), strict=False):
            length = part * size
            start = self._uniform((sizes.count,), (0.0, 1.0), seed, "float32") * (size - length)
            shape = [1, 1, 1, 1]
            shape[axis] = size
            at = convert_to_tensor(tables.arange(size).reshape(shape).astype(np.float32))
            first = ops.reshape(start, (-1, 1, 1, 1))
            end = ops.reshape(start + length, (-1, 1, 1, 1))
            here = ops.logical_and(at >= first, at < end)
            inside = here if inside is True else ops.logical_and(inside, here)
            area = area * length / size
        return inside, area


class CutMix(Mixing, Cutting):
    """A window of every image shows another one; labels are mixed by area (Yun et al. 2019).

    Boxes are refused, as in Keras: parts of boxes of two images make none. One image alone stays.

    Args:
        factor: largest alpha of the beta distribution of the areas, or a pair; drawn per batch.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    factor: UnitFactor = 1.0

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        if len(sizes.shape) == 3:
            return None
        alpha = self._uniform((), self.factor, seed, "float32") + 1e-6
        weight = random.beta((sizes.count,), alpha, alpha, "float32", seed=seed)
        ratio = ops.sqrt(1.0 - weight)
        inside, area = self._windows(sizes, ratio, ratio, seed)
        return {
            "permutation_order": self._order(sizes, seed),
            "batch_masks": inside,
            "mix_weight": ops.reshape(1.0 - area, (-1, 1, 1, 1)),
        }

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        inside = ops.cast(drawn["batch_masks"], "bool")
        return ops.where(inside, self._others(images, drawn), images)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Drawn = None, training: bool = True
    ) -> Any:
        """Masks with the same windows."""
        masks = convert_to_tensor(segmentation_masks)
        if self._rests(transformation, training):
            return masks
        inside = ops.cast(transformation["batch_masks"], "bool")
        one = ops.take(inside, convert_to_tensor([0]), axis=self._axes[2])
        return ops.where(one, self._others(masks, transformation), masks)

    def transform_bounding_boxes(
        self, bounding_boxes: dict[str, Any], transformation: Drawn = None, training: bool = True
    ) -> dict[str, Any]:
        """Refuses them.

        Raises:
            ArgumentError: always.
        """
        raise self._refusal(
            "images, labels and masks: a window with parts of boxes has no boxes of its own",
            "bounding boxes",
            "Use MixUp, which keeps the boxes of both images.",
        )


class RandomErasing(Cutting):
    """Images of which a window is filled with noise or a value (Zhong et al. 2020).

    Args:
        factor: probability that an image is changed, or a pair from which it is drawn.
        scale: squares of the parts of width and height that a window takes, between two numbers.
        fill_value: a number, one per channel, or None for noise.
        value_range: lowest and highest value of a pixel.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    factor: UnitFactor = 1.0
    scale: UnitFactor = (0.02, 0.33)
    fill_value: Fill = None
    value_range: ValueRange = (0, 255)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        parts = ops.sqrt(self._uniform((sizes.count, 2), self.scale, seed, "float32"))
        across, down = ops.unstack(parts, 2, axis=1)
        inside, _ = self._windows(sizes, across, down, seed)
        return {
            "apply_erasing": self._happens(sizes, self.factor, seed),
            "batch_masks": inside,
            "fill_value": ops.clip(self._filling(sizes, seed), *self.value_range),
        }

    def _filling(self, sizes: Sizes, seed: Any) -> Tensor:
        if self.fill_value is None:
            shape = sizes.shape if len(sizes.shape) == 4 else (1, *sizes.shape)
            noise = random.normal(shape, dtype=self.compute_dtype, seed=seed)
            return noise * self.value_range[1]
        values = convert_to_tensor(self.fill_value, self.compute_dtype)
        shape = [1, 1, 1, 1]
        shape[self._axes[2]] = -1
        return ops.reshape(values, shape)

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        inside = ops.cast(drawn["batch_masks"], "bool")
        erased = ops.logical_and(inside, per_image(drawn["apply_erasing"]))
        return ops.where(erased, ops.cast(drawn["fill_value"], images.dtype), images)


class MaxNumBoundingBoxes(ImageLayer):
    """The first boxes of every image, filled up to a number; images stay as they are.

    Args:
        max_number: number of boxes.
        fill_value: of the boxes and labels that fill up.
    """

    max_number: PositiveInt
    fill_value: int = -1

    always = True
    in_dtype = False

    def transform_bounding_boxes(
        self, bounding_boxes: dict[str, Any], transformation: Drawn = None, training: bool = True
    ) -> dict[str, Any]:
        """So many boxes and labels."""
        found = dict(bounding_boxes)
        for name in ("boxes", "labels"):
            rows = convert_to_tensor(found[name])[:, : self.max_number]
            pads = [(0, 0)] * rows.ndim
            pads[1] = (0, self.max_number - known((rows.shape[1],))[0])
            found[name] = ops.pad(rows, pads, constant_values=self.fill_value)
        return found
