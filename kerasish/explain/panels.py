"""One input of one row with what its elements count: a drawing for each kind of input."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish.showing.drawing.axes import Axis
from kerasish.showing.drawing.letters import width_of
from kerasish.showing.page.heat import LESS, MORE, Heat, css, ink_on
from kerasish.showing.page.markup import shown
from kerasish.showing.page.numbers import short
from kerasish.showing.page.pictures import ends_of, pixels_of
from kerasish.showing.page.sheet import INK, RULE, SOFT, Sheet

WIDTH = 640.0
_TALL, _BROAD = 200.0, 250.0  # of a picture
_MOST = 400  # pixels along a side; larger pictures are thinned
_GAP = 16.0
_CUT = 0.99  # of absolute values of pixels, which the colours tell apart
_SMALL = 6  # numbers along a side, from which a grid is a picture
_SOUND = 1000  # numbers in a row, from which it is a sound
_CHANNELS = 8
_FEATURES = 20
_LABEL = 68.0  # room for the number at the end of a bar
_LETTERS = 40


class Part(NamedTuple):
    """An input with what it counts.

    Attributes:
        name: of the input.
        values: (rows, ...).
        x: (rows, ...).
        kind: see `names.KINDS`.
        features: names of the last axis, or None.
        tokens: the words of each row, or None.
        vocabulary: the word of each whole number, or None.
    """

    name: str
    values: np.ndarray
    x: np.ndarray
    kind: str
    features: Sequence[Any] | None = None
    tokens: Sequence[Sequence[Any]] | None = None
    vocabulary: Any = None


def kind_of(values: np.ndarray, x: np.ndarray) -> str:
    """The kind of picture that an input gets by its shape and dtype."""
    shape = x.shape[1:]
    if x.dtype.kind not in "fiub":
        return "text" if math.prod(shape) != 1 or values.ndim > x.ndim else "table"
    if len(shape) < 2:
        if x.dtype.kind in "iu" and shape != (1,) and shape:
            return "text"
        return "sequence" if math.prod(shape) >= _SOUND else "table"
    if len(shape) == 2:
        if min(shape) < _SMALL:
            return "sequence"
        return "image" if shape[0] == shape[1] else "spectrogram"
    return "image"


def panel(part: Part, row: int) -> Sheet:
    """An input of a row, no table."""
    values, x = part.values[row], part.x[row]
    if part.kind == "text":
        return words(values, _words(part, row))
    if part.kind == "sequence":
        return sequence(values, x, part.features)
    if part.kind == "spectrogram":
        return spectrogram(values, x)
    return image(values, x, part.x)


# --- pictures -----------------------------------------------------------------------------------


def image(values: np.ndarray, x: np.ndarray, among: Any) -> Sheet:
    """A picture beside its grey self with the heat above it."""
    while x.ndim > 3:  # frames and slices together
        values = values.sum(0) if values.ndim >= x.ndim - 1 else values
        x = x.mean(0)
    if x.ndim == 3 and x.shape[0] in (1, 3, 4) and x.shape[-1] not in (1, 3, 4):
        x = np.moveaxis(x, 0, -1)
        values = np.moveaxis(values, 0, -1) if values.ndim == 3 else values
    heat = values.sum(-1) if values.ndim == 3 else values
    low, high = ends_of(x, among)
    pixels = pixels_of(x, low, high)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if pixels.shape[-1] not in (3, 4):
        pixels = np.rint(pixels.mean(-1, keepdims=True)).astype(np.uint8)
    pixels = np.broadcast_to(pixels[..., :3], (*pixels.shape[:2], 3))
    return _beside(pixels, heat, "input", "what each pixel counts")


def spectrogram(values: np.ndarray, x: np.ndarray) -> Sheet:
    """(T, F) with time across and the last axis upwards."""
    x = x.reshape(*x.shape[:2], -1).mean(-1)
    heat = values.reshape(*values.shape[:2], -1).sum(-1) if values.ndim > 1 else values
    heat = np.broadcast_to(heat[:, None], x.shape) if heat.ndim == 1 else heat
    finite = x[np.isfinite(x)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    pixels = pixels_of(x, float(low), float(high)).T[::-1]
    pixels = np.broadcast_to(pixels[..., None], (*pixels.shape, 3))
    return _beside(pixels, heat.T[::-1], "input, time to the right", "what each counts", True)


def _beside(
    pixels: np.ndarray, values: np.ndarray, one: str, other: str, filled: bool = False
) -> Sheet:
    heat = Heat(values, _CUT)
    step = max(1, -(-max(values.shape) // _MOST))
    pixels, values = pixels[::step, ::step], _thinned(values, step)
    grey = pixels.astype(np.float64) @ np.array([0.2126, 0.7152, 0.0722])
    over = heat.colours(values, 190 + 65 / 255 * grey)
    high, across = values.shape
    scale = min(_TALL / high, _BROAD / across)
    width, tall = (_BROAD, 150.0) if filled else (across * scale, high * scale)
    made = Sheet(WIDTH, tall + 20)
    for number_, (drawn, told) in enumerate(((pixels, one), (over, other))):
        left = number_ * (width + _GAP)
        made.picture(left, 0, width, tall, drawn, told)
        made.text(left, tall + 15, told, 11, SOFT, room=width)
    made.place(heat.scale(tall), 2 * (width + _GAP), 0)
    return made


def _thinned(values: np.ndarray, step: int) -> np.ndarray:
    """Means of squares of pixels."""
    if step == 1:
        return values
    high, across = (-(-n // step) * step for n in values.shape)
    whole = np.pad(values, ((0, high - values.shape[0]), (0, across - values.shape[1])), "edge")
    return whole.reshape(high // step, step, across // step, step).mean((1, 3))


# --- sequences ----------------------------------------------------------------------------------


def sequence(values: np.ndarray, x: np.ndarray, features: Sequence[Any] | None) -> Sheet:
    """Each channel as a line above what its moments count."""
    x = x.reshape(len(x), -1).astype(np.float64)
    values = values.reshape(len(values), -1).astype(np.float64)
    values = np.broadcast_to(values, x.shape)
    order = np.argsort(-np.abs(values).sum(0), kind="stable")[:_CHANNELS]
    left, across, gap = 96.0, 430.0, 8.0
    tall, strip = (46.0, 16.0) if x.shape[1] > 1 else (84.0, 26.0)
    labelled = x.shape[1] > 1 or features is not None
    left = left if labelled else 0.0
    chosen = sorted(order.tolist())
    bins = min(len(x), int(across))
    long = bins < len(x)
    held = np.add.reduceat(values[:, chosen], np.arange(bins) * len(x) // bins)
    heat = Heat(held, _CUT)
    made = Sheet(WIDTH, len(chosen) * (tall + gap) + 14)
    for at, channel in enumerate(chosen):
        top = at * (tall + gap)
        if labelled:
            name = f"channel {channel}" if features is None else features[channel]
            made.text(left - 8, top + tall / 2 + 4, name, 12, INK, "e", room=left - 8)
        if long:
            made.line(_wave(x[:, channel], left, top, across, tall - strip), SOFT, 0.8)
            made.picture(left, top + tall - strip, across, strip, heat.colours(held[:, at])[None])
        else:
            made.picture(left, top, across, tall, heat.colours(held[:, at])[None])
            made.line(_wave(x[:, channel], left, top, across, tall), INK, 1.2)
    low = made.height - 2
    made.text(left, low, "0", 11, SOFT)
    made.text(left + across, low, f"{len(x) - 1:,}", 11, SOFT, "e")
    each = f"time, a colour for {len(x) // bins:,} together" if long else "time"
    made.text(left + across / 2, low, each, 11, SOFT, "m")
    made.place(heat.scale(max(len(chosen) * (tall + gap) - gap, 60)), left + across + _GAP, 0)
    left_out = x.shape[1] - len(chosen)
    if left_out:
        made.height += 16
        made.text(left, made.height - 2, f"{left_out} channels that count less are not drawn.",
                  11, SOFT)  # fmt: skip
    return made


def _wave(
    x: np.ndarray, left: float, top: float, across: float, tall: float
) -> list[tuple[float, float]]:
    """Points of a line; of a long one the lowest and the highest value of each piece."""
    finite = x[np.isfinite(x)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    span = (high - low) or 1.0
    pieces = np.array_split(np.nan_to_num(x, nan=low), min(len(x), int(across)))
    points: list[tuple[float, float]] = []
    for number_, piece in enumerate(pieces):
        at = left + (number_ + 0.5) * across / len(pieces)
        for v in (piece.min(), piece.max()) if len(piece) > 1 else piece:
            points.append((at, top + 4 + (tall - 8) * float((high - v) / span)))
    return points


# --- texts --------------------------------------------------------------------------------------


def _words(part: Part, row: int) -> list[str]:
    """The tokens of a row, without the padding behind them."""
    if part.tokens is not None:
        return [str(word) for word in part.tokens[row]]
    x = part.x[row].reshape(-1).tolist()
    values = part.values[row].reshape(len(x), -1)
    while len(x) > 1 and x[-1] in (0, "") and not values[len(x) - 1].any():
        x.pop()
    return [str(_word(part.vocabulary, token)) for token in x]


def _word(vocabulary: Any, token: Any) -> Any:
    """The word that a token stands for; itself where nothing says which."""
    if isinstance(vocabulary, Mapping):
        return vocabulary.get(token) or token
    if vocabulary is None or not isinstance(token, int) or not 0 <= token < len(vocabulary):
        return token
    return vocabulary[token] or token


def words(values: np.ndarray, tokens: Sequence[str]) -> Sheet:
    """Words on the colours of what they count."""
    values = values.reshape(len(values), -1).sum(1) if values.ndim else values.reshape(1)
    heat = Heat(values)
    x, y, high = 0.0, 0.0, 25.0
    made = Sheet(WIDTH)
    for word, value in zip(tokens, values, strict=False):
        text = shown(word, _LETTERS).replace("\n", "\\n") or " "
        width = width_of(text, size=14) + 12
        if x + width > WIDTH and x:
            x, y = 0.0, y + high + 5
        colour = heat.colours(value)
        made.rect(x, y, width, high, css(colour), 4, f"{text}: {short(value, True)}")
        made.text(x + 6, y + 17, text, 14, ink_on(colour))
        x += width + 3
    made.height = y + high + 12
    made.place(heat.scale(240, upright=False), 0, made.height)
    return made


# --- tables -------------------------------------------------------------------------------------


def table(parts: Sequence[Part], row: int) -> Sheet:
    """What each column counts, the most first, of all inputs that are tables together."""
    bars = [bar for part in parts for bar in _bars(part, row)]
    bars.sort(key=lambda bar: -abs(bar[2]))
    if len(bars) > _FEATURES:
        rest = bars[_FEATURES - 1 :]
        bars = [*bars[: _FEATURES - 1], (f"{len(rest)} others", "", sum(b[2] for b in rest))]
    values = [v for *_, v in bars]
    low, high = min(0.0, *values), max(0.0, *values)
    left, across, tall = 262.0, WIDTH - 262.0, 24.0
    ends = _LABEL / across * ((high - low) or 1.0) / (1 - _LABEL / across * (1 + (low < 0)))
    axis = Axis(low - ends * (low < 0), high + ends)
    made = Sheet(WIDTH, len(bars) * tall + 26)
    bottom = len(bars) * tall + 4
    for at, mark in axis.marks():
        x = left + across * axis.at(at)
        if x > WIDTH - 12:
            continue
        made.line([(x, 0), (x, bottom)], RULE)
        made.text(x, bottom + 14, mark, 11, SOFT, "m")
    zero = left + across * axis.at(0.0)
    for place, (name, value, v) in enumerate(bars):
        top = place * tall
        made.text(162, top + 17, name, 13, INK, "e", room=160)
        made.text(172, top + 17, value, 12, SOFT, room=84)
        end = left + across * axis.at(v)
        said = short(v, True)
        made.rect(min(zero, end), top + 4, max(abs(end - zero), 1), tall - 6,
                  css(LESS if v < 0 else MORE), 2, f"{name}: {said}")  # fmt: skip
        start = end - 6 - width_of(said) if v < 0 else end + 6
        made.rect(start - 2, top + 5, width_of(said) + 4, tall - 8, "#ffffff")
        made.text(start, top + 17, said, 12, INK)
    made.line([(zero, 0), (zero, bottom)], SOFT)
    return made


def _bars(part: Part, row: int) -> list[tuple[str, str, float]]:
    """(name, value, what it counts) of each element of a table."""
    x, values = part.x[row].reshape(-1), part.values[row].reshape(-1)
    one = len(x) == 1
    found: list[tuple[str, str, float]] = []
    for place, (value, v) in enumerate(zip(x.tolist(), values.tolist(), strict=True)):
        if part.features is not None and len(part.features) == len(x):
            name = str(part.features[place])
        else:
            name = part.name if one and part.name else f"{part.name or 'x'}[{place}]"
        known = isinstance(value, (int, float)) and not isinstance(value, bool)
        text = f"= {short(value) if known else shown(value, 40)}"
        found.append((name, text, float(v)))
    return found
