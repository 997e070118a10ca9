"""HTML that is safe by its type: what is no `Markup` is text, and is escaped where it is put in."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

_EMPTY = frozenset({"br", "col", "hr", "img", "meta"})  # elements without an end
# Marks that turn or hide what stands around them: they are spelt out.
_TURNING = frozenset("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068"
                     "\u2069\ufeff\u2028\u2029")  # fmt: skip


class Markup(str):
    """HTML as it is."""

    __slots__ = ()


def shown(value: Any, most: int | None = None) -> str:
    """A value as text that people see whole: control characters and marks that turn
    the direction of writing are spelt out, lone surrogates replaced.

    Args:
        value: anything; its `str`.
        most: characters that are kept; what follows is "…".
    """
    text = str(value)
    if most is not None and len(text) > most:
        text = f"{text[: max(most - 1, 0)]}…"
    return "".join(map(_letter, text))


def _letter(c: str) -> str:
    code = ord(c)
    if c in "\n\t" or 0x20 <= code < 0x7F:
        return c
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    if c in _TURNING or 0x80 <= code < 0xA0:
        return f"\\u{code:04x}"
    if 0xD800 <= code < 0xE000 or (code & 0xFFFE) == 0xFFFE:
        return "\ufffd"
    return c


def named(value: Any) -> str:
    """A name as people see it whole: in quotes where it is empty or begins or ends with a space."""
    text = str(value)
    return text if text and text == text.strip() else repr(text)


def escaped(value: Any) -> Markup:
    """Markup as it is, anything else as escaped text; None is nothing."""
    if isinstance(value, Markup):
        return value
    if value is None:
        return Markup("")
    return Markup(html.escape(shown(value)))


def joined(parts: Iterable[Any], between: str = "") -> Markup:
    """Parts one after another, each as `escaped` gives it."""
    return Markup(html.escape(between).join(escaped(part) for part in parts))


def tag(name: str, /, *children: Any, **attributes: Any) -> Markup:
    """An element.

    Args:
        name: of the element, such as "td".
        children: Markup, or texts, which are escaped; None is left out.
        attributes: by name, `class_` and `for_` for those that Python takes, `_` for `-`; None and
            False are left out, True stands without a value.
    """
    opening = [name]
    for key, value in attributes.items():
        spelt = key.strip("_").replace("_", "-")
        if value is None or value is False:
            continue
        opening.append(spelt if value is True else f'{spelt}="{html.escape(shown(value))}"')
    head = f"<{' '.join(opening)}>"
    if name in _EMPTY:
        return Markup(head)
    return Markup(f"{head}{joined(children)}</{name}>")
