"""The CIFAR archives: batches of images, each a pickled dict, read from the tar as they stand."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.config import settings
from kerasish.data.fetch import fetch
from kerasish.data.unpacking import open_tar
from kerasish.errors import FileFormatError
from kerasish.saving.files.pickled import read_pickled
from kerasish.saving.files.text import is_array, is_object

BASE_URL = "https://www.cs.toronto.edu/~kriz/"
Arrays = tuple[np.ndarray, np.ndarray]


def load(
    name: str, file: str, sha256: str, label: str, train: Sequence[str], test: Sequence[str]
) -> tuple[Arrays, Arrays]:
    """The images and labels of a CIFAR archive.

    Args:
        name: of the dataset.
        file: the archive.
        sha256: of the archive.
        label: key of the labels in a batch.
        train, test: names of the batches.
    """
    path = fetch(name, file, BASE_URL + file, sha256)
    batches = read_batches(path, label, [*train, *test])
    first = settings.image_data_format == "channels_first"

    def joined(names: Sequence[str]) -> Arrays:
        x = np.concatenate([batches[n][0] for n in names])
        y = np.concatenate([batches[n][1] for n in names])
        return x if first else np.ascontiguousarray(x.transpose(0, 2, 3, 1)), y.reshape(-1, 1)

    return joined(train), joined(test)


def read_batches(path: Path, label: str, names: Sequence[str]) -> dict[str, Arrays]:
    """The images, uint8 (n, 3, 32, 32), and labels, int64 (n,), of batches in an archive.

    Raises:
        FileFormatError: a batch is missing or damaged.
        UnsafeFileError: it holds anything but images and labels.
    """
    found: dict[str, Arrays] = {}
    with open_tar(path) as archive:
        for member in archive:
            name = posixpath.basename(member.name)
            stream = archive.extractfile(member) if name in names else None
            if stream is not None:
                held = read_pickled(stream.read(), f"{path}: {name}")
                found[name] = _batch(held, label, f"{path}: {name}")
    if missing := [name for name in names if name not in found]:
        raise FileFormatError(
            path, expected=f"the batches {', '.join(names)}", received=f"no {', '.join(missing)}"
        )
    return found


def _batch(held: Any, label: str, where: str) -> Arrays:
    if is_object(held):
        plain = {k.decode("latin1") if isinstance(k, bytes) else k: v for k, v in held.items()}
        x, y = plain.get("data"), np.asarray(plain.get(label))
        rows = len(x) if is_array(x) and x.ndim == 2 and x.dtype == np.uint8 else -1
        if is_array(x) and x.shape == (rows, 3 * 32 * 32) and y.shape == (rows,):
            if y.dtype.kind in "iu":
                return x.reshape(-1, 3, 32, 32), y.astype(np.int64)
    raise FileFormatError(
        f"{where}: no batch of images",
        expected=f"'data', uint8 (n, 3072), and {label!r}, n whole numbers",
    )
