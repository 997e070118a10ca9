"""Nested structures of lists, tuples (named too), deques and dicts; everything else is a leaf.

Dicts are walked in sorted key order, OrderedDicts in their own, as Keras does. Lists and tuples
count as the same form.
"""

from __future__ import annotations

import copy
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Any

from kerasish.errors import ArgumentError


def is_nested(structure: Any) -> bool:
    """Whether `structure` is a list, tuple, deque or dict."""
    return isinstance(structure, (list, tuple, dict, deque))


def _keys(structure: dict[Any, Any]) -> list[Any]:
    return list(structure) if isinstance(structure, OrderedDict) else sorted(structure)


def _children(structure: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(structure, dict):
        for key in _keys(structure):
            yield key, structure[key]
    else:
        yield from enumerate(structure)


def _rows(structures: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The children of structures of one form, side by side; those of dicts by the first's keys."""
    first = structures[0]
    if isinstance(first, dict):
        return zip(*([s[key] for key in _keys(first)] for s in structures), strict=True)
    return zip(*structures, strict=True)


def _rebuild(like: Any, children: list[Any]) -> Any:
    if isinstance(like, dict):
        made = copy.copy(like)  # keeps a default_factory and the order of keys
        made.update(zip(_keys(like), children, strict=True))
        return made
    if hasattr(like, "_fields"):
        return type(like)(*children)
    return type(like)(children)


def as_tuple(found: Any) -> tuple[Any, ...]:
    """A tuple as it is; anything else, such as the only result of an op, in one of its own."""
    return found if isinstance(found, tuple) else (found,)


def flatten(structure: Any) -> list[Any]:
    """The leaves of a structure, depth first."""
    if not is_nested(structure):
        return [structure]
    leaves: list[Any] = []
    for _, child in _children(structure):
        leaves.extend(flatten(child))
    return leaves


def flatten_with_path(structure: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, Any]]:
    """Pairs (path, leaf); a path is a tuple of keys and indices."""
    if not is_nested(structure):
        return [(path, structure)]
    pairs: list[tuple[Any, Any]] = []
    for key, child in _children(structure):
        pairs.extend(flatten_with_path(child, (*path, key)))
    return pairs


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """Apply `func` to the leaves of structures of one form; the result has that form.

    Args:
        func: gets one leaf of each structure.
        structures: one or several.
        none_is_leaf: whether `func` gets None too; otherwise None stays None.
    """
    for other in structures[1:]:
        _assert_same_level(structures[0], other)
    if not is_nested(structures[0]):
        skip = not none_is_leaf and all(leaf is None for leaf in structures)
        return None if skip else func(*structures)
    mapped = [map_structure(func, *row, none_is_leaf=none_is_leaf) for row in _rows(structures)]
    return _rebuild(structures[0], mapped)


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Apply `func` to what stands in `structures` where `shallow_structure` has its leaves."""
    if not is_nested(shallow_structure):
        return func(*structures)
    for other in structures:
        _assert_same_level(shallow_structure, other)
    rows = _rows((shallow_structure, *structures))
    return _rebuild(
        shallow_structure, [map_structure_up_to(part, func, *rest) for part, *rest in rows]
    )


def map_shape_structure(func: Callable[..., Any], structure: Any) -> Any:
    """Apply `func` to every shape of a structure: a list or tuple of ints and None is a leaf."""
    if not is_nested(structure) or (
        isinstance(structure, (list, tuple))
        and all(d is None or isinstance(d, int) for d in structure)
    ):
        return func(structure)
    return _rebuild(structure, [map_shape_structure(func, c) for _, c in _children(structure)])


class MAP_TO_NONE:
    """What the function of `traverse` returns to put None in the place of a part."""


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """The structure with every part replaced for which `func` returns something.

    Args:
        func: gets a part, itself nested or a leaf, and returns what replaces it, MAP_TO_NONE for
            None, or None to leave it.
        structure: nested structure.
        top_down: whether a part comes before what it holds; what replaces it is not searched.
    """
    found = func(structure) if top_down else None
    if found is None and is_nested(structure):
        inner = [traverse(func, child, top_down) for _, child in _children(structure)]
        structure = _rebuild(structure, inner)
    if not top_down:
        found = func(structure)
    return structure if found is None else None if found is MAP_TO_NONE else found


def lists_to_tuples(structure: Any) -> Any:
    """The structure with tuples for lists."""
    return traverse(lambda x: tuple(x) if isinstance(x, list) else None, structure, top_down=False)


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """The inverse of `flatten`: put the leaves `flat_sequence` into the form of `structure`."""
    given = list(flat_sequence)
    leaves = iter(given)
    packed = _fill(structure, leaves, len(given))
    if next(leaves, _MISSING) is not _MISSING:
        raise ArgumentError(
            "Too many leaves", expected=len(flatten(structure)), received=len(given)
        )
    return packed


_MISSING = object()


def _fill(part: Any, leaves: Iterator[Any], count: int) -> Any:
    # A function of its own: a closure that calls itself would keep the leaves alive in a cycle.
    if is_nested(part):
        return _rebuild(part, [_fill(child, leaves, count) for _, child in _children(part)])
    leaf = next(leaves, _MISSING)
    if leaf is _MISSING:
        raise ArgumentError("Too few leaves for the structure", received=count)
    return leaf


def _assert_same_level(first: Any, other: Any) -> None:
    if not is_nested(first) and not is_nested(other):
        return
    same = is_nested(first) and is_nested(other)
    same = same and isinstance(first, dict) == isinstance(other, dict)
    if same and isinstance(first, dict):
        same = sorted(first) == sorted(other)
    elif same:
        same = len(first) == len(other)
    if not same:
        raise ArgumentError(
            "Structures differ", expected=f"the form of {first!r}", received=repr(other)
        )


def assert_same_structure(a: Any, b: Any, check_types: None = None) -> None:
    """Raise `ArgumentError` unless both structures have one form.

    `check_types` is there for old programs: types are checked always.
    """
    if check_types is not None:
        raise ArgumentError(
            "assert_same_structure: check_types",
            expected="nothing: types are checked always",
            received=repr(check_types),
        )
    _assert_same_level(a, b)
    if is_nested(a):
        for left, right in _rows((a, b)):
            assert_same_structure(left, right)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise `ArgumentError` unless the leaves of both structures have the same paths."""
    left, right = ({path for path, _ in flatten_with_path(s)} for s in (a, b))
    if left != right:
        raise ArgumentError(
            "Structures have different paths. "
            f"Only in the first: {sorted(map(str, left - right))}. "
            f"Only in the second: {sorted(map(str, right - left))}."
        )
