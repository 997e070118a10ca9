from __future__ import annotations

import itertools
import math
import xml.etree.ElementTree as ElementTree

import pytest

from kerasish.showing.drawing.axes import ticks
from kerasish.showing.drawing.curves import Line, Panel, curves


def test_a_drawing_stands_alone() -> None:
    lines = [Line("a <b>", [3.0, 2.0, math.nan, 1.0]), Line("c", [1.0], colour=9, dashed=True)]
    text = curves([Panel("loss & more", lines), Panel("empty", [])], "title")
    root = ElementTree.fromstring(text)
    names = [one.tag.rpartition("}")[2] for one in root.iter()]
    assert names.count("polyline") == names.count("circle") == 1
    texts = [one.text for one in root.iter() if one.tag.endswith("text")]
    assert {"a <b>", "c", "loss & more", "empty"} <= set(texts)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    (line,) = [one for one in root.iter() if one.tag.endswith("polyline")]
    points = [tuple(map(float, p.split(","))) for p in line.attrib["points"].split()]
    assert len(points) == 3
    assert points[0][1] < points[1][1] < points[2][1]  # less is lower
    gaps = [b[0] - a[0] for a, b in itertools.pairwise(points)]
    assert gaps[1] == pytest.approx(2 * gaps[0], abs=0.2)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0.013, 0.0131), (-5, 1e6), (3, 3), (0, 0), (1e-9, 2e-9), (1, 100)]
)
def test_ticks_are_round_and_around(low: float, high: float) -> None:
    found = ticks(low, high)
    assert found[0] <= low + 1e-12
    assert found[-1] >= high - 1e-12
    assert 2 <= len(found) <= 8
    step = found[1] - found[0]
    assert f"{step:.0e}"[0] in "125"


def test_values_far_apart_are_drawn_by_their_logarithm() -> None:
    text = curves([Panel("loss", [Line("a", [10.0, 1.0, 0.1])])])
    (line,) = [one for one in ElementTree.fromstring(text).iter() if one.tag.endswith("polyline")]
    first, middle, last = (float(p.split(",")[1]) for p in line.attrib["points"].split())
    assert middle - first == pytest.approx(last - middle, abs=0.2)
