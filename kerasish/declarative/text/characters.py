"""Characters that look like others: curly quotes, no-break spaces, dashes, tabs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerasish.declarative.text.mending import Edit, Mend, clean, replaced
from kerasish.declarative.text.scan import QUOTED, Line

_SPACES = "\u00a0\u2007\u202f\u3000\u2003\u2002\u2009"
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_CURLY = {"“": '”“"', "„": "“”", "‘": "’‘'", "‚": "‘’", "«": "»", "»": "«", "”": "”", "’": "’"}
_MARKS = {"：": (":", "a wide colon"), "，": (",", "a wide comma"), "＝": ("=", "a wide '='")}
_DASHES = re.compile(r"^(\s*)([–—−•‣·*])(?=\s+[\w\"'{\[])")
_MINUS = re.compile(r"(?<![\w])[–−](?=[0-9.])")


def characters(lines: list[Line]) -> Iterator[Mend]:
    """Characters that look like others, which a program that sets texts puts in."""
    for line in lines:
        if line.opened == QUOTED or line.text.startswith(QUOTED):
            continue
        yield from _blanks(line)
        yield from _curly(line)
        for position, char in enumerate(line.code):
            if char in _MARKS:
                plain, called = _MARKS[char]
                # What follows the mark is a blank, as YAML wants it.
                after = line.code[position + 1 : position + 2]
                text = plain + (" " if after.strip() else "")
                yield replaced(
                    line, position, 1, f"{called} is no '{plain}'", f"type {plain}", text
                )
        dash = _DASHES.match(line.code) if line.is_block else None
        if dash:
            start = dash.start(2)
            message = f"an item starts with '-', not with '{dash[2]}'"
            yield replaced(line, start, 1, message, f"write {clean(line, start + 1, '- ')}", "-")
        for minus in _MINUS.finditer(line.code):
            yield replaced(line, minus.start(), 1, f"'{minus[0]}' is no minus", "type -", "-")


def _blanks(line: Line) -> Iterator[Mend]:
    """No-break spaces and others where a blank has a meaning; those inside of a text stay."""
    code, run = line.code, 0
    for position, char in enumerate(code):
        if position < run or char not in _SPACES + _UNSEEN:
            continue
        run = position
        while run < len(code) and code[run] in _SPACES + _UNSEEN:
            run += 1
        around = code[:position].rstrip()[-1:], code[run:].lstrip()[:1]
        if around[0] not in ("", *":-,[{") and around[1] not in ("", *":,]}"):
            continue
        blank = char in _SPACES
        called = "a no-break space" if char == "\u00a0" else f"the character U+{ord(char):04X}"
        message = f"{called} stands here, which looks like an ordinary space"
        if not blank:
            message = f"{called} stands here, which cannot be seen"
        hint = "type an ordinary space" if blank else "remove it"
        text = " " * (run - position) if blank else ""
        yield replaced(line, position, run - position, message, hint, text)


def _curly(line: Line) -> Iterator[Mend]:
    """Curly quotes around a value."""
    position = 0
    while position < len(line.code):
        opening = line.code[position]
        before = line.code[:position].rstrip()[-1:]
        if opening not in _CURLY or before not in ("", *":-,[{") or line.code[position - 1 :][:1] \
                not in ("", *" [{", opening):  # fmt: skip
            position += 1
            continue
        ends = [line.text.find(c, position + 1) for c in _CURLY[opening]]
        end = min((one for one in ends if one > 0), default=-1)
        if end < 0:
            return
        inner = line.text[position + 1 : end]
        quote = "'" if '"' in inner or "\\" in inner else '"'
        written = f"{quote}{inner}{quote}"
        message = f"the curly quotes {opening} {line.text[end]} are no quotes in YAML"
        edits = (
            Edit(line.number, position, position + 1, quote),
            Edit(line.number, end, end + 1, quote),
        )
        width = end + 1 - position
        yield Mend(line.number, position, width, message, f"write {written}", edits)
        position = end + 1


def tabs(lines: list[Line]) -> Iterator[Mend]:
    """Tabs where YAML wants blanks: one finding for all of them."""
    found: list[tuple[Line, int, int]] = []
    for line in lines:
        lead = len(line.code) - len(line.code.lstrip(" \t"))
        if line.opened != QUOTED and line.bare:
            places = [p for p, char in enumerate(line.code) if char == "\t"]
            found += [(line, place, lead) for place in places]
    if not found:
        return
    first, place, lead = found[0]
    leading = place < lead
    what = "a tab is used for indentation" if leading else "a tab stands here"
    others = len({one.number for one, _, _ in found}) - 1
    more = f", and in {others} more line{'s' * (others > 1)}" if others else ""
    edits = [Edit(one.number, at, at + 1, " ") for one, at, lead in found if at >= lead]
    widths: dict[str, int] = {}
    for line in {one.number: one for one, at, lead in found if at < lead}.values():
        lead = line.code[: len(line.code) - len(line.code.lstrip(" \t"))]
        width = widths.setdefault(lead, _width(line, lead, lines, widths))
        edits.append(Edit(line.number, 0, len(lead), " " * width))
    yield Mend(first.number, place, 1, what + more, "use spaces", tuple(edits), "K104")


def _width(line: Line, lead: str, lines: list[Line], widths: dict[str, int]) -> int:
    """How many blanks the tabs and blanks before a line stand for."""
    shorter = [one for one in widths if lead.startswith(one)]
    if shorter:
        longest = max(shorter, key=len)
        return widths[longest] + 2 * len(lead[len(longest) :])
    above = (one for one in reversed(lines[: line.number]) if one.bare)
    dash = line.bare[0] == "-"
    before = next((one for one in above if one.bare[0] != "-" or dash), None)
    if before is None:
        return 2 * len(lead)
    return max(1, before.indent + (2 if before.bare.endswith(":") else 0))
