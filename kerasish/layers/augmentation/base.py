"""What layers of images share: single images and batches, with labels, boxes and masks."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from kerasish import config, ops, random, tables
from kerasish.arguments.fields import LAST, placed
from kerasish.arguments.rules import DataFormat
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.layers.augmentation.factors import BoxFormat
from kerasish.layers.base.layer import Layer
from kerasish.random import SeedGenerator

Drawn = Any  # what was drawn for a batch: mostly a dict of tensors with an entry per image


class Sizes(NamedTuple):
    """Of a batch of images, or of one."""

    count: Any
    height: Any
    width: Any
    channels: Any
    shape: tuple[Any, ...]


class ImageLayer(Layer):
    """A layer on one image (height, width, channels), a batch, or a dict with images.

    A dict may hold "images", "labels", "bounding_boxes" ({"boxes", "labels"}) and
    "segmentation_masks"; what else it holds goes through. A subclass says in `draw` what is drawn
    for the images, and in `changed` what becomes of a batch of them; labels, boxes and masks stay
    as they are unless it says otherwise. Keras's methods (`get_random_transformation`,
    `transform_images` and the like) are what a call is made of, and can be written instead.

    Args:
        data_format: "channels_last" or "channels_first".
        bounding_box_format: of the boxes, "xyxy" or the like; needed where there are boxes.
    """

    data_format: DataFormat = placed(behind=LAST, default=None)
    bounding_box_format: BoxFormat = placed(behind=LAST, default=None)

    always: ClassVar[bool] = False  # whether images are changed outside training too
    in_dtype: ClassVar[bool] = True  # whether images of whole numbers are computed as floats

    def __post_init__(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        if "seed" in type(self).fields:
            self.generator = SeedGenerator(getattr(self, "seed", None))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if config.get("bounding_box_format", "") is None:
            del config["bounding_box_format"]
        return config

    # --- what subclasses say ----------------------------------------------------------------------

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        """What decides the change of a batch: tensors with an entry per image.

        Args:
            sizes: of the batch; one image counts as a batch of one.
            seed: for `keras.random`.
        """

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        """A batch of images, changed as it was drawn."""
        return images

    # --- what is done to each part ----------------------------------------------------------------

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Drawn:
        """What a call draws for these images; None where they stay as they are."""
        if not (training or self.always):
            return None
        given = data["images"] if isinstance(data, dict) else data
        return self.draw(self.sizes(given), self._seed(seed))

    def transform_images(
        self, images: Any, transformation: Drawn = None, training: bool = True
    ) -> Tensor:
        """Images, changed as `get_random_transformation` drew it."""
        images = convert_to_tensor(images)
        if self.in_dtype:
            images = ops.cast(images, self.compute_dtype)
        if self._rests(transformation, training):
            return images
        return as_batch(lambda x: self.changed(x, transformation), images)

    def transform_labels(
        self, labels: Any, transformation: Drawn = None, training: bool = True
    ) -> Any:
        """Labels of the images."""
        return labels

    def transform_bounding_boxes(
        self, bounding_boxes: dict[str, Any], transformation: Drawn = None, training: bool = True
    ) -> dict[str, Any]:
        """Boxes {"boxes", "labels"} of the images."""
        return bounding_boxes

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Drawn = None, training: bool = True
    ) -> Any:
        """Masks of the images."""
        return segmentation_masks

    def transform_single_image(
        self, image: Any, transformation: Drawn = None, training: bool = True
    ) -> Tensor:
        """One image, as a batch of one."""
        return self._single(self.transform_images, image, transformation, training)

    def transform_single_label(
        self, label: Any, transformation: Drawn = None, training: bool = True
    ) -> Any:
        """The label of one image."""
        return self._single(self.transform_labels, label, transformation, training)

    def transform_single_bounding_box(
        self, bounding_box: Any, transformation: Drawn = None, training: bool = True
    ) -> dict[str, Any]:
        """The boxes of one image."""
        given = {k: ops.expand_dims(v, 0) for k, v in bounding_box.items()}
        found = self.transform_bounding_boxes(
            given, transformation=transformation, training=training
        )
        return {k: ops.squeeze(v, 0) for k, v in found.items()}

    def transform_single_segmentation_mask(
        self, segmentation_mask: Any, transformation: Drawn = None, training: bool = True
    ) -> Any:
        """The mask of one image."""
        of_batch = self.transform_segmentation_masks
        return self._single(of_batch, segmentation_mask, transformation, training)

    def _single(self, of_batch: Any, value: Any, transformation: Drawn, training: bool) -> Any:
        batch = ops.expand_dims(value, 0)
        found = of_batch(batch, transformation=transformation, training=training)
        return ops.squeeze(found, 0)

    # --- a call -----------------------------------------------------------------------------------

    def call(self, inputs: Any, training: bool = True) -> Any:
        drawn = self.get_random_transformation(inputs, training=training)
        images = inputs["images"] if isinstance(inputs, dict) else inputs
        single = len(self.sizes(images).shape) == 3
        if not isinstance(inputs, dict):
            change = self.transform_single_image if single else self.transform_images
            return change(inputs, transformation=drawn, training=training)
        if "bounding_boxes" in inputs and self.bounding_box_format is None:
            raise self._refusal(
                "bounding_box_format, since the data have bounding boxes",
                "None",
                f"Make it as {type(self).__name__}(..., bounding_box_format='xyxy').",
            )
        found = dict(inputs)
        for part, names in _PARTS.items():
            if part in inputs:
                change = getattr(self, names[single])
                found[part] = change(inputs[part], transformation=drawn, training=training)
        return found

    def _converted(self, values: dict[str, Any]) -> dict[str, Any]:
        first = next(iter(values))
        data = values[first]
        if not isinstance(data, dict):
            return super()._converted(values)
        if "images" not in data:
            raise self._refusal('a dict with "images"', f"one with {', '.join(data) or 'nothing'}")
        sample = as_sample(data)
        # Boxes are counted in pixels, which half precision cannot.
        boxes = {k: sample.pop(k) for k in ("bounding_boxes",) if k in sample}
        found = super()._converted({**values, first: sample})
        return {**found, first: {k: {**found[first], **boxes}[k] for k in data}}

    # --- for subclasses ---------------------------------------------------------------------------

    def sizes(self, images: Any) -> Sizes:
        """Of a batch of images, or of one.

        Raises:
            ShapeError: neither.
        """
        shape = tuple(images.shape)
        if len(shape) not in (3, 4):
            raise self._refusal(
                "an image of 3 axes, or a batch of 4", f"shape {shape}", kind=ShapeError
            )
        last = self.data_format == "channels_last"
        height, width, channels = shape[-3:] if last else (*shape[-2:], shape[-3])
        return Sizes(shape[0] if len(shape) == 4 else 1, height, width, channels, shape)

    @property
    def _axes(self) -> tuple[int, int, int]:
        """Height, width and channels, counted from the last axis."""
        return (-3, -2, -1) if self.data_format == "channels_last" else (-2, -1, -3)

    def _seed(self, seed: Any) -> Any:
        return getattr(self, "generator", None) if seed is None else seed

    def _rests(self, transformation: Drawn, training: bool) -> bool:
        """Whether nothing is to be changed."""
        if not (training or self.always):
            return True
        return transformation is None and type(self).draw is not ImageLayer.draw

    def _spread(self, numbers: Any) -> Tensor:
        """A number per image, against a batch of images."""
        return ops.cast(ops.reshape(numbers, (-1, 1, 1, 1)), self.compute_dtype)


class RandomLayer(ImageLayer):
    """A layer that draws.

    Args:
        seed: int, for the same draws every time.
    """

    seed: int | None = placed(behind=LAST, default=None)

    def _uniform(self, shape: Any, interval: Any, seed: Any, dtype: Any = None) -> Tensor:
        low, high = interval
        return random.uniform(shape, low, high, dtype or self.compute_dtype, seed=seed)

    def _happens(self, sizes: Sizes, factor: Any, seed: Any) -> Tensor:
        """For every image, whether it is changed; each with a probability drawn from `factor`."""
        probability = self._uniform((sizes.count,), factor, seed, "float32")
        return self._uniform((sizes.count,), (0.0, 1.0), seed, "float32") < probability


_PARTS = {
    "images": ("transform_images", "transform_single_image"),
    "bounding_boxes": ("transform_bounding_boxes", "transform_single_bounding_box"),
    "labels": ("transform_labels", "transform_single_label"),
    "segmentation_masks": ("transform_segmentation_masks", "transform_single_segmentation_mask"),
}


def as_batch(change: Any, images: Tensor) -> Tensor:
    """`change` of a batch; one image is a batch of one."""
    if images.ndim != 3:
        return change(images)
    return ops.squeeze(change(ops.expand_dims(images, 0)), 0)


def per_image(flags: Any) -> Tensor:
    """Truth values, one per image, against a batch of images."""
    return ops.cast(ops.reshape(flags, (-1, 1, 1, 1)), "bool")


def rescaled(images: Tensor, source: Any, target: Any) -> Tensor:
    """Values between two numbers, between two others."""
    if tuple(source) == tuple(target):
        return images
    part = (images - source[0]) / (source[1] - source[0])
    return part * (target[1] - target[0]) + target[0]


def as_sample(data: dict[str, Any]) -> dict[str, Any]:
    """A dict of images and what belongs to them, as tensors."""
    found = {k: convert_to_tensor(v) if k in _PARTS else v for k, v in _plain(data)}
    if "bounding_boxes" in data:
        found["bounding_boxes"] = dense(data["bounding_boxes"])
    return found


def _plain(data: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(k, v) for k, v in data.items() if k != "bounding_boxes"]


def dense(bounding_boxes: Any) -> dict[str, Any]:
    """Boxes and labels as tensors; lists of different lengths are filled up with zeros and -1.

    Raises:
        ArgumentError: no dict with boxes and labels, or other numbers of them.
    """
    what = "bounding_boxes"
    if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= bounding_boxes.keys():
        shown = list(bounding_boxes) if isinstance(bounding_boxes, dict) else bounding_boxes
        raise ArgumentError(what, expected='a dict with "boxes" and "labels"', received=shown)
    boxes, labels = bounding_boxes["boxes"], bounding_boxes["labels"]
    if isinstance(boxes, (list, tuple)):
        if not isinstance(labels, (list, tuple)) or len(boxes) != len(labels):
            raise ArgumentError(
                what,
                expected=f"a list of labels, one for each of {len(boxes)}, where boxes are a list",
                received=labels,
            )
        if boxes and np.ndim(boxes[0]) != 1:
            most = max(map(len, boxes))
            boxes = [_filled(b, most, (4,), 0.0) for b in boxes]
            labels = [_filled(b, most, np.shape(b)[1:], -1) for b in labels]
        boxes = np.array(boxes, "float32")
    found = {
        "boxes": ops.cast(convert_to_tensor(boxes), "float32"),
        "labels": convert_to_tensor(labels),
    }
    shapes = found["boxes"].shape, found["labels"].shape
    rank = len(shapes[0])
    if rank not in (2, 3) or len(shapes[1]) not in (rank - 1, rank):
        raise ShapeError(
            what,
            expected="boxes (n, 4) or (batch, n, 4), and labels of the same axes without the last",
            received=f"shapes {shapes[0]} and {shapes[1]}",
        )
    return {**bounding_boxes, **found}


def _filled(rows: Any, count: int, shape: Any, value: Any) -> np.ndarray:
    given = np.asarray(rows)
    found = tables.full((count, *shape), value, given.dtype if len(given) else type(value))
    if len(given):
        found[: len(given)] = given
    return found
