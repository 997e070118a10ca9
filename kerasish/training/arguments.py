"""The plain arguments of `fit`, `evaluate` and `predict`, checked before anything else is done."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError
from kerasish.hints import is_number, is_whole


def whole(name: str, value: Any, least: int) -> int:
    """`value` as an int of at least `least`; bools and floats are refused, whole ones too.

    Raises:
        ArgumentError: anything else.
    """
    if not is_whole(value) or value < least:
        fix = ""
        if isinstance(value, (float, np.floating)) and float(value).is_integer():
            fix = f" Pass {name}={int(value)}."
        elif isinstance(value, str) and value.strip().isdigit():
            fix = f" Pass {name}={int(value)}."
        raise ArgumentError(
            name, expected=f"an integer of {least} or more", received=repr(value), fix=fix
        )
    return int(value)


def whole_or_none(name: str, value: Any, least: int = 1) -> int | None:
    """None, or what `whole` takes."""
    return None if value is None else whole(name, value, least)


def flag(name: str, value: Any) -> bool:
    """A bool, also numpy's, or 0 or 1; None is False.

    Raises:
        ArgumentError: anything else, such as the text "False".
    """
    if value is None:
        return False
    if isinstance(value, (bool, np.bool_)) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise ArgumentError(name, expected="True or False", received=repr(value))


def verbosity(value: Any) -> int:
    """0, 1 or 2, which what lies beyond counts as; "auto" is 1.

    Raises:
        ArgumentError: anything else.
    """
    if isinstance(value, str) and value == "auto":
        return 1
    if isinstance(value, (int, np.integer, np.bool_)) and value >= 0:
        return min(int(value), 2)
    raise ArgumentError(
        "verbose",
        expected="0 (silent), 1 or 'auto' (a progress bar), or 2 (a line per epoch)",
        received=repr(value),
    )


def share(name: str, value: Any) -> float:
    """A fraction from 0 up to, but not including, 1; None counts as 0.

    Raises:
        ArgumentError: anything else.
    """
    if value is None:
        return 0.0
    number = is_number(value)
    if not number or not 0 <= value < 1:
        fix = f" Pass {value / 100}." if number and 1 < value < 100 else ""
        raise ArgumentError(
            name, expected="a fraction of at least 0 and less than 1", received=repr(value), fix=fix
        )
    return float(value)


def frequency(value: Any) -> int | frozenset[int]:
    """Every how many epochs, or the epochs themselves, counted from 1.

    Raises:
        ArgumentError: no integers of 1 or more.
    """
    if isinstance(value, Collection) and not isinstance(value, (str, bytes, dict)):
        return frozenset(whole("validation_freq, an epoch", epoch, 1) for epoch in value)
    if is_whole(value) and value >= 1:
        return int(value)
    raise ArgumentError(
        "validation_freq",
        expected="an integer of 1 or more, or a list of epochs counted from 1",
        received=repr(value),
    )
