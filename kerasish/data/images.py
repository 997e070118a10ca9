"""Pictures: between files, Pillow's images and arrays."""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from kerasish import extras
from kerasish.config import settings, standardize_data_format
from kerasish.errors import ArgumentError, FileFormatError, KerasishError, ShapeError
from kerasish.graph.tensor import convert_to_tensor
from kerasish.hints import hinted, one_of
from kerasish.ops.image.resizing import middle, resize
from kerasish.saving.files.sources import check_source

# Each way of colouring, with its channels and Pillow's modes that are left as they are.
COLOR_MODES = {"grayscale": (1, ("L", "I;16", "I")), "rgb": (3, ("RGB",)), "rgba": (4, ("RGBA",))}
_RESAMPLING = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def pillow(what: str) -> Any:
    """Pillow's module `Image`.

    Args:
        what: what needs it, for the error.

    Raises:
        MissingPackageError: Pillow is not installed.
    """
    return extras.package("PIL.Image", what)


@hinted
def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: Any = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """A Pillow image read from a file.

        array = keras.utils.img_to_array(keras.utils.load_img("cat.jpg", target_size=(96, 96)))

    Args:
        path: name of the file, or a `BytesIO` that holds it.
        color_mode: "rgb", "rgba" or "grayscale". Grey images of 16 and 32 bits keep their bits.
        target_size: (height, width); None for the size that it has.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos", "hamming" or "box".
        keep_aspect_ratio: whether to cut out the middle part with the ratio of `target_size`, in
            place of distorting the image.

    Raises:
        ArgumentError: a word that is none of these, or a path that is none.
        FileFormatError: the file holds no image that Pillow reads; it is named.
        FileNotFoundError: there is no such file.
        MissingPackageError: Pillow is not installed.
    """
    one_of("load_img, color_mode", color_mode, COLOR_MODES)
    image = read_image(path, color_mode)
    if target_size is None:
        return image
    height, width = target_size
    if image.size == (width, height):
        return image
    one_of("load_img, interpolation", interpolation, _RESAMPLING)
    method = getattr(pillow("load_img").Resampling, interpolation.upper())
    box = middle_box(image, height, width) if keep_aspect_ratio else None
    return image.resize((width, height), method, box=box)


def read_image(path: Any, color_mode: str) -> Any:
    """The Pillow image in a file, decoded and in the channels of `color_mode`."""
    image_module = pillow("Reading an image")
    if isinstance(path, io.BytesIO):
        content, label = path, "The image"
    elif isinstance(path, (str, bytes, os.PathLike)):
        label = os.fsdecode(path)
        check_source(label)
        content = io.BytesIO(Path(label).read_bytes())
    else:
        raise ArgumentError(
            "path", expected="the name of a file or a BytesIO", received=type(path).__name__
        )
    with _readable(label):
        image = image_module.open(content)
        image.load()
        modes = COLOR_MODES[color_mode][1]
        return image if image.mode in modes else image.convert(modes[0])


@contextmanager
def _readable(label: str) -> Iterator[None]:
    """Context manager: whatever Pillow raises on a damaged file is a `FileFormatError`."""
    try:
        yield
    except KerasishError:
        raise
    except Exception as error:  # OSError, SyntaxError, ValueError, struct.error, ...
        raise FileFormatError(
            f"{label}: no image that can be read",
            expected="a whole file of a format that Pillow knows",
            received=re.sub(r" ?<[^<>]*>", "", str(error)) or type(error).__name__,
        ) from error


def middle_box(image: Any, height: int, width: int) -> tuple[int, int, int, int]:
    """Pillow's box around the middle of an image that has the ratio of a size."""
    top, left, tall, wide = middle(image.height, image.width, (height, width))
    return left, top, left + wide, top + tall


@hinted
def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """The pixels of a Pillow image as an array with three axes.

    Args:
        img: the image, or an array (height, width) or (height, width, channels).
        data_format: "channels_last" or "channels_first"; None takes the setting.
        dtype: of the result; None takes `floatx()`.

    Returns:
        (height, width, channels), or (channels, height, width).

    Raises:
        ShapeError: another number of axes.
    """
    last = standardize_data_format(data_format) == "channels_last"
    x = np.asarray(img, dtype=dtype or settings.floatx)
    if x.ndim == 2:
        x = x[..., np.newaxis]
    if x.ndim != 3:
        raise ShapeError("img_to_array, img", expected="an image", received=f"shape {x.shape}")
    return x if last else x.transpose(2, 0, 1)


@hinted
def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None
) -> Any:
    """An array of pixels as a Pillow image: grey, RGB or RGBA.

    Args:
        x: (height, width, channels), or (channels, height, width), with 1, 3 or 4 channels.
        data_format: "channels_last" or "channels_first"; None takes the setting.
        scale: whether the smallest value becomes 0 and the largest 255. Without it values are
            cut down to bytes; grey images with values over 255 become 32 bits deep.
        dtype: to compute with; None takes `floatx()`.

    Raises:
        ShapeError: no three axes, or another number of channels.
        MissingPackageError: Pillow is not installed.
    """
    last = standardize_data_format(data_format) == "channels_last"
    module = pillow("array_to_img")
    x = np.asarray(x, dtype=dtype or settings.floatx)
    if x.ndim != 3:
        raise ShapeError(
            "array_to_img, x", expected="a single image of three axes", received=f"shape {x.shape}"
        )
    x = x if last else x.transpose(1, 2, 0)
    if x.shape[2] not in (1, 3, 4):
        raise ShapeError("array_to_img, x", expected="1, 3 or 4 channels", received=x.shape[2])
    if scale:
        x = x - np.min(x)
        most = np.max(x)
        x = (x / most if most != 0 else x) * 255
    deep = x.shape[2] == 1 and np.max(x) > 255
    pixels = x.astype("int32" if deep else "uint8")
    return module.fromarray(pixels[:, :, 0] if x.shape[2] == 1 else pixels)


@hinted
def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array of pixels into a file.

    Args:
        path: name of the file, whose ending says the format, or an open binary file.
        x: see `array_to_img`.
        data_format: "channels_last" or "channels_first"; None takes the setting.
        file_format: "png", "jpeg", ...; needed where `path` is an open file.
        scale: see `array_to_img`.
        **kwargs: options of Pillow's `save`, such as quality=90.

    Raises:
        ShapeError: see `array_to_img`.
        MissingPackageError: Pillow is not installed.
    """
    if file_format is None and isinstance(path, (str, Path)):
        file_format = Path(path).suffix[1:].lower()
    if file_format and file_format.lower() == "jpg":
        file_format = "jpeg"
    image = array_to_img(x, data_format, scale)
    if image.mode == "RGBA" and file_format == "jpeg":
        warnings.warn(
            "JPEG has no fourth channel: the image is written without its transparency.",
            stacklevel=3,
        )
        image = image.convert("RGB")
    image.save(path, format=file_format, **kwargs)


@hinted
def smart_resize(
    x: Any,
    size: Any,
    interpolation: str = "bilinear",
    data_format: str = "channels_last",
    **kwargs: Any,
) -> Any:
    """The largest middle part of images that has the ratio of `size`, brought to that size.

    Args:
        x: (height, width, channels) or (batch, height, width, channels), or with the channels
            before the height.
        size: (height, width).
        interpolation: see `ops.image.resize`.
        data_format: "channels_last" or "channels_first".

    Returns:
        An array where an array is given, a tensor otherwise.

    Raises:
        ArgumentError: no (height, width), or an unknown argument.
        ShapeError: neither three nor four axes.
    """
    kwargs.pop("backend_module", None)  # Keras's functions call each other so
    if kwargs:
        raise ArgumentError(
            "smart_resize got an unknown argument",
            expected="x, size, interpolation, data_format",
            received=", ".join(kwargs),
        )
    if np.ndim(size) != 1 or len(size) != 2:
        raise ArgumentError("smart_resize, size", expected="(height, width)", received=repr(size))
    image = convert_to_tensor(x)
    if len(image.shape) not in (3, 4):
        raise ShapeError(
            "smart_resize, x",
            expected="an image or a batch of images, with 3 or 4 axes",
            received=f"shape {image.shape}",
        )
    result = resize(image, size, interpolation, crop_to_aspect_ratio=True, data_format=data_format)
    return np.asarray(result) if isinstance(x, np.ndarray) else result
