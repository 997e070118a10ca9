"""Boxes beside plain arithmetic on whole numbers, and what is refused."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from kerasish import utils
from kerasish.errors import ArgumentError, ShapeError
from kerasish.ops.image.boxes import FORMATS

of = utils.bounding_boxes
# One that covers others, one beside, one that touches, one that is inside, one below.
BOXES = [(0, 0, 8, 6), (9, 1, 12, 5), (8, 0, 10, 6), (2, 1, 5, 4), (1, 5, 6, 9), (3, 3, 9, 7)]
BY_HAND = {  # the box (2, 1, 5, 4) of an image 10 high and 20 wide
    "xyxy": (2, 1, 5, 4),
    "yxyx": (1, 2, 4, 5),
    "xywh": (2, 1, 3, 3),
    "center_xywh": (3.5, 2.5, 3, 3),
    "center_yxhw": (2.5, 3.5, 3, 3),
    "rel_xyxy": (0.1, 0.1, 0.25, 0.4),
    "rel_yxyx": (0.1, 0.1, 0.4, 0.25),
    "rel_xywh": (0.1, 0.1, 0.15, 0.3),
    "rel_center_xywh": (0.175, 0.25, 0.15, 0.3),
}


def area(box: Any) -> float:
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def shared(a: Any, b: Any) -> float:
    return area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def iou(a: Any, b: Any) -> float:
    return shared(a, b) / (area(a) + area(b) - shared(a, b))


def ciou(a: Any, b: Any) -> float:
    """Zheng et al. 2020, as it stands there."""
    wide = max(a[2], b[2]) - min(a[0], b[0])
    tall = max(a[3], b[3]) - min(a[1], b[1])
    apart = ((a[0] + a[2] - b[0] - b[2]) / 2) ** 2 + ((a[1] + a[3] - b[1] - b[3]) / 2) ** 2
    angles = [math.atan((box[2] - box[0]) / (box[3] - box[1])) for box in (a, b)]
    v = 4 / math.pi**2 * (angles[1] - angles[0]) ** 2
    alpha = v / (1 - iou(a, b) + v) if v else 0
    return iou(a, b) - apart / (wide**2 + tall**2) - alpha * v


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_formats(source: str, target: str) -> None:
    found = of.convert_format([BY_HAND[source]], source.upper(), target, height=10, width=20)
    np.testing.assert_allclose(found, [BY_HAND[target]], rtol=1e-5)
    assert found.dtype == "float32"


def test_dicts_and_dtypes() -> None:
    given = {"boxes": np.array([BOXES[3]]), "labels": [1]}
    found = of.convert_format(given, "xyxy", "xywh", dtype="float64")
    assert found["boxes"].numpy().tolist() == [list(BY_HAND["xywh"])]
    assert (found["boxes"].dtype, found["labels"]) == ("float64", [1])


def test_a_size_for_every_image() -> None:
    boxes = np.array([[BOXES[0], BOXES[3]], [BOXES[1], BOXES[3]]], "float32")
    height, width = np.array([10.0, 20.0]), np.array([20.0, 40.0])
    found = of.convert_format(
        boxes, "xyxy", "rel_xyxy", height.reshape(2, 1, 1), width.reshape(2, 1, 1)
    )
    sizes = np.stack([width, height, width, height], -1)[:, None]
    np.testing.assert_allclose(found, boxes / sizes, rtol=1e-6)
    back = of.convert_format(found, "rel_xyxy", "xyxy", height.reshape(2, 1, 1), width[:, None])
    np.testing.assert_allclose(back, boxes, rtol=1e-5)


def test_shared_areas() -> None:
    wanted = [[iou(a, b) for b in BOXES[1:]] for a in BOXES]
    a, b = np.array(BOXES, "float32"), np.array(BOXES[1:], "float32")
    np.testing.assert_allclose(of.compute_iou(a, b, "xyxy"), wanted, atol=1e-6)
    both = of.compute_iou(a[None], b[None], "xyxy").numpy()
    np.testing.assert_allclose(both, [wanted], atol=1e-6)
    assert of.compute_iou(a[None], b, "xyxy").shape == (1, 6, 5)


def test_masked_pairs() -> None:
    none = [-1.0, -1.0, -1.0, -1.0]
    a, b = np.array([BOXES[0], none]), np.array([BOXES[3], none, [-2.0, 0.0, 1.0, 1.0]])
    found = of.compute_iou(a, b, "xyxy", use_masking=True, mask_val=-3).numpy()
    assert found[0, 0] == pytest.approx(iou(BOXES[0], BOXES[3]))
    assert found[0, 2] > 0  # a box that begins outside is one
    assert found[[0, 1, 1, 1], [1, 0, 1, 2]].tolist() == [-3] * 4
    assert of.compute_iou(a, b, "xyxy", use_masking=True).numpy()[1, 0] == -1


def test_complete_iou() -> None:
    pairs = list(itertools.product(BOXES, BOXES))
    a, b = (np.array(side, "float32") for side in zip(*pairs, strict=True))
    wanted = [ciou(*pair) for pair in pairs]
    np.testing.assert_allclose(of.compute_ciou(a, b, "xyxy"), wanted, atol=1e-5)
    swapped = of.compute_ciou(a[:, [1, 0, 3, 2]], b[:, [1, 0, 3, 2]], "yxyx")
    np.testing.assert_allclose(swapped, wanted, atol=1e-5)
    parts = [side / np.array([20, 10, 20, 10], "float32") for side in (a, b)]
    found = of.compute_ciou(*parts, "rel_xyxy", image_shape=(10, 20, 3))
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_clipped_boxes_and_their_labels() -> None:
    boxes = np.array([[-3.0, 2, 4, 9], [11, 1, 14, 3], [0, -4, 5, -1], [2, 1, 5, 4]])
    labels = np.array([5, 6, 7, 8])
    found = of.clip_to_image_size({"boxes": boxes, "labels": labels}, height=6, width=10)
    assert found["boxes"].numpy().tolist() == [
        [0, 2, 4, 6], [10, 1, 10, 3], [0, 0, 5, 0], [2, 1, 5, 4]
    ]  # fmt: skip
    assert found["labels"].numpy().tolist() == [5, -1, -1, 8]
    vectors = {"boxes": boxes, "labels": np.eye(4)}
    found = of.clip_to_image_size(vectors, height=6, width=10)["labels"].numpy()
    assert found.tolist() == [[1, 0, 0, 0], [-1] * 4, [-1] * 4, [0, 0, 0, 1]]
    alone = of.clip_to_image_size({"boxes": boxes / 10}, bounding_box_format="rel_xyxy")
    assert alone["boxes"].numpy()[1].tolist() == pytest.approx([1, 0.1, 1, 0.3])
    assert alone.keys() == {"boxes"}


def test_parts_of_images() -> None:
    found = of.crop(np.array([BOXES[0], BOXES[3]], "float32"), 2, 1, 3, 5)
    assert found.numpy().tolist() == [[0, 0, 5, 3], [1, 0, 4, 2]]
    assert of.pad(np.array([BOXES[3]], "float32"), 2, 1).numpy().tolist() == [[3, 3, 6, 6]]


def test_moved_boxes() -> None:
    boxes = np.array([[[2.0, 1, 5, 4]]], "float32")
    zero, one = np.zeros(1, "float32"), np.ones(1, "float32")

    def moved(
        angle: Any = zero, x: Any = zero, y: Any = zero, scale: Any = one, **more: Any
    ) -> Any:
        made = of.affine_transform(boxes, angle, x, y, scale, zero, zero, 11, 21, **more)
        return made.numpy().ravel().tolist()

    assert moved() == pytest.approx([2, 1, 5, 4])
    assert moved(x=one / 10, y=one / 5) == pytest.approx([4, 3, 7, 6], abs=1e-5)
    half = moved(angle=one * 180)  # about the middle, (10, 5)
    assert half == pytest.approx([15, 6, 18, 9], abs=1e-4)
    corner = moved(angle=one * 180, center_x=0.0, center_y=0.0)
    assert corner == pytest.approx([-5, -4, -2, -1], abs=1e-4)


@pytest.mark.parametrize("encoding", ["center_xywh", "center_yxhw"])
@pytest.mark.parametrize("variance", [None, [0.1, 0.2, 0.3, 0.4]])
def test_differences_from_anchors(encoding: str, variance: Any) -> None:
    anchors, boxes = np.array([BOXES[0]], "float32"), np.array([BOXES[3]], "float32")
    found = of.encode_box_to_deltas(anchors, boxes, "xyxy", "xyxy", encoding, variance).numpy()
    wanted = np.array([(3.5 - 4) / 8, (2.5 - 3) / 6, math.log(3 / 8), math.log(3 / 6)])
    wanted = wanted if encoding == "center_xywh" else wanted[[1, 0, 3, 2]]
    np.testing.assert_allclose(found[0], wanted / (variance or 1.0), rtol=1e-5)
    back = of.decode_deltas_to_boxes(anchors, found, "xyxy", "xywh", encoding, variance)
    np.testing.assert_allclose(back, [BY_HAND["xywh"]], rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: of.convert_format([1, 2, 3], "xyxy", "xywh"), ShapeError, r"\(\.\.\., 4\)"),
        (lambda: of.convert_format([BOXES[0]], "xxyy", "xywh"), ArgumentError, "source.*xxyy"),
        (lambda: of.convert_format([BOXES[0]], "xyxy", "xxyy"), ArgumentError, "target.*xxyy"),
        (lambda: of.convert_format([BOXES[0]], "xyxy", "rel_xyxy"), ArgumentError, "height=None"),
        (
            lambda: of.convert_format([BOXES[0]], "rel_xywh", "xyxy", height=3),
            ArgumentError,
            "height=3, width=None",
        ),
        (lambda: of.clip_to_image_size({"boxes": [BOXES[0]]}, 3), ArgumentError, "width=None"),
        (
            lambda: of.clip_to_image_size({"boxes": [BOXES[0]]}, 3, 3, "xywh"),
            ArgumentError,
            "xywh",
        ),
        (lambda: of.crop([BOXES[0]], 0, 0, 1, 1, "xywh"), ArgumentError, "crop.*xywh"),
        (lambda: of.pad([BOXES[0]], 0, 0, 1, 1, "xywh"), ArgumentError, "pad.*xywh"),
        (lambda: of.compute_iou(BOXES[0], BOXES, "xyxy"), ShapeError, r"\(n, 4\)"),
        (lambda: of.compute_iou(BOXES, [[BOXES]], "xyxy"), ShapeError, r"\(n, 4\)"),
        (lambda: of.compute_iou(BOXES, BOXES, "rel_xyxy"), ArgumentError, "image_shape"),
        (lambda: of.compute_ciou(BOXES, BOXES, "rel_xyxy"), ArgumentError, "image_shape"),
        (
            lambda: of.encode_box_to_deltas(BOXES, BOXES, "xyxy", "xyxy", variance=[1.0]),
            ShapeError,
            "variance",
        ),
        (
            lambda: of.encode_box_to_deltas(BOXES, BOXES, "xyxy", "xyxy", "xyxy"),
            ArgumentError,
            "encoding_format",
        ),
        (
            lambda: of.decode_deltas_to_boxes(BOXES, BOXES, "xyxy", "xyxy", "xyxy"),
            ArgumentError,
            "encoded_format",
        ),
    ],
)
def test_refused(call: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call()
