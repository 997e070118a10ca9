"""From what users pass to numpy arrays, with the checks that belong there."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.backend.base import current
from kerasish.config import floatx
from kerasish.data.batch import Batch
from kerasish.errors import DataError
from kerasish.frames import is_columns, numbers
from kerasish.hints import is_whole
from kerasish.sparse import SparseRows, is_sparse
from kerasish.spec import dtype_name, is_float, np_dtype
from kerasish.texts import as_texts, is_text, is_text_dtype, missing

_OF_TEXT = ("x", "data")  # roles of what may be text
KINDS = "biufcV"  # numpy's kinds of numbers; V is bfloat16 and its like


def is_lazy(leaf: Any) -> bool:
    """Whether `leaf` is an array on disk read slice by slice, such as an h5py dataset.

    One of texts is read as a whole.
    """
    return (
        not isinstance(leaf, np.ndarray)
        and all(hasattr(leaf, name) for name in ("shape", "dtype", "chunks", "__getitem__"))
        and (leaf.chunks is None or all(isinstance(size, int) for size in leaf.chunks))
        and not is_text_dtype(leaf.dtype)
    )


def is_array_like(leaf: Any) -> bool:
    """Whether `leaf` can become a numpy array as a whole."""
    known = hasattr(leaf, "__array__") or hasattr(leaf, "__dlpack__") or is_lazy(leaf)
    return known or isinstance(leaf, SparseRows) or is_sparse(leaf)


def numbers_to_arrays(structure: Any) -> Any:
    """Lists that hold nothing but Python numbers, or texts, become arrays: `[[1.0], [2.0]]`."""
    if is_sparse(structure):  # one of scipy's formats is a dict
        return structure
    if isinstance(structure, dict):
        return type(structure)((key, numbers_to_arrays(part)) for key, part in structure.items())
    if not isinstance(structure, list) or not structure:
        return structure
    if not all(isinstance(leaf, Number) for leaf in tree.flatten(structure)):
        if is_text(structure) or _texts_with_gaps(structure):
            return as_texts(structure, "A list of texts")
        if any(isinstance(part, list) for part in structure):  # one for every input
            return list(map(numbers_to_arrays, structure))
        return structure
    try:
        return np.asarray(structure)
    except ValueError as error:
        raise DataError(
            "A list of numbers",
            expected="rows of one length",
            received="rows of different lengths",
            fix="Bring them to one length with kerasish.utils.pad_sequences.",
        ) from error


def _texts_with_gaps(parts: list[Any]) -> bool:
    held = [part for part in parts if not missing(part)]
    return bool(held) and all(isinstance(part, (str, bytes)) for part in held)


def as_rows(structure: Any) -> Any:
    """Sparse matrices in a structure become `SparseRows`, of which each batch is made dense."""
    if is_sparse(structure) and structure.ndim == 2:
        return SparseRows(structure)
    flat = tree.flatten(structure)
    if not any(map(is_sparse, flat)):
        return structure
    return tree.pack_sequence_as(
        structure,
        [SparseRows(leaf) if is_sparse(leaf) and leaf.ndim == 2 else leaf for leaf in flat],
    )


def array_of(leaf: Any) -> Any:
    """What is an array on a device, or says that it can be one, as a numpy array; else None."""
    if current().owns(leaf):
        return current().to_numpy(leaf)
    if hasattr(leaf, "__array__"):
        return np.asarray(leaf)
    return np.from_dlpack(leaf) if hasattr(leaf, "__dlpack__") else None


def to_numpy(leaf: Any, where: str, text: bool = False) -> Any:
    """Any array-like as a numpy array of numbers with at least one dimension.

    `SparseRows` stand for such an array and stay what they are.

    Args:
        leaf: a numpy array, an object with `__array__` (pandas, torch, a Tensor) or `__dlpack__`,
            a sparse matrix of scipy.
        where: its place, for the error.
        text: whether it may hold text, of which an array of str is made.

    Raises:
        DataError: not an array, no numbers, or no sample dimension.
    """
    if text and is_text(leaf):
        return as_texts(leaf, where)
    if isinstance(leaf, np.ndarray):
        array = leaf
    elif is_lazy(leaf):
        check_numbers(leaf, where)
        array = leaf[:]
    elif is_columns(leaf):
        array = numbers(leaf, where)
    elif isinstance(leaf, SparseRows):
        array = leaf
    elif is_sparse(leaf):
        array = leaf.toarray()
    elif (array := array_of(leaf)) is None:
        raise DataError(
            where,
            expected="a numpy array, something with __array__ or __dlpack__, an h5py dataset, "
            "a sparse matrix, or a dict, list or tuple of these",
            received=type_name(leaf),
        )
    elif text and is_text(array):  # the object did not say so
        return as_texts(array, where)
    # A masked array exists only where its module was loaded, which takes a first step's third.
    if "numpy.ma" in sys.modules and isinstance(array, np.ma.MaskedArray):
        if np.ma.is_masked(array):
            raise DataError(
                where,
                expected="an array without gaps",
                received=f"a masked array with {int(np.ma.count_masked(array))} values left out",
                fix="Fill them, `.filled(...)`, and give their samples the weight 0.",
            )
        array = array.data
    check_numbers(array, where)
    return array


def check_numbers(array: Any, where: str) -> None:
    """Refuse arrays, in memory or on disk, that are not numbers or have no sample dimension.

    Raises:
        DataError: with `where` as the place.
    """
    if array.dtype.kind not in KINDS or array.dtype.names:
        raise DataError(
            where,
            expected="numbers",
            received=f"dtype {array.dtype} ({type_name(array)})",
            fix="Convert its columns to numbers first.",
        )
    if not array.shape:
        raise DataError(
            where,
            expected="an array whose first dimension counts the samples",
            received=f"a single value, {array!r}",
        )


def check_count(name: str, value: Any) -> int:
    """`value` as an int of at least 1.

    Raises:
        DataError: anything else.
    """
    if not is_whole(value) or value < 1:
        raise DataError(name, expected="an integer of 1 or more", received=repr(value))
    return int(value)


def working_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype a batch has: floats become `floatx`, as in Keras; others stay as they are."""
    if dtype.kind == "O":  # texts
        return dtype
    if is_float(dtype_name(dtype)):
        return np_dtype(floatx())
    return dtype if dtype.isnative else dtype.newbyteorder("=")


def as_arrays(structure: Any, role: str) -> Any:
    """Every leaf of `structure` as a numpy array; None where an output has no target or weight."""
    structure = numbers_to_arrays(structure)
    arrays = [
        None if leaf is None else to_numpy(leaf, place(role, at), text=role in _OF_TEXT)
        for at, leaf in tree.flatten_with_path(structure)
    ]
    return tree.pack_sequence_as(structure, arrays)


def place(role: str, path: Sequence[Any]) -> str:
    """`x['left'][0]`."""
    return role + "".join(f"[{key!r}]" for key in path)


def check_rows(batch: Batch) -> int:
    """The number of samples, which every leaf must share.

    Raises:
        DataError: different numbers of samples, or none at all.
    """
    lengths = {
        place(role, path): int(leaf.shape[0])
        for role, part in zip(Batch._fields, batch, strict=True)
        if part is not None
        for path, leaf in tree.flatten_with_path(part)
        if leaf is not None
    }
    if not lengths:
        raise DataError("x", expected="at least one array", received="an empty structure")
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {count}" for name, count in lengths.items())
        raise DataError("Data", expected="the same number of samples everywhere", received=listed)
    rows = next(iter(lengths.values()))
    if rows == 0:
        raise DataError("Data", expected="at least one sample", received="arrays of length 0")
    return rows


def type_name(value: Any) -> str:
    """The type of `value`, with its module where that says something."""
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
