"""Pictures of a graph, one for every layer that is opened: boxes for layers and nodes inside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kerasish.graph.node import PICK, Node
from kerasish.inspect.explorer.book import Stage, drawn_nodes, place_of
from kerasish.showing.drawing.diagram import Box, Cell, Diagram
from kerasish.showing.drawing.layout import laid_out
from kerasish.showing.drawing.letters import width_of
from kerasish.showing.drawing.places import Size

MOST = 60  # boxes of a picture
_ROW, _PAD, _LEAST, _WIDEST, _BESIDE = 17.0, 20.0, 74.0, 210.0, 56.0
NODE, LAYER, GRADIENT, SOME = "node", "layer", "gradient", "some"


class Item(NamedTuple):
    """What becomes a box: a node, a layer, its gradient, or some of these in a row."""

    kind: str
    key: Any  # a node's number, or the key of the picture behind it
    title: str
    below: str
    nodes: list[Node]


@dataclass
class Pictures:
    """The pictures of all stages; equal ones are kept once.

    Attributes:
        drawn: pictures as plain data: title, size, boxes [kind, key, title, text below, x, y,
            width, height], arrows as lists of coordinates.
        at: by stage, the number of the picture of every key.
    """

    drawn: list[Any] = field(default_factory=list[Any])
    at: list[dict[str, int]] = field(default_factory=list[dict[str, int]])
    _known: dict[str, int] = field(default_factory=dict[str, int])

    def enter(self, stage: Stage) -> None:
        """Draw a stage: all of it, and every layer that has something inside."""
        self.at.append({})
        nodes = drawn_nodes(stage.graph.nodes)
        self._scope("", nodes, stage)

    def _scope(self, path: str, nodes: Sequence[Node], stage: Stage) -> None:
        inside: dict[tuple[str, bool], list[Node]] = {}
        items: list[Item] = []
        for node in nodes:
            scope, backward = place_of(node.scope)
            rest = scope[len(path) :].strip("/")
            if not rest:
                items.append(_of_node(node, stage))
                continue
            child = f"{path}/{rest.split('/')[0]}".strip("/")
            if (child, backward) not in inside:
                inside[child, backward] = []
                items.append(Item(GRADIENT if backward else LAYER, child, "", "", []))
            inside[child, backward].append(node)
        items = [_filled(item, inside) for item in items]
        self._draw(path, path or "everything", items, stage)
        for child in dict.fromkeys(child for child, _ in inside):
            members = [n for back in (False, True) for n in inside.get((child, back), ())]
            order = {n: i for i, n in enumerate(nodes)}
            self._scope(child, sorted(members, key=order.__getitem__), stage)

    def _draw(self, key: str, title: str, items: list[Item], stage: Stage) -> None:
        """Draw items; too many of them become some boxes for runs of them."""
        if len(items) > MOST:
            sides = [[i for i in items if _is_backward(i) is back] for back in (False, True)]
            most = MOST // sum(map(bool, sides))
            items = [one for side in sides for one in self._parts(key, title, side, most, stage)]
        made = _placed(title, items)
        content = json.dumps(made)
        if content not in self._known:
            self._known[content] = len(self.drawn)
            self.drawn.append(made)
        self.at[-1][key] = self._known[content]

    def _parts(
        self, key: str, title: str, items: list[Item], most: int, stage: Stage
    ) -> list[Item]:
        """Items, or where there are more, boxes for runs of them, each with a picture."""
        if len(items) <= most:
            return items
        size = -(-len(items) // most)
        parts = [items[i : i + size] for i in range(0, len(items), size)]
        side = "gradient, " if _is_backward(items[0]) else ""
        made: list[Item] = []
        for number, part in enumerate(parts):
            inner = f"{key}#{side[:1]}{number}"
            self._draw(inner, f"{title}, {side}part {number + 1} of {len(parts)}", part, stage)
            nodes = [n for item in part for n in item.nodes]
            ends = dict.fromkeys((part[0].title, part[-1].title))
            made.append(Item(SOME, inner, " … ".join(ends), f"{side}{len(nodes)} ops", nodes))
        return made


def _of_node(node: Node, stage: Stage) -> Item:
    specs = ", ".join(str(s) for s in node.specs[:2])
    return Item(NODE, stage.numbers[node], node.op.name, specs, [node])


def _filled(item: Item, inside: dict[tuple[str, bool], list[Node]]) -> Item:
    if item.kind == NODE:
        return item
    nodes = inside[item.key, item.kind == GRADIENT]
    name = item.key.rsplit("/", 1)[-1]
    below = f"gradient, {len(nodes)} ops" if item.kind == GRADIENT else f"{len(nodes)} ops"
    return item._replace(title=name, below=below, nodes=nodes)


def source_of(node: Node) -> Node:
    """The node behind single outputs of it."""
    while node.op is PICK:
        node = node.inputs[0]
    return node


def _placed(title: str, items: Sequence[Item]) -> Any:
    """Forward items from top to bottom, those of the gradient beside them from bottom to top."""
    sides: list[list[Item]] = [[], []]
    for item in items:
        sides[_is_backward(item)].append(item)
    boxes: list[Any] = []
    arrows: list[list[int]] = []
    width = height = 0.0
    for side, direction in zip(sides, ("TB", "BT"), strict=True):
        if not side:
            continue
        left = width + _BESIDE if width else 0.0
        size, drawn, ways = _side(side, direction)
        boxes += [[*box[:4], round(box[4] + left), *map(round, box[5:])] for box in drawn]
        arrows += [[round(x + left * (i % 2 == 0)) for i, x in enumerate(way)] for way in ways]
        width, height = left + size.width, max(height, size.height)
    return [title, [round(width), round(height)], boxes, arrows]


def _is_backward(item: Item) -> bool:
    if item.kind in (NODE, SOME):
        return all(place_of(node.scope)[1] for node in item.nodes)
    return item.kind == GRADIENT


def _side(items: Iterable[Item], direction: str) -> tuple[Size, list[Any], list[list[float]]]:
    """(size, boxes, arrows) of some items, with the arrows between them."""
    diagram = Diagram("", direction)
    held: dict[str, Item] = {}
    owner: dict[Node, str] = {}
    sizes: dict[str, Size] = {}
    for number, item in enumerate(items):
        key = str(number)
        held[key] = item
        diagram.boxes[key] = Box([[Cell(item.title)]])
        needed = max(width_of(item.title, True) * 1.2, width_of(item.below)) + _PAD
        sizes[key] = Size(min(max(needed, _LEAST), _WIDEST), 2 * _ROW + 6)
        owner |= dict.fromkeys(item.nodes, key)
    for key, item in held.items():
        for node in item.nodes:
            for given in node.inputs:
                start = owner.get(source_of(given))
                if start is not None and start != key:
                    diagram.arrow(start, key)
    layout = laid_out(diagram, sizes, {})
    boxes = [
        [item.kind, item.key, item.title, item.below, *layout.at[key], *sizes[key]]
        for key, item in held.items()
    ]
    return layout.size, boxes, [[v for p in points for v in p] for points in layout.routes.values()]
