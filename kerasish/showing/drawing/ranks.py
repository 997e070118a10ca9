"""Which row of a layered drawing each node stands in, and in which order within it.

The method is that of Sugiyama, Tagawa and Toda (1981): arrows that close a cycle are turned round,
nodes get rows by their longest path, arrows over several rows get a bend in each, and the orders
of neighbouring rows are improved by medians for as long as that makes fewer arrows cross.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import NamedTuple

Key = Hashable
Pair = tuple[Key, Key]
_SWEEPS = 12


class Bend(NamedTuple):
    """Where an arrow passes a row; it is as wide as a line."""

    arrow: int
    rank: int


def backward(nodes: Iterable[Key], arrows: Sequence[Pair]) -> set[int]:
    """The arrows, by number, without which (or with which turned round) there is no cycle."""
    after: dict[Key, list[tuple[int, Key]]] = {node: [] for node in nodes}
    for number, (start, end) in enumerate(arrows):
        after[start].append((number, end))
    state: dict[Key, bool] = {}  # False while open, True when done
    found: set[int] = set()
    for node in after:
        stack = [(node, iter(after[node]))] if node not in state else []
        state.setdefault(node, False)
        while stack:
            at, rest = stack[-1]
            for number, end in rest:
                if end not in state:
                    state[end] = False
                    stack.append((end, iter(after[end])))
                    break
                if not state[end]:
                    found.add(number)
            else:
                state[at] = True
                stack.pop()
    return found


def ranked(
    nodes: Sequence[Key], arrows: Sequence[Pair], first: Collection[Key], last: Collection[Key]
) -> dict[Key, int]:
    """The row of each node, from 0; arrows point to later rows.

    Args:
        arrows: without cycles.
        first, last: nodes that stand in a first and a last row of their own.
    """
    before: dict[Key, list[Key]] = {node: [] for node in nodes}
    after: dict[Key, list[Key]] = {node: [] for node in nodes}
    for start, end in arrows:
        before[end].append(start)
        after[start].append(end)
    rank: dict[Key, int] = {}
    open_before = {node: len(found) for node, found in before.items()}
    ready = [node for node in nodes if not open_before[node]]
    top = 1 if first else 0
    for node in ready:  # grows
        least = 0 if node in first else top
        rank[node] = max([rank[b] + 1 for b in before[node]], default=least)
        for end in after[node]:
            open_before[end] -= 1
            if not open_before[end]:
                ready.append(end)
    for node in nodes:  # what nothing leads to stands right above what it leads to
        if not before[node] and after[node] and node not in first:
            rank[node] = max(top, min(rank[end] for end in after[node]) - 1)
    bottom = max((rank[n] for n in nodes if n not in last), default=0) + 1
    rank.update((node, bottom) for node in last)
    used = {old: new for new, old in enumerate(sorted(set(rank.values())))}
    return {node: used[rank[node]] for node in nodes}


def with_bends(
    rank: dict[Key, int], arrows: Sequence[Pair]
) -> tuple[list[list[Key]], list[list[Key]]]:
    """(the rows, each arrow as the row of nodes and bends that it passes)."""
    rows: list[list[Key]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for node, row in rank.items():
        rows[row].append(node)
    paths: list[list[Key]] = []
    for number, (start, end) in enumerate(arrows):
        bends = [Bend(number, row) for row in range(rank[start] + 1, rank[end])]
        for bend in bends:
            rows[bend.rank].append(bend)
        paths.append([start, *bends, end])
    return rows, paths


def ordered(rows: list[list[Key]], paths: Sequence[Sequence[Key]]) -> list[list[Key]]:
    """The rows in an order in which few arrows cross."""
    above: dict[Key, list[Key]] = {node: [] for row in rows for node in row}
    below: dict[Key, list[Key]] = {node: [] for row in rows for node in row}
    for path in paths:
        for upper, lower in itertools.pairwise(path):
            above[lower].append(upper)
            below[upper].append(lower)
    rows = _as_reached(rows, below)
    best, fewest = [list(row) for row in rows], _crossings(rows, below)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        for number in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
            fixed = rows[number - 1 if down else number + 1]
            place = {node: i for i, node in enumerate(fixed)}
            rows[number] = _by_medians(rows[number], above if down else below, place)
        crossing = _crossings(rows, below)
        if crossing < fewest:
            best, fewest = [list(row) for row in rows], crossing
    return best


def _as_reached(rows: list[list[Key]], below: dict[Key, list[Key]]) -> list[list[Key]]:
    """Rows in the order in which a walk downwards meets their nodes: trees do not cross then."""
    met: dict[Key, int] = {}
    for row in rows:
        for node in row:
            stack = [node]
            while stack:
                at = stack.pop()
                if at not in met:
                    met[at] = len(met)
                    stack += reversed(below[at])
    return [sorted(row, key=met.__getitem__) for row in rows]


def _by_medians(row: list[Key], near: dict[Key, list[Key]], place: dict[Key, int]) -> list[Key]:
    """A row by the medians of its neighbours; who has none keeps its place."""
    wanted: dict[Key, float] = {}
    for node in row:
        at = sorted(place[n] for n in near[node])
        if at:
            middle = len(at) // 2
            wanted[node] = at[middle] if len(at) % 2 else (at[middle - 1] + at[middle]) / 2
    moving = iter(sorted((n for n in row if n in wanted), key=wanted.__getitem__))
    return [next(moving) if node in wanted else node for node in row]


def _crossings(rows: Sequence[Sequence[Key]], below: dict[Key, list[Key]]) -> int:
    total = 0
    for upper, lower in itertools.pairwise(rows):
        place = {node: i for i, node in enumerate(lower)}
        ends = [at for node in upper for at in sorted(place[n] for n in below[node])]
        seen: list[int] = []
        for end in ends:
            total += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return total
