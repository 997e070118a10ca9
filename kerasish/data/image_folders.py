"""`image_dataset_from_directory` and `text_dataset_from_directory`: a file is an element."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.config import standardize_data_format
from kerasish.data.folders import Choice, Kind, datasets
from kerasish.data.images import COLOR_MODES, middle_box, pillow, read_image
from kerasish.data.resampling import METHODS, UNCHANGED, resample
from kerasish.errors import ArgumentError, FileFormatError
from kerasish.hints import hinted, one_of, whole

IMAGES = Kind("image_dataset_from_directory", "images", (".bmp", ".gif", ".jpeg", ".jpg", ".png"))
TEXTS = Kind("text_dataset_from_directory", "text files", (".txt",))


@dataclass(frozen=True)
class LoadImage:
    """Reads an image at a size.

    Args:
        size: (height, width).
        color_mode: see `COLOR_MODES`.
        method: see `METHODS`.
        fit: "crop", "pad" or "" for distorted.
        last: whether the channels are the last axis.
    """

    size: tuple[int, int]
    color_mode: str
    method: str
    fit: str
    last: bool

    def __call__(self, path: str, label: Any = None) -> Any:
        image = read_image(path, self.color_mode)
        if image.mode.startswith("I"):  # grey of 16 or 32 bits: its upper eight
            image = image.convert("I").point(lambda v: v / 256).convert("L")
        height, width = self.size
        channels = COLOR_MODES[self.color_mode][0]
        shape = (height, width, channels) if self.last else (channels, height, width)
        out = np.zeros(shape, np.uint8 if self.method == "nearest" else np.float32)
        inner = out if self.last else out.transpose(1, 2, 0)
        if self.fit == "crop":
            image = image.crop(middle_box(image, height, width))
        elif self.fit == "pad":
            inner = _room(inner, image.size)
        if image.size == inner.shape[1::-1] and self.method in UNCHANGED:
            inner[...] = np.asarray(image).reshape(inner.shape)
        else:
            resample([np.asarray(plane) for plane in image.split()], inner, self.method)
        return out if label is None else (out, label)


def _room(out: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The part of `out` that an image of (width, height) fills undistorted."""
    sides = np.array(size[::-1], np.float32)
    targets = np.array(out.shape[:2], np.float32)
    fitted = sides / (sides / targets).max()  # in float32, as TensorFlow does
    begins = np.maximum(np.floor((targets - fitted) / 2), 0).astype(int)
    ends = begins + np.maximum(np.floor(fitted), 1).astype(int)
    return out[begins[0] : ends[0], begins[1] : ends[1]]


@hinted
def image_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Any = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: Any = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
    *,
    errors: str = "raise",
) -> Any:
    """A `Dataset` of the images in a folder, each class in a folder of its own.

        train, val = keras.utils.image_dataset_from_directory(
            "pets", image_size=(96, 96), validation_split=0.2, subset="both", seed=1
        )
        train.class_names  # ["cat", "dog"]: pets/cat/..., pets/dog/...

    Files are read when they are asked for, by several threads. Which files belong to which part,
    and `file_paths`, are Keras's for the same seed; the order within a pass is one of our own.

    Args:
        directory: the folder.
        labels: "inferred" for those of the folders in it, None, or a list of whole numbers for
            its files in the order of their paths.
        label_mode: "int", "categorical" (one-hot), "binary" or None.
        class_names: folders that are classes, in the order of their labels; None for all.
        color_mode: "rgb", "rgba" or "grayscale".
        batch_size: None for single images.
        image_size: (height, width), or a number for both.
        shuffle: whether to mix the files, and with the format "tf" every pass anew.
        seed: of the order and the split.
        validation_split: fraction of the files that validate.
        subset: "training", "validation" or "both"; needs `validation_split`.
        interpolation: "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5",
            "gaussian" or "mitchellcubic", without antialiasing.
        follow_links: whether to look into folders that are links.
        crop_to_aspect_ratio: cut the sides off in place of distorting.
        pad_to_aspect_ratio: fill up with zeros in place of distorting.
        data_format: "channels_last" or "channels_first"; None takes the setting.
        format: "tf" or "grain"; with the latter all passes have one order.
        verbose: whether to print how many files were found.
        errors: "raise", or "skip": a file that cannot be read is left out and counted in
            `dataset.skipped`.

    Returns:
        A dataset with `class_names` and `file_paths`, or a list of two for `subset="both"`.
        Images are float32, or uint8 where "nearest", (batch, height, width, channels), 0 to 255.
        Labels are int32 (batch,), float32 (batch, classes) where categorical, or float32
        (batch, 1) where binary.

    Raises:
        ArgumentError: arguments that make no sense, alone or together.
        DataError: no folder, or no image in a part.
        FileFormatError: when it is asked for: an image cannot be read; it is named.
        MissingPackageError: Pillow is not installed.
    """
    what = IMAGES.what
    one_of(f"{what}, color_mode", color_mode, COLOR_MODES)
    one_of(f"{what}, format", format, ("tf", "grain"))
    method = one_of(f"{what}, interpolation", str(interpolation).lower(), METHODS)
    sizes = (image_size, image_size) if np.ndim(image_size) == 0 else image_size
    if len(sizes) != 2:
        raise ArgumentError(
            f"{what}, image_size", expected="(height, width)", received=repr(image_size)
        )
    height, width = (whole(f"{what}, image_size", size, 1) for size in sizes)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError(
            f"{what}, crop_to_aspect_ratio and pad_to_aspect_ratio",
            expected="one of them at most",
            received="both",
        )
    pillow(what)
    fit = "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else ""
    last = standardize_data_format(data_format) == "channels_last"
    choice = Choice(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split,
        subset, follow_links, verbose, errors, format == "tf",
    )  # fmt: skip
    made = datasets(IMAGES, choice, LoadImage((height, width), color_mode, method, fit, last))
    return made if subset == "both" else made[0]


@dataclass(frozen=True)
class LoadText:
    """Reads a text of UTF-8, its first `max_length` characters."""

    max_length: int | None

    def __call__(self, path: str, label: Any = None) -> Any:
        try:
            text = Path(path).read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise FileFormatError(
                f"{path}: no text that can be read", expected="UTF-8", received=error
            ) from error
        text = text[: self.max_length]
        return text if label is None else (text, label)


@hinted
def text_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Any = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
    *,
    errors: str = "raise",
) -> Any:
    """A `Dataset` of the texts (`.txt`, UTF-8) in a folder, each class in a folder of its own.

    Args:
        directory: the folder.
        labels, label_mode, class_names: see `image_dataset_from_directory`.
        batch_size: None for single texts.
        max_length: how many characters of each text are kept; None for all.
        shuffle, seed, validation_split, subset, follow_links, format, verbose, errors: see
            `image_dataset_from_directory`.

    Returns:
        A dataset with `class_names` and `file_paths`, or a list of two for `subset="both"`.
        Texts are arrays (batch,) of `str`.

    Raises:
        ArgumentError: arguments that make no sense, alone or together.
        DataError: no folder, or no text in a part.
        FileFormatError: when it is asked for: a file is no UTF-8; it is named.
    """
    one_of(f"{TEXTS.what}, format", format, ("tf", "grain"))
    if max_length is not None:
        max_length = whole(f"{TEXTS.what}, max_length", max_length)
    choice = Choice(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split,
        subset, follow_links, verbose, errors, format == "tf",
    )  # fmt: skip
    made = datasets(TEXTS, choice, LoadText(max_length))
    return made if subset == "both" else made[0]
