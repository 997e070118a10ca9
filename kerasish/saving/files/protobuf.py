"""Messages of protocol buffers, written by tables of their fields."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, cast

# A message's fields: a name, its number, and its type: a scalar one, or the name of a message.
Forms = Mapping[str, Mapping[str, tuple[int, str]]]
_PACKED = {"double": "<d", "float": "<f"}
_WIRE = {"double": 1, "float": 5, "int": 0}


def encoded(forms: Forms, form: str, values: Mapping[str, Any]) -> bytes:
    """A message as bytes.

    Args:
        forms: the fields of every message.
        form: which message it is.
        values: by name: numbers, text, bytes, dicts for messages inside, and lists of these where
            a field is repeated. None is left out.
    """
    made = bytearray()
    for name, value in values.items():
        number, kind = forms[form][name]
        listed = cast("list[Any]", value if isinstance(value, list) else [value])
        for one in listed:
            if one is not None:
                made += _varint(number << 3 | _WIRE.get(kind, 2))
                made += _value(forms, kind, one)
    return bytes(made)


def _value(forms: Forms, kind: str, value: Any) -> bytes:
    if kind in _PACKED:
        return struct.pack(_PACKED[kind], value)
    if kind == "int":
        return _varint(int(value) & (1 << 64) - 1)  # a negative one takes ten bytes
    if kind in forms:
        data = encoded(forms, kind, value)
    else:
        data = value.encode() if kind == "text" else bytes(value)
    return _varint(len(data)) + data


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)
