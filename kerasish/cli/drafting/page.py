"""The text of a config: keys, flow values and comments, laid out for a reader."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from kerasish.declarative.text.emit import flow

WIDTH = 96


class Page:
    """Lines of a config as they are written."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def comment(self, text: str, indent: int = 0) -> None:
        """A comment, over several lines where it is long."""
        self.lines += textwrap.wrap(
            text, WIDTH, initial_indent=" " * indent + "# ",
            subsequent_indent=" " * indent + "# ", break_on_hyphens=False,
        )  # fmt: skip

    def key(self, name: str, value: str = "", indent: int = 0, note: str = "") -> None:
        """A key with a value that is YAML already, and a comment behind it or above it."""
        line = f"{' ' * indent}{name}:{' ' if value else ''}{value}"
        if note and len(line) + len(note) + 5 > WIDTH:
            self.comment(note, indent)
            note = ""
        behind = f"  # {note}" if note else ""
        self.lines += self._wrapped(line, indent) if len(line) > WIDTH else [line + behind]

    def item(self, value: str, indent: int) -> None:
        """An item of a list."""
        self.lines.append(f"{' ' * indent}- {value}")

    def text(self) -> str:
        """The whole config."""
        return "\n".join(line.rstrip() for line in self.lines) + "\n"

    @staticmethod
    def _wrapped(line: str, indent: int) -> list[str]:
        """A long line cut behind commas that lie between quotes."""
        found: list[str] = []
        current, quote = "", ""
        lead = " " * (indent + 2)
        for word in line.strip().split(" "):
            start = lead if found else " " * indent
            full = len(start) + len(current) + len(word) > WIDTH
            if full and not quote and current.endswith(","):
                found.append(start + current)
                current = word
            else:
                current = f"{current} {word}" if current else word
            for letter in word:
                if letter in "\"'" and quote in ("", letter):
                    quote = "" if quote else letter
        found.append((lead if found else " " * indent) + current)
        return found


def value(data: Any) -> str:
    """A value on one line, `$` doubled, as `flow` writes it."""
    return flow(data)


def entry(sources: Any, *steps: Any) -> dict[str, Any]:
    """An entry of data: columns and what is done to them in turn."""
    found: dict[str, Any] = {"from": sources}
    if len(steps) == 1 and isinstance(steps[0], Mapping):
        return found | dict(steps[0])
    return found | ({"seq": list(steps)} if steps else {})


def steps(items: list[Mapping[str, Any]]) -> str:
    """Steps in turn, as short as they can be said: `[fill: median, log1p]`."""
    return f"[{', '.join(_step(item) for item in items)}]"


def _step(item: Mapping[str, Any]) -> str:
    ((name, held),) = item.items()
    return f"{name}: {flow(held)}" if held != {} else name
