"""Objects as text: what their constructor was given, and no addresses of memory."""

from __future__ import annotations

import functools
import os
import re
import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasish.errors import clip
from kerasish.signatures import MISSING, constructor

_WIDTH, _ITEMS = 60, 6
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


@reprlib.recursive_repr()
def shown(made: Any) -> str:
    """`EarlyStopping(monitor='loss', patience=3)`: the arguments that are not the usual ones."""
    given = getattr(made, "_given", {})
    parts = []
    for name, parameter in constructor(type(made)).parameters.items():
        value = getattr(made, name, given.get(name, MISSING))
        if value is MISSING or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if getattr(value, "__self__", None) is made:
            continue  # a method of its own
        if parameter.default is None and hasattr(made, "_given") and name not in given:
            continue  # what it chose itself, such as its name
        if hasattr(value, "numpy") and getattr(value, "shape", None) == ():
            value = _number(value, given.get(name, parameter.default))
        if not _same(value, parameter.default):
            parts.append(f"{name}={value_text(value)}")
    return f"{type(made).__name__}({', '.join(parts)})"


def _number(held: Any, given: Any) -> Any:
    """What a variable of one number holds; what was given where that is a rule, or as much."""
    now = held.numpy()
    if not isinstance(given, (int, float)) or now == np.asarray(given, now.dtype):
        return given
    return float(str(now))  # in the digits of its dtype


def _same(value: Any, default: Any) -> bool:
    if value is default:
        return True
    if isinstance(value, np.ndarray) or type(value) is not type(default):
        return False
    equal = value == default
    return isinstance(equal, bool) and equal


def value_text(value: Any) -> str:
    """A value in a few words: functions by their names, arrays by their shapes."""
    if isinstance(value, np.ndarray) and value.size > _ITEMS:
        return f"<array {value.shape} {value.dtype}>"
    if isinstance(value, os.PathLike):
        return repr(os.fspath(value))
    if isinstance(value, functools.partial):
        return f"partial of {value_text(value.func)}"
    if isinstance(value, Mapping):
        inner = [f"{key!r}: {value_text(one)}" for key, one in list(value.items())[:_ITEMS]]
        return "{" + ", ".join(inner + ["..."] * (len(value) > _ITEMS)) + "}"
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        inner = [value_text(one) for one in value[:_ITEMS]] + ["..."] * (len(value) > _ITEMS)
        one = "," if isinstance(value, tuple) and len(inner) == 1 else ""
        return f"[{', '.join(inner)}]" if isinstance(value, list) else f"({', '.join(inner)}{one})"
    named = getattr(value, "__name__", None)
    if callable(value) and isinstance(named, str):
        return named
    return clip(_ADDRESS.sub("", repr(value)), _WIDTH)
