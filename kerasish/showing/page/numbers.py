"""Numbers as people read them."""

from __future__ import annotations

import math
from typing import Any


def number(value: Any, digits: int = 4) -> str:
    """A number in few characters: `digits` that matter, thousands apart, none where there is no
    number."""
    if value is None:
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    value = float(value)
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if value == 0:
        return "0"
    if size >= 1e9 or size < 1e-4:
        return f"{value:.{digits - 1}e}"
    places = max(0, digits - 1 - math.floor(math.log10(size)))
    return f"{value:,.{min(places, digits)}f}".replace("-", "−")


def share(value: float) -> str:
    """A share in percent."""
    return "–" if not math.isfinite(value) else f"{100 * value:.1f} %"


def short(value: float, signed: bool = False) -> str:
    """A number in the fewest characters: three digits that matter, whole numbers whole.

    Args:
        value: the number.
        signed: whether a plus stands before what is more than 0.
    """
    value = float(value)
    if not math.isfinite(value):
        return number(value)
    sign = "+" if signed and value > 0 else ""
    if value == round(value) and abs(value) < 1e9:
        return f"{sign}{round(value):,}".replace("-", "−")
    return f"{sign}{value:.3g}".replace("e-0", "e-").replace("e+0", "e").replace("-", "−")
