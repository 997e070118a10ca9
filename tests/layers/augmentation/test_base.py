"""Boxes, masks and labels: one image alone, what stays outside training, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, ShapeError

layers = keras.layers
RNG = np.random.default_rng(0)
IMAGE = RNG.uniform(0, 255, (20, 30, 3)).astype("float32")
MASK = RNG.integers(0, 5, (20, 30, 1)).astype("int32")
BOXES = np.array([[3, 4, 12, 15], [0, 0, 0, 0], [20, 2, 29, 9], [-1, -1, -1, -1]], "float32")
LABELS = np.array([5, -1, 7, -1], "int32")


def sample() -> dict[str, Any]:
    return {
        "images": IMAGE,
        "bounding_boxes": {"boxes": BOXES, "labels": LABELS},
        "segmentation_masks": MASK,
    }


def batched(given: Any) -> Any:
    if isinstance(given, dict):
        return {key: batched(value) for key, value in given.items()}
    return np.asarray(given)[None]


def same(found: Any, wanted: Any, **tolerance: float) -> None:
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        if isinstance(value, dict):
            same(found[key], value, **tolerance)
        else:
            np.testing.assert_allclose(np.asarray(found[key]), value, err_msg=key, **tolerance)


ALONE = {
    "resizing": lambda: layers.Resizing(40, 15, bounding_box_format="xyxy"),
    "padded": lambda: layers.Resizing(40, 15, pad_to_aspect_ratio=True, bounding_box_format="xyxy"),
    "center": lambda: layers.CenterCrop(12, 14, bounding_box_format="xyxy"),
    "flip": lambda: layers.RandomFlip("horizontal", seed=2, bounding_box_format="xyxy"),
    "turn": lambda: layers.RandomRotation(0.2, seed=2, bounding_box_format="xyxy"),
    "zoom": lambda: layers.RandomZoom(0.2, seed=2, bounding_box_format="xyxy"),
    "perspective": lambda: layers.RandomPerspective(seed=2, bounding_box_format="xyxy"),
}


@pytest.mark.parametrize("name", ALONE)
def test_one_image_is_a_batch_of_one(name: str) -> None:
    one, other = (ALONE[name]() for _ in range(2))
    found = one(sample(), training=True)
    same(batched(found), other(batched(sample()), training=True), atol=1e-4)
    assert found["images"].ndim == found["segmentation_masks"].ndim == 3
    assert found["bounding_boxes"]["boxes"].shape == (4, 4)
    assert found["bounding_boxes"]["labels"].shape == (4,)


def test_boxes_that_fill_up_stay_zeros_in_another_size() -> None:
    found = layers.Resizing(40, 60, bounding_box_format="xyxy")(sample())["bounding_boxes"]
    assert found["boxes"].numpy().tolist() == [
        [6, 8, 24, 30], [0] * 4, [40, 4, 58, 18], [0] * 4
    ]  # fmt: skip
    assert found["labels"].numpy().tolist() == LABELS.tolist()
    padded = layers.Resizing(40, 40, pad_to_aspect_ratio=True, bounding_box_format="xyxy")
    boxes = padded(sample())["bounding_boxes"]["boxes"].numpy()
    assert boxes[[1, 3]].tolist() == [[0] * 4] * 2
    assert boxes[0].tolist() == pytest.approx([4, 4 * 4 / 3 + 6, 16, 15 * 4 / 3 + 6], abs=1.01)


RESTING = {
    "flip": lambda: layers.RandomFlip(),
    "mix_up": lambda: layers.MixUp(),
    "cut_mix": lambda: layers.CutMix(),
    "rand_augment": lambda: layers.RandAugment(),
    "aug_mix": lambda: layers.AugMix(),
}


@pytest.mark.parametrize("name", RESTING)
def test_outside_training_all_parts_stay(name: str) -> None:
    layer = RESTING[name]()
    boxes = {"boxes": BOXES[None], "labels": LABELS[None]}
    masks, labels = MASK[None], np.eye(4, dtype="float32")[:1]
    drawn = layer.get_random_transformation(IMAGE[None], training=True)
    for given, training in ((drawn, False), (None, True)):
        if name != "cut_mix":
            same(layer.transform_bounding_boxes(boxes, given, training), boxes)
        found = layer.transform_segmentation_masks(masks, given, training)
        np.testing.assert_array_equal(found, masks)
        np.testing.assert_array_equal(layer.transform_labels(labels, given, training), labels)
        np.testing.assert_array_equal(
            layer.transform_images(IMAGE[None], given, training), IMAGE[None]
        )


@pytest.mark.parametrize(
    ("boxes", "error", "words"),
    [
        (BOXES, ArgumentError, 'a dict with "boxes" and "labels"'),
        ({"boxes": BOXES}, ArgumentError, r"labels.*\['boxes'\]"),
        ({"boxes": [BOXES], "labels": LABELS}, ArgumentError, "one for each of 1"),
        ({"boxes": [BOXES], "labels": [LABELS, LABELS]}, ArgumentError, "one for each of 1"),
        ({"boxes": BOXES[0], "labels": LABELS[0]}, ShapeError, r"\(n, 4\)"),
        ({"boxes": BOXES, "labels": LABELS[0]}, ShapeError, r"\(n, 4\)"),
        ({"boxes": BOXES[None], "labels": LABELS}, ShapeError, r"\(batch, n, 4\)"),
    ],
)
def test_boxes_that_are_refused(boxes: Any, error: Any, words: str) -> None:
    layer = layers.RandomFlip(bounding_box_format="xyxy")
    with pytest.raises(error, match=words):
        layer({"images": IMAGE[None], "bounding_boxes": boxes}, training=True)
