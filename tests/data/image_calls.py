"""Calls on images whose results by Keras are kept in tests/golden/images.npz.

scripts/make_file_golden.py makes them with Keras, test_images.py repeats them.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from PIL import Image

MODES = {"RGB": 3, "RGBA": 4, "L": 1, "LA": 2, "P": 1, "1": 1, "I;16": 1}
COLORS = ("rgb", "rgba", "grayscale")
METHODS = ("nearest", "bilinear", "bicubic", "lanczos", "hamming", "box")
SIZES = ((5, 8), (16, 9), (12, 12))


def pixels(height: int, width: int, channels: int, seed: int = 3) -> np.ndarray:
    """Random bytes over a slope, so that neither order nor place goes unseen."""
    rng = np.random.default_rng(seed)
    slope = np.linspace(0, 150, height * width * channels).reshape(height, width, channels)
    return (slope + rng.integers(0, 100, slope.shape)).astype(np.uint8)


def write(folder: Path) -> dict[str, Path]:
    """A file for each of Pillow's modes."""
    paths: dict[str, Path] = {}
    for mode, channels in MODES.items():
        array = pixels(11, 14, channels)
        array = array[..., 0] if channels == 1 else array
        if mode == "I;16":
            image = Image.fromarray(array.astype(np.uint16) * 200)
        else:
            image = (
                Image.fromarray(array).convert(mode) if channels == 1 else Image.fromarray(array)
            )
        paths[mode] = folder / f"{mode.replace(';', '')}.png"
        image.save(paths[mode])
    return paths


def results(keras: ModuleType, folder: Path) -> dict[str, Any]:
    """What every call gives, by a name."""
    utils, image, found = keras.utils, keras.preprocessing.image, {}
    paths = write(folder)
    for mode, path in paths.items():
        for color in COLORS:
            loaded = utils.load_img(path, color_mode=color)
            found[f"load/{mode}/{color}"] = utils.img_to_array(loaded, dtype="int32")
    for method in METHODS:
        for size in SIZES:
            for ratio in (False, True):
                loaded = image.load_img(paths["RGB"], "rgb", size, method, ratio)
                found[f"size/{method}/{size}/{ratio}"] = np.asarray(loaded)
    loaded = utils.load_img(str(paths["RGB"]))
    found["array"] = utils.img_to_array(loaded)
    found["array/first"] = utils.img_to_array(loaded, "channels_first", "uint8")
    found["array/grey"] = image.img_to_array(pixels(3, 4, 1)[..., 0], "channels_first")
    for channels in (1, 3, 4):
        floats = pixels(6, 5, channels, 7) * np.float32(1.7) - 20
        for scale in (True, False):
            made = utils.array_to_img(floats.clip(0), scale=scale)
            found[f"image/{channels}/{scale}"] = np.asarray(made)
            path = folder / f"{channels}{scale}.png"
            utils.save_img(path, floats.clip(0, 255), scale=scale)
            with Image.open(path) as image_file:
                found[f"saved/{channels}/{scale}"] = np.asarray(image_file)
        found[f"image/{channels}/first"] = np.asarray(
            image.array_to_img(floats.transpose(2, 0, 1), "channels_first", dtype="float64")
        )
    found["image/flat"] = np.asarray(utils.array_to_img(np.full((2, 3, 3), 7.0)))
    floats = pixels(11, 14, 3).astype(np.float32)
    for method in ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"):
        for size in SIZES:
            found[f"smart/{method}/{size}"] = np.asarray(image.smart_resize(floats, size, method))
    found["smart/batch"] = image.smart_resize(
        np.stack([floats, floats[::-1]]).transpose(0, 3, 1, 2), (4, 9), data_format="channels_first"
    )
    return found
