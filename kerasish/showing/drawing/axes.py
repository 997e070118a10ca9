"""Axes of charts: where values stand, and the round numbers beside them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

_LOG_FROM = 30.0  # the largest over the smallest, from which a log scale shows more


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`.

    Attributes:
        low, high: its ends; above 0 with `log`.
        label: what it counts.
        log: whether equal steps are equal factors.
        whole: whether only whole numbers are marked.
    """

    low: float
    high: float
    label: str = ""
    log: bool = False
    whole: bool = False

    def at(self, value: float) -> float:
        """Where a value stands, 0 at the low end and 1 at the high one."""
        if self.log:
            return math.log(value / self.low) / (math.log(self.high / self.low) or 1.0)
        return (value - self.low) / ((self.high - self.low) or 1.0)

    def marks(self, about: int = 5) -> list[tuple[float, str]]:
        """Round numbers on the axis, and how they are written."""
        values = self._powers() if self.log else self._steps(about)
        return [(v, _mark(v)) for v in values]

    def _steps(self, about: int) -> list[float]:
        if not self.high > self.low:
            return [self.low]
        near = 1e-9 * (self.high - self.low)
        found = (round(v) if self.whole else v for v in ticks(self.low, self.high, about))
        marks = {v for v in found if self.low - near <= v <= self.high + near}
        step = min((b - a for a, b in itertools.pairwise(sorted(marks))), default=0)
        if self.whole and marks and min(marks) - self.low > 0.4 * step:
            marks.add(self.low)  # the first epoch
        return sorted(marks)

    def _powers(self) -> list[float]:
        low, high = math.log10(self.low), math.log10(self.high)
        powers = range(math.floor(low), math.ceil(high) + 1)
        fine = (1, 2, 5) if high - low < 2.2 else (1, 3) if high - low < 3 else (1,)
        every = max(1, round((high - low) / 6))
        found = [m * 10.0**p for p in powers if p % every == 0 for m in fine]
        kept = [v for v in found if self.low * 0.999 <= v <= self.high * 1.001]
        return kept or [self.low, self.high]


def _mark(value: float) -> str:
    """A round number, without zeros at its end."""
    if value and not 1e-4 <= abs(value) < 1e9:
        return f"{value:.3g}".replace("e+0", "e").replace("e-0", "e-").replace("-", "\u2212")
    for size, name in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= max(size, 1e5):
            return f"{value / size:g}{name}".replace("-", "\u2212")
    return f"{round(value, 6):,}".removesuffix(".0").replace("-", "\u2212")


def around(values: Iterable[float], label: str = "", zero: bool = False) -> Axis:
    """A linear axis with a little room around finite values.

    Args:
        values: what is drawn.
        label: what is counted.
        zero: whether it begins at 0.
    """
    finite = [float(v) for v in values if math.isfinite(v)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    room = 0.05 * (high - low) or abs(high) * 0.05 or 0.5
    return Axis(0.0 if zero and low >= 0 else low - room, high + room, label)


def fitting(values: Iterable[float], label: str = "") -> Axis:
    """An axis around finite values, logarithmic where they lie more than a power apart."""
    finite = [float(v) for v in values if math.isfinite(v)]
    if finite and min(finite) > 0 and max(finite) / min(finite) >= _LOG_FROM:
        return Axis(min(finite) / 1.2, max(finite) * 1.2, label, log=True)
    return around(finite, label)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers around a range, from one at or below it to one at or above it."""
    span = high - low
    if not span > 0 or not math.isfinite(span):
        span = abs(low) or 1.0
    step = 10 ** math.floor(math.log10(span / about))
    step *= next((m for m in (1, 2, 5) if span / (step * m) <= about), 10)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [number * step for number in range(first, max(last, first + 1) + 1)]
