"""Galleries of images, drawn by matplotlib."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasish import extras
from kerasish.errors import ArgumentError
from kerasish.hints import hinted, refuse_unknown
from kerasish.visualization.boxes import draw_bounding_boxes
from kerasish.visualization.images import batch_of
from kerasish.visualization.masks import draw_segmentation_masks

Color = Sequence[int]
_OPTIONS = ("y_true", "y_pred", "label_map", "scale", "path", "show", "transparent", "dpi",
            "legend_handles")  # fmt: skip


@hinted
def plot_image_gallery(
    images: Any,
    y_true: Any = None,
    y_pred: Any = None,
    label_map: Mapping[int, str] | None = None,
    rows: int | None = None,
    cols: int | None = None,
    value_range: tuple[float, float] = (0, 255),
    scale: float = 2,
    path: Any = None,
    show: bool | None = None,
    transparent: bool = True,
    dpi: int = 60,
    legend_handles: Any = None,
    data_format: str | None = None,
) -> None:
    """Show images beside each other, or write them into a file, with what they are.

        keras.visualization.plot_image_gallery(x[:9], y[:9], label_map=names, path="some.png")

    Args:
        images: (batch, height, width, channels), or with the channels first.
        y_true: (batch,), the numbers of their classes.
        y_pred: (batch,), the numbers that were predicted.
        label_map: the names of classes; needed where either is given.
        rows, cols: how many images below and beside each other.
        value_range: the smallest and largest value that a pixel may have.
        scale: inches that an image takes.
        path: the file to write; None to show it.
        show: whether to show it; by default where no file is written.
        transparent: whether the ground of the file is.
        dpi: pixels of the file per inch.
        legend_handles: patches of matplotlib for a legend.
        data_format: "channels_last" or "channels_first"; None takes the setting.

    Raises:
        ArgumentError: labels without names, or both a file and `show`.
        ShapeError: no batch of images.
        MissingPackageError: matplotlib is not installed.
    """
    what = "plot_image_gallery"
    plot = extras.package("matplotlib.pyplot", what)
    if path is not None and show:
        raise ArgumentError(what, expected="path or show", received="both")
    if label_map is None and (y_true is not None or y_pred is not None):
        raise ArgumentError(
            f"{what}, label_map", expected="names for the classes of y_true and y_pred",
            received="None",
        )  # fmt: skip
    plain, _ = batch_of(what, images, data_format)
    low, high = value_range
    pixels = (plain.astype(np.float32) - low) * np.float32(255 / (high - low))
    pixels = pixels.clip(0, 255).astype(np.uint8)
    rows = rows or math.ceil(math.sqrt(len(plain)))
    cols = cols or math.ceil(len(plain) / rows)
    figure, axes = plot.subplots(
        nrows=rows, ncols=cols, figsize=(cols * scale, rows * scale), frameon=False,
        layout="tight", squeeze=False, sharex="row", sharey="col",
    )  # fmt: skip
    if legend_handles is not None:
        figure.legend(handles=legend_handles, loc="lower center")
    told = [(word, np.asarray(y)) for word, y in (("Label", y_true), ("Pred", y_pred))
            if y is not None]  # fmt: skip
    for index, axis in enumerate(axes.ravel()):
        axis.axis("off")
        if index >= len(pixels):
            continue
        axis.imshow(pixels[index], cmap="gray", vmin=0, vmax=255)
        axis.margins(x=0, y=0)
        names = [
            f"{word}: {(label_map or {}).get(y[index].item(), 'Unknown')}"
            for word, y in told
            if index < len(y)
        ]
        if names:
            axis.set_title("  ".join(names), fontsize=8)
    if path is not None:
        figure.savefig(
            path, pad_inches=0, bbox_inches="tight", transparent=transparent, dpi=dpi
        )  # fmt: skip
        plot.close(figure)
    elif show or show is None:
        plot.show()
        plot.close(figure)


@hinted
def plot_bounding_box_gallery(
    images: Any,
    bounding_box_format: str,
    y_true: Any = None,
    y_pred: Any = None,
    value_range: tuple[float, float] = (0, 255),
    true_color: Color = (0, 188, 212),
    pred_color: Color = (255, 235, 59),
    line_thickness: int = 2,
    font_scale: float = 1.0,
    text_thickness: int | None = None,
    class_mapping: Mapping[int, str] | None = None,
    ground_truth_mapping: Mapping[int, str] | None = None,
    prediction_mapping: Mapping[int, str] | None = None,
    legend: bool = False,
    legend_handles: Any = None,
    rows: int | None = None,
    cols: int | None = None,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """A gallery of images with their boxes, and those that were predicted.

    Args:
        images: (batch, height, width, channels), or with the channels first.
        bounding_box_format, line_thickness, font_scale, text_thickness, class_mapping: see
            `draw_bounding_boxes`.
        y_true, y_pred: dicts of boxes and labels.
        true_color, pred_color: of their lines and texts.
        ground_truth_mapping, prediction_mapping: names of classes of one of them only.
        legend: whether to say which colour is which.
        value_range, legend_handles, rows, cols, data_format: see `plot_image_gallery`.
        **kwargs: further arguments of `plot_image_gallery`.

    Raises:
        ArgumentError: both `legend` and `legend_handles`; see also the two functions.
        MissingPackageError: matplotlib is not installed.
    """
    what = "plot_bounding_box_gallery"
    patches = extras.package("matplotlib.patches", what)
    refuse_unknown(what, [name for name in kwargs if name not in _OPTIONS], _OPTIONS)
    drawn, _ = batch_of(what, images, data_format)
    for boxes, color, names in (
        (y_true, true_color, ground_truth_mapping),
        (y_pred, pred_color, prediction_mapping),
    ):
        if boxes is not None:
            drawn = draw_bounding_boxes(
                drawn, boxes, bounding_box_format, names or class_mapping, color, line_thickness,
                text_thickness, font_scale, "channels_last",
            )  # fmt: skip
    if legend:
        if legend_handles:
            raise ArgumentError(what, expected="legend or legend_handles", received="both")
        colors = {"Ground Truth": true_color, "Prediction": pred_color}
        legend_handles = [
            patches.Patch(color=np.asarray(color) / 255, label=name)
            for name, color in colors.items()
        ]
    plot_image_gallery(
        drawn, rows=rows, cols=cols, value_range=value_range, legend_handles=legend_handles,
        data_format="channels_last", **kwargs,
    )  # fmt: skip


@hinted
def plot_segmentation_mask_gallery(
    images: Any,
    num_classes: int,
    value_range: tuple[float, float] = (0, 255),
    y_true: Any = None,
    y_pred: Any = None,
    color_mapping: Mapping[int, Sequence[float]] | None = None,
    blend: bool = True,
    alpha: float = 0.8,
    ignore_index: int = -1,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """A gallery of images, each in a row with its masks and those that were predicted.

    Args:
        images: (batch, height, width, channels), or with the channels first.
        num_classes, color_mapping, blend, alpha, ignore_index: see `draw_segmentation_masks`.
        y_true, y_pred: masks.
        value_range, data_format: see `plot_image_gallery`.
        **kwargs: further arguments of `plot_image_gallery`.

    Raises:
        ShapeError: no batch of images, or masks of others.
        MissingPackageError: matplotlib is not installed.
    """
    what = "plot_segmentation_mask_gallery"
    refuse_unknown(what, [name for name in kwargs if name not in _OPTIONS], _OPTIONS)
    plain, last = batch_of(what, images, data_format)
    columns = [plain]
    for masks in (y_true, y_pred):
        if masks is not None:
            numbers = np.asarray(masks).astype(np.int32)
            if not last and numbers.ndim == 4:
                numbers = numbers.transpose(0, 2, 3, 1)
            columns.append(
                draw_segmentation_masks(
                    plain, numbers, num_classes, color_mapping, alpha, blend, ignore_index,
                    "channels_last",
                )
            )  # fmt: skip
    shown = np.stack(columns, axis=1).reshape(-1, *plain.shape[1:])
    plot_image_gallery(
        shown, rows=len(plain), cols=len(columns), value_range=value_range,
        data_format="channels_last", **kwargs,
    )  # fmt: skip
