"""`Diagram`: boxes of cells, arrows and groups, which knows nothing of what they stand for."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import NamedTuple

from kerasish.hints import one_of

DIRECTIONS = ("TB", "BT", "LR", "RL")
SPLINES = ("ortho", "polyline", "line", "curved", "spline")
# Colours of a cell and of the text in it.
KINDS = {
    "title": ("#26323f", "#ffffff"),
    "plain": ("#ffffff", "#26323f"),
    "good": ("#2e7d4f", "#ffffff"),
    "bad": ("#a33a3a", "#ffffff"),
}


class Cell(NamedTuple):
    """A cell of a box: what it says, in bold behind a label, and its kind."""

    text: str
    label: str = ""
    kind: str = "plain"


class Box(NamedTuple):
    """Rows of cells; `group` is the group that it stands in, "" for none."""

    rows: Sequence[Sequence[Cell]]
    group: str = ""


class Group(NamedTuple):
    """A frame with a title around boxes and other groups."""

    title: str
    group: str = ""


class Diagram:
    """What is to be drawn.

    Args:
        name: what it is called.
        direction: where arrows point: "TB", "BT", "LR" or "RL".
        splines: how arrows run: "ortho" (in right angles), "polyline" or "line" (straight),
            "curved" or "spline".

    Attributes:
        boxes, groups: by key.
        arrows: pairs of keys of boxes, each once.
    """

    def __init__(self, name: str, direction: str = "TB", splines: str = "ortho") -> None:
        self.name = name
        self.direction = one_of("rankdir", direction, DIRECTIONS)
        self.splines = one_of("splines", splines, SPLINES)
        self.boxes: dict[str, Box] = {}
        self.groups: dict[str, Group] = {}
        self.arrows: dict[tuple[str, str], None] = {}

    def arrow(self, start: str, end: str) -> None:
        """Let an arrow go from a box to a box, unless one does."""
        self.arrows[start, end] = None

    def within(self, key: str) -> list[str]:
        """The groups around a box or group, the outermost first."""
        found: list[str] = []
        at = self.boxes[key].group if key in self.boxes else self.groups[key].group
        while at:
            found.append(at)
            at = self.groups[at].group
        return found[::-1]

    def dot(self, dpi: float = 200, subgraph: bool = False) -> str:
        """The same for graphviz, as a graph or as a part of one."""
        head = f"rankdir={self.direction}; concentrate=true; dpi={dpi:g}; splines={self.splines};"
        lines = [f"digraph {_quoted(self.name)} {{", f"  {head}"]
        if subgraph:
            frame = f"  label={_quoted(self.name)}; labeljust=l; style=dashed;"
            lines = [f"subgraph {_quoted(f'cluster_{self.name}')} {{", frame]
        lines.append('  node [shape=plaintext, margin=0, fontname="Helvetica"];')
        lines += self._dot_of("", "  ")
        lines += [f"  {_quoted(a)} -> {_quoted(b)} [penwidth=2];" for a, b in self.arrows]
        return "\n".join([*lines, "}"]) + "\n"

    def _dot_of(self, group: str, indent: str) -> list[str]:
        lines = [
            f"{indent}{_quoted(key)} [label=<{_table(box.rows)}>];"
            for key, box in self.boxes.items()
            if box.group == group
        ]
        for key, inner in self.groups.items():
            if inner.group == group:
                lines.append(f"{indent}subgraph {_quoted(f'cluster_{key}')} {{")
                lines.append(f"{indent}  label={_quoted(inner.title)}; labeljust=l; style=dashed;")
                lines += [*self._dot_of(key, f"{indent}  "), f"{indent}}}"]
        return lines


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _table(rows: Sequence[Sequence[Cell]]) -> str:
    columns = max((len(row) for row in rows), default=1)
    made = ['<table border="0" cellborder="1" cellspacing="0" cellpadding="8">']
    for row in rows:
        spans = [columns // len(row) + (i < columns % len(row)) for i in range(len(row))]
        made.append("<tr>")
        for cell, span in zip(row, spans, strict=True):
            fill, ink = KINDS[cell.kind]
            label = f"{html.escape(cell.label)}: " if cell.label else ""
            text = f'<font color="{ink}">{label}<b>{html.escape(cell.text)}</b></font>'
            made.append(f'<td colspan="{span}" bgcolor="{fill}">{text}</td>')
        made.append("</tr>")
    return "".join([*made, "</table>"])
