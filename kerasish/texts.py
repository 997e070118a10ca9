"""Texts: arrays of them, from whatever holds text, as numpy arrays of Python's str.

They stay on the host. `TEXT` is the dtype that symbols and specs of them have.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import frames, tree
from kerasish.errors import DataError
from kerasish.spec import TEXT

_PLAIN = "UST"  # numpy's kinds of texts, bytes, and texts of any length
LOOK = 64  # values that say what an array of objects holds


def is_text(value: Any) -> bool:
    """Whether an array, a column, or a list of nothing but text holds text.

    An array of objects does where its first values that are not missing are texts or bytes.
    """
    if isinstance(value, list):
        leaves = tree.flatten(value)
        return bool(leaves) and all(isinstance(leaf, (str, bytes)) for leaf in leaves)
    if isinstance(value, np.ndarray):
        return value.dtype.kind in _PLAIN or (value.dtype.kind == "O" and _of_text(value))
    dtype = getattr(value, "dtype", None)
    if isinstance(dtype, str):
        return dtype == TEXT  # a tensor
    if is_text_dtype(dtype):
        return True
    if frames.is_columns(value):
        return _of_text(np.asarray(value[:LOOK].to_numpy(), object))
    if isinstance(value, np.generic) or not hasattr(value, "__array__"):
        return isinstance(value, (np.str_, np.bytes_))
    # Columns of arrow and polars say what they are; what else has an array says it by that.
    kind = str(getattr(value, "type", dtype)).lower()
    return kind.startswith(("string", "large_string", "utf8", "str", "categorical", "dictionary"))


def is_text_dtype(dtype: Any) -> bool:
    """Whether a dtype of numpy is one of texts, those that h5py gives texts of any length too."""
    if not isinstance(dtype, np.dtype):
        return False
    return dtype.kind in _PLAIN or (dtype.metadata or {}).get("vlen") in (str, bytes)


def _of_text(array: np.ndarray) -> bool:
    some = array.reshape(-1)[:LOOK].tolist()
    held = [leaf for leaf in some if not missing(leaf)]
    return bool(held) and all(isinstance(leaf, (str, bytes)) for leaf in held)


def missing(leaf: Any) -> bool:
    """Whether a value stands for none: None or NaN."""
    return leaf is None or (isinstance(leaf, (float, np.floating)) and bool(np.isnan(leaf)))


def as_texts(value: Any, what: str, encoding: str = "utf-8") -> np.ndarray:
    """An array of str, from anything of a shape, a list of rows, or one text.

    Args:
        value: see above; bytes are decoded.
        what: its place, for errors.
        encoding: of bytes.

    Raises:
        DataError: a text is missing (None or NaN), or a value is no text.
    """
    if frames.is_columns(value):
        array = frames.texts(value, what)
    else:
        leaves = tree.flatten(value) if isinstance(value, (list, tuple)) else [None]
        # Left to itself numpy makes texts of numbers and of None that stand among texts.
        plain = all(isinstance(leaf, (str, bytes, np.ndarray)) for leaf in leaves)
        try:
            array = np.asarray(value) if plain or len(leaves) == 1 else np.array(value, object)
        except ValueError as error:
            raise rows_differ(what) from error
    if array.dtype.kind not in "OUST" and array.size:
        raise DataError(what, expected="texts", received=f"an array of dtype {array.dtype}")
    found = array if array.dtype.kind == "O" else array.astype(object)
    flat = found.reshape(-1).tolist()
    if {*map(type, flat)} <= {str}:
        return found
    gaps = [place for place, leaf in enumerate(flat) if missing(leaf)]
    if gaps:
        raise DataError(
            what,
            expected="texts",
            received=f"{len(gaps)} missing, the first at position {gaps[0]}: {flat[gaps[0]]!r}",
            fix="Put a text in their place, such as ''.",
        )
    made = np.empty(len(flat), object)
    for place, leaf in enumerate(flat):
        if isinstance(leaf, (bytes, bytearray)):
            leaf = _decoded(bytes(leaf), what, encoding)
        elif not isinstance(leaf, str):
            raise DataError(
                what,
                expected="texts",
                received=f"{leaf!r} of type {type(leaf).__name__} at position {place}",
                fix="Make texts of them with str().",
            )
        made[place] = str(leaf)
    return made.reshape(found.shape)


def rows_differ(what: str) -> DataError:
    """The error of rows that make no array."""
    return DataError(what, expected="rows of equal length", received="rows of different lengths")


def gathered(structure: Any) -> Any:
    """A structure in which lists of texts, and columns of them, are arrays."""
    if isinstance(structure, dict):
        return type(structure)((key, gathered(part)) for key, part in structure.items())
    if isinstance(structure, list) or frames.is_columns(structure):
        if is_text(structure):
            return as_texts(structure, "x")
    if isinstance(structure, (list, tuple)) and not hasattr(structure, "_fields"):
        return type(structure)(map(gathered, structure))
    return structure


def _decoded(text: bytes, what: str, encoding: str) -> str:
    try:
        return text.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            what, expected=f"texts in {encoding}", received=f"bytes that are none: {error}"
        ) from None
