"""JSON from a file nobody vouches for: limited in size and depth, names only once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np

from kerasish import budget
from kerasish.errors import FileFormatError, UnsafeFileError
from kerasish.saving.files import limits


def parse_json(data: bytes | str, where: str) -> dict[str, Any]:
    """The object that a JSON text describes.

    Args:
        where: the file and the place in it, for errors.

    Raises:
        FileFormatError: not JSON, or not an object.
        UnsafeFileError: too large, nested too deep, or a name given twice.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > limits.MAX_CONFIG_BYTES:
        raise UnsafeFileError(
            f"{where}: {len(raw)} bytes", expected=f"at most {limits.MAX_CONFIG_BYTES}"
        )
    budget.spend("objects", raw.count(b"{") + raw.count(b"["), "the JSON text")
    budget.grant("work", len(raw) / 8)
    try:
        found = json.loads(raw.decode("utf-8"), object_pairs_hook=_Unique(where))
    except RecursionError as error:
        raise _too_deep(where) from error
    except ValueError as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(f"{where}: not JSON", received=error) from error
    if not is_object(found):
        kind = type(found).__name__
        raise FileFormatError(f"{where}: JSON", expected="an object", received=kind)
    check_depth(found, where)
    return found


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a part of JSON is an object."""
    return isinstance(value, dict)


def is_mapping(value: Any) -> TypeGuard[Mapping[str, Any]]:
    """Whether a part of a config is a mapping, whatever its class."""
    return isinstance(value, Mapping)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether a part of JSON is a list."""
    return isinstance(value, list)


def is_array(value: Any) -> TypeGuard[np.ndarray[Any, Any]]:
    """Whether a part of a state is an array."""
    return isinstance(value, np.ndarray)


def check_depth(value: Any, where: str) -> None:
    """Refuse structures that would overrun the recursive code that reads them.

    Raises:
        UnsafeFileError: more than `limits.MAX_NESTING` lists and dicts inside each other.
    """
    level = [value]
    for _ in range(limits.MAX_NESTING):
        level = [child for item in level for child in children(item)]
        if not level:
            return
    raise _too_deep(where)


def children(item: Any) -> list[Any]:
    """What a list, tuple or dict holds; nothing for anything else."""
    if is_object(item):
        return list(item.values())
    return [*item] if is_list(item) or isinstance(item, tuple) else []


def _too_deep(where: str) -> UnsafeFileError:
    return UnsafeFileError(
        f"{where}: nested deeper than {limits.MAX_NESTING}", expected="the config of a model"
    )


class _Unique:
    """Builds dicts and refuses a name that occurs twice: which of the two would count?"""

    def __init__(self, where: str) -> None:
        self.where = where

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                raise UnsafeFileError(
                    f"{self.where}: the name {name[:80]!r} occurs twice in one object."
                )
            found[name] = value
        return found
