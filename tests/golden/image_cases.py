"""Images, boxes and what was drawn for them: changed by Keras once, by kerasish in the tests.

`scripts/make_image_golden.py` writes what Keras made of them. Everything here is drawn from the
case's name, on both sides alike.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

FORMATS = (
    "xyxy yxyx xywh center_xywh center_yxhw rel_xyxy rel_yxyx rel_xywh rel_center_xywh"
).split()
HEIGHT, WIDTH, COUNT = 10, 8, 3
SHAPE = (COUNT, HEIGHT, WIDTH, 3)
PAIRS = [(a, b) for a in FORMATS for b in FORMATS]


def generator(label: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(label.encode()))


def images(label: str, high: float = 255.0) -> np.ndarray:
    return generator(label).uniform(0, high, SHAPE).astype("float32")


def masks(label: str) -> np.ndarray:
    return generator(f"{label} masks").integers(0, 5, (*SHAPE[:3], 1)).astype("int32")


def boxes(label: str, count: int = 4) -> np.ndarray:
    """Boxes "xyxy" inside the images."""
    rng = generator(f"{label} boxes")
    x = np.sort(rng.uniform(0, WIDTH, (COUNT, count, 2)), axis=-1)
    y = np.sort(rng.uniform(0, HEIGHT, (COUNT, count, 2)), axis=-1)
    return np.stack([x[..., 0], y[..., 0], x[..., 1], y[..., 1]], axis=-1).astype("float32")


def labels() -> np.ndarray:
    return np.arange(COUNT * 4).reshape(COUNT, 4).astype("int32")


def _numbers(label: str, *shape: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    return generator(f"{label} drawn").uniform(low, high, shape).astype("float32")


FLAGS = np.array([True, False, True])
ORDER = np.array([2, 0, 1], "int32")
CORNERS = np.array([[[0, 0], [WIDTH - 1, 0], [0, HEIGHT - 1], [WIDTH - 1, HEIGHT - 1]]], "float32")
WINDOW = np.zeros((*SHAPE[:3], 1), bool)
WINDOW[:, 2:7, 1:5] = True


def _rotation(label: str) -> dict[str, Any]:
    """Keras reads the matrix for images and the angle for boxes."""
    angle = _numbers(label, COUNT, low=-90, high=90)
    rad = np.deg2rad(angle)
    cos, sin, zero = np.cos(rad), np.sin(rad), np.zeros(COUNT, "float32")
    cx, cy = (WIDTH - 1) / 2, (HEIGHT - 1) / 2
    rows = [cos, -sin, cx - cx * cos + cy * sin, sin, cos, cy - cx * sin - cy * cos, zero, zero]
    return {
        "angle": angle,
        "rotation_matrix": np.stack(rows, axis=1).astype("float32"),
        "image_height": HEIGHT,
        "image_width": WIDTH,
        "batch_size": COUNT,
    }


# name -> (class, arguments, what was drawn, whether boxes are compared too)
GIVEN: dict[str, tuple[str, dict[str, Any], Any, bool]] = {
    "flip_both": ("RandomFlip", {}, {"flips": FLAGS.reshape(3, 1, 1, 1)}, True),
    "flip_rows": (
        "RandomFlip",
        {"mode": "vertical"},
        {"flips": FLAGS.reshape(3, 1, 1, 1)},
        True,
    ),
    "rotation": ("RandomRotation", {"factor": 0.2}, _rotation("rotation"), True),
    "rotation_wrapped": (
        "RandomRotation",
        {"factor": 0.2, "fill_mode": "wrap", "interpolation": "nearest"},
        _rotation("rotation_wrapped"),
        True,
    ),
    "translation": (
        "RandomTranslation",
        {"height_factor": 0.2, "width_factor": 0.2, "fill_mode": "constant", "fill_value": 7.0},
        {"translations": _numbers("translation", COUNT, 2, low=-4, high=4)},
        True,
    ),
    "zoom": (
        "RandomZoom",
        {"height_factor": 0.2},
        {
            "height_zoom": _numbers("tall", COUNT, 1, low=0.5, high=1.5),
            "width_zoom": _numbers("wide", COUNT, 1, low=0.5, high=1.5),
        },
        True,
    ),
    "shear": (
        "RandomShear",
        {"x_factor": 0.2, "y_factor": 0.2},
        {"shear_factor": _numbers("shear", COUNT, 2, low=-0.5, high=0.5)},
        True,
    ),
    "perspective": (
        "RandomPerspective",
        {},
        {
            "apply_perspective": FLAGS,
            "start_points": np.repeat(CORNERS, COUNT, axis=0),
            "end_points": CORNERS * _numbers("ends", COUNT, 4, 2, low=0.7, high=1.3),
        },
        True,
    ),
    "crop": ("RandomCrop", {"height": 6, "width": 5}, (3, 2), False),
    "center_crop": ("CenterCrop", {"height": 5, "width": 4}, {}, True),
    "resizing": ("Resizing", {"height": 7, "width": 12}, (HEIGHT, WIDTH), True),
    "resizing_padded": (
        "Resizing",
        {"height": 7, "width": 12, "pad_to_aspect_ratio": True, "fill_value": 2.0},
        (HEIGHT, WIDTH),
        True,
    ),
    "resizing_cropped": (
        "Resizing",
        {"height": 7, "width": 12, "crop_to_aspect_ratio": True},
        (HEIGHT, WIDTH),
        True,
    ),
    "brightness": (
        "RandomBrightness",
        {"factor": 0.2},
        {"rgb_delta": _numbers("bright", COUNT, 1, 1, 1, low=-90, high=90)},
        True,
    ),
    "contrast": (
        "RandomContrast",
        {"factor": 0.2},
        {"contrast_factor": _numbers("contrast", COUNT, 1, 1, 1, low=0.5, high=1.5)},
        True,
    ),
    "degeneration": (
        "RandomColorDegeneration",
        {"factor": 0.2},
        {"factor": _numbers("grey", COUNT, 1, 1, 1)},
        True,
    ),
    "hue": (
        "RandomHue",
        {"factor": 0.2},
        {"factor": _numbers("hue", COUNT, low=-0.5, high=0.5)},
        True,
    ),
    "saturation": (
        "RandomSaturation",
        {"factor": 0.2, "value_range": (0, 1)},
        {"factor": _numbers("saturation", COUNT, high=2.0)},
        True,
    ),
    "sharpness": ("RandomSharpness", {"factor": 0.2}, {"factor": _numbers("sharp", COUNT)}, True),
    "invert": ("RandomInvert", {}, {"apply_inversion": FLAGS}, True),
    "grayscale": ("RandomGrayscale", {}, FLAGS.reshape(3, 1, 1, 1), False),
    "posterization": (
        "RandomPosterization",
        {"factor": 4},
        {"shift_factor": np.array([2, 5, 7], "uint8")},
        True,
    ),
    "solarization": (
        "Solarization",
        {},
        {
            "additions": _numbers("more", COUNT, 1, 1, 1, high=60),
            "thresholds": _numbers("limit", COUNT, 1, 1, 1, high=200),
        },
        True,
    ),
    "blur": (
        "RandomGaussianBlur",
        {"kernel_size": (5, 3)},
        {"should_apply_blur": FLAGS, "blur_factor": np.array([0.4, 0.9], "float32")},
        True,
    ),
    "erasing": (
        "RandomErasing",
        {"fill_value": 9.0},
        {"apply_erasing": FLAGS, "batch_masks": WINDOW, "fill_value": np.float32(9.0)},
        True,
    ),
    "mix_up": (
        "MixUp",
        {},
        {"mix_weight": _numbers("weight", COUNT), "permutation_order": ORDER},
        False,
    ),
    "cut_mix": (
        "CutMix",
        {},
        {
            "mix_weight": _numbers("area", COUNT, 1, 1, 1),
            "permutation_order": ORDER,
            "batch_masks": WINDOW,
        },
        False,
    ),
    "auto_contrast": ("AutoContrast", {}, None, True),
    # No count of its values lies halfway between two, which Keras on jax rounds either way.
    "evened": ("Equalization", {}, None, True),
    "clahe": (
        "ContrastLimitedAdaptiveHistogramEqualization",
        {"tile_grid_size": (3, 2), "clip_limit": 2.0},
        None,
        True,
    ),
    "clahe_unlimited": (
        "ContrastLimitedAdaptiveHistogramEqualization",
        {"tile_grid_size": (2, 4), "clip_limit": 0.0},
        None,
        True,
    ),
}
UNIT = ("saturation",)  # whose images have values in [0, 1]
NO_MASKS = ("mix_up", "grayscale")  # what Keras makes of them is no mask, or takes other arguments


def given(label: str) -> Any:
    """What was drawn, with the shape of the images where Keras wants it."""
    drawn = GIVEN[label][2]
    return {**drawn, "input_shape": SHAPE} if type(drawn) is dict else drawn


def changed(keras: Any, label: str) -> dict[str, np.ndarray]:
    """What a layer of `keras` makes of the images, masks, labels and boxes of a case."""
    name, args, _, with_boxes = GIVEN[label]
    layer = getattr(keras.layers, name)(bounding_box_format="xyxy", **args)
    drawn = given(label)
    pictures = images(label, 1.0 if label in UNIT else 255.0)
    parts: dict[str, Any] = {"images": pictures}
    if label not in NO_MASKS:
        parts["segmentation_masks"] = masks(label)
    if label != "grayscale":
        parts["labels"] = np.eye(COUNT, dtype="float32")
    if with_boxes:
        tensors = {"boxes": boxes(label), "labels": labels()}
        parts["bounding_boxes"] = {k: keras.ops.convert_to_tensor(v) for k, v in tensors.items()}
    found: dict[str, Any] = {}
    for part, value in parts.items():
        try:
            made = getattr(layer, f"transform_{part}")(value, drawn)
        except NotImplementedError:  # some of Keras's layers have no answer for some parts
            continue
        found |= (
            {"boxes": made["boxes"], "box_labels": made["labels"]}
            if part == "bounding_boxes"
            else {part: made}
        )
    return {key: np.asarray(value) for key, value in found.items()}


def box_functions(keras: Any) -> dict[str, np.ndarray]:
    """What `keras.utils.bounding_boxes` gives."""
    of = keras.utils.bounding_boxes
    size = {"height": HEIGHT, "width": WIDTH}
    start = boxes("functions")
    found: dict[str, Any] = {}
    for source, target in PAIRS:
        held = of.convert_format(start, "xyxy", source, **size)
        found[f"{source}/{target}"] = of.convert_format(held, source, target, **size)
    far = start * 1.6 - 2.0
    tensors = {"boxes": keras.ops.convert_to_tensor(far), "labels": labels()}
    clipped = of.clip_to_image_size(tensors, **size)
    found |= {"clipped": clipped["boxes"], "clipped_labels": clipped["labels"]}
    part = {**tensors, "boxes": tensors["boxes"] / 10.0}
    found["clipped_parts"] = of.clip_to_image_size(part, bounding_box_format="rel_xyxy")["boxes"]
    found["crop"] = of.crop(start, 2, 1, 5, 4)
    found["pad"] = of.pad(start, 2, 1)
    turned = [_numbers(f"turn {k}", COUNT) for k in range(6)]
    turned[0], turned[4], turned[5] = (turned[k] * 60 - 30 for k in (0, 4, 5))
    turned[3] = turned[3] + 0.5
    found["affine"] = of.affine_transform(start, *turned, **size)
    found["affine_corner"] = of.affine_transform(start, *turned, **size, center_x=0.0, center_y=1.0)
    other = boxes("others", 5)
    found["iou"] = of.compute_iou(start, other, "xyxy")
    found["iou_single"] = of.compute_iou(start[0], other[0], "center_xywh")
    found["iou_masked"] = of.compute_iou(
        np.concatenate([start, -start[:, :1]], axis=1), other, "xyxy", use_masking=True
    )
    relative = start / np.array([WIDTH, HEIGHT, WIDTH, HEIGHT], "float32")
    found["iou_relative"] = of.compute_iou(
        relative, relative[:, ::-1], "rel_xyxy", image_shape=(HEIGHT, WIDTH, 3)
    )
    found["ciou"] = of.compute_ciou(start, boxes("third"), "yxyx")
    shape = (HEIGHT, WIDTH, 3)
    for encoding in ("center_xywh", "center_yxhw"):
        variance = [0.1, 0.1, 0.2, 0.2]
        deltas = of.encode_box_to_deltas(
            start, relative[:, ::-1], "xyxy", "rel_xyxy", encoding, variance, shape
        )
        found[f"deltas_{encoding}"] = deltas
        found[f"decoded_{encoding}"] = of.decode_deltas_to_boxes(
            {"p3": start}, {"p3": deltas}, "xyxy", "xywh", encoding, variance, shape
        )["p3"]
    return {key: np.asarray(value) for key, value in found.items()}
