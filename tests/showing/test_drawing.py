"""Drawings: nothing lies on anything else, arrows lead where they should, files stand alone."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from kerasish.errors import ArgumentError
from kerasish.showing.drawing import svg as module
from kerasish.showing.drawing.diagram import DIRECTIONS, SPLINES, Box, Cell, Diagram, Group
from kerasish.showing.drawing.layout import Layout, laid_out
from kerasish.showing.drawing.places import Segment, tracks
from kerasish.showing.drawing.ranks import backward, ordered, ranked, with_bends
from kerasish.showing.drawing.svg import svg

SPACE = "{http://www.w3.org/2000/svg}"


def box(text: str, group: str = "", more: int = 0) -> Box:
    rows = [[Cell(text, kind="title")]]
    rows += [[Cell("(None, 3)", "Input shape"), Cell("float32", "dtype")]] * more
    return Box(rows, group)


def at_random(seed: int, direction: str = "TB", splines: str = "ortho") -> Diagram:
    """A few boxes, some in groups in groups, with arrows forwards, backwards and to themselves."""
    draw = np.random.default_rng(seed)
    made = Diagram(f"random {seed}", direction, splines)
    groups = [""]
    for number in range(int(draw.integers(0, 4))):
        key = f"g{number}"
        made.groups[key] = Group("a title " * int(draw.integers(1, 4)), str(draw.choice(groups)))
        groups.append(key)
    count = int(draw.integers(len(groups), 14))
    for number in range(count):
        group = groups[number] if number < len(groups) else str(draw.choice(groups))
        made.boxes[str(number)] = box("x" * int(draw.integers(1, 30)), group, number % 3)
    for _ in range(int(draw.integers(0, 2 * count))):
        start, end = (str(n) for n in draw.integers(0, count, 2))
        if draw.random() < 0.85 and int(start) > int(end):
            start, end = end, start
        made.arrow(start, end)
    return made


def layout_of(diagram: Diagram) -> Layout:
    sizes = {key: module._box_size(one) for key, one in diagram.boxes.items()}
    titles = {key: module.width_of(one.title, True) for key, one in diagram.groups.items()}
    return laid_out(diagram, sizes, titles)


def frame(layout: Layout, key: str, by: float = 0.0) -> tuple[float, float, float, float]:
    (x, y), (w, h) = layout.at[key], layout.sizes[key]
    return x - w / 2 + by, y - h / 2 + by, x + w / 2 - by, y + h / 2 - by


def meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def along(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    found = []
    for (a, b), (c, d) in itertools.pairwise(points):
        found += [(a + (c - a) * t, b + (d - b) * t) for t in np.linspace(0, 1, 24)]
    return found


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("seed", range(25))
def test_nothing_lies_on_anything_else(seed: int, direction: str) -> None:
    diagram = at_random(seed, direction)
    layout = layout_of(diagram)
    for one, other in itertools.combinations(diagram.boxes, 2):
        assert not meet(frame(layout, one), frame(layout, other))
    for group in diagram.groups:
        left, top, right, bottom = frame(layout, group)
        for key in diagram.boxes:
            inside = frame(layout, key)
            if group in diagram.within(key):
                assert inside[0] > left
                assert inside[1] > top
                assert inside[2] < right
                assert inside[3] < bottom
            else:
                assert not meet(inside, (left, top, right, bottom))
        assert right - left >= module.width_of(diagram.groups[group].title, True)
    width, height = layout.size
    for key in (*diagram.boxes, *diagram.groups):
        left, top, right, bottom = frame(layout, key)
        assert min(left, top) >= -0.01
        assert right <= width + 0.01
        assert bottom <= height + 0.01


@pytest.mark.parametrize("splines", ["ortho", "polyline"])
@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("seed", range(25))
def test_arrows_lead_from_box_to_box_and_through_none(seed, direction, splines) -> None:
    diagram = at_random(seed, direction, splines)
    layout = layout_of(diagram)
    assert layout.routes.keys() == {a for a in diagram.arrows if a[0] != a[1]}
    for (start, end), points in layout.routes.items():
        for key, point in ((start, points[0]), (end, points[-1])):
            left, top, right, bottom = frame(layout, key, -0.1)
            assert left <= point[0] <= right
            assert top <= point[1] <= bottom
        for key in diagram.boxes:
            left, top, right, bottom = frame(layout, key, 1.0)
            for x, y in along(points):
                assert not (left < x < right and top < y < bottom), (start, end, key)
        if splines == "ortho":
            for (a, b), (c, d) in itertools.pairwise(points):
                assert min(abs(a - c), abs(b - d)) < 0.6
                for group in diagram.groups:  # crossed, and not run along
                    left, top, right, bottom = frame(layout, group)
                    along_y = abs(b - d) < 0.6 and min(abs(b - top), abs(b - bottom)) < 0.6
                    along_x = abs(a - c) < 0.6 and min(abs(a - left), abs(a - right)) < 0.6
                    inside = left < (a + c) / 2 < right and top - 1 < (b + d) / 2 < bottom + 1
                    assert not (along_y and abs(a - c) > 1 and left < (a + c) / 2 < right)
                    assert not (along_x and abs(b - d) > 1 and inside)


@pytest.mark.parametrize("splines", SPLINES)
@pytest.mark.parametrize("seed", range(6))
def test_a_file_stands_alone(seed: int, splines: str) -> None:
    text = svg(at_random(seed, splines=splines))
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SPACE}svg"
    assert not re.search(r"script|@import|url\((?!#)|href", text)
    assert text.count("http") == 1  # the name of the format
    texts = root.iter(f"{SPACE}text")
    assert all(float(one.attrib["textLength"]) > 0 for one in texts)


@pytest.mark.parametrize("seed", range(10))
def test_no_text_lies_on_another_or_leaves_its_cell(seed: int) -> None:
    root = ElementTree.fromstring(svg(at_random(seed)))
    spans = []
    for one in root.iter(f"{SPACE}text"):
        x, y = float(one.attrib["x"]), float(one.attrib["y"])
        spans.append((x, y - 9, x + float(one.attrib["textLength"]) - 0.2, y + 2))
    for one, other in itertools.combinations(spans, 2):
        assert not meet(one, other)
    for group in root.iter(f"{SPACE}g"):
        cells = [
            tuple(float(one.attrib[k]) for k in ("x", "y", "width", "height"))
            for one in group.iter(f"{SPACE}rect")
        ]
        for one in group.iter(f"{SPACE}text"):
            x, y, w = (float(one.attrib[k]) for k in ("x", "y", "textLength"))
            assert any(
                left <= x and x + w <= left + width and top < y < top + high
                for left, top, width, high in cells
            )


def test_titles_are_crossed_by_no_arrow() -> None:
    for seed in range(40):
        diagram = at_random(seed)
        layout = layout_of(diagram)
        for group, made in diagram.groups.items():
            left, top, *_ = frame(layout, group)
            wide = module.width_of(made.title, True)
            for points in layout.routes.values():
                for (a, b), (c, d) in itertools.pairwise(points):
                    if abs(a - c) < 0.5 and min(b, d) < top + 20 and max(b, d) > top + 4:
                        assert not left + 9 < a < left + 9 + wide


def test_a_chain_is_straight() -> None:
    diagram = Diagram("chain")
    for number in range(12):
        diagram.boxes[str(number)] = box("x" * (number * 7 % 20 + 1))
    for number in range(11):
        diagram.arrow(str(number), str(number + 1))
    for number in (1, 5):
        diagram.arrow(str(number), str(number + 4))
    layout = layout_of(diagram)
    assert len({round(x, 1) for x, _ in layout.at.values()}) == 1
    assert all(len(layout.routes[str(n), str(n + 1)]) == 2 for n in range(11))


def test_rows_follow_arrows_and_cycles_are_opened() -> None:
    nodes = list("abcd")
    arrows = [("a", "b"), ("b", "c"), ("c", "a"), ("b", "b"), ("a", "d")]
    turned = backward(nodes, arrows)
    assert turned == {2, 3}
    kept = [pair for i, pair in enumerate(arrows) if i not in turned]
    rank = ranked(nodes, kept, (), ())
    assert all(rank[a] < rank[b] for a, b in kept)
    assert ranked(list("abc"), [("a", "b"), ("b", "c")], (), ())["c"] == 2
    late = ranked(list("abcd"), [("a", "b"), ("b", "c"), ("d", "c")], (), ())
    assert late["d"] == 1  # not far above what it leads to


def test_arrows_cross_as_little_as_they_can() -> None:
    nodes = [f"{side}{i}" for side in "ul" for i in range(6)]
    arrows = [(f"u{i}", f"l{5 - i}") for i in range(6)]
    rows, paths = with_bends(ranked(nodes, arrows, (), ()), arrows)
    upper, lower = ordered(rows, paths)
    assert [f"l{5 - int(u[1])}" for u in upper] == lower


def test_every_net_turns_at_a_height_of_its_own() -> None:
    apart = [Segment("a", 0, 10), Segment("b", 20, 30)]
    assert len(set(tracks(apart)[1])) == 1
    over = [Segment("a", 0, 20), Segment("b", 10, 30)]
    assert len(set(tracks(over)[1])) == 2
    # What begins where another ends turns above it.
    height, (first, second) = tracks([Segment("a", 0, 50), Segment("b", 50, 100)])
    assert second < first < height
    assert len(set(tracks([Segment("a", 0, 20), Segment("a", 0, 40)])[1])) == 1


def test_words() -> None:
    with pytest.raises(ArgumentError, match="rankdir"):
        Diagram("a", "up")
    with pytest.raises(ArgumentError, match="'curved'"):
        Diagram("a", splines="curve")


def test_dot_text() -> None:
    diagram = Diagram('a "name"', "LR")
    diagram.groups["g"] = Group("inside", "")
    diagram.boxes["1"] = box("a<b & c", more=1)
    diagram.boxes["2"] = box("two", "g")
    diagram.arrow("1", "2")
    text = diagram.dot(100)
    assert text.startswith('digraph "a \\"name\\"" {')
    assert "rankdir=LR" in text
    assert "dpi=100" in text
    assert "a&lt;b &amp; c" in text
    assert 'subgraph "cluster_g"' in text
    assert '"1" -> "2"' in text
    assert text.count("{") == text.count("}")
    assert diagram.dot(subgraph=True).startswith('subgraph "cluster_a \\"name\\""')


def test_size_follows_dpi() -> None:
    diagram = at_random(1)
    one, two = (ElementTree.fromstring(svg(diagram, dpi)) for dpi in (200, 100))
    assert float(one.attrib["width"]) == pytest.approx(2 * float(two.attrib["width"]), rel=1e-3)
    assert one.attrib["viewBox"] == two.attrib["viewBox"]
