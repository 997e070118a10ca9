"""Plain data -> YAML text that `loader` reads back as the same data.

PyYAML's own dumper follows YAML 1.1, so it would write the text `1e-4` without quotes, which is a
number here; hence this small one. Short collections go on one line, as people write them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from kerasish.declarative.text import scalars

WIDTH = 96

# Text that means itself without quotes, in block and flow style alike.
_SAFE = re.compile(r"[A-Za-z_/][A-Za-z0-9_./+>-]*( [A-Za-z0-9_./+>-]+)*")


def emit(data: Mapping[str, Any]) -> str:
    """The YAML text of nested mappings, lists and scalars.

    Text is written as it is meant: a `$` in it is doubled, so that nothing is interpolated when
    the file is read again.
    """
    return "\n".join(_mapping(data, 0)) + "\n"


def flow(data: Any) -> str:
    """The text of a value on one line."""
    if isinstance(data, Mapping):
        inner = ", ".join(f"{_text(str(key))}: {flow(value)}" for key, value in data.items())
        return f"{{{inner}}}"
    if isinstance(data, Sequence) and not isinstance(data, str):
        return f"[{', '.join(flow(item) for item in data)}]"
    return _scalar(data)


def _mapping(data: Mapping[str, Any], indent: int) -> list[str]:
    lines = []
    for key, value in data.items():
        head = f"{' ' * indent}{_text(str(key))}:"
        one = f"{head} {flow(value)}"
        if not _is_block(value) and (len(one) <= WIDTH or not _is_nested(value)):
            lines.append(one)
        elif isinstance(value, Mapping):
            lines += [head, *_mapping(value, indent + 2)]
        else:
            lines += [head, *_list(value, indent + 2)]
    return lines


def _list(data: Sequence[Any], indent: int) -> list[str]:
    lines = []
    for item in data:
        one = f"{' ' * indent}- {_item(item)}"
        if len(one) <= WIDTH or not item or not _is_nested(item):
            lines.append(one)
            continue
        inner = _mapping(item, indent + 2) if isinstance(item, Mapping) else _list(item, indent + 2)
        first = f"{' ' * indent}- {inner[0].lstrip()}"
        lines += [first, *inner[1:]]
    return lines


def _item(item: Any) -> str:
    """A list item on one line; a one-key mapping needs no braces there."""
    if isinstance(item, Mapping) and len(item) == 1:
        ((key, value),) = item.items()
        return f"{_text(str(key))}: {flow(value)}"
    return flow(item)


def _is_nested(value: Any) -> bool:
    return isinstance(value, Mapping) or _is_list(value)


def _is_block(value: Any) -> bool:
    """Whether a collection is easier to read over several lines, however short it is."""
    if isinstance(value, Mapping):
        return sum(_is_nested(one) for one in value.values()) > 1
    return _is_list(value) and any(isinstance(one, Mapping) for one in value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        text = str(value)
        return f'"{text}"' if text.startswith("$") else text  # what stands in for a fact
    if isinstance(value, float):
        return _number(value)
    return _text(str(value).replace("$", "$$"))


def _number(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    return repr(value)


def _text(value: str) -> str:
    """Text without quotes where it reads back as itself, else in double quotes."""
    if _SAFE.fullmatch(value) and isinstance(scalars.resolve(value), str):
        return value
    # JSON's escapes are YAML's; those for characters beyond 16 bits are not, so they stay.
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else _escape(c) for c in quoted)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
