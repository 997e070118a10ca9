"""Bars to both sides of zero: a line for each thing, with its name and its number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from kerasish.showing.drawing.axes import Axis
from kerasish.showing.drawing.letters import width_of
from kerasish.showing.page.heat import LESS, MORE, css
from kerasish.showing.page.numbers import short
from kerasish.showing.page.sheet import INK, RULE, SOFT, Sheet

_LABEL = 68.0  # room for the number at the end of a bar
_TALL = 24.0


class Bar(NamedTuple):
    """What a bar is called, what is said beside the name, its length, and how sure that is."""

    name: str
    value: float
    said: str = ""
    error: float = 0.0


def bars(drawn: Sequence[Bar], width: float, signed: bool = True) -> Sheet:
    """Bars below each other over one axis; those below zero are blue and go to the left.

    Args:
        drawn: the bars, in their order; what is no number has none.
        width: of the drawing.
        signed: whether a plus stands before what is more than 0.
    """
    whole = [
        bar.value + sign * bar.error
        for bar in drawn
        for sign in (-1, 1)
        if math.isfinite(bar.value) and math.isfinite(bar.error)
    ]
    low, high = min(0.0, *whole, 0.0), max(0.0, *whole, 0.0)
    room = min(max([width_of(bar.said) for bar in drawn], default=0.0), 130.0)
    left = 178.0 + room
    across, part = width - left, _LABEL / (width - left)
    ends = part * ((high - low) or 1.0) / (1 - part * (1 + (low < 0)))
    axis = Axis(low - ends * (low < 0), high + ends)
    made = Sheet(width, len(drawn) * _TALL + 26)
    bottom = len(drawn) * _TALL + 4

    def at(value: float) -> float:
        return left + across * min(max(axis.at(value), 0.0), 1.0)

    for mark, text in axis.marks():
        if at(mark) <= width - 12:
            made.line([(at(mark), 0), (at(mark), bottom)], RULE)
            made.text(at(mark), bottom + 14, text, 11, SOFT, "m")
    for place, bar in enumerate(drawn):
        top, value = place * _TALL, bar.value if math.isfinite(bar.value) else 0.0
        made.text(162, top + 17, bar.name, 13, INK, "e", room=160)
        made.text(172, top + 17, bar.said, 12, SOFT, room=room)
        zero, end = at(0.0), at(value)
        said, back = short(bar.value, signed), value < 0
        more = f" ± {short(bar.error)}" if bar.error else ""
        made.rect(min(zero, end), top + 4, max(abs(end - zero), 1), _TALL - 6,
                  css(LESS if back else MORE), 2, f"{bar.name}: {said}{more}")  # fmt: skip
        reach = end
        if bar.error:
            tips = at(value - bar.error), at(value + bar.error)
            made.line([(tips[0], top + 13), (tips[1], top + 13)], INK, 1.4)
            reach = tips[0] if back else tips[1]
        start = reach - 6 - width_of(said) if back else min(reach + 6, width - width_of(said))
        made.rect(start - 2, top + 5, width_of(said) + 4, _TALL - 8, "#ffffff")
        made.text(start, top + 17, said, 12, INK)
    made.line([(at(0.0), 0), (at(0.0), bottom)], SOFT)
    return made
