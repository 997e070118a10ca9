"""Images with labels, boxes and masks: what is drawn reaches all of them, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.compiler.functions import function
from kerasish.errors import ArgumentError, ShapeError
from kerasish.layers.augmentation.base import ImageLayer, RandomLayer
from tests.golden.image_cases import FORMATS

layers = keras.layers
SIZE = 40
COUNT = 4
# Where a rectangle stands in every image: x1, y1, x2, y2.
PLACES = np.array([[12, 14, 24, 26], [10, 16, 20, 30], [15, 11, 29, 21], [14, 14, 26, 26]])


def sample(form: str = "xyxy") -> dict[str, Any]:
    """Images that are black but for a white rectangle, which is the box and the mask."""
    masks = np.zeros((COUNT, SIZE, SIZE, 1), "int32")
    for mask, (x1, y1, x2, y2) in zip(masks, PLACES, strict=True):
        mask[y1:y2, x1:x2] = 3
    boxes = PLACES[:, None].astype("float32")
    boxes = keras.utils.bounding_boxes.convert_format(boxes, "xyxy", form, SIZE, SIZE)
    return {
        "images": np.repeat(masks * 85.0, 3, axis=-1).astype("float32"),
        "labels": np.eye(COUNT, dtype="float32"),
        "bounding_boxes": {"boxes": np.asarray(boxes), "labels": np.full((COUNT, 1), 7, "int32")},
        "segmentation_masks": masks,
    }


GEOMETRIC: dict[str, tuple[type, dict[str, Any]]] = {
    "flip": (layers.RandomFlip, {}),
    "rotation": (layers.RandomRotation, {"factor": (0.25, 0.25), "fill_mode": "constant"}),
    "translation": (
        layers.RandomTranslation,
        {"height_factor": 0.2, "width_factor": 0.2, "fill_mode": "constant"},
    ),
    "zoom": (layers.RandomZoom, {"height_factor": 0.3, "width_factor": 0.3}),
    "shear": (layers.RandomShear, {"x_factor": (0.0, 0.0), "y_factor": (0.2, 0.3)}),
    "perspective": (layers.RandomPerspective, {"scale": 0.3}),
    "crop": (layers.RandomCrop, {"height": 33, "width": 35}),
    "center_crop": (layers.CenterCrop, {"height": 32, "width": 36}),
    "center_crop_wide": (layers.CenterCrop, {"height": 20, "width": 60}),
    "resizing": (layers.Resizing, {"height": 60, "width": 30}),
    "resizing_padded": (layers.Resizing, {"height": 60, "width": 50, "pad_to_aspect_ratio": True}),
    "resizing_cropped": (
        layers.Resizing,
        {"height": 60, "width": 50, "crop_to_aspect_ratio": True},
    ),
}


def around(mask: np.ndarray) -> list[int]:
    """The box around what is not zero."""
    rows, columns = np.nonzero(mask)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


@pytest.mark.parametrize("name", GEOMETRIC)
@pytest.mark.parametrize("form", FORMATS)
def test_boxes_and_masks_follow_the_images(name: str, form: str) -> None:
    cls, args = GEOMETRIC[name]
    layer = cls(**args, bounding_box_format=form, **({"seed": 3} if "seed" in cls.fields else {}))
    found = layer(sample(form), training=True)
    height, width = found["images"].shape[1:3]
    boxes = keras.utils.bounding_boxes.convert_format(
        found["bounding_boxes"]["boxes"], form, "xyxy", height, width
    ).numpy()
    for i in range(COUNT):
        mask = found["segmentation_masks"][i, ..., 0].numpy()
        assert set(np.unique(mask)) <= {0, 3}
        white = found["images"][i, ..., 0].numpy() > 127
        assert (white != (mask > 0)).mean() < 0.03
        # Turned boxes are around more than what was in them; others fit to a pixel or two.
        np.testing.assert_allclose(boxes[i, 0], around(mask), atol=2.6)
    assert found["segmentation_masks"].dtype == "int32"
    np.testing.assert_array_equal(found["labels"], np.eye(COUNT))
    np.testing.assert_array_equal(found["bounding_boxes"]["labels"], np.full((COUNT, 1), 7))


COLOURS: dict[str, tuple[type, dict[str, Any]]] = {
    "brightness": (layers.RandomBrightness, {"factor": (0.2, 0.4)}),
    "contrast": (layers.RandomContrast, {"factor": (0.5, 0.5)}),
    "degeneration": (layers.RandomColorDegeneration, {"factor": (0.4, 0.6)}),
    "hue": (layers.RandomHue, {"factor": (0.3, 0.5)}),
    "saturation": (layers.RandomSaturation, {"factor": (0.1, 0.2), "value_range": (0, 1)}),
    "sharpness": (layers.RandomSharpness, {"factor": (0.0, 0.2)}),
    "grayscale": (layers.RandomGrayscale, {"factor": 1.0}),
    "invert": (layers.RandomInvert, {"factor": (1.0, 1.0)}),
    "posterization": (layers.RandomPosterization, {"factor": (1, 4)}),
    "blur": (layers.RandomGaussianBlur, {"factor": (1.0, 1.0)}),
    "solarization": (layers.Solarization, {"threshold_factor": 0.5}),
    "jitter": (layers.RandomColorJitter, {"brightness_factor": 0.5, "hue_factor": 0.5}),
    "erasing": (layers.RandomErasing, {"factor": (1.0, 1.0)}),
    "elastic": (layers.RandomElasticTransform, {"factor": (1.0, 1.0)}),
    "rand_augment": (layers.RandAugment, {"num_ops": 4}),
    "aug_mix": (layers.AugMix, {}),
    "mix_up": (layers.MixUp, {"alpha": 1.0}),
    "cut_mix": (layers.CutMix, {}),
}
PICTURES = np.random.default_rng(5).uniform(0, 255, (COUNT, 12, 10, 3)).astype("float32")


@pytest.mark.parametrize("name", COLOURS)
def test_drawn_while_training(name: str) -> None:
    """Nothing else, anew in every call, again from a seed, compiled as eager, inside models."""
    cls, args = COLOURS[name]
    layer = cls(**args, seed=7)
    high = 1.0 if name == "saturation" else 255.0
    pictures = PICTURES / 255 * high
    np.testing.assert_array_equal(layer(pictures, training=False), pictures)
    first, second = layer(pictures).numpy(), layer(pictures).numpy()
    assert first.shape == pictures.shape
    assert np.abs(first - pictures).max() > 0.01 * high
    if name not in ("grayscale", "invert"):  # which leave nothing to chance here
        assert (first != second).any()
    again = cls(**args, seed=7)
    np.testing.assert_array_equal(again(pictures), first)
    run = function(cls(**args, seed=7))
    np.testing.assert_allclose(run(pictures), first, rtol=1e-4, atol=1e-3)
    x = keras.Input((12, 10, 3))
    model = keras.Model(x, cls(**args, seed=7)(x))
    np.testing.assert_array_equal(model(pictures, training=False), pictures)
    assert np.abs(model(pictures, training=True).numpy() - pictures).max() > 0.01 * high
    if name not in ("mix_up", "cut_mix"):
        assert layer(pictures[0]).shape == pictures.shape[1:]


@pytest.mark.parametrize("name", COLOURS)
def test_channels_first(name: str) -> None:
    cls, args = COLOURS[name]
    pictures = PICTURES / 255 * (1.0 if name == "saturation" else 255.0)
    last = cls(**args, seed=7)
    first = cls(**args, seed=7, data_format="channels_first")
    if name == "erasing":  # whose noise is drawn in the order of the axes
        last, first = (
            cls(**args, seed=7, fill_value=(1.0, 2.0, 3.0), data_format=f)
            for f in ("channels_last", "channels_first")
        )
    found = first(pictures.transpose(0, 3, 1, 2)).numpy().transpose(0, 2, 3, 1)
    np.testing.assert_allclose(found, last(pictures), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", ["brightness", "invert", "erasing", "blur"])
def test_colours_leave_the_rest(name: str) -> None:
    cls, args = COLOURS[name]
    given = sample()
    found = cls(**args, bounding_box_format="xyxy")(given, training=True)
    assert (found["images"].numpy() != given["images"]).any()
    for part in ("labels", "segmentation_masks"):
        np.testing.assert_array_equal(found[part], given[part])
    for part in ("boxes", "labels"):
        np.testing.assert_array_equal(found["bounding_boxes"][part], given["bounding_boxes"][part])


def test_every_image_is_drawn_for_itself() -> None:
    same = np.repeat(PICTURES[:1], 16, axis=0)
    for layer in (layers.RandomFlip(seed=1), layers.RandomBrightness(0.5, seed=1)):
        found = layer(same).numpy()
        assert len({one.tobytes() for one in found}) > 1


def test_mixing() -> None:
    given = sample()
    found = layers.MixUp(0.5, seed=2, bounding_box_format="xyxy")(given)
    labels = found["labels"].numpy()
    np.testing.assert_allclose(labels.sum(axis=1), 1, rtol=1e-5)
    wanted = np.einsum("ij,jhwc->ihwc", labels, given["images"])
    np.testing.assert_allclose(found["images"], wanted, rtol=1e-4, atol=1e-2)
    boxes = found["bounding_boxes"]
    assert (boxes["boxes"].shape, boxes["labels"].shape) == ((COUNT, 2, 4), (COUNT, 2))
    masks = np.einsum("ij,jhwc->ihwc", labels, given["segmentation_masks"])
    np.testing.assert_allclose(found["segmentation_masks"], masks, rtol=1e-4, atol=1e-4)


def test_cut_mix() -> None:
    given = sample()
    del given["bounding_boxes"]
    given["images"] = np.repeat(np.arange(COUNT, dtype="float32"), SIZE * SIZE * 3).reshape(
        COUNT, SIZE, SIZE, 3
    )
    found = layers.CutMix(seed=4)(given)
    shares = [(found["images"][i] == k).numpy().mean() for i in range(COUNT) for k in range(COUNT)]
    # A window has parts of pixels in the labels, and whole pixels in the images.
    np.testing.assert_allclose(found["labels"].numpy().ravel(), shares, atol=0.06)
    with pytest.raises(ArgumentError, match="boxes of its own"):
        layers.CutMix(bounding_box_format="xyxy")(sample())


def test_boxes_that_leave() -> None:
    layer = layers.RandomTranslation(
        (0.5, 0.5), (0.0, 0.0), bounding_box_format="xyxy", fill_mode="constant"
    )
    found = layer(sample())["bounding_boxes"]
    np.testing.assert_array_equal(found["boxes"][:, 0, 3], np.minimum(PLACES[:, 3] + 20, SIZE))
    gone = layers.RandomTranslation((0.9, 0.9), (0.0, 0.0), bounding_box_format="xyxy")(sample())
    assert (gone["bounding_boxes"]["labels"].numpy() == -1).all()


def test_lists_of_boxes() -> None:
    given = {**sample(), "bounding_boxes": {"boxes": [[[1, 2, 3, 4]], [], [[2, 2, 5, 5]] * 3, []]}}
    given["bounding_boxes"]["labels"] = [[1], [], [2, 3, 4], []]
    layer = layers.MaxNumBoundingBoxes(2, bounding_box_format="xyxy")
    found = layer(given)["bounding_boxes"]
    np.testing.assert_array_equal(found["labels"], [[1, -1], [-1, -1], [2, 3], [-1, -1]])
    assert found["boxes"].shape == (4, 2, 4)
    more = layers.MaxNumBoundingBoxes(5, -3, bounding_box_format="xyxy")(sample())
    np.testing.assert_array_equal(more["bounding_boxes"]["labels"], [[7, -3, -3, -3, -3]] * 4)


def test_refusals() -> None:
    with pytest.raises(ArgumentError, match="bounding_box_format"):
        layers.RandomFlip()(sample())
    with pytest.raises(ArgumentError, match="rel_xyxy"):
        layers.RandomFlip(bounding_box_format="corners")
    with pytest.raises(ArgumentError, match="images"):
        layers.RandomFlip()({"labels": np.ones((1, 2))})
    with pytest.raises(ArgumentError, match="boxes"):
        layers.RandomFlip(bounding_box_format="xyxy")({**sample(), "bounding_boxes": {"boxes": 1}})
    with pytest.raises(ShapeError, match="batch"):
        layers.RandomFlip()(np.ones((3, 3)))
    with pytest.raises(ArgumentError, match="bent"):
        layers.RandomElasticTransform(bounding_box_format="xyxy")(sample())


WRONG: list[tuple[type, dict[str, Any]]] = [
    (layers.RandomBrightness, {"factor": 1.1}),
    (layers.RandomBrightness, {"factor": 0.1, "value_range": 3}),
    (layers.RandomContrast, {"factor": -0.5}),
    (layers.RandomContrast, {"factor": (1.5, 2)}),
    (layers.RandomTranslation, {"height_factor": 1.5, "width_factor": 0.1}),
    (layers.RandomZoom, {"height_factor": -1.0}),
    (layers.RandomZoom, {"height_factor": 0.1, "width_factor": (-1.0, 0.5)}),
    (layers.RandomShear, {"x_factor": -0.1}),
    (layers.RandomShear, {"x_factor": (0.1, 1.1)}),
    (layers.RandomPosterization, {"factor": 9}),
    (layers.RandomPerspective, {"scale": 1.5}),
    (layers.RandomGrayscale, {"factor": 1.1}),
    (layers.RandomGaussianBlur, {"kernel_size": 4}),
    (layers.RandomErasing, {"fill_value": (1, 2)}),
    (layers.Solarization, {"addition_factor": 1.5}),
    (layers.RandomElasticTransform, {"fill_mode": "mirrored"}),
    (layers.Equalization, {"value_range": [1]}),
    (layers.RandomColorJitter, {"hue_factor": 2.0}),
]


@pytest.mark.parametrize(("cls", "args"), WRONG)
def test_refused_when_made(cls: type, args: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        cls(**args)


def test_configs_hold_what_keras_holds() -> None:
    assert layers.RandomContrast(0.5).get_config()["factor"] == (0, 0.5)
    assert layers.RandomRotation(0.5).get_config()["factor"] == (-0.5, 0.5)
    shear = layers.RandomShear(0.2).get_config()
    assert shear["x_factor"] == 0.2  # Keras writes (-0.2, 0.2), and does not read it
    assert layers.RandomShear((-0.2, 0.2)).x_factor == layers.RandomShear(0.2).x_factor
    assert layers.RandomShear.from_config(shear).get_config() == shear
    assert layers.RandomBrightness(0.5, (255, 0)).get_config()["value_range"] == [0, 255]
    assert layers.RandomTranslation(0.2, (-0.1, 0.2)).get_config()["height_factor"] == 0.2
    assert "bounding_box_format" not in layers.RandomFlip().get_config()
    config = layers.RandomFlip(bounding_box_format="XYWH").get_config()
    assert config["bounding_box_format"] == "xywh"


def test_a_pipeline_takes_all_parts() -> None:
    pipeline = layers.Pipeline(
        [
            layers.RandomFlip(seed=1, bounding_box_format="xywh"),
            layers.RandomBrightness(0.2, seed=1, bounding_box_format="xywh"),
            layers.Resizing(20, 20, bounding_box_format="xywh"),
        ]
    )
    found = pipeline(sample("xywh"))
    assert found["images"].shape == (COUNT, 20, 20, 3)
    boxes = found["bounding_boxes"]["boxes"][:, 0, 2:].numpy()
    np.testing.assert_allclose(boxes, (PLACES[:, 2:] - PLACES[:, :2]) / 2)
    again = keras.layers.deserialize(keras.layers.serialize(pipeline))
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in pipeline.layers]
    np.testing.assert_array_equal(
        pipeline(PICTURES, training=False), layers.Resizing(20, 20)(PICTURES)
    )


class Stripes(RandomLayer):
    """Rows of every image set to a value, with a probability."""

    value: float = 0.0

    def draw(self, sizes: Any, seed: Any) -> Any:
        return {"on": keras.random.uniform((sizes.count, 1, 1, 1), seed=seed) < 0.5}

    def changed(self, images: Any, drawn: Any) -> Any:
        rows = keras.ops.arange(images.shape[1]) % 2 == 0
        rows = keras.ops.reshape(rows, (1, -1, 1, 1))
        return keras.ops.where(keras.ops.logical_and(rows, drawn["on"]), self.value, images)


class Inverted(ImageLayer):
    """In Keras's style."""

    def __init__(self, top: float = 255.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.top = top

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        return {"top": self.top}

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        return transformation["top"] - images if training else images

    def transform_labels(
        self, labels: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        return labels + 1


def test_layers_of_ones_own() -> None:
    layer = Stripes(-1.0, seed=3)
    found = layer(PICTURES).numpy()
    striped = [(layer(PICTURES)[:, ::2] == -1).numpy().mean(axis=(1, 2, 3)) for _ in range(10)]
    assert set(np.unique(striped)) == {0.0, 1.0}
    np.testing.assert_array_equal(found[:, 1::2], PICTURES[:, 1::2])
    made = Inverted(bounding_box_format="xyxy")(sample())
    np.testing.assert_array_equal(made["images"], 255 - sample()["images"])
    np.testing.assert_array_equal(made["labels"], np.eye(COUNT) + 1)
    assert Inverted(3.0)(PICTURES[0]).shape == PICTURES[0].shape


def test_layers_inside_are_those_that_keras_makes() -> None:
    """In its order, which is that of their generators in files."""
    made = layers.AugMix(all_ops=False)
    names = [name for name in vars(made) if name in made.choices]
    assert set(names) == set(made.choices)
    assert names.index("solarization") < names.index("random_posterization")
    assert not hasattr(made, "random_brightness")
    assert len(made.variables) == 1 + 5  # two of seven draw nothing
    assert len(layers.RandAugment().variables) == 1 + 9
    assert layers.RandomFlip()(inputs=PICTURES).shape == PICTURES.shape


@pytest.mark.parametrize("cls", [layers.RandomFlip, layers.RandAugment, layers.MixUp])
def test_models_of_samples(cls: type) -> None:
    given = sample()
    symbols = keras.tree.map_structure(
        lambda x: keras.Input(x.shape[1:], dtype=x.dtype.name), given
    )
    outputs = cls(seed=3, bounding_box_format="xyxy")(symbols)
    found = keras.Model(symbols, outputs)(given, training=True)
    wanted = cls(seed=3, bounding_box_format="xyxy")(given)
    for a, b in zip(keras.tree.flatten(found), keras.tree.flatten(wanted), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-3)


def test_maps_of_datasets() -> None:
    """Of single samples, of batches, and drawn anew for each."""
    given = sample()
    given["images"] = np.repeat(PICTURES[:1], COUNT, axis=0)
    given["segmentation_masks"] = np.zeros((COUNT, 12, 10, 1), "int32")
    layer = layers.RandomBrightness(0.5, seed=3, bounding_box_format="xyxy")
    data = keras.data.Dataset.from_tensor_slices(given)
    single = list(data.map(layer))
    assert single[0]["images"].shape == PICTURES.shape[1:]
    assert len({np.asarray(one["images"]).tobytes() for one in single}) == COUNT
    (batch,) = data.batch(COUNT).map(layer)
    assert batch["bounding_boxes"]["boxes"].shape == (COUNT, 1, 4)
    assert len({np.asarray(one).tobytes() for one in batch["images"]}) == COUNT


def test_sizes_that_come_later_and_half_precision() -> None:
    for cls in (layers.RandomZoom, layers.RandomRotation):
        x = keras.Input((None, None, 3))
        model = keras.Model(x, cls(0.2, seed=1)(x))
        assert model(PICTURES, training=True).shape == PICTURES.shape
        assert cls(0.2, dtype="mixed_bfloat16")(PICTURES).dtype == "bfloat16"
