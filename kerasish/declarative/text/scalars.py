"""Plain scalars by the YAML 1.2 core schema: what `64`, `1e-4`, `true` and `12:30` mean.

Unlike YAML 1.1 (PyYAML's default) `1e-4` is a number, `yes`, `on` and `12:30` are text, `017` is
seventeen, and there are no dates. Octal `0o17` stays text: no argument of a model needs it.
"""

from __future__ import annotations

import math
import re

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {word: True for word in ("true", "True", "TRUE")} | {
    word: False for word in ("false", "False", "FALSE")
}
_INT = re.compile(r"[-+]?[0-9]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INF = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_NAN = frozenset({".nan", ".NaN", ".NAN"})

MAX_INT = 2**63
MAX_TEXT = 65_536  # characters
MAX_DEPTH = 64  # of collections inside each other


def resolve(text: str) -> bool | int | float | str | None:
    """The value of an unquoted scalar.

    What looks like a number but fits neither 64 bits nor a float stays text (a hash of digits is
    text), and is refused where a number is expected.
    """
    if text in _NULL:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INT.fullmatch(text) or _HEX.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return text if math.isinf(number) else number
    infinite = _INF.fullmatch(text)
    if infinite:
        return -math.inf if infinite.group(1) == "-" else math.inf
    return math.nan if text in _NAN else text


def _integer(text: str) -> int | str:
    # Checked before `int`, which refuses or crawls on very long digit strings.
    if len(text) > 40:
        return text
    number = int(text, 16) if text.startswith("0x") else int(text)
    return text if abs(number) > MAX_INT else number
