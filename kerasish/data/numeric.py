"""Small conversions of labels and features."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import ops
from kerasish.config import floatx
from kerasish.errors import ArgumentError
from kerasish.graph import Tensor, convert_to_tensor


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """One-hot rows: integer labels (n, ...) become floats (n, ..., num_classes).

    Args:
        x: labels from 0 to num_classes - 1; a last dimension of 1 is dropped, as in Keras. A tensor
            gives a tensor, anything else an array.
        num_classes: max(x) + 1 by default.

    Raises:
        ArgumentError: labels that are out of range, no numbers, fractional or infinite, or none
            without num_classes.
    """
    if isinstance(x, Tensor):
        if x.value is not None:
            return convert_to_tensor(to_categorical(x.numpy(), num_classes), floatx())
        if num_classes is None:
            raise ArgumentError(
                "num_classes", expected="a number, since x has no values here", received="None"
            )
        x = ops.squeeze(x, axis=-1) if x.ndim > 1 and x.shape[-1] == 1 else x
        return ops.one_hot(x, num_classes)
    given = np.asarray(x)
    if given.dtype.kind not in "biufV":
        raise ArgumentError(
            "x",
            expected="integer labels",
            received=f"dtype {given.dtype}",
            fix="Number the classes, such as with StringLookup or numpy.unique(x, "
            "return_inverse=True).",
        )
    if given.dtype.kind in "fV" and not (np.isfinite(given).all() and (given % 1 == 0).all()):
        raise ArgumentError("x", expected="integer labels", received="fractions, NaN or infinity")
    labels = given.astype(np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if num_classes is None and not labels.size:
        raise ArgumentError("num_classes", expected="a number, since x is empty", received="None")
    if num_classes is None:
        num_classes = int(labels.max()) + 1
    if labels.size and not 0 <= labels.min() <= labels.max() < num_classes:
        raise ArgumentError(
            "x",
            expected=f"labels from 0 to {num_classes - 1}",
            received=f"labels from {labels.min()} to {labels.max()}",
        )
    return np.eye(num_classes)[labels]


def normalize(x: Any, axis: int = -1, order: float = 2) -> Any:
    """x / ||x|| along `axis`; vectors of norm 0 stay 0.

    Args:
        x: array, or a tensor, which gives a tensor.
        axis: the dimension that the norm is taken over.
        order: of the norm: 1, 2 or inf.
    """
    if isinstance(x, Tensor):
        norm = ops.norm(x, order, axis, keepdims=True)
        return x / ops.where(norm == 0, 1, norm)
    x = np.atleast_1d(np.asarray(x))
    norm = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)
