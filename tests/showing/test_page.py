"""Pages: what is put into them is text, charts are sound, pictures are PNG."""

from __future__ import annotations

import html.parser
import math
import struct
import zlib
from typing import Any

import numpy as np
import pytest

from kerasish.errors import ShapeError
from kerasish.showing.drawing.axes import Axis, around, fitting
from kerasish.showing.page.charts import Line, histogram, lines, points, sparkline
from kerasish.showing.page.document import Section, document, tiles
from kerasish.showing.page.markup import Markup, escaped, joined, shown, tag
from kerasish.showing.page.numbers import number, share
from kerasish.showing.page.pictures import picture, pixels_of, png
from kerasish.showing.page.tables import Cell, facts, table

HOSTILE = [
    "<script>alert(1)</script>",
    "</style><script>x()</script>",
    "</title></svg>\"'><img src=x onerror=y()>",
    "javascript:alert(1) & <!-- ]]>",
    "\u202eright\u200e to \u2066left",
    "bell\x07 null\x00 escape\x1b delete\x7f",
    "a lone \ud800 surrogate \ufffe",
]


class Elements(html.parser.HTMLParser):
    """Every element and attribute, and all text outside of style and script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data


@pytest.mark.parametrize("text", HOSTILE)
def test_names_and_texts_are_text_wherever_they_stand(text: str) -> None:
    chart = lines([Line(text, [1, 2], [1, 2]), Line(text, [1], [2])], text, text, (1, text))
    content = joined([
        text, tag("p", text, title=text), table([text, "n"], [[text, 1], [Cell(text, text), 2]],
        caption=text), facts([(text, text)]), chart, sparkline([1.0, 2.0], text),
        histogram([1, 2], [0, 1, 2], text), points([1.0], [1.0], text, text),
        picture(np.zeros((2, 2), np.uint8), text), tiles([(text, text)]),
    ])  # fmt: skip
    page = document(text, [text], content, [Section("a", text, content, text)], text)
    page.encode()  # no lone surrogate is left
    found = Elements(page)
    assert found.open == []
    assert found.names.count("script") == 1
    assert found.names.count("style") == 1
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    for name, value in found.attributes:
        if name in ("src", "href"):
            assert str(value).startswith(("data:image/png;base64,", "#"))
    assert found.text.count(shown(text)) >= 10
    assert not set(page) & set("\x00\x07\x1b\x7f\u202e\u200e\u2066\ud800\ufffe")


def test_text_is_seen_whole() -> None:
    assert shown("a\x00\u202eb\n") == "a\\x00\\u202eb\n"
    assert shown("ünï 漢字 😀 עברית") == "ünï 漢字 😀 עברית"
    assert shown("abcdef", 4) == "abc…"
    assert escaped(None) == ""
    assert escaped(Markup("<b>")) == "<b>"
    assert escaped("<b>") == "&lt;b&gt;"
    assert tag("td", None, data_key=3, hidden=True, class_=None, x=False) == (
        '<td data-key="3" hidden></td>'
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (12345, "12,345"), (0.96619, "0.9662"), (-1.5, "−1.500"), (math.nan, "–"),
     (math.inf, "∞"), (None, "–"), (1e-7, "1.000e-07"), (123456.7, "123,457")],
)  # fmt: skip
def test_numbers(value: Any, expected: str) -> None:
    assert number(value) == expected


def test_shares() -> None:
    assert share(0.1234) == "12.3 %"
    assert share(math.nan) == "–"


def test_numbers_of_a_table_stand_to_the_right_and_sort_by_value() -> None:
    made = table(["name", "value"], [["a", 1234.5], ["b", Cell("9 %", 0.09, "n")]])
    assert '<th scope="col" class="n"><button type="button">value' in made
    assert '<td data-key="1234.5" class="n">1,234' in made
    assert '<td data-key="0.09" class="n n">9 %' in made
    assert "1 more rows" not in made
    assert "2 more rows are not shown" in table(["a"], [[1], [2], [3]], most=1)


def test_axes() -> None:
    axis = Axis(0, 100)
    assert [v for v, _ in axis.marks()] == [0, 20, 40, 60, 80, 100]
    assert axis.at(25) == 0.25
    log = fitting([1e-3, 1.0])
    assert log.log
    assert log.at(log.low) == 0
    assert log.at(log.high) == pytest.approx(1)
    assert {v for v, _ in log.marks()} >= {0.001, 0.01, 0.1, 1.0}
    assert not fitting([0.5, 1.0]).log
    assert not fitting([0.0, 100.0]).log
    assert not fitting([math.nan]).log
    assert around([3.0, 3.0]).low < 3 < around([3.0, 3.0]).high
    assert [label for _, label in Axis(0, 400_000).marks()][:2] == ["0", "100k"]
    whole = [v for v, _ in Axis(1, 3, whole=True).marks()]
    assert whole == [1, 2, 3]
    assert [v for v, _ in Axis(1, 15, whole=True).marks()] == [1, 5, 10, 15]


def test_lines_break_where_nothing_was_measured() -> None:
    made = lines([Line("a", range(5), [1.0, 2.0, math.nan, 3.0, math.inf])])
    assert "nan" not in made
    assert "inf" not in made
    assert made.count('class="line s0"') == 1
    assert made.count("<circle") == 1
    empty = lines([Line("a", [], [])])
    assert "<svg" in empty


def _decoded(data: bytes) -> np.ndarray:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, body, head = 8, b"", (0, 0, 0, 0)
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        kind, held = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size]) == (
            zlib.crc32(kind + held),
        )
        if kind == b"IHDR":
            head = struct.unpack(">IIBB", held[:10])
        body += held if kind == b"IDAT" else b""
        at += 12 + size
    width, height, _, colour = head
    channels = {0: 1, 4: 2, 2: 3, 6: 4}[colour]
    rows = np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, 1 + width * channels)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, channels)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png(channels: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, channels)).astype(np.uint8)
    np.testing.assert_array_equal(_decoded(png(pixels)), pixels)


def test_png_refuses_other_shapes() -> None:
    with pytest.raises(ShapeError, match="pixels"):
        png(np.zeros((2, 2, 5), np.uint8))


def test_pixels() -> None:
    made = pixels_of([[0.0, 0.5, 1.0, 2.0, math.nan]], 0, 1)
    assert made.tolist() == [[0, 128, 255, 255, 0]]


def test_large_pictures_are_thinned() -> None:
    made = picture(np.zeros((2000, 1000), np.uint8), "large")
    assert "pixels" not in made
    assert len(made) < 2000
