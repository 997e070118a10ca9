from __future__ import annotations

import sys

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, MissingPackageError, ShapeError

draw = keras.visualization.draw_bounding_boxes
BLACK = np.zeros((1, 20, 30, 3), np.uint8)


def boxes(*found, labels=None, **more):
    labels = [0] * len(found) if labels is None else labels
    return {"boxes": np.array([found], float), "labels": np.array([labels]), **more}


def test_the_lines_of_a_box():
    drawn = draw(BLACK, boxes((5, 4, 15, 12)), "xyxy", color=(255, 10, 0), line_thickness=1)
    assert drawn.dtype == np.uint8
    assert not BLACK.any()
    ink = (drawn[0] == (255, 10, 0)).all(-1)
    expected = np.zeros((20, 30), bool)
    expected[4:13, 5:16] = True
    expected[5:12, 6:15] = False
    np.testing.assert_array_equal(ink, expected)
    assert not drawn[0][~ink].any()


def test_thick_lines_lie_half_outside():
    ink = draw(BLACK, boxes((8, 8, 16, 14)), "xyxy", line_thickness=3)[0, ..., 0] > 0
    assert np.flatnonzero(ink[11]).tolist() == [7, 8, 9, 15, 16, 17]
    assert np.flatnonzero(ink[:, 12]).tolist() == [7, 8, 9, 13, 14, 15]


@pytest.mark.parametrize(
    ("form", "box"),
    [("yxyx", (4, 5, 12, 15)), ("xywh", (5, 4, 10, 8)), ("rel_xyxy", (1 / 6, 0.2, 0.5, 0.6)),
     ("center_xywh", (10, 8, 10, 8))],
)  # fmt: skip
def test_formats(form, box):
    expected = draw(BLACK, boxes((5, 4, 15, 12)), "xyxy")
    np.testing.assert_array_equal(draw(BLACK, boxes(np.add(box, 1e-4)), form), expected)


def test_boxes_without_a_label_and_those_beyond_the_image():
    assert not draw(BLACK, boxes((5, 4, 15, 12), labels=[-1]), "xyxy").any()
    assert not draw(BLACK, boxes((-50, -50, -20, -20)), "xyxy").any()
    ink = draw(BLACK, boxes((-5, 3, 90, 90)), "xyxy", line_thickness=1)[0, ..., 0] > 0
    assert np.flatnonzero(ink.any(1)).tolist() == [3]


def test_fractions_and_layouts():
    gray = np.full((1, 20, 30, 3), 0.5, np.float32)
    drawn = draw(gray, boxes((5, 4, 15, 12)), "xyxy")
    assert set(np.unique(drawn)) == {127, 128}
    first = draw(gray.transpose(0, 3, 1, 2), boxes((5, 4, 15, 12)), "xyxy",
                 data_format="channels_first")  # fmt: skip
    np.testing.assert_array_equal(first.transpose(0, 2, 3, 1), drawn)
    assert draw(gray * 400, boxes((5, 4, 15, 12)), "xyxy").max() == 200
    assert draw(gray[..., :1], boxes((5, 4, 15, 12)), "xyxy", color=(9, 8, 7)).min() == 9
    tensor = draw(keras.convert_to_tensor(gray), boxes((5, 4, 15, 12)), "xyxy")
    np.testing.assert_array_equal(tensor, drawn)


def test_names():
    image = np.zeros((1, 120, 200, 3), np.uint8)
    found = boxes((30, 60, 90, 100), labels=[3])
    plain = draw(image, found, "xyxy")
    named = draw(image, found, "xyxy", {3: "cat"})
    rows, columns = np.nonzero((named != plain).any((0, 3)))
    assert 30 <= columns.min() < columns.max() < 90
    assert 60 - 8 - 24 <= rows.min() < rows.max() <= 60 - 8 + 1
    longer = draw(image, {**found, "confidences": np.array([[0.5]])}, "xyxy", {3: "cat"})
    assert (longer != plain).sum() > (named != plain).sum()
    np.testing.assert_array_equal(draw(image, found, "xyxy", {4: "dog"}), plain)
    small = draw(image, found, "xyxy", {3: "cat"}, font_scale=0.5)
    assert 0 < (small != plain).sum() < (named != plain).sum()
    bold = draw(image, found, "xyxy", {3: "cat"}, text_thickness=3)
    assert (bold != plain).sum() > (named != plain).sum()
    low = boxes((30, 10, 90, 100), labels=[3])
    inside = (draw(image, low, "xyxy", {3: "cat"}) != draw(image, low, "xyxy")).any((0, 2, 3))
    assert np.flatnonzero(inside).min() > 10


def test_text_needs_pillow(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.ImageFont", None)
    draw(BLACK, boxes((5, 4, 15, 12)), "xyxy")
    with pytest.raises(MissingPackageError, match=r"kerasish\[image\]"):
        draw(BLACK, boxes((5, 4, 15, 12)), "xyxy", {0: "cat"})


def test_errors():
    found = boxes((5, 4, 15, 12))
    with pytest.raises(ShapeError, match="batch of images"):
        draw(BLACK[0], found, "xyxy")
    with pytest.raises(ArgumentError, match="'boxes' and 'labels'"):
        draw(BLACK, found["boxes"], "xyxy")
    with pytest.raises(ArgumentError, match="a dict of boxes"):
        draw(BLACK, {"boxes": found["boxes"]}, "xyxy")
    with pytest.raises(ArgumentError, match="xxyy"):
        draw(BLACK, found, "xxyy")
    with pytest.raises(ArgumentError, match="line_thickness"):
        draw(BLACK, found, "xyxy", line_thickness=0)
    with pytest.raises(ShapeError, match="labels"):
        draw(BLACK, {**found, "labels": np.zeros((1, 2))}, "xyxy")
