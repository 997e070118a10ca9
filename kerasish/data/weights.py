"""Class weights, as weights of samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.config import floatx
from kerasish.data.batch import Batch
from kerasish.errors import DataError
from kerasish.spec import np_dtype


def class_weight_to_sample_weights(y: np.ndarray, class_weight: Mapping[int, float]) -> np.ndarray:
    """One weight per sample, `class_weight[label]`, and 1 for labels that it does not name.

    Args:
        y: labels (n,) or (n, 1), or one-hot rows (n, classes).
        class_weight: from integer label to weight.
    """
    if y.ndim > 1:
        y = y[..., 0] if y.shape[-1] == 1 else np.argmax(y, axis=-1)
    if y.ndim > 1:
        raise DataError(
            f"class_weight. Expected: one label per sample. Received: y of shape {y.shape} "
            "after taking the class. Pass sample_weight instead."
        )
    labels, inverse = np.unique(np.rint(y.astype(np.float64)), return_inverse=True)
    table = [
        float(class_weight.get(int(label), 1.0)) if np.isfinite(label) else 1.0 for label in labels
    ]
    return np.asarray(table, np_dtype(floatx()))[inverse]


def with_class_weight(batch: Batch, class_weight: Mapping[int, float] | None) -> Batch:
    """The batch with `class_weight` multiplied into its sample weights.

    Raises:
        DataError: no targets, several outputs, or weights that are not one array per sample.
    """
    if class_weight is None:
        return batch
    if tree.is_nested(batch.y) or batch.y is None:
        raise DataError(
            "class_weight. Expected: targets y that are one array. "
            f"Received: {'no y' if batch.y is None else 'several'}. Pass sample_weight instead."
        )
    weight = class_weight_to_sample_weights(batch.y, class_weight)
    if batch.sample_weight is None:
        return batch._replace(sample_weight=weight)
    if tree.is_nested(batch.sample_weight):
        raise DataError(
            "class_weight. Expected: sample_weight that is one array. Received: a structure."
        )
    given = batch.sample_weight
    weight = weight.reshape(weight.shape + (1,) * (given.ndim - 1))
    return batch._replace(sample_weight=(given * weight).astype(weight.dtype, copy=False))


def weights_as_floats(sample_weight: Any) -> Any:
    """Sample weights in `floatx`, whatever they came in."""
    if sample_weight is None:
        return None
    target = np_dtype(floatx())
    return tree.map_structure(lambda leaf: leaf.astype(target, copy=False), sample_weight)
