"""One input of one row with what its elements count: a drawing for each kind of input."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish.showing.drawing.letters import width_of
from kerasish.showing.page.bars import Bar, bars
from kerasish.showing.page.heat import Heat, css, ink_on
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
_HEAD = 96  # positions of a head that have a pixel of their own
_NAMED = 40  # positions of attention that are named
_LETTERS = 40


Ends = tuple[str, str]
_ENDS = ("for", "against")
_ABOUT = {_ENDS: "what each counts", ("more", "less"): "what changes"}


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
        error: (rows, ...) how sure the values are, or None.
        ends: what is above zero and what is below, in a word.
    """

    name: str
    values: np.ndarray
    x: np.ndarray
    kind: str
    features: Sequence[Any] | None = None
    tokens: Sequence[Sequence[Any]] | None = None
    vocabulary: Any = None
    error: np.ndarray | None = None
    ends: Ends = _ENDS


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
        return words(values, words_of(part, row), part.ends)
    if part.kind == "sequence":
        return sequence(values, x, part.features, part.ends)
    if part.kind == "spectrogram":
        return spectrogram(values, x, part.ends)
    return image(values, x, part.x, part.ends)


# --- pictures -----------------------------------------------------------------------------------


def image(values: np.ndarray, x: np.ndarray, among: Any, ends: Ends = _ENDS) -> Sheet:
    """A picture beside its grey self with the heat above it."""
    while x.ndim > 3:  # frames and slices together
        values = values.sum(0) if values.ndim >= x.ndim - 1 else values
        x = x.mean(0)
    if values.ndim == x.ndim == 3 and _channels_last(x) is not x:
        values = np.moveaxis(values, 0, -1)
    x = _channels_last(x)
    heat = values.sum(-1) if values.ndim == 3 else values
    pixels = _pixels(x, among)
    return _beside(pixels, heat, "input", _ABOUT[ends], ends)


def alone(part: Part, row: int) -> Sheet:
    """An input of a row as it is, whatever counts."""
    x = part.x[row]
    if part.kind == "table":
        return bars(
            [bar._replace(said="") for bar in _bars(part._replace(values=part.x), row)], WIDTH
        )
    if part.kind == "sequence":
        return sequence(x, x, part.features)
    if part.kind == "text":
        return words(np.zeros(x.size), words_of(part, row))
    while x.ndim > 3:
        x = x.mean(0)
    if part.kind == "spectrogram":
        x = x.reshape(*x.shape[:2], -1).mean(-1).T[::-1]
    pixels = _pixels(_channels_last(x), part.x)
    scale = min(_TALL / pixels.shape[0], _BROAD / pixels.shape[1])
    made = Sheet(WIDTH, pixels.shape[0] * scale + 6)
    step = max(1, -(-max(pixels.shape) // _MOST))
    made.picture(0, 0, pixels.shape[1] * scale, pixels.shape[0] * scale, pixels[::step, ::step])
    return made


def _channels_last(x: np.ndarray) -> np.ndarray:
    first = x.ndim == 3 and x.shape[0] in (1, 3, 4) and x.shape[-1] not in (1, 3, 4)
    return np.moveaxis(x, 0, -1) if first else x


def _pixels(x: np.ndarray, among: Any) -> np.ndarray:
    """(H, W) or (H, W, channels) as uint8 (H, W, 3)."""
    pixels = pixels_of(x, *ends_of(x, among))
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if pixels.shape[-1] not in (3, 4):
        pixels = np.rint(pixels.mean(-1, keepdims=True)).astype(np.uint8)
    return np.broadcast_to(pixels[..., :3], (*pixels.shape[:2], 3))


def spectrogram(values: np.ndarray, x: np.ndarray, ends: Ends = _ENDS) -> Sheet:
    """(T, F) with time across and the last axis upwards."""
    x = x.reshape(*x.shape[:2], -1).mean(-1)
    heat = values.reshape(*values.shape[:2], -1).sum(-1) if values.ndim > 1 else values
    heat = np.broadcast_to(heat[:, None], x.shape) if heat.ndim == 1 else heat
    finite = x[np.isfinite(x)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    pixels = pixels_of(x, float(low), float(high)).T[::-1]
    pixels = np.broadcast_to(pixels[..., None], (*pixels.shape, 3))
    return _beside(pixels, heat.T[::-1], "input, time to the right", _ABOUT[ends], ends, True)


def _beside(
    pixels: np.ndarray, values: np.ndarray, one: str, other: str, ends: Ends, filled: bool = False
) -> Sheet:
    heat = Heat(values, _CUT, ends)
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


def sequence(
    values: np.ndarray, x: np.ndarray, features: Sequence[Any] | None, ends: Ends = _ENDS
) -> Sheet:
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
    heat = Heat(held, _CUT, ends)
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


def words_of(part: Part, row: int) -> list[str]:
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


def words(values: np.ndarray, tokens: Sequence[str], ends: Ends = _ENDS) -> Sheet:
    """Words on the colours of what they count."""
    values = values.reshape(len(values), -1).sum(1) if values.ndim else values.reshape(1)
    heat = Heat(values, 1.0, ends)
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
    found = [bar for part in parts for bar in _bars(part, row)]
    found.sort(key=lambda bar: -abs(bar.value))
    if len(found) > _FEATURES:
        rest = found[_FEATURES - 1 :]
        total = Bar(f"{len(rest)} others", sum(bar.value for bar in rest))
        found = [*found[: _FEATURES - 1], total]
    return bars(found, WIDTH)


def _bars(part: Part, row: int) -> list[Bar]:
    """A bar for each element of a table."""
    x, values = part.x[row].reshape(-1), part.values[row].reshape(-1)
    errors = np.zeros(len(x)) if part.error is None else part.error[row].reshape(-1)
    found: list[Bar] = []
    for place, (value, v) in enumerate(zip(x.tolist(), values.tolist(), strict=True)):
        if part.features is not None and len(part.features) == len(x):
            name = str(part.features[place])
        else:
            name = part.name if len(x) == 1 and part.name else f"{part.name or 'x'}[{place}]"
        known = isinstance(value, (int, float)) and not isinstance(value, bool)
        said = f"= {short(value) if known else shown(value, 40)}"
        found.append(Bar(name, float(v), said, float(errors[place])))
    return found


# --- what looks at what -------------------------------------------------------------------------


def matrix(values: np.ndarray, tokens: Sequence[str] | None) -> Sheet:
    """(T, S): a line for each position that looks, a column for each that is looked at."""
    heat, (rows, columns) = Heat(values, _CUT), values.shape
    named = tokens is not None and len(tokens) == columns and max(rows, columns) <= _NAMED
    side = min(22.0, max(440 / max(rows, columns), 14.0 if named else 1.0))
    words_ = [shown(t, 24) for t in tokens or ()] if named else []
    room = min(max([width_of(w, size=11) for w in words_], default=0.0) + 8, 110.0)
    left, top = (room if rows == columns else 0.0, room) if named else (0.0, 0.0)
    tall, across = rows * side, columns * side
    made = Sheet(WIDTH, top + max(tall, 60) + 20)
    for place, word in enumerate(words_):
        middle = (place + 0.5) * side + 4
        made.text(left + middle, top - 5, word, 11, INK, turned=True, room=room)
        if left:
            made.text(left - 5, top + middle, word, 11, INK, "e", room=room)
    made.picture(left, top, across, tall, heat.colours(values))
    told = f"across: what is looked at, {columns}; down: what looks, {rows}"
    made.text(left, made.height - 4, told, 11, SOFT)
    made.place(heat.scale(max(min(tall, 200), 60)), left + across + _GAP, top)
    return made


def heads(values: np.ndarray) -> Sheet:
    """(heads, T, S): a small matrix for each head, all on one scale."""
    heat, side, gap = Heat(values, _CUT), 84.0, 10.0
    columns = 6
    made = Sheet(WIDTH)
    for number_, one in enumerate(values):
        y, x = (n * (side + gap) for n in divmod(number_, columns))
        y += 12 * (number_ // columns)
        step = max(1, -(-max(one.shape) // _HEAD))
        small = _thinned(one, step)
        scale = side / max(one.shape)
        told = f"head {number_}"
        size = one.shape[1] * scale, one.shape[0] * scale
        made.rect(x - 0.5, y - 0.5, size[0] + 1, size[1] + 1, RULE)
        made.picture(x, y, *size, heat.colours(small), told)
        made.text(x, y + size[1] + 13, told, 11, SOFT)
        made.height = max(made.height, y + size[1] + 18)
    made.place(heat.scale(side), columns * (side + gap), 0)
    return made
