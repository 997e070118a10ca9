"""Heat: values as colours that people tell apart who see colours otherwise too, and their scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.showing.page.numbers import short
from kerasish.showing.page.sheet import INK, SOFT, Sheet

# Vermillion is more than zero, blue is less (Okabe and Ito, "Color universal design", 2008).
MORE, LESS = np.array([213.0, 94.0, 0.0]), np.array([0.0, 114.0, 178.0])
_STEPS = 64
_MANY = 1000


def tinted(share: Any, ground: Any = 255.0) -> np.ndarray:
    """Colours, uint8 (..., 3): the ground at 0, towards vermillion up to 1, towards blue to -1.

    Args:
        share: (...), what is beyond -1 and 1 counts as these, what is no number as 0.
        ground: 0 to 255, a number or grey (...).
    """
    part = np.clip(np.nan_to_num(np.asarray(share, np.float64)), -1, 1)[..., None]
    under = np.broadcast_to(np.asarray(ground, np.float64), part.shape[:-1])[..., None]
    end = np.where(part < 0, LESS, MORE)
    return np.rint(under + np.abs(part) * (end - under)).astype(np.uint8)


def css(colour: Any) -> str:
    """A colour of three bytes as "#rrggbb"."""
    return "#" + "".join(f"{int(c):02x}" for c in np.asarray(colour))


def ink_on(colour: Any) -> str:
    """Black or white, whichever is read better on a colour."""
    part = np.asarray(colour, np.float64) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    light = float(linear @ np.array([0.2126, 0.7152, 0.0722]))
    return INK if light > 0.24 else "#ffffff"


class Heat:
    """What values look like: shares of a limit.

    Args:
        values: all that one scale is for.
        ends: what is above zero and what is below, in a word.
        cut: the share of absolute values that the limit does not cut off, where they are many.

    Attributes:
        limit: what has the full colour.
        signed: whether any value is below 0.
        cut: whether any value is beyond the limit.
    """

    def __init__(
        self, values: Any, cut: float = 1.0, ends: tuple[str, str] = ("for", "against")
    ) -> None:
        found = np.asarray(values, np.float64).reshape(-1)
        size = np.abs(found[np.isfinite(found)])
        most = float(size.max(initial=0.0))
        limit = float(np.quantile(size, cut)) if size.size >= _MANY else most
        self.limit = (limit if limit > 0 else most) or 1.0
        self.signed = bool((found < 0).any())
        self.cut = most > self.limit
        self._ends = ends

    def colours(self, values: Any, ground: Any = 255.0) -> np.ndarray:
        """Colours of values, as `tinted` gives them."""
        return tinted(np.asarray(values, np.float64) / self.limit, ground)

    def told(self, value: float) -> str:
        """The end of the scale at a value, as it is written."""
        more = "≥ " if self.cut and value > 0 else "≤ " if self.cut and value < 0 else ""
        return f"{more}{short(value, self.signed)}"

    def scale(self, length: float, upright: bool = True) -> Sheet:
        """A bar of all colours with what their ends stand for."""
        low = -1.0 if self.signed else 0.0
        ends = [(1.0, ""), (0.0, "")]
        ends = [(1.0, self._ends[0]), (0.0, ""), (-1.0, self._ends[1])] if self.signed else ends
        steps = np.linspace(1.0, low, _STEPS)
        if upright:
            made = Sheet(76, length)
            made.picture(0, 0, 12, length, tinted(steps)[:, None])
            for at, word in ends:
                y = length * (1 - at) / (1 - low)
                made.line([(12, y), (16, y)], SOFT)
                low_end = y > length - 5
                made.text(20, min(max(y + 4, 9), length), self.told(at * self.limit), 11, SOFT)
                if word:
                    made.text(20, y - 12 if low_end else y + 22, word, 10, SOFT)
            return made
        made = Sheet(length + 60, 26)
        made.picture(0, 0, length, 10, tinted(steps[::-1])[None])
        for at, word in ends:
            x = length * (at - low) / (1 - low)
            made.line([(x, 10), (x, 13)], SOFT)
            anchor = "e" if at == 1 else "s" if at == low else "m"
            made.text(x, 24, f"{self.told(at * self.limit)} {word}".strip(), 11, SOFT, anchor)
        return made
