"""First lines and argument descriptions out of docstrings, for the schema's hover texts."""

from __future__ import annotations

import inspect
import re
from typing import Any

_ARGUMENT = re.compile(r"(\w+)(?:, \w+)*: (.*)")


def summary(obj: Any) -> str:
    """The first paragraph of a docstring on one line."""
    text = inspect.getdoc(obj) or ""
    return " ".join(text.split("\n\n")[0].split())


def arguments(obj: Any) -> dict[str, str]:
    """The descriptions under `Args:`, by argument; `a, b: text` describes both."""
    lines = (inspect.getdoc(obj) or "").splitlines()
    if "Args:" not in lines:
        return {}
    found: dict[str, str] = {}
    names: list[str] = []
    for line in lines[lines.index("Args:") + 1 :]:
        if line.strip() and not line.startswith(" "):
            break
        match = _ARGUMENT.fullmatch(line.strip())
        indent = len(line) - len(line.lstrip())
        if match and indent == 4:
            names = [name.strip() for name in line.strip().split(":")[0].split(",")]
            found.update(dict.fromkeys(names, match.group(2)))
        elif line.strip():
            found.update({name: f"{found[name]} {line.strip()}" for name in names})
    return found
