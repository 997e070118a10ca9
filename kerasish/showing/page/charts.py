"""Charts as SVG in the colours of the page, light or dark."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kerasish.showing.drawing.axes import Axis, around, fitting
from kerasish.showing.page.markup import Markup, joined, tag

_WIDE, _HIGH = 460.0, 270.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 62.0, 14.0, 12.0, 40.0
SERIES = 6  # colours that there are


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Attributes:
        name: what it is, in the legend.
        xs, ys: its points; where y is not finite there is a gap.
        colour: of the page's series, from 0.
        dashed: whether it is dashed.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    colour: int = 0
    dashed: bool = False


def figure(drawing: Any, title: Any, note: Any = None) -> Markup:
    """A drawing with what it is called above, and what is to know of it below."""
    below = None if note in (None, "") else tag("p", note, class_="note")
    return tag("figure", tag("figcaption", title), drawing, below)


def lines(
    drawn: Sequence[Line],
    across: str = "",
    along: str = "",
    mark: tuple[float, str] | None = None,
    whole: bool = False,
    linear: bool = False,
) -> Markup:
    """Lines over one pair of axes with a legend; the y axis is logarithmic where it helps.

    Args:
        drawn: the lines.
        across, along: what the axes count.
        mark: a place on the x axis that is marked, with its name.
        whole: whether x counts.
        linear: whether the y axis is never logarithmic.
    """
    xs = [float(x) for line in drawn for x in line.xs] or [0.0]
    ys = [float(y) for line in drawn for y in line.ys]
    x = Axis(min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1, across, whole=whole)
    y = around(ys, along) if linear else fitting(ys, along)
    frame = Frame(x, y)
    parts: list[Markup] = []
    if mark is not None and x.low <= mark[0] <= x.high:
        at = frame.x(mark[0])
        parts.append(tag("path", class_="mark", d=f"M{at:.1f},{_TOP:g} V{_HIGH - _BOTTOM:g}"))
        end = at > _WIDE * 0.7
        parts.append(frame.text(at + (-5 if end else 5), _TOP + 10, mark[1],
                                "e" if end else "s", "mark-name"))  # fmt: skip
    for line in drawn:
        parts.append(frame.line(line))
        if mark is not None and line.name != "history":
            near = [v for a, v in zip(line.xs, line.ys, strict=True) if a == mark[0]]
            if near and math.isfinite(near[0]):
                parts.append(frame.dot(mark[0], near[0], f"s{line.colour % SERIES}", 3.5))
    return joined([frame.drawn(parts), legend([(i.name, i.colour, i.dashed) for i in drawn])])


def points(xs: Sequence[float], ys: Sequence[float], across: str, along: str) -> Markup:
    """Points, with the diagonal on which both are equal."""
    axis = around([*xs, *ys])
    frame = Frame(Axis(axis.low, axis.high, across), Axis(axis.low, axis.high, along))
    a, b = axis.low, axis.high
    parts = [frame.diagonal(a, b)]
    dots = "".join(
        f"M{frame.x(x):.1f},{frame.y(y):.1f}h0"
        for x, y in zip(xs, ys, strict=True)
        if math.isfinite(x) and math.isfinite(y)
    )
    parts.append(tag("path", class_="dots", d=dots))
    return frame.drawn(parts)


def histogram(
    counts: Sequence[int], edges: Sequence[float], across: str, along: str = "rows"
) -> Markup:
    """Bars between edges (one more than counts)."""
    top = max([*counts, 1])
    frame = Frame(Axis(edges[0], edges[-1], across), Axis(0, top * 1.05, along, whole=True))
    bars = [
        frame.bar(low, high, count, "s0", f"{low:.4g} to {high:.4g}: {count:,}")
        for count, (low, high) in zip(counts, itertools.pairwise(edges), strict=True)
        if count
    ]
    parts = list(bars)
    if edges[0] < 0 < edges[-1]:
        parts.append(tag("path", class_="mark",
                         d=f"M{frame.x(0):.1f},{_TOP:g} V{_HIGH - _BOTTOM:g}"))  # fmt: skip
    return frame.drawn(parts)


def bars(
    heights: Sequence[tuple[float, float, float, str]],
    x: Axis,
    y: Axis,
    diagonal: bool = False,
) -> Markup:
    """Bars (low, high, height, what is told of it), with the diagonal on request."""
    frame = Frame(x, y)
    parts = [frame.bar(a, b, h, "s0", told) for a, b, h, told in heights]
    if diagonal:
        parts.append(frame.diagonal(x.low, x.high))
    return frame.drawn(parts)


def sparkline(values: Sequence[float], told: str) -> Markup:
    """A line without axes, of the highest and lowest value of each of at most 200 pieces."""
    size = max(1, -(-len(values) // 200))
    pieces = [values[i : i + size] for i in range(0, len(values), size)]
    most = max([abs(float(v)) for v in values if math.isfinite(v)] or [1.0]) or 1.0
    step = 240 / max(len(pieces), 1)
    path = "".join(
        f"M{(i + 0.5) * step:.1f},{24 - 22 * max(piece) / most:.1f}"
        f"V{24 - 22 * min(piece) / most + 0.6:.1f}"
        for i, piece in enumerate(pieces)
    )
    return tag("svg", tag("title", told), tag("path", d=path, class_="wave"),
               viewBox="0 0 240 48", class_="wave", role="img")  # fmt: skip


def legend(names: Sequence[tuple[str, int, bool]]) -> Markup | None:
    """What the colours of lines mean; None for one line."""
    if len(names) < 2:
        return None
    items = [
        tag("li", tag("span", class_=f"key s{colour % SERIES}{' dashed' if dashed else ''}"), name)
        for name, colour, dashed in names
    ]
    return tag("ul", *items, class_="legend")


class Frame:
    """Axes on which values are drawn."""

    def __init__(self, across: Axis, along: Axis) -> None:
        self.across, self.along = across, along

    def x(self, value: float) -> float:
        """Where a value of the x axis stands."""
        return _LEFT + (_WIDE - _LEFT - _RIGHT) * self.across.at(value)

    def y(self, value: float) -> float:
        """Where a value of the y axis stands."""
        return _HIGH - _BOTTOM - (_HIGH - _TOP - _BOTTOM) * self.along.at(value)

    def diagonal(self, low: float, high: float) -> Markup:
        """Where both axes are equal."""
        d = f"M{self.x(low):.1f},{self.y(low):.1f}L{self.x(high):.1f},{self.y(high):.1f}"
        return tag("path", class_="mark", d=d)

    def line(self, line: Line) -> Markup:
        """A line, broken where a value is not finite; single points are dots."""
        look = f"s{line.colour % SERIES}"
        runs: list[list[tuple[float, float]]] = [[]]
        for a, b in zip(line.xs, line.ys, strict=True):
            if math.isfinite(b):
                runs[-1].append((float(a), float(b)))
            elif runs[-1]:
                runs.append([])
        made = [self.dot(*run[0], look, 3) for run in runs if len(run) == 1]
        path = "".join(
            "M" + "L".join(f"{self.x(a):.1f},{self.y(b):.1f}" for a, b in run)
            for run in runs
            if len(run) > 1
        )
        dashes = " dashed" if line.dashed else ""
        return joined([tag("path", class_=f"line {look}{dashes}", d=path) if path else None, *made])

    def dot(self, a: float, b: float, look: str, size: float) -> Markup:
        """A point that says its values."""
        told = tag("title", f"{a:.6g}: {b:.6g}")
        return tag("circle", told, cx=f"{self.x(a):.1f}", cy=f"{self.y(b):.1f}", r=f"{size:g}",
                   class_=f"dot {look}")  # fmt: skip

    def bar(self, low: float, high: float, height: float, look: str, told: str) -> Markup:
        """A bar from 0 up."""
        left, right, top = self.x(low), self.x(high), self.y(height)
        base = self.y(max(self.along.low, 0.0))
        return tag("rect", tag("title", told), x=f"{left + 0.5:.1f}", y=f"{min(top, base):.1f}",
                   width=f"{max(right - left - 1, 0.8):.1f}", height=f"{abs(base - top):.1f}",
                   class_=f"bar {look}")  # fmt: skip

    def text(self, x: float, y: float, text: str, anchor: str, look: str | None = None) -> Markup:
        """A text at a place: "s" begins there, "m" is in the middle of it, "e" ends there."""
        whole = {"s": "start", "m": "middle", "e": "end"}[anchor]
        return tag("text", text, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=whole, class_=look)

    def drawn(self, parts: Sequence[Markup]) -> Markup:
        """The whole chart."""
        low = _HIGH - _BOTTOM
        made: list[Markup] = []
        for value, label in self.along.marks():
            at = self.y(value)
            made.append(tag("path", class_="grid", d=f"M{_LEFT:g},{at:.1f}H{_WIDE - _RIGHT:g}"))
            made.append(self.text(_LEFT - 7, at + 4, label, "e"))
        for value, label in self.across.marks():
            at = self.x(value)
            made.append(tag("path", class_="tick", d=f"M{at:.1f},{low:g}v4"))
            made.append(self.text(at, low + 16, label, "m"))
        made.append(tag("path", class_="axis", d=f"M{_LEFT:g},{low:g}H{_WIDE - _RIGHT:g}"))
        if self.across.label:
            middle = (_LEFT + _WIDE - _RIGHT) / 2
            made.append(self.text(middle, _HIGH - 6, self.across.label, "m", "name"))
        if self.along.label:
            middle = (_TOP + low) / 2
            turned = f"rotate(-90 10 {middle:.1f})"
            made.append(tag("text", self.along.label, x="10", y=f"{middle:.1f}", class_="name",
                            text_anchor="middle", transform=turned))  # fmt: skip
        return tag("svg", *made, *parts, viewBox=f"0 0 {_WIDE:g} {_HIGH:g}", class_="chart",
                   role="img")  # fmt: skip
