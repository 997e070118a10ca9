"""Curves over steps or epochs as SVG that stands alone: panels with axes, and one legend.

An axis is logarithmic where values lie far apart.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

from kerasish.showing.drawing.axes import Axis, fitting
from kerasish.showing.drawing.letters import FONT

# Told apart by people who see colours otherwise too (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#26323f")
_WIDE, _HIGH = 420.0, 250.0  # of a panel, with its axes
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 14.0, 30.0, 34.0
_ROW = 18.0
_INK, _GRID = "#26323f", "#d5dce2"


@dataclass(frozen=True)
class Line:
    """One curve: values at 1, 2, 3, ...; what is not finite is left out."""

    name: str
    values: Sequence[float]
    colour: int = 0
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """Curves over one pair of axes."""

    title: str
    lines: Sequence[Line]


def curves(
    panels: Sequence[Panel], title: str = "", across: str = "epoch", columns: int = 2
) -> str:
    """Panels side by side, with a legend of every name below.

    Args:
        panels: what is drawn.
        title: what the drawing is called.
        across: what is counted along the horizontal axis.
        columns: panels in a row.
    """
    columns = max(1, min(columns, len(panels)))
    rows = -(-len(panels) // columns)
    known: dict[str, Line] = {}
    for panel in panels:
        for one in panel.lines:
            known.setdefault(one.name, one)
    width, height = columns * _WIDE, rows * _HIGH + len(known) * _ROW + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" font-family="{FONT}" font-size="12" fill="{_INK}">',
        f"<title>{html.escape(title or 'curves')}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        place = f"translate({column * _WIDE:g} {row * _HIGH:g})"
        parts.append(f'<g transform="{place}">{_panel(panel, across)}</g>')
    for number, one in enumerate(known.values()):
        y = rows * _HIGH + number * _ROW + 10
        parts.append(f'<path d="M{_LEFT:g},{y:g} h28" {_look(one)}/>')
        parts.append(f'<text x="{_LEFT + 36:g}" y="{y + 4:g}">{html.escape(one.name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel, across: str) -> str:
    finite = [v for one in panel.lines for v in one.values if math.isfinite(v)]
    most = max((len(one.values) for one in panel.lines), default=1)
    along, over = fitting(finite), Axis(1, most, whole=True)
    wide, tall = _WIDE - _LEFT - _RIGHT, _HIGH - _TOP - _BOTTOM

    def x(step: float) -> float:
        return _LEFT + wide * (0.5 if most == 1 else over.at(step))

    def y(value: float) -> float:
        return _TOP + tall * (1 - along.at(value))

    parts = [f'<text x="{_LEFT:g}" y="18" font-weight="bold">{html.escape(panel.title)}</text>']
    for mark, text in along.marks(6):
        parts.append(f'<path d="M{_LEFT:g},{y(mark):.1f} h{wide:g}" stroke="{_GRID}"/>')
        at = f'x="{_LEFT - 6:g}" y="{y(mark) + 4:.1f}" text-anchor="end"'
        parts.append(f"<text {at}>{text}</text>")
    for step, text in over.marks():
        at = f'x="{x(step):.1f}" y="{_HIGH - _BOTTOM + 16:g}" text-anchor="middle"'
        parts.append(f"<text {at}>{text}</text>")
    at = f'x="{_WIDE - _RIGHT:g}" y="{_HIGH - 4:g}" text-anchor="end"'
    parts.append(f"<text {at}>{html.escape(across)}</text>")
    for one in panel.lines:
        points = [(x(i), y(v)) for i, v in enumerate(one.values, 1) if math.isfinite(v)]
        if len(points) == 1:
            ((a, b),) = points
            colour = COLOURS[one.colour % len(COLOURS)]
            parts.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>')
        elif points:
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
            parts.append(f'<polyline points="{path}" {_look(one)}/>')
    return "".join(parts)


def _look(one: Line) -> str:
    dashes = ' stroke-dasharray="5 4"' if one.dashed else ""
    colour = COLOURS[one.colour % len(COLOURS)]
    return f'fill="none" stroke="{colour}" stroke-width="1.8"{dashes}'
