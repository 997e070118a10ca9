"""Nested structures of lists, tuples (named ones too) and dicts; everything else is a leaf.

Dicts are walked in sorted key order, as Keras does, so a structure has one order of leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kerasish.errors import ArgumentError


def is_nested(structure: Any) -> bool:
    """Whether `structure` is a list, tuple or dict."""
    return isinstance(structure, (list, tuple, dict))


def _children(structure: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(structure, dict):
        for key in sorted(structure):
            yield key, structure[key]
    else:
        yield from enumerate(structure)


def _rebuild(like: Any, children: list[Any]) -> Any:
    if isinstance(like, dict):
        by_key = dict(zip(sorted(like), children, strict=True))
        return type(like)((key, by_key[key]) for key in like)
    if hasattr(like, "_fields"):
        return type(like)(*children)
    return type(like)(children)


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


def map_structure(func: Callable[..., Any], *structures: Any) -> Any:
    """Apply `func` to the leaves of structures of one form; the result has that form."""
    first = structures[0]
    if not is_nested(first):
        return func(*structures)
    if len(structures) > 1:
        for other in structures[1:]:
            _assert_same_level(first, other)
    rows = [[child for _, child in _children(s)] for s in structures]
    return _rebuild(first, [map_structure(func, *row) for row in zip(*rows, strict=True)])


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """The inverse of `flatten`: put the leaves `flat_sequence` into the form of `structure`."""
    given = list(flat_sequence)
    leaves = iter(given)
    packed = _fill(structure, leaves, len(given))
    if next(leaves, _MISSING) is not _MISSING:
        raise ArgumentError(
            f"Too many leaves. Expected: {len(flatten(structure))}. Received: {len(given)}."
        )
    return packed


_MISSING = object()


def _fill(part: Any, leaves: Iterator[Any], count: int) -> Any:
    # A function of its own: a closure that calls itself would keep the leaves alive in a cycle.
    if is_nested(part):
        return _rebuild(part, [_fill(child, leaves, count) for _, child in _children(part)])
    leaf = next(leaves, _MISSING)
    if leaf is _MISSING:
        raise ArgumentError(f"Too few leaves for the structure. Received: {count}.")
    return leaf


def _assert_same_level(first: Any, other: Any) -> None:
    same = is_nested(other) and isinstance(first, dict) == isinstance(other, dict)
    if same and isinstance(first, dict):
        same = sorted(first) == sorted(other)
    elif same:
        same = len(first) == len(other)
    if not same:
        raise ArgumentError(
            f"Structures differ. Expected: the form of {first!r}. Received: {other!r}."
        )


def assert_same_structure(a: Any, b: Any) -> None:
    """Raise `ArgumentError` unless both structures have one form."""
    if is_nested(a) != is_nested(b):
        raise ArgumentError(f"Structures differ. Expected: the form of {a!r}. Received: {b!r}.")
    if is_nested(a):
        _assert_same_level(a, b)
        for (_, left), (_, right) in zip(_children(a), _children(b), strict=True):
            assert_same_structure(left, right)
