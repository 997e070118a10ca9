"""What may be meant where a text cannot be read: mends to try, the likeliest first.

One of them is the mistake if the text can be read further with it than without; `loader` tries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerasish.declarative.text.mending import Edit, Mend
from kerasish.declarative.text.scan import QUOTED, Line
from kerasish.declarative.text.synonyms import SECTIONS

_KEY = r"[A-Za-z_][\w.]*"
_PAIRS = {"[": "]", "{": "}"}
_BOUND = 12  # lines to look back
_TEXTS = ("description",)  # keys whose values are sentences


def candidates(
    lines: list[Line], line: int, column: int, opened: tuple[int, int] | None
) -> Iterator[Mend]:
    """Mends of what may be wrong about the place where reading failed.

    Args:
        lines: the text.
        line: where it failed, from 0.
        column: likewise.
        opened: line and column of the bracket or quote that was open there.
    """
    here = lines[min(line, len(lines) - 1)]
    above = _above(lines, here.number)
    near = [here, above] if above else [here]
    yield from _open_quote(lines, here)
    for one in near:
        yield from _expression(one)
    if opened is not None:
        first = lines[opened[0]]
        yield from _quote(first, opened[1])
        yield from _bracket(first, opened[1], here, column)
    for one in near:
        yield from _special(one)
    for one in near:
        yield from _missing_colon(one)
    yield from _first_dash(lines, here)
    yield from _section_dash(here)
    yield from _nested(here)
    for one in near:
        yield from _extra_bracket(one)
        yield from _extra_comma(one)
        yield from _escape(one)
        yield from _no_key(one)
    yield from _quote_rest(here)
    yield from _first_line(lines, here)
    yield from _indentation(lines, here)
    if above:
        yield from _indentation(lines, above)


def _above(lines: list[Line], number: int) -> Line | None:
    held = (lines[n] for n in range(number - 1, max(-1, number - _BOUND), -1) if lines[n].bare)
    return next(held, None)


def _end(line: Line) -> int:
    """Where a line ends without its comment; where its brackets close that it does not open."""
    return len(line.code.rstrip(" \t" + QUOTED)) if QUOTED not in line.code else len(line.text)


def _open_quote(lines: list[Line], here: Line) -> Iterator[Mend]:
    """A quote of a line above that the next quote of the text closes by chance."""
    for number in range(here.number, max(-1, here.number - 200), -1):
        line = lines[number]
        if line.opened == QUOTED or number + 1 >= len(lines) or lines[number + 1].opened != QUOTED:
            continue
        kept = line.code.rstrip(" " + QUOTED)
        column = next((c for c in range(len(kept), len(line.text)) if line.text[c] in "'\""), None)
        if len(kept) and line.text[len(kept) - 1] in "'\"":
            column = len(kept) - 1
        if column is not None:
            yield from _quote(line, column)
        return


def _quote(line: Line, column: int) -> Iterator[Mend]:
    """A quote that nothing closes: before a bracket or a comma, or at the end of its line."""
    quote = line.text[column : column + 1]
    if quote not in ("'", '"'):
        return
    message, text = "the quoted text is not closed", line.text.rstrip()
    word = re.match(r"[^,}\]#\"']*", text[column + 1 :])
    ends = [column + 1 + len(word[0].rstrip())] if word else []
    for end in [*ends, len(text)]:
        edit = Edit(line.number, end, end, quote)
        hint = f"add the closing quote: {text[column:end]}{quote}"
        yield Mend(line.number, column, end - column, message, hint, (edit,), hides=True)


def _bracket(line: Line, column: int, here: Line, at: int) -> Iterator[Mend]:
    opening = line.text[column : column + 1]
    if opening not in _PAIRS:
        return
    close = _PAIRS[opening]
    # a comma between two words
    before = re.search(r"(\S)\s+([\w\"'$.]+)$", here.text[:at].rstrip().removesuffix(":"))
    for place, after in _gaps(here, at, before):
        edit = Edit(here.number, place, place, ",")
        hint = f"write {here.text[:place].strip()}, {after}"
        yield Mend(here.number, place, 1, "a ',' is missing here", hint, (edit,))
    wrong = here.text[at : at + 1]
    if wrong in ("]", "}", ")") and wrong != close:
        edit = Edit(here.number, at, at + 1, close)
        message = f"'{wrong}' closes a '{opening}'"
        yield Mend(here.number, at, 1, message, f"write {close} here", (edit,))
    end = len(line.code.rstrip()) if QUOTED not in line.code[-1:] else len(line.text)
    text = line.text[column:end].rstrip().rstrip(",")
    end = column + len(text)
    missing = text.count(opening) - text.count(close)
    places = [end] if missing < 2 else [end, *_inner_ends(text, column, close)]
    for place in places:
        for count in range(1, max(1, missing) + 1):
            edit = Edit(line.number, place, place, close * count)
            mended = (line.text[:place] + close * count + line.text[place:end]).strip()
            message = f"the '{opening}' is not closed"
            hint = f"write {mended}"
            yield Mend(line.number, column, 1, message, hint, (edit,))


def _inner_ends(text: str, column: int, close: str) -> list[int]:
    return [column + one.end() for one in re.finditer(re.escape(close), text)]


def _gaps(here: Line, at: int, before: re.Match[str] | None) -> Iterator[tuple[int, str]]:
    if before and before[1] not in ",:[{":
        yield before.end(1), here.text[before.start(2) : len(here.code.rstrip())]
    text = here.text[:at].rstrip()
    if at and text and text[-1] not in ",:[{" and here.text[at : at + 1] not in ("", "]", "}", ")"):
        yield len(text), here.text[at : len(here.code.rstrip())]


def _expression(line: Line) -> Iterator[Mend]:
    """`${...}` without quotes where YAML takes its bracket for one of its own."""
    for found in re.finditer(r"(?<![\"'\w$])\$\{[^{}\"']*\}(?![\"'\w])", line.text):
        start, end = found.span()
        if line.code[start] == QUOTED:
            continue
        lost = re.match(r"\$\{(\w+)(?=[,\s])[^}]*[,:]", found[0])
        if lost:
            edit = Edit(line.number, start, start + lost.end(1), f"${lost[1]}")
            message = f"the '{{' of '${{{lost[1]}' is not closed"
            width = lost.end(1)
            yield Mend(line.number, start, width, message, f"write ${lost[1]}", (edit,))
            continue
        edits = (Edit(line.number, start, start, '"'), Edit(line.number, end, end, '"'))
        message = "'${...}' must be quoted inside of { } and [ ]"
        yield Mend(line.number, start, end - start, message, f'write "{found[0]}"', edits)


_SPECIAL = re.compile(r"(?:^\s*|[:,\[{] *|- +)([@`%*&!?|>][^\s,\]}]*)")


def _special(line: Line) -> Iterator[Mend]:
    """A text that begins with a character that means something to YAML."""
    for found in _SPECIAL.finditer(line.code):
        text = found[1].rstrip(":")
        start, end = found.start(1), found.start(1) + len(text)
        message = f"a text that begins with '{text[0]}' must be quoted"
        written, hint = f'"{text}"', f'write "{text}"'
        if text[0] == "`":
            written = text.strip("`")
            message, hint = "'`' has no meaning in YAML", f"write {written}"
        elif text[1:].isidentifier():
            hint = f"write {text[1:]}, or {written} where the sign is meant"
        edit = Edit(line.number, start, end, written)
        yield Mend(line.number, start, end - start, message, hint, (edit,), hides=True)


_WORD_VALUE = re.compile(rf"^\s*(?:- +)?({_KEY})( +)(?=[^\s:=])")


def _extra_comma(line: Line) -> Iterator[Mend]:
    """A comma behind a comma, or behind a bracket that opens."""
    for found in re.finditer(r"(?<=[,\[{])\s*(,)", line.code):
        place = found.start(1)
        edit = Edit(line.number, place, place + 1, "")
        yield Mend(line.number, place, 1, "a ',' has nothing before it", "remove it", (edit,))


def _escape(line: Line) -> Iterator[Mend]:
    r"""A backslash in double quotes that begins no escape, as in "C:\data"."""
    for found in re.finditer(r'"([^"\']*\\[^"\']*)"', line.text):
        start, end = found.span()
        wrong = re.search(r"\\[^0abtnvfre \"/\\N_LPxuU]|\\[xuU](?![0-9a-fA-F]{2})", found[1])
        if wrong is None:
            continue
        message = f"'{wrong[0][:2]}' is no character in double quotes"
        edit = Edit(line.number, start, end, f"'{found[1]}'")
        hint = f"write '{found[1]}' in single quotes, or / for \\"
        yield Mend(line.number, start, end - start, message, hint, (edit,))


def _no_key(line: Line) -> Iterator[Mend]:
    """A value without a name."""
    if line.is_block and line.bare.startswith(": "):
        edit = Edit(line.number, 0, len(line.text), "")
        message, hint = "a name is missing before ':'", "write it, or remove the line"
        yield Mend(line.number, line.indent, 1, message, hint, (edit,))


def _section_dash(line: Line) -> Iterator[Mend]:
    """`- data:` at the beginning of a line."""
    found = re.match(r"- +(\w+) *:", line.code)
    if found and found[1] in SECTIONS:
        edit = Edit(line.number, 0, found.start(1), "")
        message, hint = "a section begins without '-'", f"write {found[1]}:"
        yield Mend(line.number, 0, found.end(1), message, hint, (edit,))


def _first_line(lines: list[Line], here: Line) -> Iterator[Mend]:
    """The first key of a file, where it alone is indented."""
    block = [one for one in lines if one.is_block and one.bare]
    if len(block) > 1 and block[1].number == here.number and block[0].indent > here.indent == 0:
        first = block[0]
        edit = _shifted(first, -first.indent)
        hint = f"remove the {_spaces(first.indent)} before it: the keys of a file begin the line"
        message = "the first line does not stand in the column of the others"
        width = len(first.bare.split()[0])
        yield Mend(first.number, first.indent, width, message, hint, (edit,))


def _missing_colon(line: Line) -> Iterator[Mend]:
    """`epochs 5`, or a key alone."""
    if line.opened != " ":
        return
    found = _WORD_VALUE.match(line.code)
    message = "a ':' is missing after '{}'"
    if found:
        place = found.end(1)
        hint = f"write {found[1]}: {line.text[found.end() : len(line.code.rstrip())]}"
    else:
        found = re.match(rf"^\s*(?:- +)?({_KEY})\s*$", line.code)
        if not found:
            return
        place, hint = found.end(1), f"write {found[1]}: and its value"
    edit = Edit(line.number, place, place, ":")
    width = found.end(1) - found.start(1)
    yield Mend(line.number, found.start(1), width, message.format(found[1]), hint, (edit,))


def _first_dash(lines: list[Line], here: Line) -> Iterator[Mend]:
    """Items without a dash before one that has it."""
    if not here.is_block or not here.bare.startswith("- "):
        return
    found = []
    for number in range(here.number - 1, max(-1, here.number - _BOUND), -1):
        line = lines[number]
        if line.is_block and line.indent <= here.indent:
            if line.indent < here.indent or line.bare.startswith("- "):
                break
            found.append(line)
    if not found:
        return
    first = found[-1]
    word = first.bare.split()[0].rstrip(":")
    edits = tuple(Edit(one.number, one.indent, one.indent, "- ") for one in found)
    message = f"a '-' is missing before '{word}'"
    hint = f"write - {first.text[first.indent : len(first.code.rstrip())]}"
    yield Mend(first.number, first.indent, len(word), message, hint, edits)


_TWO = re.compile(rf"^(\s*(?:- +)?)([\w.]+): +({_KEY}): +(\S.*)$")


def _nested(line: Line) -> Iterator[Mend]:
    """`- Dense: units: 3`, `optimizer: Adam: {...}`."""
    found = _TWO.match(line.text[: len(line.code.rstrip())])
    if not found or line.opened != " " or found[2] in _TEXTS:
        return
    start, end = found.start(3), len(line.code.rstrip())
    inner = line.text[start:end]
    edits = (Edit(line.number, start, start, "{"), Edit(line.number, end, end, "}"))
    message = f"two keys on one line, '{found[2]}' and '{found[3]}'"
    hint = f"write {found[2]}: {{{inner}}}"
    place = found.start(3)
    yield Mend(line.number, place, len(found[3]), message, hint, edits)


def _quote_rest(line: Line) -> Iterator[Mend]:
    """A text with ': ' in it."""
    found = re.match(rf"^\s*(?:- +)?{_KEY}: +(\S.*: .*)$", line.text[: len(line.code.rstrip())])
    if found and line.opened == " " and '"' not in found[1] and found[1][0] not in "[{":
        start, end = found.span(1)
        edit = Edit(line.number, start, end, f'"{found[1]}"')
        message = "a text with ': ' in it must be quoted"
        yield Mend(line.number, start, end - start, message, f'write "{found[1]}"', (edit,))


def _indentation(lines: list[Line], line: Line) -> Iterator[Mend]:
    """A line, or it and those below that belong to it, that stands too far left or right."""
    if not line.is_block or line.code[: line.indent].strip():
        return
    columns: list[int] = []
    for number in range(line.number - 1, max(-1, line.number - 200), -1):
        one = lines[number]
        if one.is_block and (not columns or one.indent < min(columns) or len(columns) < 2):
            columns.append(one.indent)
            if one.bare.startswith("- "):
                columns.append(one.indent + 2)
    below = line.number + 1
    while below < len(lines) and (not lines[below].bare or lines[below].indent > line.indent):
        below += 1
    block = [one for one in lines[line.number + 1 : below] if one.is_block]
    top = re.match(r"\w+", line.bare)
    is_section = bool(top) and top[0] in SECTIONS  # type: ignore[index]
    sign = (
        1 if is_section else -1
    )  # of two columns that are as near, the outer one or the inner one
    order = sorted({*columns} - {line.indent}, key=lambda c: (abs(c - line.indent), sign * c))
    for column in order[:5]:
        shift = column - line.indent
        edits = [_shifted(one, shift) for one in [line, *block] if one.indent + shift >= 0]
        message = "the indentation does not match the lines above"
        hint = f"this line has {_spaces(line.indent)} before it, those it belongs with {column}"
        width = len(line.bare.split()[0])
        yield Mend(line.number, line.indent, width, message, hint, tuple(edits))
        yield Mend(line.number, line.indent, width, message, hint, (_shifted(line, shift),))


def _spaces(count: int) -> str:
    return f"{count} space{'s' * (count != 1)}"


def _shifted(line: Line, shift: int) -> Edit:
    if shift >= 0:
        return Edit(line.number, 0, 0, " " * shift)
    return Edit(line.number, 0, -shift, "")


def _extra_bracket(line: Line) -> Iterator[Mend]:
    """A closing bracket that nothing opened."""
    for found in re.finditer(r"[\]})]+\s*$", line.text[: len(line.code.rstrip())]):
        edit = Edit(line.number, found.end() - 1, found.end(), "")
        message = f"'{line.text[found.end() - 1]}' closes nothing"
        yield Mend(line.number, found.end() - 1, 1, message, "remove it", (edit,))
