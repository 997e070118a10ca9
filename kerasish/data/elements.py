"""Elements of a dataset: tuples and dicts, nested as you like, of arrays, numbers, text and None.

A list is an array. Text is `str` alone and an array of objects where there are several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.config import floatx
from kerasish.data.checks import array_of, type_name
from kerasish.errors import DataError
from kerasish.frames import is_columns, is_frame, numbers, texts
from kerasish.graph.tensor import is_tensor
from kerasish.spec import TEXT, TensorSpec, input_dtype, np_dtype


class _Skipped:
    """What stands in the place of an element that was left out; nobody outside sees it."""

    def __repr__(self) -> str:
        return "SKIPPED"


SKIPPED: Any = _Skipped()


def map_element(func: Callable[..., Any], first: Any, *others: Any) -> Any:
    """Apply `func` to the leaves of elements of one form."""
    if isinstance(first, dict):
        return {k: map_element(func, v, *(other[k] for other in others)) for k, v in first.items()}
    if isinstance(first, tuple):
        parts = [map_element(func, *row) for row in zip(first, *others, strict=True)]
        return rebuilt(first, parts)
    return func(first, *others)


def rebuilt(like: tuple[Any, ...], parts: Iterable[Any]) -> Any:
    """A tuple of the kind of `like`, a named one too."""
    return type(like)(*parts) if hasattr(like, "_fields") else tuple(parts)


def leaves_of(element: Any) -> list[Any]:
    """The leaves of an element that are there."""
    found: list[Any] = []
    map_element(lambda leaf: None if leaf is None else found.append(leaf), element)
    return found


def as_element(value: Any, own: bool = False) -> Any:
    """What a user's function or generator gave, as an element.

    Args:
        value: arrays, tensors, numbers, text, lists of them, in tuples and dicts.
        own: whether arrays are copied, because whoever gave them may write to them again.

    Raises:
        DataError: a part is nothing that can be an array.
    """
    return map_element(lambda leaf: as_leaf(leaf, own), value)


def as_leaf(leaf: Any, own: bool = False) -> Any:
    """One array, number, text or None; see `as_element`."""
    if leaf is None or isinstance(leaf, (str, bytes)):
        return leaf
    if isinstance(leaf, (np.ndarray, np.generic)):
        array = np.array(leaf) if own and isinstance(leaf, np.ndarray) else leaf
    elif is_tensor(leaf):
        array = leaf.numpy()
    elif isinstance(leaf, list):
        array = _listed(leaf)
    elif isinstance(leaf, (bool, int, float, complex)):
        array = np.asarray(leaf, _plain(np.asarray(leaf)))
    elif is_columns(leaf):
        array = _columns(leaf)
    elif (array := array_of(leaf)) is None:
        raise DataError(
            "An element of a dataset",
            expected="arrays, tensors, numbers, text, lists, or tuples and dicts of these",
            received=type_name(leaf),
        )
    if array.dtype.kind in "USO":
        return _text(np.asarray(array))
    if array.dtype.kind in "mMV":
        input_dtype(array.dtype)  # bfloat16 is one of V; dates and structs are refused
    return array if array.ndim else np.asarray(array)[()]


def _plain(array: np.ndarray) -> np.dtype[Any]:
    """The dtype of Python's numbers: int32 where they fit, floatx."""
    if array.dtype.kind == "i":
        small = not array.size or (array.min() >= -(2**31) and array.max() < 2**31)
        return np.dtype(np.int32 if small else np.int64)
    return np_dtype(floatx()) if array.dtype.kind == "f" else array.dtype


def _listed(given: list[Any]) -> np.ndarray:
    flat = tree.flatten(given)
    if any(hasattr(leaf, "dtype") for leaf in flat):
        given = tree.map_structure(as_leaf, given)
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise DataError(
            "A list in an element", expected="rows of one length", received=str(error)
        ) from None
    return array if any(hasattr(leaf, "dtype") for leaf in flat) else array.astype(_plain(array))


def _columns(table: Any) -> np.ndarray:
    """A table of numbers, or a column of numbers or text."""
    try:
        return numbers(table, "A dataset")
    except DataError as error:
        if not is_frame(table):
            return texts(table, "A dataset")
        error.fix = "Pass its columns by name: dict(table)."
        raise


def _text(array: np.ndarray) -> Any:
    """Text as objects; a single one as itself."""
    if array.dtype.kind != "O":
        array = array.astype(object)
    if not array.ndim:
        value = array.item()
        if value is None or isinstance(value, (str, bytes)):
            return value
    else:
        found = next((v for v in array.flat if not isinstance(v, (str, bytes))), None)
        if found is None:
            return array
        value = found
    raise DataError(
        "An element of a dataset", expected="numbers or text", received=f"objects: {value!r}"
    )


class Uneven:
    """Rows of one rank and different shapes, such as the boxes of images, one by one."""

    def __init__(self, rows: Sequence[Any]) -> None:
        """Args:
        rows: what can be an array each.

        Raises:
            DataError: a row is no array, or they have different ranks.
        """
        arrays = [np.asarray(as_leaf(row)) for row in rows]
        full = [array for array in arrays if array.size] or arrays
        ranks = {array.ndim for array in full}
        if len(ranks) > 1 or 0 in ranks:
            raise DataError(
                "A list in an element",
                expected="rows of one rank",
                received=f"arrays of shapes {sorted({array.shape for array in full})}",
            )
        # An empty list says neither what would be in it nor how many sizes it has.
        tail = full[0].shape[1:]
        self.dtype = np.result_type(*{array.dtype for array in full})
        self.rows = [np.asarray(a if a.size else a.reshape(0, *tail), self.dtype) for a in arrays]
        sizes = zip(*(row.shape for row in self.rows), strict=True)
        self.shape = (len(rows), *(s[0] if len({*s}) == 1 else None for s in sizes))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> np.ndarray:
        return self.rows[index]


def stack(elements: Sequence[Any], where: str) -> Any:
    """Elements of one form as one, every leaf with a new first axis.

    Args:
        elements: one or more.
        where: the step that does it, for errors.

    Raises:
        DataError: other forms or shapes.
    """
    first = elements[0]
    if isinstance(first, dict):
        _same_form(elements, where, lambda e: isinstance(e, dict) and e.keys() == first.keys())
        return {key: stack([e[key] for e in elements], where) for key in first}
    if isinstance(first, tuple):
        _same_form(elements, where, lambda e: isinstance(e, tuple) and len(e) == len(first))
        return rebuilt(first, [stack(column, where) for column in zip(*elements, strict=True)])
    if first is None:
        return _same_form(elements, where, lambda e: e is None)
    if isinstance(first, (str, bytes)):
        _same_form(elements, where, lambda e: isinstance(e, (str, bytes)))
        return text_array(elements)
    _same_arrays(elements, where)
    return np.stack(elements) if first.ndim else np.array(elements)


def _same_arrays(elements: Sequence[Any], where: str, axes: int = 0) -> None:
    """Raise where elements are not all numbers, or all texts, of one shape behind `axes`."""
    text = elements[0].dtype.kind == "O"
    arrays = (np.ndarray, np.generic)
    _same_form(elements, where, lambda e: isinstance(e, arrays) and (e.dtype.kind == "O") == text)
    shapes = {np.shape(e)[axes:] for e in elements}
    if len(shapes) > 1:
        raise DataError(
            where,
            expected="elements of one shape",
            received=", ".join(map(str, sorted(shapes))),
            fix="Bring them to one shape with map, or use padded_batch.",
        )


def text_array(texts: Sequence[Any]) -> np.ndarray:
    """Texts as an array of objects."""
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


def _same_form(elements: Sequence[Any], where: str, fits: Callable[[Any], bool]) -> None:
    for other in elements:
        if not fits(other):
            raise DataError(
                where,
                expected=f"elements of one form, as the first: {summary(elements[0])}",
                received=summary(other),
            )


def summary(element: Any) -> str:
    """An element in a few words: its form, with dtypes and shapes."""
    told = map_element(lambda leaf: "None" if leaf is None else str(spec_of(leaf)), element)
    return str(told).replace("'", "")


def spec_of(leaf: Any) -> TensorSpec | None:
    """The spec of a leaf; text has the dtype "string"."""
    if leaf is None:
        return None
    if isinstance(leaf, (str, bytes)):
        return TensorSpec((), TEXT)
    return TensorSpec(tuple(leaf.shape), input_dtype(leaf.dtype))


def specs_map(func: Callable[..., Any], form: Any, *others: Any) -> Any:
    """Apply `func` to the specs of a form, which are tuples themselves, and to what stands there
    in others."""
    if isinstance(form, TensorSpec) or form is None:
        return func(form, *others)
    if isinstance(form, dict):
        return {k: specs_map(func, v, *(other[k] for other in others)) for k, v in form.items()}
    return rebuilt(form, [specs_map(func, *row) for row in zip(form, *others, strict=True)])


def row_of(stacked: Any, index: int) -> Any:
    """Row `index` of every leaf."""
    return map_element(lambda leaf: None if leaf is None else leaf[index], stacked)


def rows_of(stacked: Any, rows: Any) -> Any:
    """The rows of every leaf that a slice or an array of indices names."""
    return map_element(lambda leaf: None if leaf is None else leaf[rows], stacked)


def count_rows(stacked: Any, where: str) -> int:
    """The length of the first axis, which all leaves share.

    Raises:
        DataError: they do not, or there is none.
    """
    lengths = {len(leaf) if np.ndim(leaf) else -1 for leaf in leaves_of(stacked)}
    if len(lengths) != 1 or -1 in lengths:
        raise DataError(
            where,
            expected="parts of one length along their first axis",
            received=summary(stacked),
        )
    return lengths.pop()


def unstacked(blocks: Iterable[Any], where: str) -> Iterator[Any]:
    """The rows of blocks, one by one."""
    for block in blocks:
        for index in range(count_rows(block, where)):
            yield row_of(block, index)


def joined(parts: Sequence[Any], where: str = "A dataset") -> Any:
    """Blocks of one form one behind the other.

    Raises:
        DataError: other forms or shapes.
    """
    if len(parts) == 1:
        return parts[0]
    first = parts[0]

    def one(*leaves: Any) -> Any:
        if leaves[0] is None:
            return None
        _same_arrays(leaves, where, 1)
        return np.concatenate(leaves)

    form = map_element(lambda _: 0, first)
    _same_form(parts, where, lambda part: map_element(lambda _: 0, part) == form)
    return map_element(one, *parts)


def call_with(func: Callable[..., Any], element: Any) -> Any:
    """Call a user's function with an element; the parts of a tuple are arguments of their own."""
    return func(*element) if isinstance(element, tuple) else func(element)
