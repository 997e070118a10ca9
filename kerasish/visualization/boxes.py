"""Bounding boxes drawn on images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasish import extras
from kerasish.errors import ArgumentError, ShapeError
from kerasish.hints import hinted, whole
from kerasish.ops.image.boxes import convert_format
from kerasish.visualization.images import as_bytes, batch_of

_LETTERS = 22  # height of a line of text where font_scale is 1
_ABOVE = 8  # between a box and its text
_INSIDE = 3


@hinted
def draw_bounding_boxes(
    images: Any,
    bounding_boxes: Any,
    bounding_box_format: str,
    class_mapping: Mapping[int, str] | None = None,
    color: Sequence[int] = (128, 128, 128),
    line_thickness: int = 2,
    text_thickness: int | None = 1,
    font_scale: float = 1.0,
    data_format: str | None = None,
) -> np.ndarray:
    """Images with boxes on them, and the names of their classes.

    Text is drawn by Pillow, everything else by numpy.

    Args:
        images: (batch, height, width, channels), or with the channels first. Fractions up to 1
            count as parts of 255.
        bounding_boxes: a dict of "boxes" (batch, boxes, 4), "labels" (batch, boxes), -1 for no
            box, and, if they shall be shown, "confidences" (batch, boxes).
        bounding_box_format: "xyxy", "rel_yxyx", ...; see `utils.bounding_boxes.convert_format`.
        class_mapping: the names of classes; boxes of others have no text.
        color: of lines and text, one number per channel.
        line_thickness: pixels.
        text_thickness: of the strokes; None for that of the lines.
        font_scale: 1 for letters of 22 pixels.
        data_format: "channels_last" or "channels_first"; None takes the setting.

    Returns:
        uint8, in the form of `images`.

    Raises:
        ArgumentError: no dict of boxes and labels, or an unknown format.
        ShapeError: no batch of images, or other numbers of boxes and labels.
        MissingPackageError: text is to be drawn and Pillow is not installed.
    """
    what = "draw_bounding_boxes"
    plain, last = batch_of(what, images, data_format)
    if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= bounding_boxes.keys():
        raise ArgumentError(
            f"{what}, bounding_boxes",
            expected="a dict of 'boxes' and 'labels'",
            received=f"a dict of {', '.join(map(str, bounding_boxes))}"
            if isinstance(bounding_boxes, dict)
            else type(bounding_boxes).__name__,
        )
    thick = whole(f"{what}, line_thickness", line_thickness, 1)
    height, width = plain.shape[1:3]
    given: dict[str, Any] = convert_format(
        dict(bounding_boxes), bounding_box_format, "xyxy", height, width
    )
    boxes, labels = np.asarray(given["boxes"]), np.asarray(given["labels"])
    shown = given.get("confidences")
    confidences = None if shown is None else np.asarray(shown)
    if boxes.ndim != 3 or labels.shape != boxes.shape[:2] or len(boxes) != len(plain):
        raise ShapeError(
            f"{what}, bounding_boxes",
            expected=f"boxes ({len(plain)}, n, 4) and labels ({len(plain)}, n)",
            received=f"{boxes.shape} and {labels.shape}",
        )
    drawn, names = as_bytes(plain), class_mapping or {}
    for at in np.argwhere(labels.astype(int) != -1):
        image, place = drawn[at[0]], tuple(at)
        x1, y1, x2, y2 = (int(edge) for edge in boxes[place])
        ink = np.resize(np.asarray(color), image.shape[-1]).astype(np.uint8)
        _rectangle(image, (x1, y1, x2, y2), ink, thick)
        name = names.get(int(labels[place]))
        if name is not None:
            text = name if confidences is None else f"{name} | {confidences[place]:.2f}"
            strokes = text_thickness or thick
            _write(image, text, _text_place(x1, y1, font_scale, strokes), ink, font_scale, strokes)
    return drawn if last else np.ascontiguousarray(drawn.transpose(0, 3, 1, 2))


def _rectangle(
    image: np.ndarray, box: tuple[int, int, int, int], ink: np.ndarray, thick: int
) -> None:
    """Draw the lines of a box, each `thick` pixels, half of them outside."""
    x1, y1, x2, y2 = min(box[::2]), min(box[1::2]), max(box[::2]), max(box[1::2])
    out, inner = thick // 2, thick - thick // 2
    across, down = (x1 - out, x2 + inner), (y1 - out, y2 + inner)
    for edge in (y1, y2):
        _fill(image, (edge - out, edge + inner), across, ink)
    for edge in (x1, x2):
        _fill(image, down, (edge - out, edge + inner), ink)


def _fill(
    image: np.ndarray, rows: tuple[int, int], columns: tuple[int, int], ink: np.ndarray
) -> None:
    top, bottom = (max(edge, 0) for edge in rows)
    left, right = (max(edge, 0) for edge in columns)
    image[top:bottom, left:right] = ink


def _text_place(x: int, y: int, scale: float, strokes: int) -> tuple[int, int]:
    """Where the base line of a box's text begins: above the box, or in it where no room is."""
    letters = 2 * int(scale * 12)
    if y - _ABOVE - letters > 0:
        return x, y - _ABOVE
    return x + _INSIDE, y + letters + strokes + _INSIDE


def _write(
    image: np.ndarray,
    text: str,
    place: tuple[int, int],
    ink: np.ndarray,
    scale: float,
    strokes: int,
) -> None:
    """Draw text whose base line begins at `place`."""
    pillow = extras.package("PIL.Image", "The text of a box")
    draw = extras.package("PIL.ImageDraw", "The text of a box")
    font = extras.package("PIL.ImageFont", "The text of a box")
    letters = font.load_default(max(_LETTERS * scale, 1))
    mask = pillow.new("L", (image.shape[1], image.shape[0]))
    wide = max(strokes - 1, 0)
    draw.Draw(mask).text(place, text, 255, letters, anchor="ls", stroke_width=wide)
    share = np.asarray(mask, np.float32)[..., np.newaxis] / 255
    image[...] = np.rint(image + share * (ink.astype(np.float32) - image)).astype(np.uint8)
