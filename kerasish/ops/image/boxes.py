"""Bounding boxes: their formats, what moves and clips them, how much they share.

A box is four numbers along the last axis. "xyxy" is left, top, right, bottom; "xywh" left, top,
width, height; "center_xywh" begins with the middle; with y first the axes are swapped; "rel_" says
that the numbers are parts of the image's width and height.
"""

from __future__ import annotations

import math
from typing import Any

from kerasish.config import epsilon
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.hints import one_of
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic import reduction as _r
from kerasish.ops.basic.elementwise import cast, cast_like, where
from kerasish.ops.numpy.join import stack, unstack

FORMATS = (
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)
ENCODINGS = ("center_xywh", "center_yxhw")


def _parts(boxes: Any) -> list[Any]:
    return unstack(boxes, 4, axis=-1)


def _swapped(parts: list[Any], form: str) -> list[Any]:
    """x first where y was, and the other way round."""
    a, b, c, d = parts
    return [b, a, d, c] if form in ("yxyx", "rel_yxyx", "center_yxhw") else parts


def _to_corners(parts: list[Any], form: str) -> list[Any]:
    a, b, c, d = _swapped(parts, form)
    if "center" in form:
        return [a - c / 2, b - d / 2, a + c / 2, b + d / 2]
    return [a, b, a + c, b + d] if form.endswith("xywh") else [a, b, c, d]


def _from_corners(corners: list[Any], form: str) -> list[Any]:
    left, top, right, bottom = corners
    wide, tall = right - left, bottom - top
    if "center" in form:
        corners = [left + wide / 2, top + tall / 2, wide, tall]
    elif form.endswith("xywh"):
        corners = [left, top, wide, tall]
    return _swapped(corners, form)


def convert_format(
    boxes: Any,
    source: str,
    target: str,
    height: Any = None,
    width: Any = None,
    dtype: str = "float32",
) -> Any:
    """Boxes of one format in another.

    Args:
        boxes: (..., 4), or a dict whose "boxes" are such.
        source, target: "xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy",
            "rel_yxyx", "rel_xywh" or "rel_center_xywh".
        height, width: of the image; needed from absolute to relative numbers and back.
        dtype: of the result.

    Raises:
        ShapeError: the last axis is not 4.
        ArgumentError: an unknown format, or no size of the image where it is needed.

    Example:
        >>> import kerasish as keras
        >>> boxes = keras.utils.bounding_boxes.convert_format([[2, 1, 6, 4]], "xyxy", "xywh")
        >>> boxes.numpy().tolist()
        [[2.0, 1.0, 4.0, 3.0]]
    """
    if isinstance(boxes, dict):
        found = convert_format(boxes["boxes"], source, target, height, width, dtype)
        return {**boxes, "boxes": found}
    given = convert_to_tensor(boxes)
    if given.shape[-1:] != (4,):
        raise ShapeError("convert_format", expected="boxes (..., 4)", received=given.shape)
    source = one_of("convert_format, source", str(source).lower(), FORMATS)
    target = one_of("convert_format, target", str(target).lower(), FORMATS)
    relative = source.startswith("rel_"), target.startswith("rel_")
    if any(relative) and (height is None or width is None):
        raise ArgumentError(
            "convert_format",
            expected="height and width of the image, which relative boxes are parts of",
            received=f"height={height}, width={width}",
        )
    x = cast(given, dtype)
    if source == target:
        return x
    corners = _to_corners(_parts(x), source)
    if relative[0] != relative[1]:
        size = [cast(convert_to_tensor(s), dtype) for s in (width, height)]
        # A size of its own for every image has an axis for boxes, and one for their numbers.
        size = [_s.reshape(s, shape=s.shape[:-1]) if s.ndim == x.ndim else s for s in size]
        if relative[0]:
            corners = [c * s for c, s in zip(corners, size * 2, strict=True)]
        else:
            corners = [c / s for c, s in zip(corners, size * 2, strict=True)]
    return stack(_from_corners(corners, target), axis=-1)


def clip_to_image_size(
    bounding_boxes: dict[str, Any],
    height: Any = None,
    width: Any = None,
    bounding_box_format: str = "xyxy",
) -> dict[str, Any]:
    """Boxes cut at the edges of the image; the labels of those of which nothing is left are -1.

    Args:
        bounding_boxes: {"boxes": (..., 4), "labels": (...)}; "labels" may be missing.
        height, width: of the image; needed for "xyxy".
        bounding_box_format: "xyxy" or "rel_xyxy".

    Raises:
        ArgumentError: another format, or no size.
    """
    one_of("clip_to_image_size, bounding_box_format", bounding_box_format, ("xyxy", "rel_xyxy"))
    if bounding_box_format == "xyxy" and (height is None or width is None):
        raise ArgumentError(
            "clip_to_image_size",
            expected="height and width of the image",
            received=f"height={height}, width={width}",
        )
    boxes = convert_to_tensor(bounding_boxes["boxes"])
    ends: list[Any] = [1.0, 1.0] if bounding_box_format == "rel_xyxy" else [width, height]
    corners = _clipped(_parts(boxes), *ends)
    found = {**bounding_boxes, "boxes": stack(corners, axis=-1)}
    if bounding_boxes.get("labels") is not None:
        labels = convert_to_tensor(bounding_boxes["labels"])
        area = (corners[2] - corners[0]) * (corners[3] - corners[1])
        there = area > 0
        if labels.ndim > there.ndim:  # one number for every class
            there = _s.expand_dims(there, axis=there.ndim)
        found["labels"] = where(there, labels, cast_like(-1, labels))
    return found


def _clipped(corners: list[Any], width: Any, height: Any) -> list[Any]:
    ends = [cast_like(end, corners[0]) for end in (width, height)]
    return [
        _e.minimum(_e.maximum(c, cast_like(0, c)), end)
        for c, end in zip(corners, ends * 2, strict=True)
    ]


def affine_transform(
    boxes: TensorLike,
    angle: TensorLike,
    translate_x: TensorLike,
    translate_y: TensorLike,
    scale: TensorLike,
    shear_x: TensorLike,
    shear_y: TensorLike,
    height: Any,
    width: Any,
    center_x: Any = None,
    center_y: Any = None,
    bounding_box_format: str = "xyxy",
) -> Tensor:
    """The boxes around boxes that are turned, moved, scaled and sheared with their images.

    Args:
        boxes: (batch, boxes, 4).
        angle, shear_x, shear_y: (batch,), in degrees.
        translate_x, translate_y: (batch,), parts of the size.
        scale: (batch,).
        height, width: of the images.
        center_x, center_y: the point that is turned around, in parts of the size; the middle by
            default.
        bounding_box_format: must be "xyxy".
    """
    one_of("affine_transform, bounding_box_format", bounding_box_format, ("xyxy",))
    angle = convert_to_tensor(angle)
    radian = math.pi / 180
    turn, sx, sy = (-cast_like(a, angle) * radian for a in (angle, shear_x, shear_y))
    scale = cast_like(scale, angle)
    size = [cast_like(s, angle) - 1 for s in (width, height)]
    cx, cy = (
        cast_like(0.5 if c is None else c, angle) * s
        for c, s in zip((center_x, center_y), size, strict=True)
    )
    to_x, to_y = (
        c - cast_like(t, angle) * s
        for c, t, s in zip((cx, cy), (translate_x, translate_y), size, strict=True)
    )
    tilted, cos, tan = turn - sy, _e.cos(sy), _e.tan(sx)
    a, c = _e.cos(tilted) / cos, -_e.sin(tilted) / cos
    b, d = a * tan + _e.sin(turn), _e.cos(turn) - c * tan
    rows = [[d * scale, -b * scale], [-c * scale, a * scale]]

    def spread(row: Any) -> Any:
        return _s.reshape(row, shape=(*row.shape, *([1] * (3 - row.ndim))))

    x1, y1, x2, y2 = _parts(cast_like(boxes, angle))
    xs, ys = stack([x1, x2, x2, x1], axis=-1), stack([y1, y1, y2, y2], axis=-1)
    moved = [
        spread(p) * xs + spread(q) * ys + spread(middle - p * to_x - q * to_y)
        for (p, q), middle in zip(rows, (cx, cy), strict=True)
    ]
    return around(*moved)


def around(xs: Any, ys: Any) -> Any:
    """The boxes (..., 4) around the points of each, which lie along the last axis."""
    return stack([_r.min(xs, -1), _r.min(ys, -1), _r.max(xs, -1), _r.max(ys, -1)], axis=-1)


def crop(
    boxes: TensorLike,
    top: Any,
    left: Any,
    height: Any,
    width: Any,
    bounding_box_format: str = "xyxy",
) -> Tensor:
    """Boxes in a part of the image, cut at its edges.

    Args:
        boxes: (..., 4).
        top, left: where the part begins.
        height, width: its size.
        bounding_box_format: must be "xyxy".
    """
    one_of("crop, bounding_box_format", bounding_box_format, ("xyxy",))
    x = convert_to_tensor(boxes)
    shift = [cast_like(s, x) for s in (left, top)]
    moved = [c - s for c, s in zip(_parts(x), shift * 2, strict=True)]
    return stack(_clipped(moved, width, height), axis=-1)


def pad(
    boxes: TensorLike,
    top: Any,
    left: Any,
    height: Any = None,
    width: Any = None,
    bounding_box_format: str = "xyxy",
) -> Tensor:
    """Boxes in an image to which rows were added at the top and columns at the left.

    Args:
        boxes: (..., 4).
        top, left: how many.
        height, width: of the new image; they do not count.
        bounding_box_format: must be "xyxy".
    """
    one_of("pad, bounding_box_format", bounding_box_format, ("xyxy",))
    x = convert_to_tensor(boxes)
    return x + stack([cast_like(s, x) for s in (left, top, left, top)], axis=-1)


# --- how much boxes share -------------------------------------------------------------------------


def _size(image_shape: Any) -> Any:
    return (None, None) if image_shape is None else image_shape[:2]


def _need_size(what: str, form: str, image_shape: Any) -> None:
    if "rel" in form and image_shape is None:
        raise ArgumentError(
            what,
            expected="image_shape=(height, width, channels), which relative boxes are parts of",
            received="image_shape=None",
        )


def compute_iou(
    boxes1: TensorLike,
    boxes2: TensorLike,
    bounding_box_format: str,
    use_masking: bool = False,
    mask_val: Any = -1,
    image_shape: Any = None,
) -> Tensor:
    """The area that each pair of boxes shares, divided by the area of both together.

    Args:
        boxes1: (n, 4) or (batch, n, 4).
        boxes2: (m, 4) or (batch, m, 4).
        bounding_box_format: see `convert_format`.
        use_masking: whether pairs with a box of negative numbers alone get `mask_val`.
        mask_val: for these.
        image_shape: (height, width, channels), needed for relative formats.

    Returns:
        (n, m) or (batch, n, m).
    """
    given = [convert_to_tensor(b) for b in (boxes1, boxes2)]
    if any(b.ndim not in (2, 3) for b in given):
        raise ShapeError(
            "compute_iou",
            expected="boxes (n, 4) or (batch, n, 4)",
            received=f"{given[0].shape} and {given[1].shape}",
        )
    _need_size("compute_iou", bounding_box_format, image_shape)
    size = _size(image_shape)
    first, second = (convert_format(b, bounding_box_format, "xyxy", *size) for b in given)
    one = _parts(_s.expand_dims(first, axis=first.ndim - 1))
    other = _parts(_s.expand_dims(second, axis=second.ndim - 2))
    zero = cast_like(0, first)
    shared: Any = 1
    for k in (0, 1):
        span = _e.minimum(one[k + 2], other[k + 2]) - _e.maximum(one[k], other[k])
        shared = _e.maximum(zero, span) * shared
    areas = [(p[2] - p[0]) * (p[3] - p[1]) for p in (one, other)]
    found = shared / (areas[0] + areas[1] - shared + epsilon())
    if not use_masking:
        return found
    none = [_e.less(_r.max(stack(p, axis=-1), -1), 0.0) for p in (one, other)]
    return where(_e.logical_or(*none), cast_like(mask_val, found), found)


def compute_ciou(
    boxes1: TensorLike, boxes2: TensorLike, bounding_box_format: str, image_shape: Any = None
) -> Tensor:
    """Boxes compared one by one: 1 for equal ones, less the further apart (Zheng et al. 2020).

    From the shared part of their areas are taken the distance of their middles and the difference
    of their ratios.

    Args:
        boxes1, boxes2: (..., 4), one for each.
        bounding_box_format: see `convert_format`.
        image_shape: (height, width, channels), needed for relative formats.
    """
    _need_size("compute_ciou", bounding_box_format, image_shape)
    size = _size(image_shape)
    (left1, top1, right1, bottom1), (left2, top2, right2, bottom2) = (
        _parts(convert_format(b, bounding_box_format, "xyxy", *size)) for b in (boxes1, boxes2)
    )
    tiny = epsilon()
    wide1, tall1 = right1 - left1, bottom1 - top1 + tiny
    wide2, tall2 = right2 - left2, bottom2 - top2 + tiny
    zero = cast_like(0, left1)
    shared = _e.maximum(_e.minimum(right1, right2) - _e.maximum(left1, left2), zero) * _e.maximum(
        _e.minimum(bottom1, bottom2) - _e.maximum(top1, top2), zero
    )
    iou = shared / (wide1 * tall1 + wide2 * tall2 - shared + 2 * tiny)
    across = _e.maximum(right1, right2) - _e.minimum(left1, left2)
    down = _e.maximum(bottom1, bottom2) - _e.minimum(top1, top2)
    apart = _e.square((left1 + right1) / 2 - (left2 + right2) / 2) + _e.square(
        (top1 + bottom1) / 2 - (top2 + bottom2) / 2
    )
    ratios = 4 / math.pi**2 * _e.square(_e.arctan(wide2 / tall2) - _e.arctan(wide1 / tall1))
    weight = ratios / (ratios - iou + 1 + tiny)
    diagonal = _e.square(across) + _e.square(down) + tiny
    return iou - (apart / diagonal + ratios * weight)


# --- boxes as differences from anchors ------------------------------------------------------------


def _variance(what: str, variance: Any) -> Any:
    if variance is None:
        return None
    found = convert_to_tensor(variance, "float32")
    if found.shape[-1:] != (4,):
        raise ShapeError(f"{what}, variance", expected="four numbers", received=found.shape)
    return found


def encode_box_to_deltas(
    anchors: TensorLike,
    boxes: TensorLike,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Tensor:
    """Boxes as differences from anchors: of the middles in anchor sizes, of the logs of the sizes.

    Args:
        anchors, boxes: (..., 4).
        anchor_format, box_format: see `convert_format`.
        encoding_format: "center_xywh" or "center_yxhw", the order of the result.
        variance: four numbers that the result is divided by.
        image_shape: (height, width, channels), needed for relative formats.
    """
    what = "encode_box_to_deltas"
    one_of(f"{what}, encoding_format", encoding_format, ENCODINGS)
    spread = _variance(what, variance)
    size = _size(image_shape)
    base = convert_format(anchors, anchor_format, encoding_format, *size)
    found = convert_format(boxes, box_format, encoding_format, *size)
    tiny = cast_like(epsilon(), base)
    own = _e.maximum(base[..., 2:], tiny)
    middles = (found[..., :2] - base[..., :2]) / own
    logs = _e.log(_e.maximum(found[..., 2:], tiny) / own)
    deltas = _s.concatenate(middles, logs, axis=middles.ndim - 1)
    return deltas if spread is None else deltas / spread


def decode_deltas_to_boxes(
    anchors: Any,
    boxes_delta: Any,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """The boxes that `encode_box_to_deltas` made differences of.

    Args:
        anchors: (..., 4), or a dict of such by level.
        boxes_delta: (..., 4), or a dict as that of anchors.
        anchor_format, box_format: see `convert_format`.
        encoded_format: "center_xywh" or "center_yxhw", the order of `boxes_delta`.
        variance: four numbers that the differences are multiplied by.
        image_shape: (height, width, channels), needed for relative formats.
    """
    what = "decode_deltas_to_boxes"
    one_of(f"{what}, encoded_format", encoded_format, ENCODINGS)
    spread = _variance(what, variance)
    size = _size(image_shape)

    def decoded(anchor: Any, delta: Any) -> Any:
        base = convert_format(anchor, anchor_format, encoded_format, *size)
        moved = convert_to_tensor(delta)
        moved = cast_like(moved, base) if spread is None else cast_like(moved, base) * spread
        middles = moved[..., :2] * base[..., 2:] + base[..., :2]
        sizes = _e.exp(moved[..., 2:]) * base[..., 2:]
        box = _s.concatenate(middles, sizes, axis=middles.ndim - 1)
        return convert_format(box, encoded_format, box_format, *size)

    if isinstance(anchors, dict) and isinstance(boxes_delta, dict):
        return {level: decoded(anchor, boxes_delta[level]) for level, anchor in anchors.items()}
    return decoded(anchors, boxes_delta)
