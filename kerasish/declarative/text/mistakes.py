"""Mistakes that the characters of a text show, whether or not it can be read as YAML with them.

Each function sees the lines and gives the mends of one kind; they run one after another, each on
what the one before made of the text. None of them may speak of a text that is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerasish.declarative.text import python
from kerasish.declarative.text.mending import Edit, Mend
from kerasish.declarative.text.scan import QUOTED, Line

_SPACES = "\u00a0\u2007\u202f\u3000\u2003\u2002\u2009"
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_CURLY = {"“": '”“"', "„": "“”", "‘": "’‘'", "‚": "‘’", "«": "»", "»": "«", "”": "”", "’": "’"}
_MARKS = {"：": (":", "a wide colon"), "，": (",", "a wide comma"), "＝": ("=", "a wide '='")}
_DASHES = re.compile(r"^(\s*)([–—−•‣·*])(?=\s+[\w\"'{\[])")
_MINUS = re.compile(r"(?<![\w])[–−](?=[0-9.])")
_KEY = r"[A-Za-z_][\w.]*"


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
                yield _one(line, position, 1, f"{called} is no '{plain}'", f"type {plain}", text)
        dash = _DASHES.match(line.code) if line.is_block else None
        if dash:
            start = dash.start(2)
            message = f"an item starts with '-', not with '{dash[2]}'"
            yield _one(line, start, 1, message, f"write {_clean(line, start + 1, '-')}", "-")
        for minus in _MINUS.finditer(line.code):
            yield _one(line, minus.start(), 1, f"'{minus[0]}' is no minus", "type -", "-")


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
        yield _one(line, position, run - position, message, hint, text)


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
    edits = [Edit(one.number, at, at + 1, "  " if at < lead else " ") for one, at, lead in found]
    yield Mend(
        first.number, place, 1, what + more, "use spaces", tuple(edits), "K104"
    )  # fmt: skip


# --- lines --------------------------------------------------------------------------------------


_NO_SPACE_DASH = re.compile(r"^(\s*(?:- +)*)-(?=[A-Za-z\"'{\[$])(?!-)")
_NO_SPACE_COLON = re.compile(rf"^(\s*(?:- +)*)({_KEY}):(?![\s/\\:]|$)")
_EQUALS = re.compile(rf"^(\s*(?:- +)*)({_KEY})( *)=( *)(?=[^=\s])")
_LONE_WORD = re.compile(rf"^\s*(?:- +)?({_KEY})\s*$")


def markers(lines: list[Line]) -> Iterator[Mend]:
    """Lines that other programs put into a text: code fences, marks of a merge."""
    for line in lines:
        if not line.is_block:
            continue
        whole = (Edit(line.number, 0, len(line.text), ""),)
        if line.bare.startswith("```"):
            message = "a code fence is no YAML"
            yield Mend(line.number, line.indent, 3, message, "remove the line", whole)
        elif re.match(r"(<{7}|={7}|>{7}|\|{7})( |$)", line.text):
            message = "a merge was left half done here"
            hint = "keep one of the two versions, and remove the lines <<<<<<<, ======= and >>>>>>>"
            yield Mend(line.number, 0, 7, message, hint, whole)
        elif re.match(r"\s*//", line.code):
            hint = f"write {line.text.strip().replace('//', '#', 1)}"
            start = line.text.index("//")
            yield Mend(line.number, start, 2, "a comment starts with '#'", hint, whole)


def structure(lines: list[Line]) -> Iterator[Mend]:
    """A blank after a dash or a colon, a colon, a dash: what a line of a block lacks."""
    held = [line for line in lines if line.bare or line.opened != " "]
    for index, line in enumerate(held):
        if not line.is_block:
            continue
        above = held[index - 1] if index else None
        below = held[index + 1] if index + 1 < len(held) else None
        found = (
            (_continues(held, index) and ())
            or _dash_without_blank(line)
            or _colon_without_blank(line)
            or _equals(line)
            or _no_colon(line, above, below)
        )  # fmt: skip
        yield from found or ()


def _dash_without_blank(line: Line) -> tuple[Mend, ...]:
    found = _NO_SPACE_DASH.match(line.code)
    if not found or line.code.startswith("---"):
        return ()
    place = found.end(1)
    edit = Edit(line.number, place + 1, place + 1, " ")
    hint = f"write {_clean(line, place + 1, '- ')}"
    return (Mend(line.number, place, 1, "a space is missing after '-'", hint, (edit,)),)


def _colon_without_blank(line: Line) -> tuple[Mend, ...]:
    found = _NO_SPACE_COLON.match(line.code)
    if not found:
        return ()
    if "-" in found[1] and not found[2][:1].isupper() and not _is_number(line, found):
        return ()  # an item may be a text with a colon
    place = found.end() - 1
    edit = Edit(line.number, place + 1, place + 1, " ")
    hint = f"write {found[2]}: {line.text[place + 1 : len(line.code.rstrip())]}"
    message = f"a space is missing after '{found[2]}:'"
    return (Mend(line.number, found.start(2), len(found[2]) + 1, message, hint, (edit,)),)


def _is_number(line: Line, found: re.Match[str]) -> bool:
    return bool(re.match(r"[-+.0-9$\"'{\[]", line.code[found.end() :]))


def _equals(line: Line) -> tuple[Mend, ...]:
    found = _EQUALS.match(line.code)
    if not found or ("-" in found[1] and not found[2][:1].isupper()):
        return ()
    rest = line.text[found.end() : len(line.code.rstrip())].rstrip(",")
    edit = Edit(line.number, found.end(2), found.end(), ": ")
    place = found.end(3)
    hint = f"write {found[2]}: {rest}"
    message = f"'=' stands where ':' belongs, after '{found[2]}'"
    return (Mend(line.number, place, 1, message, hint, (edit,)),)


def _no_colon(line: Line, above: Line | None, below: Line | None) -> tuple[Mend, ...]:
    """A key that the lines below it belong to."""
    found = _LONE_WORD.match(line.code)
    if not found or below is None or not below.is_block or below.indent <= found.start(1):
        return ()
    place = found.end(1)
    edit = Edit(line.number, place, place, ":")
    hint = f"write {_clean(line, place, '')[:place]}:"
    message = f"a ':' is missing after '{found[1]}'"
    return (Mend(line.number, found.start(1), len(found[1]), message, hint, (edit,)),)


def _continues(held: list[Line], index: int) -> bool:
    """Whether a line may be more of the text that the line above it begins."""
    line = held[index]
    above = held[index - 1] if index else None
    if above is None or not above.is_block:
        return False
    bare = above.bare
    start = above.indent + len(re.match(r"(?:- +)*", bare)[0])  # type: ignore[index]
    if bare.endswith((":", "-", "|", ">")) or re.search(r"[\]}\"']$|: [&*!]\S+$", bare):
        return False
    value = re.search(r"(?:: +|- +)(\S.*)$", bare)
    text = value[1] if value else bare
    words = len(text.split()) > 1 or (value is not None and ":" in bare)
    return line.indent > start and words and not re.match(r"\s*- ", line.code)


def dashes(lines: list[Line]) -> Iterator[Mend]:
    """An item among others that has no dash: its lines are moved behind one."""
    held = [line for line in lines if line.is_block]
    columns: list[tuple[int, bool]] = []  # of the open blocks: how far in, and whether a list
    skip = -1
    for index, line in enumerate(held):
        indent = line.indent
        is_item = bool(re.match(r"-(\s|$)", line.bare))
        columns = [one for one in columns if one[0] <= indent]
        top = columns[-1] if columns else (-1, False)
        inside = len(columns) > 1 and columns[-2][0] < indent
        if index > skip and not is_item and top == (indent, True) and inside:
            below = index + 1
            while below < len(held) and held[below].indent > indent:
                below += 1
            skip = below - 1
            edits = [Edit(one.number, 0, 0, "  ") for one in held[index + 1 : below]]
            edits.append(Edit(line.number, indent, indent, "- "))
            hint = f"write {_clean(line, indent, '- ')}"
            word = line.bare.split()[0].rstrip(":")
            message = f"a '-' is missing before '{word}'"
            yield Mend(line.number, indent, len(word), message, hint, tuple(edits))
            continue
        if top[0] < indent:
            columns.append((indent, is_item))
        elif is_item and not top[1]:
            columns[-1] = (indent, True) if not inside else top


# --- Python -------------------------------------------------------------------------------------


_CUT = re.compile(r"(?:(?<=[\[{,:(\s])|^)([A-Za-z_][\w.]*)?\(")


def calls(lines: list[Line]) -> Iterator[Mend]:
    """Tuples and calls of Python, which YAML would cut at their commas."""
    for line in lines:
        if line.opened == QUOTED:
            continue
        end = 0
        for found in _CUT.finditer(line.code):
            start = found.start()
            if start < end or not _begins_value(line, start):
                continue
            end = _closing(line.text, found.end() - 1)
            text = line.text[start:end]
            inside = line.inside[start] if start < len(line.inside) else " "
            whole = line.code[end:].strip()[:1] in ("", *",]}")
            if end == 0 or not whole or (found[1] and inside == " "):
                continue
            if not found[1] and "," not in text:
                continue
            written = python.in_words(text)
            if written is None:
                continue
            edit = (Edit(line.number, start, end, written),)
            shown = python.item(text) if found[1] and inside == "[" else written
            what = f"a call as in Python, '{found[1]}(...)'" if found[1] else "a tuple of Python"
            message = f"{what}, is no YAML" if found[1] else "a tuple of Python is no YAML"
            yield Mend(line.number, start, end - start, message, f"write {shown}", edit, "K107")


def _begins_value(line: Line, start: int) -> bool:
    before = line.code[:start].rstrip()
    return (
        before == ""
        or (before[-1] in ":,[{-" and before != line.code[:start])
        or (before[-1] in "[{,")
    )


def _closing(text: str, start: int) -> int:
    """Behind the bracket that closes the one at `start`; 0 where none does."""
    depth, quote = 0, ""
    for position in range(start, min(len(text), start + python.MAX_LENGTH)):
        char = text[position]
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                return position + 1
    return 0


_WORD_EQUALS = re.compile(rf"(?<=[{{,\s])({_KEY})( *)=( *)(?=[^=\s])")
_WORD_COLON = re.compile(rf"(?:(?<=[{{,])|(?<=[{{,] ))({_KEY}):(?=[-+.0-9$\"'\[{{A-Za-z])")


def pairs(lines: list[Line]) -> Iterator[Mend]:
    """`{a=1}` and `{a:1}` for `{a: 1}`."""
    for line in lines:
        for found in _WORD_EQUALS.finditer(line.code):
            before = line.code[: found.start()].rstrip()[-1:]
            if line.inside[found.start()] == "{" and before in "{,":
                edit = Edit(line.number, found.end(1), found.end(), ": ")
                hint = f"write {found[1]}: {_word(line, found.end())}"
                message = f"'=' stands where ':' belongs, after '{found[1]}'"
                yield Mend(line.number, found.end(2), 1, message, hint, (edit,))
        for found in _WORD_COLON.finditer(line.code):
            if line.inside[found.start()] == "{":
                edit = Edit(line.number, found.end(), found.end(), " ")
                hint = f"write {found[1]}: {_word(line, found.end())}"
                message = f"a space is missing after '{found[1]}:'"
                width = found.end() - found.start()
                yield Mend(line.number, found.start(), width, message, hint, (edit,))


def _word(line: Line, start: int) -> str:
    """The value that starts in a line at `start`, up to the next comma or bracket."""
    found = re.match(r"\[[^\]]*\]|\{[^}]*\}|\"[^\"]*\"|'[^']*'|[^,}\]]*", line.text[start:])
    return found[0].strip() if found else ""


_COMMA = re.compile(rf"^\s*(?:- +)*{_KEY}: +([^\s,]+|\[.*\]|\{{.*\}})(,)\s*$")


def commas(lines: list[Line]) -> Iterator[Mend]:
    """A comma at the end of a line, as in JSON and Python."""
    for line in lines:
        found = _COMMA.match(line.code) if line.is_block else None
        if found and line.inside[found.start(2)] == " " and "description" not in line.code:
            place = found.start(2)
            hint = f"write {line.text[:place].strip()}"
            edit = Edit(line.number, place, place + 1, "")
            yield Mend(line.number, place, 1, "the line ends with ','", hint, (edit,))


FINDERS = (characters, tabs, markers, structure, dashes, pairs, calls, commas)


def _one(line: Line, start: int, width: int, message: str, hint: str, text: str) -> Mend:
    edit = Edit(line.number, start, start + width, text)
    return Mend(line.number, start, width, message, hint, (edit,))


def _clean(line: Line, start: int, lead: str) -> str:
    """The rest of a line from `start`, without its comment, behind `lead`."""
    return lead + line.text[start : len(line.code.rstrip())].strip() if lead else line.text.strip()
