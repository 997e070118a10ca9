"""Automatic names: they count over the program, as Keras's do; `clear_session` begins anew."""

from __future__ import annotations

from collections import Counter
from typing import Any

from kerasish.serialization import snake_case

_given: Counter[str] = Counter()


def auto_name(name: str) -> str:
    """`name` in snake case, numbered from the second time on: "recall", "recall_1", ..."""
    base = snake_case(name)
    number = _given[base]
    _given[base] += 1
    return f"{base}_{number}" if number else base


def reset_names() -> None:
    """Begin all counts anew."""
    _given.clear()


def object_name(obj: Any) -> str:
    """The name that an object goes by in logs: its own, else its function's or its class's."""
    name = getattr(obj, "name", None) or getattr(obj, "__name__", None)
    if isinstance(name, str):
        return name if hasattr(obj, "name") else snake_case(name)
    return snake_case(type(obj).__name__)
