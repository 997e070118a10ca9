"""Where the nodes of ordered rows stand, and which way arrows go between the rows.

A row is placed so that the sum of squares of the distances from where its nodes want to be, the
weighted median of their neighbours, is least while nobody comes too near: an isotonic regression.
Between two rows every source has a track of its own wherever tracks would overlap.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from kerasish.showing.drawing.ranks import Bend, Key

Point = tuple[float, float]
Anchor = Callable[[Key, int, bool], float]  # of a node, for an arrow, at its lower side or not
_ROUNDS = 9  # down and up in turns; the last one goes down
_APART, _BENDS_APART = 28.0, 16.0
_GAP, _FIRST_TRACK, _TRACK = 34.0, 12.0, 9.0
_MAIN, _STRAIGHT = 1e6, 1e2  # weights of arrows along the longest way, and between bends
_NEAR = 4.0


class Size(NamedTuple):
    """Width and height."""

    width: float
    height: float


def columns(
    rows: Sequence[Sequence[Key]],
    paths: Sequence[Sequence[Key]],
    sizes: Mapping[Key, Size],
    anchor: Anchor,
    main: Mapping[int, bool],
) -> dict[Key, float]:
    """The x of every node's middle.

    Args:
        rows: nodes and bends in order.
        paths: the arrows.
        sizes: of nodes; bends have none.
        anchor: where at a node an arrow begins or ends, relative to its middle.
        main: the arrows, by number, that should be straight before others.
    """
    # Of each node its neighbours above and below: (neighbour, shift, weight).
    near: tuple[dict[Key, list[tuple[Key, float, float]]], ...] = ({}, {})
    for number, path in enumerate(paths):
        for upper, lower in itertools.pairwise(path):
            bends = isinstance(upper, Bend) and isinstance(lower, Bend)
            weight = _MAIN if number in main else _STRAIGHT if bends else 1.0
            shift = anchor(upper, number, True) - anchor(lower, number, False)
            near[0].setdefault(lower, []).append((upper, shift, weight))
            near[1].setdefault(upper, []).append((lower, -shift, weight))
    x: dict[Key, float] = {}
    for row in rows:
        offsets = _offsets(row, sizes)
        x.update(zip(row, (o - (offsets[-1] if offsets else 0) / 2 for o in offsets), strict=True))
    for sweep in range(_ROUNDS):
        side = near[sweep % 2]
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wants, weights = [], []
            for node in row:
                pulls = [(x[other] + shift, weight) for other, shift, weight in side.get(node, ())]
                wants.append(_median(pulls) if pulls else x[node])
                weights.append(max([weight for _, weight in pulls], default=0.01))
            x.update(zip(row, _settled(wants, weights, _offsets(row, sizes)), strict=True))
    return x


def _offsets(row: Sequence[Key], sizes: Mapping[Key, Size]) -> list[float]:
    """How far right of the first each node of a row stands at least."""
    found = [0.0] if row else []
    for left, right in itertools.pairwise(row):
        apart = _BENDS_APART if isinstance(left, Bend) or isinstance(right, Bend) else _APART
        half = (_width(left, sizes) + _width(right, sizes)) / 2
        found.append(found[-1] + half + apart)
    return found


def _width(node: Key, sizes: Mapping[Key, Size]) -> float:
    return sizes[node].width if node in sizes else 0.0


def _median(pulls: list[tuple[float, float]]) -> float:
    """The weighted median; the middle of two where both halves weigh the same."""
    pulls = sorted(pulls)
    half, so_far = sum(weight for _, weight in pulls) / 2, 0.0
    for number, (value, weight) in enumerate(pulls):
        so_far += weight
        if so_far > half:
            return value
        if so_far == half:
            return (value + pulls[number + 1][0]) / 2
    return pulls[-1][0]


def _settled(
    wants: Sequence[float], weights: Sequence[float], offsets: Sequence[float]
) -> list[float]:
    """The places nearest to those wanted that keep their order and distances."""
    blocks: list[tuple[float, float, int]] = []  # mean, weight, members
    for want, weight, offset in zip(wants, weights, offsets, strict=True):
        mean, members = want - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, heavy, more = blocks.pop()
            mean = (mean * weight + other * heavy) / (weight + heavy)
            weight, members = weight + heavy, members + more
        blocks.append((mean, weight, members))
    means = [mean for mean, _, members in blocks for _ in range(members)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


class Segment(NamedTuple):
    """An arrow's way from one row to the next: the node it comes from, and both x."""

    source: Key
    start: float
    end: float


def tracks(segments: Sequence[Segment]) -> tuple[float, list[float]]:
    """(height of the gap between two rows, the y in it at which each segment turns)."""
    nets: dict[tuple[Key, float], list[float]] = {}
    for source, start, end in segments:
        if abs(start - end) >= 0.5:
            nets.setdefault((source, start), []).append(end)
    span = {net: (min(net[1], *ends), max(net[1], *ends)) for net, ends in nets.items()}
    # A net that begins where another ends turns above it, or their lines would seem to be one.
    under = {
        net: [
            other
            for other in nets
            if other != net and any(abs(other[1] - end) < _NEAR for end in ends)
        ]
        for net, ends in nets.items()
    }
    level: dict[tuple[Key, float], int] = {}
    waiting = sorted(nets, key=lambda net: (len(under[net]), span[net]))
    while waiting:
        net = next((n for n in waiting if all(o in level for o in under[n])), waiting[0])
        waiting.remove(net)
        at = max([level[o] + 1 for o in under[net] if o in level], default=0)
        while any(level[o] == at and _overlap(span[o], span[net]) for o in level):
            at += 1
        level[net] = at
    height = _GAP + _TRACK * max(level.values(), default=0)
    turns = [_FIRST_TRACK + _TRACK * level.get((s.source, s.start), 0) for s in segments]
    return height, turns


def _overlap(one: Point, other: Point) -> bool:
    return one[0] < other[1] + _NEAR and other[0] < one[1] + _NEAR
