"""Calls on folders of images and texts whose results by Keras stand in tests/golden/folders.npz.

scripts/make_file_golden.py makes them with Keras on TensorFlow, test_image_folders.py repeats them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.data.image_calls import pixels

SIZES = ((9, 14), (16, 11), (7, 7), (20, 6))
METHODS = (
    "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic",
)  # fmt: skip
PLAIN = {"shuffle": False, "verbose": False, "image_size": (8, 10)}
IMAGES: dict[str, dict[str, Any]] = {
    **{method: {"interpolation": method} for method in METHODS},
    **{f"{method} crop": {"interpolation": method, "crop_to_aspect_ratio": True}
       for method in ("bilinear", "area", "nearest")},
    **{f"{method} pad": {"interpolation": method, "pad_to_aspect_ratio": True}
       for method in ("bilinear", "bicubic", "nearest")},
    "first": {"data_format": "channels_first"},
    "first crop": {"data_format": "channels_first", "crop_to_aspect_ratio": True},
    "first pad": {"data_format": "channels_first", "pad_to_aspect_ratio": True},
    "rgba": {"color_mode": "rgba"},
    "a number": {"image_size": 6},
    "single": {"batch_size": None},
    "batches": {"batch_size": 4},
    "categorical": {"label_mode": "categorical"},
    "binary": {"label_mode": "binary", "class_names": ["c", "a"]},
    "no mode": {"label_mode": None},
    "no labels": {"labels": None},
    "own labels": {"labels": [5, 3, 3, 5, 7, 7, 0, 3, 5]},
    "own labels categorical": {"labels": [1, 2, 2, 1, 0, 0, 1, 2, 0], "label_mode": "categorical"},
    "class names": {"class_names": ["c", "b"]},
}  # fmt: skip
SPLITS: dict[str, dict[str, Any]] = {
    "all": {"shuffle": True, "seed": 3},
    "training": {"validation_split": 0.3, "subset": "training", "seed": 7, "shuffle": True},
    "validation": {"validation_split": 0.3, "subset": "validation", "seed": 7, "shuffle": True},
    "both": {"validation_split": 0.4, "subset": "both", "seed": 11, "shuffle": True},
    "in order": {"validation_split": 0.25, "subset": "both"},
    "own labels": {"labels": list(range(9)), "seed": 4, "shuffle": True},
}
TEXTS: dict[str, dict[str, Any]] = {
    "all": {},
    "short": {"max_length": 5},
    "categorical": {"label_mode": "categorical", "batch_size": 2},
    "no labels": {"labels": None, "batch_size": None},
}


def write(folder: Path) -> None:
    """Images in images/a, b and c, one of them deeper, texts in texts/x and y, and other files."""
    for number in range(9):
        name = "abc"[number * 2 % 3]
        place = folder / "images" / name / ("deep" if number == 4 else "")
        place.mkdir(parents=True, exist_ok=True)
        ending = ("png", "bmp", "PNG")[number % 3]
        image = Image.fromarray(pixels(*SIZES[number % 4], 3, seed=number))
        image.save(place / f"{number}.{ending}", ending.lower())
    (folder / "images" / ".hidden").mkdir()
    (folder / "images" / "a" / "notes.txt").write_text("no image")
    (folder / "images" / ".hidden" / "x.txt").write_bytes(b"no image")
    for number, text in enumerate(("first", "", "third text", "Fourth.\r\nline", "f\nive")):
        place = folder / "texts" / "xy"[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.txt").write_bytes(text.encode())


def shown(dataset: Any) -> Iterator[np.ndarray]:
    """The arrays of a dataset, batch by batch; texts as bytes."""
    for element in dataset:
        for part in element if isinstance(element, tuple) else (element,):
            array = np.asarray(part)
            if array.dtype.kind in "OU":
                plain = [v if isinstance(v, bytes) else v.encode() for v in array.ravel().tolist()]
                array = np.array(plain).reshape(array.shape)
            yield array


def results(utils: Any, folder: Path) -> dict[str, np.ndarray]:
    """What every call gives, by a name."""
    write(folder)
    found: dict[str, np.ndarray] = {}

    def keep(name: str, read: Callable[..., Any], place: Path, options: dict[str, Any]) -> None:
        dataset = read(place, **options)
        found[f"{name}/classes"] = np.array(dataset.class_names or [])
        for i, array in enumerate(shown(dataset)):
            found[f"{name}/{i}"] = array

    for name, options in IMAGES.items():
        read = utils.image_dataset_from_directory
        keep(f"images/{name}", read, folder / "images", {**PLAIN, **options})
    for name, options in TEXTS.items():
        read = utils.text_dataset_from_directory
        keep(f"texts/{name}", read, folder / "texts", {"shuffle": False, **options})
    for name, options in SPLITS.items():
        parts = utils.image_dataset_from_directory(folder / "images", **{**PLAIN, **options})
        for i, part in enumerate(parts if isinstance(parts, list) else [parts]):
            paths = [os.path.relpath(path, folder).replace("\\", "/") for path in part.file_paths]
            found[f"splits/{name}/{i}/paths"] = np.array(paths)
            labels = np.concatenate([np.asarray(y) for _, y in part])
            found[f"splits/{name}/{i}/labels"] = np.sort(labels)
    return found
