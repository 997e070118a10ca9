"""Drawings of rectangles, lines, texts and pictures, as SVG that stands alone and as PNG."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish import extras
from kerasish.showing.drawing.letters import FONT, SIZE, fitting, width_of
from kerasish.showing.page.markup import Markup, shown, tag
from kerasish.showing.page.pictures import png

INK, SOFT, RULE = "#26323f", "#5b6875", "#d5dce2"
_SMALL = 64  # pixels along a side, up to which each one is seen
_ANCHORS = {"s": ("start", "ls"), "m": ("middle", "ms"), "e": ("end", "rs")}  # and Pillow's
# What Pillow's own font lacks, all but these, is drawn in the first of the others that is there.
_OWN = frozenset({*map(chr, range(0x20, 0x7F)), "…", "·"})
_OTHERS = ("DejaVuSans.ttf", "Arial Unicode.ttf", "arial.ttf", "NotoSans-Regular.ttf")


class _Rect(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    fill: str
    round: float
    told: str

    def svg(self) -> Markup:
        told = tag("title", self.told) if self.told else None
        return tag("rect", told, x=_n(self.x), y=_n(self.y), width=_n(self.width),
                   height=_n(self.height), rx=_n(self.round) if self.round else None,
                   fill=self.fill)  # fmt: skip

    def draw(self, page: _Page) -> None:
        at = page.at(self.x, self.y), page.at(self.x + self.width, self.y + self.height)
        (left, top), (right, low) = at
        box = (left, top, max(right - 1, left), max(low - 1, top))
        page.draw.rounded_rectangle(box, self.round * page.scale, self.fill)


class _Line(NamedTuple):
    points: Sequence[tuple[float, float]]
    ink: str
    thick: float

    def svg(self) -> Markup:
        path = "M" + "L".join(f"{_n(x)},{_n(y)}" for x, y in self.points)
        return tag("path", d=path, fill="none", stroke=self.ink, stroke_width=_n(self.thick),
                   stroke_linejoin="round")  # fmt: skip

    def draw(self, page: _Page) -> None:
        points = [page.at(x, y) for x, y in self.points]
        page.draw.line(points, self.ink, max(1, round(self.thick * page.scale)), joint="curve")


class _Text(NamedTuple):
    x: float
    y: float
    text: str
    size: float
    ink: str
    anchor: str
    bold: bool
    turned: bool

    def svg(self) -> Markup:
        width = width_of(self.text, self.bold, self.size)
        turn = f"rotate(-90 {_n(self.x)} {_n(self.y)})" if self.turned else None
        return tag("text", self.text, **{"xml:space": "preserve"}, x=_n(self.x), y=_n(self.y),
                   font_size=_n(self.size), fill=self.ink, text_anchor=_ANCHORS[self.anchor][0],
                   font_weight="bold" if self.bold else None, textLength=_n(width),
                   lengthAdjust="spacingAndGlyphs", transform=turn)  # fmt: skip

    def draw(self, page: _Page) -> None:
        text, size = self.text.replace("\u2212", "-"), self.size * page.scale
        room = width_of(self.text, self.bold, self.size) * page.scale
        length = max(page.font(text, size).getlength(text), 1e-9)
        font = page.font(text, size * min(1.0, room / length))
        x, y = page.at(self.x, self.y)
        if self.turned:
            page.turned(x, y, text, self.ink, font)
            return
        for shift in (0, round(page.scale / 3)) if self.bold else (0,):
            page.draw.text((x + shift, y), text, self.ink, font, anchor=_ANCHORS[self.anchor][1])


class _Picture(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    pixels: np.ndarray
    told: str

    def svg(self) -> Markup:
        data = base64.b64encode(png(self.pixels)).decode("ascii")
        told = tag("title", self.told) if self.told else None
        return tag("image", told, x=_n(self.x), y=_n(self.y), width=_n(self.width),
                   height=_n(self.height), preserveAspectRatio="none",
                   style=None if max(self.pixels.shape) > _SMALL else "image-rendering:pixelated",
                   href=f"data:image/png;base64,{data}")  # fmt: skip

    def draw(self, page: _Page) -> None:
        (left, top), (right, low) = (
            page.at(self.x, self.y),
            page.at(self.x + self.width, self.y + self.height),
        )
        across = np.arange(right - left) * self.pixels.shape[1] // max(right - left, 1)
        down = np.arange(low - top) * self.pixels.shape[0] // max(low - top, 1)
        page.paste(self.pixels[down[:, None], across], left, top)


class Sheet:
    """A drawing that is made from top to bottom.

    Args:
        width, height: its size; `height` may grow.
        name: what it is called.
    """

    def __init__(self, width: float, height: float = 0.0, name: str = "") -> None:
        self.width, self.height, self.name = width, height, name
        self._shapes: list[tuple[float, float, Any]] = []

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str,
        round: float = 0.0,
        told: str = "",
    ) -> None:
        """A filled rectangle; `told` is what a pointer above it shows."""
        self._add(_Rect(x, y, width, height, fill, round, told))

    def line(
        self, points: Sequence[tuple[float, float]], ink: str = INK, thick: float = 1.0
    ) -> None:
        """A line through points."""
        self._add(_Line(points, ink, thick))

    def text(
        self,
        x: float,
        y: float,
        text: Any,
        size: float = SIZE,
        ink: str = INK,
        anchor: str = "s",
        bold: bool = False,
        room: float | None = None,
        turned: bool = False,
    ) -> None:
        """A text whose base line is at `y`.

        Args:
            anchor: "s" begins at `x`, "m" has its middle there, "e" ends there.
            room: how wide it may be; what is wider is cut.
            turned: whether it begins at the place and goes upwards, `x` being its base line.
        """
        one = " ".join(shown(text).split("\n"))
        one = one if room is None else fitting(one, room, bold, size)
        if one:
            self._add(_Text(x, y, one, size, ink, anchor, bold, turned))

    def picture(
        self, x: float, y: float, width: float, height: float, pixels: Any, told: str = ""
    ) -> None:
        """A picture: uint8, (rows, columns, 3), each pixel as large as the place makes it."""
        self._add(_Picture(x, y, width, height, np.asarray(pixels, np.uint8), told))

    def place(self, other: Sheet, x: float, y: float) -> None:
        """Another drawing within this one."""
        self._shapes += [(x + dx, y + dy, shape) for dx, dy, shape in other._shapes]
        self.height = max(self.height, y + other.height)

    def _add(self, shape: Any) -> None:
        self._shapes.append((0.0, 0.0, shape))

    def svg(self) -> Markup:
        """The drawing as SVG without fonts, styles or scripts from elsewhere."""
        parts = [
            shape.svg() if not (dx or dy)
            else tag("g", shape.svg(), transform=f"translate({_n(dx)} {_n(dy)})")
            for dx, dy, shape in self._shapes
        ]  # fmt: skip
        return tag("svg", tag("title", self.name),
                   tag("rect", width="100%", height="100%", fill="#ffffff"), *parts,
                   xmlns="http://www.w3.org/2000/svg", width=_n(self.width),
                   height=_n(self.height), viewBox=f"0 0 {_n(self.width)} {_n(self.height)}",
                   font_family=FONT, font_size=_n(SIZE), role="img")  # fmt: skip

    def png(self, scale: float = 2.0) -> bytes:
        """The drawing as a PNG file, of `scale` pixels for each unit; letters are Pillow's.

        Raises:
            MissingPackageError: Pillow is not installed.
        """
        page = _Page(self, scale)
        for dx, dy, shape in self._shapes:
            page.start = dx, dy
            shape.draw(page)
        return page.file()


class _Page:
    """Pixels that are drawn on."""

    def __init__(self, sheet: Sheet, scale: float) -> None:
        what = "A drawing as PNG"
        self._image = extras.package("PIL.Image", what)
        self._fonts = extras.package("PIL.ImageFont", what)
        size = round(sheet.width * scale), round(sheet.height * scale)
        self._page = self._image.new("RGB", size, "#ffffff")
        self._drawing = extras.package("PIL.ImageDraw", what)
        self.draw = self._drawing.Draw(self._page)
        self.scale, self.start = scale, (0.0, 0.0)

    def at(self, x: float, y: float) -> tuple[int, int]:
        """The pixel at a place."""
        return round((x + self.start[0]) * self.scale), round((y + self.start[1]) * self.scale)

    def paste(self, pixels: np.ndarray, left: int, top: int) -> None:
        """Put pixels in their place."""
        self._page.paste(self._image.fromarray(np.ascontiguousarray(pixels)), (left, top))

    def font(self, text: str, size: float) -> Any:
        """A font that has the letters of a text."""
        if not _OWN.issuperset(text):
            for name in _OTHERS:
                try:
                    return self._fonts.truetype(name, size)
                except OSError:
                    continue
        return self._fonts.load_default(size)

    def turned(self, x: int, y: int, text: str, ink: str, font: Any) -> None:
        """Text that begins at a place and goes up."""
        size = round(font.getlength(text)) + 2, round(font.size * 1.5)
        mask = self._image.new("L", size)
        self._drawing.Draw(mask).text((0, font.size * 1.1), text, 255, font, anchor="ls")
        mask = mask.rotate(90, expand=True)
        place = x - round(font.size * 1.1), y - size[0]
        self._page.paste(ink, (*place, place[0] + mask.width, place[1] + mask.height), mask)

    def file(self) -> bytes:
        """The pixels as a PNG file."""
        made = io.BytesIO()
        self._page.save(made, "PNG", optimize=True)
        return made.getvalue()


def _n(value: float) -> str:
    """A number of a drawing, in few characters."""
    return f"{round(value, 2):g}"
