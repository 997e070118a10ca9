"""Letters of drawings: their font, and how wide texts are in it."""

from __future__ import annotations

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
SIZE = 12.0
# Widths of letters in thousandths of their height; others are as wide as a digit, and what is no
# Latin letter is as wide as high. Every text is told its width, so that another font fits too.
_WIDTHS = {
    letter: width
    for width, letters in {
        222: "ijl'|", 278: " ftI.,:;/\\![]", 333: "r()-`", 389: "*", 500: "ckszvxyJ",
        584: "=+<>~\u2212\u2264\u2265", 611: "FTZ", 667: "ABEKPSVXY&", 722: "CDHNRUw", 778: "GOQ",
        833: "mM", 889: "%", 944: "W", 1015: "@",
    }.items()
    for letter in letters
}  # fmt: skip


def width_of(text: str, bold: bool = False, size: float = SIZE) -> float:
    """How wide a text is drawn."""
    units = sum(_WIDTHS.get(c, 556 if ord(c) < 0x250 else 1000) for c in text)
    return units / 1000 * size * (1.08 if bold else 1.0)


def fitting(text: str, room: float, bold: bool = False, size: float = SIZE) -> str:
    """A text, cut where it is wider than there is room, with a mark of that at its end."""
    if width_of(text, bold, size) <= room:
        return text
    while text and width_of(f"{text}…", bold, size) > room:
        text = text[:-1]
    return f"{text}…"
