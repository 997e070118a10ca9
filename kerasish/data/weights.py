"""Weights of samples: class weights as such, and given ones as floats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.config import floatx
from kerasish.data.batch import Batch
from kerasish.data.checks import as_arrays
from kerasish.errors import ArgumentError, DataError
from kerasish.sparse import SparseRows
from kerasish.spec import np_dtype


class ClassWeights(dict[int, float]):
    """Weights by class, checked, with what is known of the labels that they are for.

    Args:
        given: from integer label to weight, or an array or list with one weight per class.
        sparse: whether targets are integer labels, which are classes themselves; False where they
            are rows of one number per class. None: rows of 0 and 1 that each add up to 1 are rows
            of classes, other integers labels.

    Raises:
        ArgumentError: labels that are no integers, or weights that are no numbers.
    """

    def __init__(self, given: Any, sparse: bool | None = None) -> None:
        super().__init__(_pairs(given))
        self.sparse = sparse if not isinstance(given, ClassWeights) else given.sparse

    def of(self, y: np.ndarray) -> np.ndarray:
        """The weight of every label, in floatx; 1 for classes without one.

        Args:
            y: labels (n,), (n, 1), or per step (n, steps) and (n, steps, 1); or rows of one number
                per class, (n, classes) or (n, steps, classes), whose largest says the class.
        """
        if y.ndim > 1 and y.shape[-1] == 1:
            y = y[..., 0]
        elif y.ndim > 1 and not (_are_labels(y) if self.sparse is None else self.sparse):
            self.check(y.shape[-1])
            y = np.argmax(y, axis=-1)
        labels, inverse = np.unique(np.rint(y.astype(np.float64)), return_inverse=True)
        table = [self.get(int(label), 1.0) if np.isfinite(label) else 1.0 for label in labels]
        return np.asarray(table, np_dtype(floatx()))[inverse].reshape(y.shape)

    def check(self, classes: int) -> None:
        """Refuse labels that are no class.

        Raises:
            ArgumentError: a label below 0 or beyond the last class.
        """
        beyond = sorted(label for label in self if not 0 <= label < classes)
        if beyond:
            raise ArgumentError(
                "class_weight",
                expected=f"labels from 0 to {classes - 1}, since there are {classes} classes",
                received=", ".join(map(str, beyond)),
            )


def _pairs(given: Any) -> dict[int, float]:
    if isinstance(given, Mapping):
        pairs = dict(given)
    elif isinstance(given, (list, tuple, np.ndarray)) and np.ndim(given) == 1:
        pairs = dict(enumerate(np.asarray(given).tolist()))
    else:
        raise _wrong(given)
    checked: dict[int, float] = {}
    for label, weight in pairs.items():
        if not _is_number(label) or not _is_number(weight) or int(label) != label:
            raise _wrong(given)
        checked[int(label)] = float(weight)
    return checked


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number, np.bool_)) and bool(np.isfinite(value))


def _wrong(given: Any) -> ArgumentError:
    return ArgumentError(
        "class_weight",
        expected="{label: weight} with integer labels and finite weights, such as {0: 1.0, 1: "
        "50.0}, or one weight per class in an array",
        received=repr(given),
    )


def _are_labels(y: np.ndarray) -> bool:
    """Whether numbers of unknown meaning are labels rather than rows of classes."""
    if y.dtype.kind not in "iu":
        return False
    rows = ((y == 0) | (y == 1)).all() and (y.sum(axis=-1) == 1).all()
    return not bool(rows)


def with_class_weight(batch: Batch, class_weight: Mapping[int, float] | None) -> Batch:
    """The batch with `class_weight` multiplied into its sample weights.

    Raises:
        DataError: no targets, several outputs, or weights that are not one array per sample.
    """
    if class_weight is None:
        return batch
    if tree.is_nested(batch.y) or batch.y is None:
        raise DataError(
            "class_weight",
            expected="targets y that are one array",
            received="no y" if batch.y is None else "several",
            fix="Pass sample_weight instead.",
        )
    weights = class_weight if isinstance(class_weight, ClassWeights) else ClassWeights(class_weight)
    rows = batch.y.pieces() if isinstance(batch.y, SparseRows) else [batch.y]
    weight = np.concatenate([weights.of(y) for y in rows])
    if batch.sample_weight is None:
        return batch._replace(sample_weight=weight)
    if tree.is_nested(batch.sample_weight):
        raise DataError(
            "class_weight", expected="sample_weight that is one array", received="a structure"
        )
    given = batch.sample_weight
    rank = max(weight.ndim, given.ndim)
    weight, given = (a.reshape(a.shape + (1,) * (rank - a.ndim)) for a in (weight, given))
    return batch._replace(sample_weight=(given * weight).astype(weight.dtype, copy=False))


def read(x: Any, y: Any, sample_weight: Any) -> Batch:
    """What a user gave as a batch of arrays, weights as floats, each in the structure it came in.

    Raises:
        DataError: no arrays of numbers.
    """
    x = as_arrays(x, "x")
    y = None if y is None else as_arrays(y, "y")
    given = None if sample_weight is None else as_arrays(sample_weight, "sample_weight")
    given = tree.map_structure(lambda w: w[:] if isinstance(w, SparseRows) else w, given)
    return Batch(x, y, weights_as_floats(given))


def weights_as_floats(sample_weight: Any) -> Any:
    """Sample weights in `floatx`, whatever they came in.

    Raises:
        DataError: complex weights, or such that are NaN or infinite.
    """
    target = np_dtype(floatx())

    def weights(leaf: np.ndarray | None) -> np.ndarray | None:
        if leaf is None:
            return None
        if leaf.dtype.kind == "c" or not np.isfinite(leaf).all():
            received = f"dtype {leaf.dtype}" if leaf.dtype.kind == "c" else "NaN or infinity"
            raise DataError(
                "sample_weight",
                expected="finite real numbers",
                received=received,
                fix="Give samples that shall not count the weight 0.",
            )
        return leaf.astype(target, copy=False)

    return tree.map_structure(weights, sample_weight)
