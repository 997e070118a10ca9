"""Drawings of shapes: the same places and colours in SVG and in PNG, texts escaped and fitting."""

from __future__ import annotations

import io
import struct
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from kerasish.showing.drawing.letters import fitting, width_of
from kerasish.showing.page.heat import LESS, MORE, Heat, css, ink_on, tinted
from kerasish.showing.page.numbers import short
from kerasish.showing.page.sheet import Sheet

NAME = '<script>alert("1")</script> & \x01\n\u202e'


@pytest.fixture
def sheet() -> Sheet:
    inner = Sheet(20, 10)
    inner.rect(0, 0, 20, 10, "#d55e00", told=NAME)
    made = Sheet(100, 40, NAME)
    made.place(inner, 5, 50)
    made.picture(40, 10, 20, 10, np.array([[[255, 0, 0], [0, 0, 255]]]), NAME)
    made.line([(0, 30), (100, 30)], "#0072b2", 2)
    made.text(10, 8, NAME, room=70)
    return made


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_a_png_has_each_shape_in_its_place(sheet):
    data = sheet.png(2)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == (200, 120)
    found = pixels(data)
    assert found[2 * 55, 2 * 15].tolist() == [0xD5, 0x5E, 0x00]
    assert found[2 * 15, 2 * 45].tolist() == [255, 0, 0]
    assert found[2 * 15, 2 * 55].tolist() == [0, 0, 255]
    assert found[2 * 30, 2 * 90].tolist() == [0x00, 0x72, 0xB2]
    assert found[2 * 5, 2 * 90].tolist() == [255, 255, 255]


def test_an_svg_is_xml_with_all_texts_escaped(sheet):
    text = sheet.svg()
    root = ElementTree.fromstring(text)
    assert (root.get("width"), root.get("height")) == ("100", "60")
    assert "<script" not in text
    tags = [one.tag.split("}")[1] for one in root.iter()]
    assert "script" not in tags
    assert tags.count("rect") == 2
    (image,) = [one for one in root.iter() if one.tag.endswith("image")]
    assert image.get("href", "").startswith("data:image/png;base64,")
    told = [one.text or "" for one in root.iter() if one.tag.endswith("title")]
    assert all(t.startswith('<script>alert("1")</script> & \\x01') for t in told)
    (written,) = [one for one in root.iter() if one.tag.endswith("text")]
    assert (written.text or "").endswith("…")
    assert float(written.get("textLength", "0")) <= 70


def test_texts_are_cut_where_there_is_no_room():
    assert fitting("wide", 100) == "wide"
    assert fitting("", 1) == ""
    cut = fitting("a long sentence of words", 60)
    assert cut.endswith("…")
    assert width_of(cut) <= 60 < width_of(cut[:-1] + "xx…")


@pytest.mark.parametrize(
    ("share", "colour"),
    [
        (0, [255] * 3),
        (1, MORE),
        (-1, LESS),
        (7, MORE),
        (np.nan, [255] * 3),
        (0.5, (MORE + 255) / 2),
    ],
)
def test_the_colour_follows_from_the_share(share, colour):
    np.testing.assert_array_equal(tinted(share), np.rint(colour).astype(np.uint8))
    assert tinted(np.nan).tolist() == [255] * 3


def test_over_grey_what_counts_nothing_stays_grey():
    found = tinted(np.array([0.0, 1.0]), np.array([100.0, 100.0]))
    assert found.tolist() == [[100] * 3, MORE.tolist()]


def test_a_scale_ends_where_the_colours_do():
    heat = Heat([-0.25, 0.5])
    assert (heat.limit, heat.signed, heat.cut) == (0.5, True, False)
    text = heat.scale(100).svg()
    assert "+0.5" in text
    assert "−0.5" in text
    assert Heat([0.0, 3.0]).signed is False
    assert Heat([0.0]).limit == 1.0
    many = Heat([*np.ones(2000), 50.0], 0.99)
    assert many.cut
    assert "≥ 1" in many.scale(100, upright=False).svg()


def test_ink_is_read_on_every_colour():
    for share in np.linspace(-1, 1, 41):
        light = []
        for one in (tinted(share), np.array([int(ink_on(tinted(share))[i : i + 2], 16)
                                             for i in (1, 3, 5)])):  # fmt: skip
            part = np.asarray(one, float) / 255
            line = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
            light.append(float(line @ [0.2126, 0.7152, 0.0722]) + 0.05)
        assert max(light) / min(light) > 3.5


def test_colours_in_css():
    assert css(MORE) == "#d55e00"


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.0, "2"), (-0.1234, "−0.123"), (3.14e-5, "3.14e−5"), (12345.0, "12,345"), (0.0, "0")],
)
def test_short_numbers(value, text):
    assert short(value) == text
    assert short(value, True) == ("+" if value > 0 else "") + text
