from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

import kerasish as keras
from kerasish.errors import ArgumentError, MissingPackageError, ShapeError

matplotlib = pytest.importorskip("matplotlib")
visualization = keras.visualization
COLORS = np.array([[250, 0, 0], [0, 250, 0], [0, 0, 250], [250, 250, 0], [0, 250, 250]])
IMAGES = np.broadcast_to(COLORS[:, None, None], (5, 8, 8, 3)).astype(np.uint8)


@pytest.fixture(autouse=True)
def no_screen():
    matplotlib.use("agg")
    yield
    from matplotlib import pyplot

    pyplot.close("all")


@pytest.fixture
def figures(monkeypatch):
    """The figures that were shown."""
    from matplotlib import pyplot

    shown: list = []
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(pyplot.gcf()))
    return shown


def held(figure):
    """The images of a figure, and their titles."""
    pictures = [axis.images[0].get_array() if axis.images else None for axis in figure.axes]
    return pictures, [axis.get_title() for axis in figure.axes]


def test_images_and_labels(figures):
    names = {0: "red", 1: "green"}
    visualization.plot_image_gallery(
        IMAGES, np.array([0, 1, 2, 0, 1]), np.array([1, 1, 1, 1, 1]), names, rows=2, cols=3
    )
    pictures, titles = held(figures[0])
    np.testing.assert_array_equal(np.stack(pictures[:5]), IMAGES)
    assert pictures[5] is None
    assert titles[:3] == [
        "Label: red  Pred: green", "Label: green  Pred: green", "Label: Unknown  Pred: green"
    ]  # fmt: skip


def test_every_image_has_its_place_where_nothing_else_is_said(figures):
    visualization.plot_image_gallery(IMAGES)
    assert sum(picture is not None for picture in held(figures[0])[0]) == 5


def test_ranges_and_layouts(figures):
    visualization.plot_image_gallery(
        (IMAGES / 125 - 1).transpose(0, 3, 1, 2), value_range=(-1, 1.04),
        data_format="channels_first", rows=1, cols=5,
    )  # fmt: skip
    np.testing.assert_array_equal(np.stack(held(figures[0])[0]), IMAGES)


def test_a_file(tmp_path, figures):
    path = tmp_path / "a.png"
    visualization.plot_image_gallery(IMAGES, path=path, rows=1, cols=5, scale=1, dpi=50)
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert not figures
    assert [tuple(c) for c in COLORS if (pixels == c).all(-1).any()] == [tuple(c) for c in COLORS]
    visualization.plot_image_gallery(IMAGES, show=False)
    assert not figures


def test_boxes(figures):
    found = {"boxes": np.array([[[1, 1, 5, 5]]] * 5), "labels": np.zeros((5, 1), int)}
    visualization.plot_bounding_box_gallery(
        IMAGES, "xyxy", found, {**found, "labels": np.zeros((5, 1), int) - 1},
        true_color=(1, 2, 3), line_thickness=1, legend=True, rows=1, cols=5,
    )  # fmt: skip
    pictures, _ = held(figures[0])
    assert (pictures[0][1, 1:6] == (1, 2, 3)).all()
    assert (pictures[0][7] == IMAGES[0, 7]).all()
    texts = [text.get_text() for text in figures[0].legends[0].get_texts()]
    assert texts == ["Ground Truth", "Prediction"]


def test_masks(figures):
    masks = np.zeros((5, 8, 8, 1))
    masks[:, :4] = 1
    visualization.plot_segmentation_mask_gallery(
        IMAGES, 2, y_true=masks, y_pred=1 - masks, color_mapping={1: (9, 9, 9)}, blend=False
    )
    pictures, _ = held(figures[0])
    assert len(pictures) == 15
    assert (pictures[1][:4] == 9).all()
    assert (pictures[1][4:] == IMAGES[0, 4:]).all()
    assert (pictures[2][4:] == 9).all()


def test_errors(tmp_path):
    gallery = visualization.plot_image_gallery
    with pytest.raises(ShapeError, match="batch of images"):
        gallery(IMAGES[0])
    with pytest.raises(ArgumentError, match="path or show"):
        gallery(IMAGES, path=tmp_path / "a.png", show=True)
    with pytest.raises(ArgumentError, match="label_map"):
        gallery(IMAGES, [1])
    with pytest.raises(ArgumentError, match="legend or legend_handles"):
        visualization.plot_bounding_box_gallery(IMAGES, "xyxy", legend=True, legend_handles=[1])
    with pytest.raises(ArgumentError, match="unknown argument"):
        visualization.plot_bounding_box_gallery(IMAGES, "xyxy", labels=3)


@pytest.mark.parametrize(
    "call",
    [
        lambda: visualization.plot_image_gallery(IMAGES),
        lambda: visualization.plot_segmentation_mask_gallery(IMAGES, 2),
    ],
)
def test_without_matplotlib(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingPackageError, match=r"kerasish\[plot\]"):
        call()
