"""`as_source`: the one door from what users pass to `fit` to a `DataSource`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.config import max_steps_per_epoch
from kerasish.data.arrays import ArraySource
from kerasish.data.blocks import BlockSource
from kerasish.data.checks import (
    as_rows,
    is_array_like,
    is_lazy,
    numbers_to_arrays,
    place,
    type_name,
)
from kerasish.data.source import Batches, DataSource
from kerasish.data.steps import StepsSource
from kerasish.data.streams import StreamSource
from kerasish.errors import DataError
from kerasish.hints import limited

# Arrays on disk up to this size are read into memory once.
IN_MEMORY_BYTES = 256 << 20
BATCH_SIZE = 32
BATCHES = (DataSource, Batches)


def as_source(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    class_weight: Mapping[int, float] | None = None,
    steps: int | None = None,
    go_on: bool = True,
) -> DataSource:
    """The `DataSource` for anything that training takes.

    Args:
        x: numpy arrays, h5py datasets, pandas objects, scipy's sparse matrices, anything with
            `__array__` or `__dlpack__`, or a dict, list or tuple of these; a `Dataset` of batches;
            a generator, iterator or iterable of batches; a `PyDataset`; a `DataSource`.
        y: targets, where `x` is arrays.
        sample_weight: weights, where `x` is arrays.
        batch_size: samples per batch, where `x` is arrays; 32 by default. Batches keep the size
            they come in.
        class_weight: from integer label to weight, multiplied into the sample weights.
        steps: batches per epoch, for endless data or shorter epochs. `config.max_steps_per_epoch`
            is a limit for it.
        go_on: whether an epoch shorter than the data goes on where the last one stopped.

    Raises:
        DataError: an unknown structure, arguments that do not belong to this kind of data, data
            that do not fit each other, or a dataset without end and without `steps`.
    """
    if x is None:
        raise DataError("x", expected="data", received="None")
    if not isinstance(x, BATCHES):
        x = numbers_to_arrays(x)
    if _is_arrays(x):
        size = BATCH_SIZE if batch_size is None else batch_size
        source = _array_source(x, y, sample_weight, size, class_weight)
    else:
        _refuse_for(x, y=y, sample_weight=sample_weight)
        source = _batch_source(x, class_weight)
    most = max_steps_per_epoch()
    if most is not None:
        asked = source.num_batches if steps is None else steps
        steps = limited("steps", asked, most) if asked != most else steps
    if steps is None:
        _check_end(x, source)
    elif steps != source.num_batches:
        return StepsSource(source, steps, go_on=go_on)
    return source


def _is_arrays(x: Any) -> bool:
    if isinstance(x, BATCHES):
        return False
    return tree.is_nested(x) or is_array_like(x)


def _array_source(
    x: Any, y: Any, sample_weight: Any, batch_size: int, class_weight: Mapping[int, float] | None
) -> DataSource:
    parts = {"x": x, "y": y, "sample_weight": sample_weight}
    parts = {role: as_rows(numbers_to_arrays(part)) for role, part in parts.items()}
    size = sum(_lazy_bytes(part, role) for role, part in parts.items())
    kind = BlockSource if size > IN_MEMORY_BYTES else ArraySource
    return kind(**parts, batch_size=batch_size, class_weight=class_weight)


def _lazy_bytes(structure: Any, role: str) -> int:
    """The bytes of what is not in memory yet, of leaves that are arrays or None."""
    size = 0
    for path, leaf in tree.flatten_with_path(structure):
        if leaf is None:
            continue
        if not is_array_like(leaf):
            raise DataError(
                place(role, path),
                expected="an array, or a dict, list or tuple of arrays",
                received=type_name(leaf),
            )
        if is_lazy(leaf):
            size += int(np.prod(leaf.shape, dtype=np.int64)) * leaf.dtype.itemsize
    return size


def _refuse_for(x: Any, **arguments: Any) -> None:
    """Refuse what only goes with arrays: batches bring their own targets and weights."""
    for name, value in arguments.items():
        if value is not None:
            raise DataError(
                name,
                expected=f"nothing beside batches from {type_name(x)}",
                received=type_name(value),
                fix="Yield (x, y, sample_weight) batches.",
            )


def _batch_source(x: Any, class_weight: Mapping[int, float] | None) -> DataSource:
    if isinstance(x, DataSource):
        _refuse_for(x, class_weight=class_weight)
        return x
    if isinstance(x, Batches):
        return x._training_source(class_weight)
    if isinstance(x, Iterable) and not isinstance(x, (str, bytes)):
        return StreamSource(x, class_weight=class_weight)
    hint = " Call it, and pass what it returns." if callable(x) else ""
    raise DataError(
        "x",
        expected="arrays, an h5py dataset, a pandas object, a dict, list or tuple of arrays, a "
        "Dataset, a generator, an iterable of batches or a PyDataset",
        received=type_name(x),
        fix=hint,
    )


def _check_end(x: Any, source: DataSource) -> None:
    if source.endless:
        raise DataError(
            type_name(x),
            expected="steps_per_epoch (in evaluate and predict: steps), because it has no end "
            "(num_batches is None)",
            received="none",
        )
