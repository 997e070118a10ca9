"""Layers made of others: one after the other, some that are drawn, and mixtures of chains."""

from __future__ import annotations

from typing import Any

from kerasish import ops, random
from kerasish.arguments.rules import Numbers, PositiveInt
from kerasish.graph.tensor import Tensor
from kerasish.layers.augmentation.base import Drawn, RandomLayer, Sizes, as_sample
from kerasish.layers.augmentation.colour import (
    AutoContrast,
    RandomBrightness,
    RandomColorDegeneration,
    RandomContrast,
    RandomHue,
    RandomPosterization,
    RandomSaturation,
    RandomSharpness,
    Solarization,
)
from kerasish.layers.augmentation.factors import Sampling, UnitFactor, ValueRange
from kerasish.layers.augmentation.geometry import RandomRotation, RandomShear, RandomTranslation
from kerasish.layers.augmentation.histograms import Equalization
from kerasish.layers.base.layer import Layer


class Pipeline(Layer):
    """Layers called one after the other, on images or dicts with images.

    Args:
        layers: the layers.
    """

    layers: list[Layer]

    unwritten = ("trainable", "dtype")

    def _converted(self, values: dict[str, Any]) -> dict[str, Any]:
        first = next(iter(values))
        data = values[first]
        if isinstance(data, dict) and "images" in data:
            return {**values, first: as_sample(data)}
        return super()._converted(values)

    def call(self, inputs: Any, training: bool = True) -> Any:
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """None: the mask is what the last layer left."""


class RandomColorJitter(RandomLayer):
    """Brightness, contrast, saturation and hue changed, one after the other.

    Args:
        value_range: lowest and highest value of a pixel.
        brightness_factor, contrast_factor, saturation_factor, hue_factor: those of
            `RandomBrightness` and the like; None leaves it as it is.
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    value_range: ValueRange = (0, 255)
    brightness_factor: Numbers = None
    contrast_factor: Numbers = None
    saturation_factor: Numbers = None
    hue_factor: Numbers = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for cls in (RandomBrightness, RandomContrast, RandomSaturation, RandomHue):
            name = cls.__name__.removeprefix("Random").lower()
            given = getattr(self, f"{name}_factor")
            layer = None
            if given is not None:
                layer = cls(
                    given,
                    self.value_range,
                    seed=self.seed,
                    data_format=self.data_format,
                    dtype=self.dtype_policy,
                )
            setattr(self, f"random_{name}", layer)

    def _steps(self) -> dict[str, Any]:
        names = ("brightness", "contrast", "saturation", "hue")
        found = {name: getattr(self, f"random_{name}") for name in names}
        return {name: layer for name, layer in found.items() if layer is not None}

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        return {name: layer.draw(sizes, seed) for name, layer in self._steps().items()}

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        for name, layer in self._steps().items():
            images = layer.transform_images(images, drawn[name])
        return images


class Choosing(RandomLayer):
    """A layer that draws which others change a batch, and has them for it."""

    def _make(self, factor: Any, value_range: Any, interpolation: str) -> None:
        """The layers by which images are changed, `random_shear` and so on."""
        names = ("data_format", "bounding_box_format")
        more = {name: getattr(self, name) for name in names} | {"dtype": self.dtype_policy}
        seeded = {**more, "seed": self.seed}
        warped = {**seeded, "interpolation": interpolation}
        ranged = {**seeded, "value_range": value_range}
        made: dict[str, tuple[Any, dict[str, Any]]] = {
            "random_shear": (RandomShear, {"x_factor": factor, "y_factor": factor, **warped}),
            "random_translation": (
                RandomTranslation,
                {"height_factor": factor, "width_factor": factor, **warped},
            ),
            "random_rotation": (RandomRotation, {"factor": factor, **warped}),
            "random_brightness": (RandomBrightness, {"factor": factor, **ranged}),
            "random_color_degeneration": (RandomColorDegeneration, {"factor": factor, **ranged}),
            "random_contrast": (RandomContrast, {"factor": factor, **ranged}),
            "random_sharpness": (RandomSharpness, {"factor": factor, **ranged}),
            "solarization": (
                Solarization,
                {"addition_factor": factor, "threshold_factor": factor, **ranged},
            ),
            "random_posterization": (
                RandomPosterization,
                {"factor": max(1, int(8 * factor[1])), **ranged},
            ),
            "auto_contrast": (AutoContrast, {"value_range": value_range, **more}),
            "equalization": (Equalization, {"value_range": value_range, **more}),
        }
        # Files have the states of generators in the order in which Keras makes the layers.
        solarized_first = {"solarization": "random_posterization"}
        solarized_first |= {v: k for k, v in solarized_first.items()}
        for name in (solarized_first.get(name, name) for name in self.choices):
            cls, arguments = made[name]
            setattr(self, name, cls(**arguments))

    @property
    def choices(self) -> tuple[str, ...]:
        """The names of the layers among which it draws."""
        return CHOICES

    def _drawn(self, sizes: Sizes, seed: Any) -> dict[str, Drawn]:
        return {name: getattr(self, name).draw(sizes, seed) for name in self.choices}

    def _applied(self, what: str, value: Any, index: Any, drawn: dict[str, Drawn]) -> Any:
        """What the layer of an index makes of images, masks or boxes; beyond the last, none does.

        Only that layer runs.
        """

        def branch(name: str) -> Any:
            transform = getattr(getattr(self, name), f"transform_{what}")
            return lambda x: transform(x, transformation=drawn.get(name), training=True)

        branches = [branch(name) for name in self.choices]
        return ops.switch(index, [*branches, lambda x: x], value)


CHOICES = (
    "random_shear",
    "random_translation",
    "random_rotation",
    "random_brightness",
    "random_color_degeneration",
    "random_contrast",
    "random_sharpness",
    "random_posterization",
    "solarization",
    "auto_contrast",
    "equalization",
)
MIXED = (
    "random_shear",
    "random_translation",
    "random_rotation",
    "random_posterization",
    "solarization",
    "auto_contrast",
    "equalization",
)
ALL_MIXED = (
    *MIXED,
    "random_brightness",
    "random_color_degeneration",
    "random_contrast",
    "random_sharpness",
)


class RandAugment(Choosing):
    """Images changed by a few layers that are drawn for the batch (Cubuk et al. 2020).

    Args:
        value_range: lowest and highest value of a pixel.
        num_ops: how many layers, one after the other.
        factor: how strong they are, a number or a pair in [0, 1].
        interpolation: "bilinear" or "nearest".
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    value_range: ValueRange = (0, 255)
    num_ops: int = 2
    factor: UnitFactor = 0.5
    interpolation: Sampling = "bilinear"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._make(self.factor, self.value_range, self.interpolation)

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        chosen = random.randint((self.num_ops,), 0, len(self.choices), seed=seed)
        return {"transforms": self._drawn(sizes, seed), "layer_idxes": chosen}

    def _chained(self, what: str, value: Any, drawn: Drawn) -> Any:
        for i in range(self.num_ops):
            index = drawn["layer_idxes"][i]
            value = self._applied(what, value, index, drawn["transforms"])
        return value

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        return self._chained("images", images, drawn)

    def transform_bounding_boxes(
        self, bounding_boxes: dict[str, Any], transformation: Drawn = None, training: bool = True
    ) -> dict[str, Any]:
        """Boxes, moved with the images."""
        if self._rests(transformation, training):
            return bounding_boxes
        return self._chained("bounding_boxes", bounding_boxes, transformation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Drawn = None, training: bool = True
    ) -> Any:
        """Masks, moved with the images."""
        if self._rests(transformation, training):
            return segmentation_masks
        return self._chained("segmentation_masks", segmentation_masks, transformation)


class AugMix(Choosing):
    """Images mixed with what chains of layers make of them (Hendrycks et al. 2020).

    Boxes stay as they are; masks are mixed as the images are, as in Keras.

    Args:
        value_range: lowest and highest value of a pixel.
        num_chains: number of chains.
        chain_depth: layers of a chain at most.
        factor: how strong they are, a number or a pair in [0, 1].
        alpha: of the distributions of the weights.
        all_ops: whether layers that change colours by a factor are among them.
        interpolation: "bilinear" or "nearest".
        seed: int, for the same draws every time.
        data_format: "channels_last" or "channels_first".
    """

    value_range: ValueRange = (0, 255)
    num_chains: PositiveInt = 3
    chain_depth: PositiveInt = 3
    factor: UnitFactor = 0.3
    alpha: float = 1.0
    all_ops: bool = True
    interpolation: Sampling = "bilinear"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._make(self.factor, self.value_range, self.interpolation)

    @property
    def choices(self) -> tuple[str, ...]:
        return ALL_MIXED if self.all_ops else MIXED

    def draw(self, sizes: Sizes, seed: Any) -> Drawn:
        shares = random.gamma((self.num_chains,), self.alpha, "float32", seed=seed)
        weight = random.beta((), self.alpha, self.alpha, "float32", seed=seed)
        depths = (self.num_chains, self.chain_depth)
        chosen = random.randint(depths, 0, len(self.choices) + 1, seed=seed)
        chains = [
            [
                {"layer_idx": chosen[i, j], "transformation": self._drawn(sizes, seed)}
                for j in range(self.chain_depth)
            ]
            for i in range(self.num_chains)
        ]
        return {
            "chain_mixing_weights": shares / ops.sum(shares),
            "weight_sample": weight,
            "chain_transforms": chains,
        }

    def _mixed(self, what: str, value: Any, drawn: Drawn) -> Tensor:
        total: Any = 0.0
        for i, chain in enumerate(drawn["chain_transforms"]):
            one = value
            for step in chain:
                one = self._applied(what, one, step["layer_idx"], step["transformation"])
            share = ops.cast(drawn["chain_mixing_weights"][i], self.compute_dtype)
            total = total + ops.cast(one, self.compute_dtype) * share
        weight = ops.cast(drawn["weight_sample"], self.compute_dtype)
        return weight * ops.cast(value, self.compute_dtype) + (1.0 - weight) * total

    def changed(self, images: Tensor, drawn: Drawn) -> Tensor:
        return ops.clip(self._mixed("images", images, drawn), *self.value_range)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Drawn = None, training: bool = True
    ) -> Any:
        """Masks, mixed as the images are."""
        if self._rests(transformation, training):
            return segmentation_masks
        return self._mixed("segmentation_masks", segmentation_masks, transformation)
