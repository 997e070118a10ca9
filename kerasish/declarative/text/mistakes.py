"""Mistakes that the characters of a text show, whether or not it can be read as YAML with them.

Each function sees the lines and gives the mends of one kind; they run one after another, each on
what the one before made of the text. None of them may speak of a text that is right.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from kerasish import registry
from kerasish.declarative.text import python
from kerasish.declarative.text.characters import characters, tabs
from kerasish.declarative.text.mending import Edit, Mend, clean
from kerasish.declarative.text.scan import QUOTED, Line
from kerasish.declarative.text.synonyms import LISTS

_KEY = r"[A-Za-z_][\w.]*"


# --- lines --------------------------------------------------------------------------------------


_DOUBLE = re.compile(rf"^\s*(?:- +)*({_KEY})(::+)(?= |$)")
_NO_SPACE_DASH = re.compile(r"^(\s*(?:- +)*)-(?=[A-Za-z\"'{\[$])(?!-)")
_NO_SPACE_COLON = re.compile(rf"^(\s*(?:- +)*)({_KEY}):(?![\s/\\:]|$)")
_EQUALS = re.compile(rf"^(\s*(?:- +)*)({_KEY})( *):?=>?( *)(?=[^=\s])")
_LONE_WORD = re.compile(rf"^\s*(?:- +)?({_KEY})\s*$")
_KEY_OR_ITEM = re.compile(r"\s*(?:- |[\w.]+ *:)")


def markers(lines: list[Line]) -> Iterator[Mend]:
    """Lines that other programs put into a text: code fences, marks of a merge."""
    skip = -1
    for line in lines:
        if not line.is_block:
            continue
        whole = (Edit(line.number, 0, len(line.text), ""),)
        if line.number < skip:
            continue
        if line.bare.startswith("```"):
            message = "a code fence is no YAML"
            yield Mend(line.number, line.indent, 3, message, "remove the line", whole)
        elif re.match(r"<{7}( |$)", line.text):
            message = "a merge was left half done here"
            hint = "keep one of the two versions, and remove the lines <<<<<<<, ======= and >>>>>>>"
            skip, edits = _merge(lines, line.number)
            yield Mend(line.number, 0, 7, message, hint, edits)
        elif line.bare == "..." and any(one.bare for one in lines[line.number + 1 :]):
            yield Mend(line.number, 0, 3, "'...' ends the file here", "remove the line", whole)
        elif re.match(r"(import +[\w.]+|from +[\w.]+ +import\b.*)$", line.bare):
            message = "a line of Python is no YAML"
            hint = "remove it: a file imports nothing, and names modules under 'plugins:'"
            yield Mend(line.number, 0, len(line.bare), message, hint, whole, "K107")
        elif re.match(r"\s*//", line.code):
            hint = f"write {line.text.strip().replace('//', '#', 1)}"
            start = line.text.index("//")
            yield Mend(line.number, start, 2, "a comment starts with '#'", hint, whole)


def _merge(lines: list[Line], start: int) -> tuple[int, tuple[Edit, ...]]:
    """Where a merge that git left ends, and the edits that keep its first version."""
    edits, keep = [], True
    for line in lines[start:]:
        mark = line.text[:7]
        if mark in ("=======", "|||||||"):
            keep = False
        if not keep or mark == "<<<<<<<":
            edits.append(Edit(line.number, 0, len(line.text), ""))
        if mark == ">>>>>>>":
            return line.number + 1, tuple(edits)
    return start + 1, (Edit(start, 0, len(lines[start].text), ""),)


def others(lines: list[Line]) -> Iterator[Mend]:
    """A whole file in another language."""
    block = [line for line in lines if line.is_block]
    python_lines = [line for line in block if _PYTHON_LINE.match(line.text)]
    tables = [line for line in block if _TOML_TABLE.match(line.text)]
    equals = [line for line in block if re.match(r"\w+ *= *\S", line.text)]
    if len(python_lines) > 1 and not any(re.match(r"kerasish *:", one.text) for one in block):
        first, what = python_lines[0], "a program in Python"
    elif tables and equals:
        first, what = min(tables[0], equals[0], key=lambda one: one.number), "TOML"
    else:
        return
    hint = "start the file with 'kerasish: 1' and a 'model:' section; kerasish init writes one"
    message = f"this is {what}, not YAML"
    yield Mend(first.number, 0, len(first.text.rstrip()), message, hint, (), "K107", final=True)


_PYTHON_LINE = re.compile(
    r"(import |from [\w.]+ import |def \w+\(|class \w+[(:]|\w+ = [\w.]+\(|\w+\.\w+\()"
)
_TOML_TABLE = re.compile(r"\[[\w.]+\]\s*$")


def structure(lines: list[Line]) -> Iterator[Mend]:
    """A blank after a dash or a colon, a colon, a dash: what a line of a block lacks."""
    held = [line for line in lines if line.bare or line.opened != " "]
    for index, line in enumerate(held):
        if not line.is_block:
            continue
        found = (
            (_continues(held, index) and ())
            or _dash_without_blank(line)
            or _colon_without_blank(line)
            or _equals(line)
            or _double(line)
            or _no_colon(line, held[index + 1 :])
        )  # fmt: skip
        yield from found or ()


def _dash_without_blank(line: Line) -> tuple[Mend, ...]:
    found = _NO_SPACE_DASH.match(line.code)
    if not found or line.code.startswith("---"):
        return ()
    place = found.end(1)
    edit = Edit(line.number, place + 1, place + 1, " ")
    hint = f"write {clean(line, place + 1, '- ')}"
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


def _double(line: Line) -> tuple[Mend, ...]:
    found = _DOUBLE.match(line.code)
    if not found:
        return ()
    start, end = found.span(2)
    edit = Edit(line.number, start, end, ":")
    hint = f"write {found[1]}:"
    return (Mend(line.number, start, end - start, "one ':' is enough", hint, (edit,)),)


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


def _no_colon(line: Line, below: list[Line]) -> tuple[Mend, ...]:
    """A key that keys or items below it belong to; other words would go on with the text."""
    found = _LONE_WORD.match(line.code)
    if not found:
        return ()
    start = found.start(1)
    inside = itertools.takewhile(lambda one: one.is_block and one.indent > start, below)
    first = next((one for one in inside if not _LONE_WORD.match(one.code)), None)
    if first is None or not _KEY_OR_ITEM.match(first.code):
        return ()
    place = found.end(1)
    edit = Edit(line.number, place, place, ":")
    hint = f"write {clean(line, place, '')[:place]}:"
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
            before = held[index - 1]
            if before.indent == indent and re.match(r"- +\S.*:$", before.bare):
                found, skip = _not_indented(held, index)
                yield found
                continue
            below = index + 1
            while below < len(held) and held[below].indent > indent:
                below += 1
            skip = below - 1
            edits = [Edit(one.number, 0, 0, "  ") for one in held[index + 1 : below]]
            edits.append(Edit(line.number, indent, indent, "- "))
            hint = f"write {clean(line, indent, '- ')}"
            word = line.bare.split()[0].rstrip(":")
            message = f"a '-' is missing before '{word}'"
            yield Mend(line.number, indent, len(word), message, hint, tuple(edits))
            continue
        if top[0] < indent:
            columns.append((indent, is_item))
        elif is_item and not top[1]:
            columns[-1] = (indent, True) if not inside else top


def lists(lines: list[Line]) -> Iterator[Mend]:
    """A list of layers or other objects of which no item has a dash."""
    held = [line for line in lines if line.is_block]
    for index, line in enumerate(held[:-1]):
        if line.bare.removesuffix(":") not in LISTS or not line.bare.endswith(":"):
            continue
        indent, end = held[index + 1].indent, index + 1
        while end < len(held) and held[end].indent >= indent > line.indent:
            end += 1
        block = held[index + 1 : end]
        first = [one for one in block if one.indent == indent]
        names = [re.match(r"[\w.]+", one.bare) for one in first]
        if not first or not all(name and _is_object(name[0]) for name in names):
            continue
        edits = [Edit(one.number, 0, 0, "  ") for one in block if one.indent > indent]
        edits += [Edit(one.number, indent, indent, "- ") for one in first]
        word = first[0].bare.split()[0].rstrip(":")
        message = f"items of '{line.bare[:-1]}' begin with '-'"
        hint = f"write {clean(first[0], indent, '- ')}, and so on"
        yield Mend(first[0].number, indent, len(word), message, hint, tuple(edits))


def _is_object(name: str) -> bool:
    return name[0].isupper() and any(
        registry.contains(kind, name) for kind in ("layer", "callback", "metric")
    )


def _not_indented(held: list[Line], index: int) -> tuple[Mend, int]:
    """Arguments in the column of the dash of what they belong to; and the last line of them."""
    line, owner = held[index], held[index - 1]
    last = index
    while last + 1 < len(held) and held[last + 1].indent >= line.indent:
        if held[last + 1].indent == line.indent and held[last + 1].bare.startswith("-"):
            break
        last += 1
    edits = tuple(Edit(one.number, 0, 0, "    ") for one in held[index : last + 1])
    word, name = line.bare.split(":")[0], owner.bare.strip("-: ")
    message = f"'{word}' is not indented under '{name}'"
    hint = f"write it with {line.indent + 4} spaces before it"
    return Mend(line.number, line.indent, len(word), message, hint, edits), last


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


_FOREIGN = re.compile(
    r"\{\{ *([A-Za-z_]\w*) *\}\}|\$\(([A-Za-z_]\w*)\)|%\(([A-Za-z_]\w*)\)[sdf]?|%([A-Za-z_]\w*)%"
    r"|\{% *([A-Za-z_]\w*) *%\}"
)


def variables(lines: list[Line]) -> Iterator[Mend]:
    """Variables as other tools write them."""
    for line in lines:
        for found in _FOREIGN.finditer(line.code):
            name = next(filter(None, found.groups()))
            edit = Edit(line.number, found.start(), found.end(), f"${name}")
            message = f"'{found[0]}' is no variable in this language"
            width = found.end() - found.start()
            yield Mend(line.number, found.start(), width, message, f"write ${name}", (edit,))


_WORD_EQUALS = re.compile(rf"(?<=[{{,\s])({_KEY})( *)=( *)(?=[^=\s])")
_WORD_VALUE = re.compile(rf"(?:(?<=[{{,])|(?<=[{{,] ))({_KEY}) +([^\s,:{{}}\[\]#&*!]+) *(?=[,}}])")
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
        for found in _WORD_VALUE.finditer(line.code):
            if line.inside[found.start()] == "{" and "=" not in found[2]:
                edit = Edit(line.number, found.end(1), found.end(1), ":")
                hint = f"write {found[1]}: {line.text[found.start(2) : found.end(2)]}"
                message = f"a ':' is missing after '{found[1]}'"
                yield Mend(line.number, found.start(), len(found[1]), message, hint, (edit,))
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


FINDERS = (
    others,
    characters,
    tabs,
    markers,
    variables,
    lists,
    structure,
    dashes,
    pairs,
    calls,
    commas,
)
