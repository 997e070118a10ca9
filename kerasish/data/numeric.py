"""Small conversions of labels and features."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.errors import ArgumentError


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """One-hot rows: integer labels (n, ...) become floats (n, ..., num_classes).

    Args:
        x: labels from 0 to num_classes - 1; a last dimension of 1 is dropped, as in Keras.
        num_classes: max(x) + 1 by default.

    Raises:
        ArgumentError: a label out of range.
    """
    labels = np.asarray(x).astype(np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if num_classes is None:
        num_classes = int(labels.max()) + 1
    if labels.size and not 0 <= labels.min() <= labels.max() < num_classes:
        raise ArgumentError(
            f"x. Expected: labels from 0 to {num_classes - 1}. "
            f"Received: labels from {labels.min()} to {labels.max()}."
        )
    return np.eye(num_classes)[labels]


def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray:
    """x / ||x|| along `axis`; vectors of norm 0 stay 0.

    Args:
        x: array.
        axis: the dimension that the norm is taken over.
        order: of the norm: 1, 2 or inf.
    """
    x = np.atleast_1d(np.asarray(x))
    norm = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)
