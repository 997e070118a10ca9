"""A diagram as SVG that stands alone: no fonts, styles or scripts from elsewhere."""

from __future__ import annotations

import html
import itertools
from collections.abc import Sequence

from kerasish.showing.drawing.diagram import KINDS, Box, Cell, Diagram
from kerasish.showing.drawing.layout import Layout, laid_out
from kerasish.showing.drawing.letters import FONT, SIZE, width_of
from kerasish.showing.drawing.places import Point, Size

_ROW, _PAD = 26.0, 9.0
_MARGIN, _ROUND, _HEAD, _LOOP = 12.0, 6.0, 7.0, 16.0
_DPI = 200  # at which one unit is one pixel
_LINE = "#5b6875"


def _cell_width(cell: Cell) -> float:
    label = width_of(f"{cell.label}: ") if cell.label else 0.0
    return label + width_of(cell.text, True) + 2 * _PAD


def _box_size(box: Box) -> Size:
    width = max(sum(map(_cell_width, row)) for row in box.rows)
    return Size(max(width, 60.0), _ROW * len(box.rows))


def svg(diagram: Diagram, dpi: float = _DPI) -> str:
    """The drawing.

    Args:
        dpi: 200 draws letters as high as those around them; others in proportion.
    """
    loops = {start for start, end in diagram.arrows if start == end}
    sizes = {key: _box_size(box) for key, box in diagram.boxes.items()}
    roomy = {k: Size(s.width + 2 * _LOOP * (k in loops), s.height) for k, s in sizes.items()}
    titles = {key: width_of(group.title, True) for key, group in diagram.groups.items()}
    layout = laid_out(diagram, roomy, titles)
    parts = [_group(diagram, layout, key) for key in _outside_in(diagram)]
    parts += [_arrow(points, diagram) for points in layout.routes.values()]
    for key, box in diagram.boxes.items():
        parts.append(_box(box, layout.at[key], sizes[key]))
        if key in loops:
            parts.append(_loop(layout.at[key], sizes[key]))
    width, height = (round(v + 2 * _MARGIN, 1) for v in layout.size)
    scale = dpi / _DPI
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * scale:g}" '
        f'height="{height * scale:g}" viewBox="{-_MARGIN:g} {-_MARGIN:g} {width:g} {height:g}" '
        f'font-family="{FONT}" font-size="{SIZE:g}">'
    )
    tip = (
        f'<defs><marker id="tip" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="{_HEAD:g}" '
        f'markerHeight="{_HEAD:g}" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0,0.5 L8,4 L0,7.5 z" fill="{_LINE}"/></marker></defs>'
    )
    title = f"<title>{html.escape(diagram.name)}</title>"
    ground = f'<rect x="{-_MARGIN:g}" y="{-_MARGIN:g}" width="100%" height="100%" fill="#ffffff"/>'
    return "\n".join([head, title, tip, ground, *parts, "</svg>"]) + "\n"


def _outside_in(diagram: Diagram) -> list[str]:
    return sorted(diagram.groups, key=lambda group: len(diagram.within(group)))


def _text(x: float, y: float, text: str, ink: str, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    long = f' textLength="{width_of(text, bold):.1f}" lengthAdjust="spacingAndGlyphs"'
    place = f'x="{x:.1f}" y="{y:.1f}" fill="{ink}"'
    return f'<text xml:space="preserve" {place}{weight}{long}>{html.escape(text)}</text>'


def _box(box: Box, middle: Point, size: Size) -> str:
    left, top = middle[0] - size.width / 2, middle[1] - size.height / 2
    parts = ["<g>"]
    for number, row in enumerate(box.rows):
        more = (size.width - sum(map(_cell_width, row))) / len(row)
        x, y = left, top + number * _ROW
        for cell in row:
            across = _cell_width(cell) + more
            fill, ink = KINDS[cell.kind]
            parts.append(_rect(x, y, Size(across, _ROW), f'fill="{fill}" stroke="#26323f"'))
            at, low = x + _PAD + more / 2, y + _ROW / 2 + SIZE * 0.36
            if cell.label:
                parts.append(_text(at, low, f"{cell.label}: ", ink))
                at += width_of(f"{cell.label}: ")
            if cell.text:
                parts.append(_text(at, low, cell.text, ink, True))
            x += across
    return "".join([*parts, "</g>"])


def _rect(x: float, y: float, size: Size, look: str) -> str:
    at = f'x="{x:.1f}" y="{y:.1f}" width="{size.width:.1f}" height="{size.height:.1f}"'
    return f"<rect {at} {look}/>"


def _group(diagram: Diagram, layout: Layout, key: str) -> str:
    size, (x, y) = layout.sizes[key], layout.at[key]
    left, top = x - size.width / 2, y - size.height / 2
    fill = "#f3f6f8" if len(diagram.within(key)) % 2 == 0 else "#e7edf1"
    look = f'fill="{fill}" stroke="{_LINE}" stroke-dasharray="5 4" rx="5"'
    low = y + size.height / 2 - 8 if diagram.direction == "BT" else top + 17
    title = _text(left + 9, low, diagram.groups[key].title, _LINE, True)
    return _rect(left, top, size, look) + title


def _arrow(points: Sequence[Point], diagram: Diagram) -> str:
    lying = diagram.direction in ("LR", "RL")
    if diagram.splines == "ortho":
        path = _rounded(points)
    elif diagram.splines in ("curved", "spline"):
        path = _curved(points, lying)
    else:
        path = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in points)
    look = f'fill="none" stroke="{_LINE}" stroke-width="1.5" marker-end="url(#tip)"'
    return f'<path d="{path}" {look}/>'


def _rounded(points: Sequence[Point]) -> str:
    """A line through points with round corners."""
    made = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        (a, b), (c, d) = _towards(at, before), _towards(at, after)
        made.append(f"L{a:.1f},{b:.1f} Q{at[0]:.1f},{at[1]:.1f} {c:.1f},{d:.1f}")
    made.append(f"L{points[-1][0]:.1f},{points[-1][1]:.1f}")
    return " ".join(made)


def _towards(start: Point, end: Point) -> Point:
    """A little way from one point to another, at most half of it."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    far = max((dx * dx + dy * dy) ** 0.5, 1e-9)
    part = min(_ROUND, far / 2) / far
    return start[0] + dx * part, start[1] + dy * part


def _curved(points: Sequence[Point], lying: bool) -> str:
    made = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for (a, b), (c, d) in itertools.pairwise(points):
        if lying:
            middle = (a + c) / 2
            made.append(f"C{middle:.1f},{b:.1f} {middle:.1f},{d:.1f} {c:.1f},{d:.1f}")
        else:
            middle = (b + d) / 2
            made.append(f"C{a:.1f},{middle:.1f} {c:.1f},{middle:.1f} {c:.1f},{d:.1f}")
    return " ".join(made)


def _loop(middle: Point, size: Size) -> str:
    """An arrow from a box to itself, at its right."""
    x, y, r = middle[0] + size.width / 2, middle[1], size.height / 4
    far = x + _LOOP - 2
    path = f"M{x:.1f},{y + r:.1f} C{far:.1f},{y + r:.1f} {far:.1f},{y - r:.1f} {x:.1f},{y - r:.1f}"
    look = f'fill="none" stroke="{_LINE}" stroke-width="1.5" marker-end="url(#tip)"'
    return f'<path d="{path}" {look}/>'
