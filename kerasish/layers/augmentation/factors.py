"""What layers of images are given: how much is changed, between which values, in which format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np

from kerasish.arguments.rules import INTS, Rule, one_of, optional, sized, typed
from kerasish.hints import is_number
from kerasish.ops.image.boxes import FORMATS

_TWO: dict[str, Any] = {"items": typed("number"), "minItems": 2, "maxItems": 2}
_RANGE = typed("array", **_TWO)
_PAIR = typed("number", "array", **_TWO)
_SIZES = typed("integer", "array", **_TWO)
_COLOR = typed("number", "array", "null", items=typed("number"), minItems=3, maxItems=3)


def _as_it_is(value: Any) -> Any:
    return value


def _numbers(value: Any, count: int) -> list[Any]:
    """So many plain numbers.

    Raises:
        ValueError: something else.
    """
    if not isinstance(value, (list, tuple, np.ndarray)) or len(value) != count:
        raise ValueError
    if not all(map(is_number, value)):
        raise ValueError
    return [v.item() if isinstance(v, np.generic) else v for v in value]


def _within(low: float, high: float, open_below: bool = False) -> Callable[[Any], None]:
    def check(number: Any) -> None:
        if not low <= number <= high or (open_below and number == low):
            raise ValueError

    return check


def factor(
    low: float,
    high: float,
    both: bool = False,
    least: float | None = None,
    absent: bool = False,
) -> Rule:
    """The rule of a number or a pair (lower, upper), kept as such a pair.

    Args:
        low, high: a number f lies between them, and stands for (max(-|f|, low), |f|).
        both: whether either end of a pair must lie there too; otherwise some of it must.
        least: where a number's interval begins instead; it is -f for "-".
        absent: whether None stands for 0.
    """
    inside = _within(low, high)

    def convert(value: Any) -> tuple[Any, Any]:
        if absent and value is None:
            value = 0.0
        if is_number(value):
            inside(value)
            size = abs(value)
            return (max(-size, low) if least is None else least), size
        lower, upper = sorted(_numbers(value, 2))
        if both:
            inside(lower)
            inside(upper)
        elif lower > high or upper < low:
            raise ValueError
        return lower, upper

    said = f"a number in [{low}, {high}], or a pair (lower, upper) of such"
    form = {"anyOf": [_PAIR, typed("null")]} if absent else _PAIR
    return Rule(said, convert, _as_it_is, form=form)


def _shear(value: Any) -> tuple[Any, Any]:
    pair = [value, value] if is_number(value) else _numbers(value, 2)
    lower, upper = sorted(pair)
    if not is_number(value) and lower == -upper:  # what a number became
        value = upper
    _within(0, 1)(value if is_number(value) else lower)
    _within(0, 1)(upper)
    return (-upper, upper) if is_number(value) else (lower, upper)


def _written_shear(pair: tuple[Any, Any]) -> Any:
    """The number that a pair was made of: Keras does not read its own pairs (-f, f)."""
    return pair[1] if pair[0] == -pair[1] else pair


def shift(low: float, high: float, open_below: bool = False) -> Rule:
    """The rule of a number or a pair between two others, in the order in which it is given."""
    inside = _within(low, high, open_below)

    def convert(value: Any) -> Any:
        numbers = (value,) if is_number(value) else tuple(_numbers(value, 2))
        for number in numbers:
            inside(number)
        return numbers[0] if is_number(value) else numbers

    bracket = "(" if open_below else "["
    said = f"a number in {bracket}{low}, {high}], or a pair (lower, upper) of such"
    return Rule(said, convert, _as_it_is, form=_PAIR)


def interval(given: Any) -> tuple[float, float]:
    """A number f as (-|f|, |f|), a pair in order."""
    lower, upper = (-abs(given), abs(given)) if is_number(given) else sorted(given)
    return lower, upper


def _sorted_range(value: Any) -> list[Any]:
    return sorted(_numbers(value, 2))


def _range(value: Any) -> Any:
    return tuple(_numbers(value, 2))


def _odd(value: Any) -> tuple[int, int]:
    pair = [value, value] if is_number(value) else _numbers(value, 2)
    if any(size != int(size) or size % 2 != 1 or size < 1 for size in pair):
        raise ValueError
    return int(pair[0]), int(pair[1])


def _tiles(value: Any) -> tuple[int, int]:
    rows, columns = sized(INTS.convert(value), 2, "tiles")
    return rows, columns


def _fill(value: Any) -> Any:
    if value is None or is_number(value):
        return value
    return tuple(_numbers(value, 3))


SignedFactor = Annotated[Any, factor(-1, 1)]
OptionalFactor = Annotated[Any, factor(-1, 1, absent=True)]
UnitFactor = Annotated[Any, factor(0, 1)]
Bits = Annotated[Any, factor(1, 8)]
FromZero = Annotated[Any, factor(0, 1, both=True, least=0)]
_SHEAR = Rule("a number in [0, 1], or a pair of such", _shear, _written_shear, form=_PAIR)
ShearFactor = Annotated[Any, _SHEAR]
Shift = Annotated[Any, shift(-1, 1)]
OptionalZoom = Annotated[Any, optional(shift(-1, 1, open_below=True))]
Zoom = Annotated[Any, shift(-1, 1, open_below=True)]
# Keras keeps those of some layers in order and as a list, those of others as they are given.
SortedRange = Annotated[
    Any, Rule("a pair (lowest, highest) of numbers", _sorted_range, _as_it_is, form=_RANGE)
]
ValueRange = Annotated[
    Any, Rule("a pair (lowest, highest) of numbers", _range, _as_it_is, form=_RANGE)
]
OddSizes = Annotated[Any, Rule("an odd number, or two of them", _odd, _as_it_is, form=_PAIR)]
Tiles = Annotated[Any, Rule("two positive ints", _tiles, _as_it_is, form=_SIZES)]
Fill = Annotated[Any, Rule("a number, three of them, or None", _fill, _as_it_is, form=_COLOR)]
BoxFormat = Annotated[str | None, optional(one_of(*FORMATS))]
FillMode = Annotated[str, one_of("constant", "nearest", "wrap", "mirror", "reflect")]
Sampling = Annotated[str, one_of("nearest", "bilinear")]
FlipMode = Annotated[str, one_of("horizontal", "vertical", "horizontal_and_vertical")]
