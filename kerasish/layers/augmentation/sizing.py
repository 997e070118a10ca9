"""Layers that give images another size: resized, the middle of them, a part drawn at random."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from kerasish import ops, random
from kerasish.arguments.rules import Interpolation, PositiveInt, offering
from kerasish.errors import ShapeError
from kerasish.graph.tensor import Tensor
from kerasish.layers.augmentation.base import Drawn, RandomLayer, Sizes
from kerasish.layers.augmentation.geometry import Geometric
from kerasish.layers.augmentation.mapping import Mapping, Resized, Window
from kerasish.ops.image.resizing import middle
from kerasish.spec import is_int


class Place(NamedTuple):
    """What a layer draws that changes sizes, where there is anything to draw."""

    top: Any
    left: Any
    height: Any = None
    width: Any = None


class Sized(Geometric):
    """A layer whose images have a size of its own."""

    always = True  # a size is one outside training too

    def _rests(self, transformation: Drawn, training: bool) -> bool:
        return False

    def _known(self, height: Any, width: Any) -> tuple[int, int]:
        if height is None or width is None:
            raise self._refusal(
                "images of known height and width", (height, width), kind=ShapeError
            )
        return height, width

    def _largest(self, height: int, width: int, wanted: tuple[int, int]) -> Window:
        """The largest middle part of the wanted ratio, resized."""
        top, left, tall, wide = middle(height, width, wanted)
        return self._window(top, left, (tall, wide), wanted)

    def _window(self, top: Any, left: Any, part: tuple[int, int], size: tuple[int, int]) -> Window:
        return Window(top, left, part, size, self._axes[:2], self.data_format or "")


class Resizing(Sized):
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
    fill_mode: Annotated[str, offering("constant")] = "constant"
    fill_value: float = 0.0
    antialias: bool = False

    in_dtype = False

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        return sizes.height, sizes.width

    def size_before(self, drawn: Drawn) -> tuple[Any, Any, Any]:
        return None, *drawn

    def mapping(self, drawn: Drawn, count: Any, height: Any, width: Any) -> Mapping:
        tall, wide = self.height, self.width
        scale, shift = (1.0, 1.0), (0.0, 0.0)
        if None not in (height, width):
            scale = wide / width, tall / height
            if self.pad_to_aspect_ratio or self.crop_to_aspect_ratio:
                one = min(scale) if self.pad_to_aspect_ratio else max(scale)
                scale = one, one
                shift = (wide - width * one) // 2, (tall - height * one) // 2
                if not self.pad_to_aspect_ratio:
                    shift = -((width * one - wide) // 2), -((height * one - tall) // 2)
        return Resized(self._resized, (tall, wide), scale, shift)

    def _mapped(self, images: Tensor, drawn: Drawn, interpolation: str) -> Tensor:
        return self._resized(images, interpolation)

    def _resized(self, images: Tensor, interpolation: str) -> Tensor:
        whole = is_int(images.dtype)
        y = ops.image.resize(
            ops.cast(images, self.compute_dtype) if whole else images,
            (self.height, self.width),
            interpolation=interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )
        # Images of whole numbers stay such, and within their bounds.
        return ops.saturate_cast(ops.round(y), images.dtype) if whole else y

    def transform_bounding_boxes(
        self, bounding_boxes: dict[str, Any], transformation: Drawn = None, training: bool = True
    ) -> dict[str, Any]:
        """Boxes in the new size; those of zeros or of -1 alone, which fill up, become zeros."""
        given = ops.cast(bounding_boxes["boxes"], "float32")
        found = super().transform_bounding_boxes(bounding_boxes, transformation, training)
        none = ops.logical_or(ops.all(given == 0, -1), ops.all(given == -1, -1))
        boxes = ops.where(ops.expand_dims(none, -1), ops.zeros_like(given), found["boxes"])
        return {**found, "boxes": boxes}


class CenterCrop(Sized):
    """The middle of images; smaller ones are resized.

    Args:
        height, width: size of the part.
        data_format: "channels_last" or "channels_first".
    """

    height: PositiveInt
    width: PositiveInt

    interpolation = "bilinear"

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        return {"input_shape": sizes.shape}

    def mapping(self, drawn: Drawn, count: Any, height: Any, width: Any) -> Mapping:
        height, width = self._known(height, width)
        wanted = self.height, self.width
        top, left = (height - self.height) // 2, (width - self.width) // 2
        if min(top, left) < 0:
            return self._largest(height, width, wanted)
        return self._window(top, left, wanted, wanted)


class RandomCrop(RandomLayer, Sized):
    """A part of images at a place drawn for the batch.

    Outside training, and for smaller images, the largest part of that ratio, resized. Boxes are
    cut at the edges of the part and keep their labels.

    Args:
        height, width: size of the part.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    height: PositiveInt
    width: PositiveInt

    interpolation = "bilinear"

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Drawn:
        if training:
            return super().get_random_transformation(data, training, seed)
        given = data["images"] if isinstance(data, dict) else data
        sizes = self.sizes(given)
        return Place(None, None, *self._known(sizes.height, sizes.width))

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        height, width = self._known(sizes.height, sizes.width)
        room = height - self.height, width - self.width
        if min(room) < 0:
            return Place(None, None, height, width)
        top, left = (random.randint((), 0, r + 1, seed=seed) for r in room)
        return Place(top, left, height, width)

    def size_before(self, drawn: Drawn) -> tuple[Any, Any, Any]:
        return None, *Place(*drawn)[2:]

    def mapping(self, drawn: Drawn, count: Any, height: Any, width: Any) -> Mapping:
        wanted = self.height, self.width
        if drawn is None or drawn[0] is None:
            return self._largest(*self._known(height, width), wanted)
        return self._window(drawn[0], drawn[1], wanted, wanted)

    def _cut(self, boxes: dict[str, Any], size: tuple[Any, Any]) -> dict[str, Any]:
        return {**super()._cut(boxes, size), "labels": boxes["labels"]}
