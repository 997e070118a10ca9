"""The places of all that a diagram has: groups are drawn from the inside out.

A group is laid out on its own and is one large node of what it stands in. An arrow that leaves it
goes to a port, a point of its border, and on from there.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

from kerasish.showing.drawing.diagram import Diagram
from kerasish.showing.drawing.places import Anchor, Point, Segment, Size, columns, tracks
from kerasish.showing.drawing.ranks import Bend, Key, backward, ordered, ranked, with_bends

_MARGIN, _TITLE, _LETTER = 14.0, 24.0, 12.0


class Port(NamedTuple):
    """Where arrows from or to a box inside cross the border of a group: below, or above."""

    box: str
    below: bool


class Layout(NamedTuple):
    """Middles and sizes of boxes and groups, and the points that each arrow goes through."""

    size: Size
    at: dict[str, Point]
    sizes: dict[str, Size]
    routes: dict[tuple[str, str], list[Point]]


class _Piece(NamedTuple):
    """An arrow, or its part in one frame, pointing down; `at` says at which boxes inside groups."""

    start: Key
    end: Key
    at: tuple[str, str]


class _Part(NamedTuple):
    """What is inside one frame, relative to its upper left corner."""

    size: Size
    at: dict[str, Point]
    routes: dict[_Piece, list[Point]]
    ports: dict[Port, float]


class _Frame:
    """One group, or all: what stands directly in it, and the arrows between these."""

    def __init__(self) -> None:
        self.nodes: list[Key] = []
        self.arrows: dict[_Piece, None] = {}


def laid_out(diagram: Diagram, sizes: Mapping[str, Size], titles: Mapping[str, float]) -> Layout:
    """Place everything; x to the right, y down, in the diagram's direction.

    Args:
        sizes: of the boxes.
        titles: widths of the groups' titles.
    """
    lying = diagram.direction in ("LR", "RL")
    turned = {k: Size(*reversed(s)) if lying else s for k, s in sizes.items()}
    layout = _Maker(diagram, turned, titles, lying).layout()
    mirrored = diagram.direction in ("BT", "RL")

    def there(point: Point) -> Point:
        x, y = point
        y = layout.size.height - y if mirrored else y
        return (y, x) if lying else (x, y)

    def size(given: Size) -> Size:
        return Size(*reversed(given)) if lying else given

    return Layout(
        size(layout.size),
        {key: there(point) for key, point in layout.at.items()},
        {key: size(one) for key, one in layout.sizes.items()},
        {arrow: [there(p) for p in points] for arrow, points in layout.routes.items()},
    )


class _Maker:
    def __init__(
        self,
        diagram: Diagram,
        sizes: Mapping[str, Size],
        titles: Mapping[str, float],
        lying: bool,
    ) -> None:
        self.diagram = diagram
        self.sizes: dict[str, Size] = dict(sizes)
        self.titles = titles
        self.lying = lying
        self.frames: dict[str, _Frame] = {"": _Frame(), **{g: _Frame() for g in diagram.groups}}
        for key, item in (*diagram.boxes.items(), *diagram.groups.items()):
            self.frames[item.group].nodes.append(key)
        self.ways: dict[tuple[str, str], list[tuple[str, _Piece, bool]]] = {}
        self._share_out()

    def _share_out(self) -> None:
        """Cut every arrow into its parts in the frames that it goes through."""
        split: dict[str, list[tuple[tuple[str, str], tuple[Key, Key]]]] = {}
        chains = {}
        for arrow in self.diagram.arrows:
            start, end = arrow
            if start == end:
                continue
            ups = [*self.diagram.within(start), start]
            downs = [*self.diagram.within(end), end]
            common = next(i for i, (a, b) in enumerate(zip(ups, downs, strict=False)) if a != b)
            frame = ups[common - 1] if common else ""
            chains[arrow] = (ups[common:], downs[common:])
            split.setdefault(frame, []).append((arrow, (ups[common], downs[common])))
        for frame, parts in split.items():
            turned = backward(self.frames[frame].nodes, [pair for _, pair in parts])
            for number, (arrow, pair) in enumerate(parts):
                self._route(frame, arrow, pair, number in turned, *chains[arrow])

    def _route(
        self,
        frame: str,
        arrow: tuple[str, str],
        pair: tuple[Key, Key],
        turned: bool,
        ups: list[str],
        downs: list[str],
    ) -> None:
        start, end = arrow
        way = self.ways.setdefault(arrow, [])
        out, into = Port(start, not turned), Port(end, turned)
        for group, inner in zip(ups[-2::-1], ups[:0:-1], strict=True):
            way.append((group, *self._enter(group, (inner, out), turned, (start, start))))
        way.append((frame, *self._enter(frame, pair, turned, arrow)))
        for group, inner in itertools.pairwise(downs):
            way.append((group, *self._enter(group, (into, inner), turned, (end, end))))

    def _enter(
        self, frame: str, pair: tuple[Key, Key], turned: bool, ends: tuple[str, str]
    ) -> tuple[_Piece, bool]:
        """Add an arrow to a frame; turned round it points down all the same."""
        if turned:
            pair, ends = (pair[1], pair[0]), (ends[1], ends[0])
        inside = [box if node in self.frames else "" for node, box in zip(pair, ends, strict=True)]
        piece = _Piece(*pair, (inside[0], inside[1]))
        self.frames[frame].arrows[piece] = None
        return piece, turned

    def layout(self) -> Layout:
        parts: dict[str, _Part] = {}
        depth = {group: len(self.diagram.within(group)) for group in self.diagram.groups}
        for group in sorted(depth, key=lambda g: -depth[g]):
            parts[group] = self._framed(group, parts)
            self.sizes[group] = parts[group].size
        whole = self._part("", parts)
        at: dict[str, Point] = {}
        corner: dict[str, Point] = {"": (0.0, 0.0)}
        for frame, part in (("", whole), *((g, parts[g]) for g in sorted(depth, key=depth.get))):  # type: ignore[arg-type]
            for key, (x, y) in part.at.items():
                at[key] = (corner[frame][0] + x, corner[frame][1] + y)
                if key in parts:
                    size = self.sizes[key]
                    corner[key] = (at[key][0] - size.width / 2, at[key][1] - size.height / 2)
        parts[""] = whole
        routes: dict[tuple[str, str], list[Point]] = {}
        for arrow, way in self.ways.items():
            points: list[Point] = []
            for frame, piece, turned in way:
                found = parts[frame].routes[piece]
                dx, dy = corner[frame]
                points += [(x + dx, y + dy) for x, y in (found[::-1] if turned else found)]
            routes[arrow] = _without_doubles(points)
        return Layout(whole.size, at, self.sizes, routes)

    def _framed(self, group: str, parts: Mapping[str, _Part]) -> _Part:
        """What is in a group, with its margins and room for its title."""
        part = self._part(group, parts)
        title = self.titles[group] + _LETTER
        left = top = right = _MARGIN
        bottom = 0.0 if any(port.below for port in part.ports) else _MARGIN
        high = part.size.height
        if self.lying:  # turned: the title stands over the first column
            left = _TITLE + 4
            bottom += max(0.0, title - high - top - bottom)
        else:
            top = _TITLE + 4
            first = min((x for port, x in part.ports.items() if not port.below), default=title)
            left += max(0.0, title + 6 - first - left)
            right += max(0.0, title - part.size.width - left - right)
        size = Size(part.size.width + left + right, high + top + bottom)
        at = {key: (x + left, y + top) for key, (x, y) in part.at.items()}
        routes = {p: [(x + left, y + top) for x, y in way] for p, way in part.routes.items()}
        for piece, way in routes.items():  # from and to the very border
            if isinstance(piece.start, Port):
                way.insert(0, (way[0][0], 0.0))
            if isinstance(piece.end, Port):
                way.append((way[-1][0], size.height))
        return _Part(size, at, routes, {port: x + left for port, x in part.ports.items()})

    def _part(self, group: str, parts: Mapping[str, _Part]) -> _Part:
        """What stands directly in a frame, without margins."""
        frame = self.frames[group]
        pieces = list(frame.arrows)
        arrows = [(piece.start, piece.end) for piece in pieces]
        ports = list(dict.fromkeys(n for pair in arrows for n in pair if isinstance(n, Port)))
        nodes = [*frame.nodes, *ports]
        first = {p for p in ports if not p.below}
        last = {p for p in ports if p.below}
        rank = ranked(nodes, arrows, first, last)
        rows, paths = with_bends(rank, arrows)
        rows = ordered(rows, paths)

        def anchor(node: Key, number: int, lower: bool) -> float:
            if node not in parts:
                return 0.0
            box = pieces[number].at[0 if lower else 1]
            inner = parts[node]  # type: ignore[index]
            return inner.ports[Port(box, lower)] - inner.size.width / 2

        sizes = {n: Size(0.0, 0.0) if isinstance(n, Port) else self.sizes[n] for n in nodes}  # type: ignore[index]
        x = columns(rows, paths, sizes, anchor, dict.fromkeys(_longest(arrows, rank), True))
        left = min((x[n] - (sizes[n].width / 2 if n in sizes else 0) for n in x), default=0.0)
        x = {n: value - left for n, value in x.items()}
        width = max((x[n] + (sizes[n].width / 2 if n in sizes else 0) for n in x), default=0.0)
        ortho = self.diagram.splines == "ortho"
        y, height, routes = _ways(rows, paths, sizes, x, anchor, ortho)
        return _Part(
            Size(width, height),
            {n: (x[n], y[n]) for n in frame.nodes},  # type: ignore[misc]
            dict(zip(pieces, routes, strict=True)),
            {port: x[port] for port in ports},
        )


def _longest(arrows: list[tuple[Key, Key]], rank: Mapping[Key, int]) -> list[int]:
    """The arrows, by number, of one way through most nodes."""
    best: dict[Key, tuple[int, int | None]] = {node: (1, None) for node in rank}
    for number in sorted(range(len(arrows)), key=lambda n: rank[arrows[n][0]]):
        start, end = arrows[number]
        if best[start][0] + 1 > best[end][0]:
            best[end] = (best[start][0] + 1, number)
    at = max(best, key=lambda node: best[node][0], default=None)
    found: list[int] = []
    while at is not None and (number := best[at][1]) is not None:
        found.append(number)
        at = arrows[number][0]
    return found


def _ways(
    rows: list[list[Key]],
    paths: list[list[Key]],
    sizes: Mapping[Key, Size],
    x: Mapping[Key, float],
    anchor: Anchor,
    ortho: bool,
) -> tuple[dict[Key, float], float, list[list[Point]]]:
    """(y of every node's middle, height of all, the points of every arrow)."""
    place = {node: row for row, nodes in enumerate(rows) for node in nodes}
    steps: list[list[tuple[int, Key, Segment]]] = [[] for _ in rows]
    for number, path in enumerate(paths):
        for upper, lower in itertools.pairwise(path):
            start = x[upper] + anchor(upper, number, True)
            end = x[lower] + anchor(lower, number, False)
            steps[place[upper]].append((number, lower, Segment(upper, start, end)))
    y: dict[Key, float] = {}
    routes: list[list[Point]] = [[] for _ in paths]
    top = bottom = 0.0
    for row, nodes in enumerate(rows):
        high = max((sizes[n].height for n in nodes if n in sizes), default=0.0)
        for node in nodes:
            y[node] = top + high / 2
        for number, end, segment in steps[row - 1] if row else ():
            edge = y[end] - _half(end, sizes, high)
            routes[number] += (
                [(segment.end, edge)] if ortho else [(segment.end, top), (segment.end, edge)]
            )
        bottom = top + high
        gap, turns = tracks([segment for *_, segment in steps[row]])
        for (number, _, segment), turn in zip(steps[row], turns, strict=True):
            source = segment.source
            routes[number].append((segment.start, y[source] + _half(source, sizes, high)))
            if not ortho:
                routes[number].append((segment.start, bottom))
            elif abs(segment.start - segment.end) >= 0.5:
                routes[number] += [(segment.start, bottom + turn), (segment.end, bottom + turn)]
        top = bottom + gap
    return y, bottom, routes


def _half(node: Key, sizes: Mapping[Key, Size], high: float) -> float:
    """From a node's middle to its edge; a bend goes through the whole row."""
    return high / 2 if isinstance(node, Bend) else sizes[node].height / 2


def _without_doubles(points: list[Point]) -> list[Point]:
    """Points without those on a straight line between their neighbours."""
    kept: list[Point] = []
    for point in points:
        if kept and abs(kept[-1][0] - point[0]) < 0.5 and abs(kept[-1][1] - point[1]) < 0.5:
            continue
        if len(kept) > 1 and max(abs(p[0] - point[0]) for p in kept[-2:]) < 0.5:
            kept[-1] = point
        else:
            kept.append(point)
    return kept
