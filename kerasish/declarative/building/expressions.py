"""Expressions of Python as text: on one line where they fit, else an argument a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 96


@dataclass(frozen=True)
class Call:
    """What has parts between brackets: a call, a list, a mapping.

    Attributes:
        head: what stands before the parts, `keras.Model(`.
        end: what stands behind them.
        parts: each with what stands before it, `name=`.
    """

    head: str
    end: str
    parts: Sequence[tuple[str, Text]] = ()

    def __str__(self) -> str:
        return f"{self.head}{', '.join(f'{lead}{part}' for lead, part in self.parts)}{self.end}"


Text = str | Call


def shown(text: Text, lead: str = "", indent: int = 0, tail: str = "") -> str:
    """A statement or a part of one.

    Args:
        text: the expression.
        lead: what stands before it on its first line.
        indent: columns before every line.
        tail: what stands behind it.
    """
    one = f"{' ' * indent}{lead}{text}{tail}"
    if len(one) <= WIDTH or isinstance(text, str) or not text.parts:
        return one
    inner = indent + 4
    lines = [f"{' ' * indent}{lead}{text.head}"]
    if _flat(text):
        lines += _filled([str(part) for _, part in text.parts], inner)
    else:
        lines += [shown(part, name, inner, ",") for name, part in text.parts]
    return "\n".join([*lines, f"{' ' * indent}{text.end.lstrip(',')}{tail}"])


def _flat(text: Call) -> bool:
    """Whether it is a long row of plain values."""
    return len(text.parts) > 8 and all(not lead and isinstance(p, str) for lead, p in text.parts)


def _filled(parts: list[str], indent: int) -> list[str]:
    """As many on a line as fit."""
    lines = [" " * indent]
    for part in parts:
        if len(lines[-1]) + len(part) + 2 > WIDTH and lines[-1].strip():
            lines.append(" " * indent)
        lines[-1] += f"{part}, "
    return [line.rstrip() for line in lines]
