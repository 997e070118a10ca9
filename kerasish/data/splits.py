"""Cutting validation data off the end."""

from __future__ import annotations

from typing import Any

from kerasish import tree
from kerasish.data.batch import Batch
from kerasish.data.blocks import Rows
from kerasish.data.checks import (
    as_arrays,
    as_rows,
    check_rows,
    is_array_like,
    is_lazy,
    numbers_to_arrays,
    type_name,
)
from kerasish.errors import DataError
from kerasish.sparse import SparseRows


def train_validation_split(
    x: Any, y: Any = None, sample_weight: Any = None, *, validation_split: float
) -> tuple[Batch, Batch]:
    """(training, validation): the last `validation_split` of the samples validate.

    The cut comes before any shuffling, as in Keras. Arrays are cut into views; arrays on disk
    into ranges that are read later.

    Args:
        x: arrays (n, ...).
        y: targets.
        sample_weight: weights.
        validation_split: the fraction that validates, between 0 and 1; floor(n * (1 - split))
            samples remain for training.

    Raises:
        DataError: the fraction is out of range, leaves one side empty, or `x` is no array.
    """
    if not 0 < validation_split < 1:
        raise DataError(
            "validation_split",
            expected="a fraction between 0 and 1, both excluded",
            received=repr(validation_split),
        )
    parts = Batch(_sliceable(x), _sliceable(y), _sliceable(sample_weight))
    rows = check_rows(parts)
    cut = int(rows * (1.0 - validation_split))
    if cut == 0 or cut == rows:
        raise DataError(
            "validation_split",
            expected=f"a fraction that leaves samples on both sides of {rows}",
            received=f"{validation_split!r}, which gives {cut} and {rows - cut}",
        )
    return _rows(parts, 0, cut), _rows(parts, cut, rows)


def _sliceable(structure: Any) -> Any:
    if structure is None:
        return None
    structure = as_rows(numbers_to_arrays(structure))
    for leaf in tree.flatten(structure):
        if leaf is not None and not is_array_like(leaf):
            raise DataError(
                "validation_split",
                expected="arrays",
                received=type_name(leaf),
                fix="Pass validation_data instead.",
            )
    return tree.map_structure(
        lambda leaf: leaf if leaf is None or is_lazy(leaf) else as_arrays(leaf, "data"), structure
    )


def _rows(parts: Batch, start: int, stop: int) -> Batch:
    def cut(leaf: Any) -> Any:
        if leaf is None:
            return None
        if isinstance(leaf, SparseRows):
            return leaf.between(start, stop)
        return Rows(leaf, start, stop) if is_lazy(leaf) else leaf[start:stop]

    return tree.map_structure(cut, parts)
