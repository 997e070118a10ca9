"""What `adapt` is given: one array of all samples, or batches, of numbers or of text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from kerasish import frames
from kerasish.errors import DataError
from kerasish.sparse import SparseRows, is_sparse
from kerasish.texts import as_texts, rows_differ


def number_batches(data: Any, what: str) -> Iterator[np.ndarray]:
    """The arrays of numbers in `data`: one if it is a whole, else one per batch.

    A whole is anything of a shape (numpy, tensors, pandas) or a list of rows. Any other iterable,
    a list of rows of different lengths too, gives batches: x, `(x, y)` or
    `(x, y, sample_weight)`, of which x counts.

    Args:
        data: what `adapt` was given.
        what: the method, for errors.

    Raises:
        DataError: a dict, single text, or values that are no numbers.
    """
    return _batches(data, what, as_numbers)


def text_batches(data: Any, what: str) -> Iterator[np.ndarray]:
    """The arrays of texts in `data`; see `number_batches`."""
    return _batches(data, what, as_texts)


def as_numbers(data: Any, what: str) -> np.ndarray:
    """An array of numbers, from anything of a shape or a list of rows."""
    _refuse(data, what)
    if frames.is_columns(data):
        array = frames.numbers(data, what)
    else:
        try:
            array = np.asarray(data)
        except ValueError as error:
            raise rows_differ(what) from error
    if array.dtype.kind not in "biufV":
        raise DataError(what, expected="numbers", received=f"an array of dtype {array.dtype}")
    return array


def _batches(
    data: Any, what: str, convert: Callable[[Any, str], np.ndarray]
) -> Iterator[np.ndarray]:
    _refuse(data, what)
    if is_sparse(data):
        for piece in SparseRows(data).pieces():
            yield convert(piece, what)
        return
    if is_whole(data):
        yield convert(data, what)
        return
    if not isinstance(data, Iterable):
        raise DataError(
            what, expected="an array, or an iterable of batches", received=type(data).__name__
        )
    for batch in data:
        part = batch[0] if isinstance(batch, tuple) else batch
        part = [part] if isinstance(part, (str, bytes)) else part  # a text alone is a document
        _refuse(part, what)
        yield convert(part, what)


_WITHOUT_END = -1  # the cardinality of a dataset that repeats itself for ever


def check_end(data: Any, what: str, steps: int | None = None) -> None:
    """Refuse what has no end where nobody says how much of it counts.

    Raises:
        DataError: with what to do.
    """
    length = getattr(data, "cardinality", None)
    if steps is None and length is not None and length() == _WITHOUT_END:
        raise DataError(
            what,
            expected="data with an end",
            received="a Dataset without one",
            fix="Cut it with take(n).",
        )


def _has_shape(data: Any) -> bool:
    return hasattr(data, "shape") or hasattr(data, "__array__") or hasattr(data, "__dlpack__")


def _is_batch(part: Any) -> bool:
    if isinstance(part, (list, tuple)):
        return any(map(_is_batch, part[:1]))
    return isinstance(part, Mapping) or (_has_shape(part) and np.ndim(part) > 0)


def is_whole(data: Any) -> bool:
    """Whether `data` is one array of all samples, or a list of them."""
    if isinstance(data, (list, tuple)):
        return not any(map(_is_batch, data[:1])) and len({*map(_length, data)}) < 2
    return _has_shape(data)


def _length(row: Any) -> int | None:
    return len(row) if isinstance(row, (list, tuple)) else None


def _refuse(data: Any, what: str) -> None:
    """Refuse what would be gone through by its keys or letters."""
    if isinstance(data, Mapping):
        keys = list(data)
        raise DataError(
            what,
            expected="an array, or an iterable of batches",
            received=f"a dict with the keys {keys}" if keys else "an empty dict",
            fix=f"Give one entry at a time, such as data[{keys[0]!r}]." if keys else "",
        )
    if isinstance(data, (str, bytes)):
        raise DataError(
            what,
            expected="an array or list",
            received=f"the single value {data!r}",
            fix="Put it into a list.",
        )
