"""A config file in the one style: only what lies between PyYAML's tokens changes.

Collections in each other stand two columns further in, lists too; one blank follows `,`, `:` and
`-`; `[1, 2]` and `{a: b}` have none inside; at most one empty line stands between lines; comments
stay, those at the ends of lines two blanks behind them, or in one column where they were in one.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import Value, plain

STEP = 2
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_OPEN = ("FlowSequenceStartToken", "FlowMappingStartToken")
_CLOSE = ("FlowSequenceEndToken", "FlowMappingEndToken")
_NAMED = ("AliasToken", "AnchorToken", "TagToken")
# What stands at a place of its own, and has no text.
_UNSEEN = (
    "StreamStartToken", "StreamEndToken", "BlockMappingStartToken", "BlockSequenceStartToken",
    "BlockEndToken",
)  # fmt: skip


def formatted(data: bytes | str, name: str) -> str:
    """The text in the one style: the same values, and the same comments in the same order.

    Args:
        data: a config file.
        name: its name in errors.

    Raises:
        ConfigError: it is not one YAML document.
    """
    diagnostics = Diagnostics()
    before = load(data, name, diagnostics)
    diagnostics.raise_if_any()
    text = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
    made = _Formatter(text).run()
    after = load(made, name, Diagnostics())
    if not same(before, after) or comments(text) != comments(made):
        raise RuntimeError(f"formatting {name} would change what it says")
    return made


def same(one: Value, other: Value) -> bool:
    """Whether two documents hold the same values, in the same order, of the same types."""
    return _exact(plain(one)) == _exact(plain(other))


def _exact(value: Any) -> Any:
    if isinstance(value, dict):
        return [(key, _exact(held)) for key, held in value.items()]
    if isinstance(value, list):
        return [None, *map(_exact, value)]
    return type(value).__name__, repr(value)


def comments(text: str) -> list[str]:
    """The comments of a text in order, without the blanks behind them."""
    found: list[str] = []
    at = 0
    for token in _tokens(text):
        found += _comments_in(text[at : token.start_mark.index])
        at = max(at, token.end_mark.index)
        if getattr(token, "style", None) in ("|", ">"):
            head = _BREAK.split(text[token.start_mark.index : at])[0]
            found += _comments_in(head[head.find("#") :] if "#" in head else "")
    return found + _comments_in(text[at:])


def _comments_in(gap: str) -> list[str]:
    return [line[line.index("#") :].rstrip() for line in _BREAK.split(gap) if "#" in line]


def _tokens(text: str) -> list[Any]:
    import yaml

    return list(yaml.scan(text, Loader=yaml.SafeLoader))


@dataclass(slots=True)
class _Level:
    """A block collection: where its keys or dashes stood, and where they are put."""

    is_list: bool
    old: int
    new: int
    implied: bool = False  # a list in the column of the key above it, for which there is no token


@dataclass(slots=True)
class _Line:
    """A line that is made: its text, and the comment behind it with the column where it was."""

    text: str
    comment: str = ""
    column: int = 0


@dataclass(slots=True)
class _Formatter:
    text: str
    lines: list[_Line] = field(default_factory=list)
    levels: list[_Level] = field(default_factory=list)
    depth: int = 0  # of flow collections
    at: int = 0  # the end of the last token
    last: str = ""  # its name
    before: list[_Level] = field(default_factory=list)  # the collections that it stood in
    deep: int = 0  # `depth` behind it
    key_next: bool = False
    fresh: bool = True  # whether the next token begins a line
    blank: bool = False  # whether an empty line is due
    ended: bool = True  # whether the text ends with a line break

    def run(self) -> str:
        """The text in the one style."""
        tokens = _tokens(self.text)
        for number, token in enumerate(tokens):
            self._take(type(token).__name__, token, tokens[number + 1 :])
        self._gap(self.text[self.at :], True)
        self._align()
        made = "\n".join(
            f"{one.text}{' ' * (one.column - len(one.text))}{one.comment}" for one in self.lines
        )
        return made + ("\n" if self.ended else "")

    def _align(self) -> None:
        """Comments that stood in one column do again; others stand two blanks behind."""
        held = [line for line in self.lines if line.comment]
        for column, run in itertools.groupby(held, lambda line: line.column):
            lines = list(run)
            least = max(len(line.text) for line in lines) + STEP
            for line in lines:
                line.column = max(column, least) if len(lines) > 1 else least

    # --- tokens -----------------------------------------------------------------------------------

    def _take(self, kind: str, token: Any, rest: list[Any]) -> None:
        if kind in ("BlockMappingStartToken", "BlockSequenceStartToken"):
            self._open(kind == "BlockSequenceStartToken", token.start_mark.column)
        elif kind == "BlockEndToken":
            while self.levels.pop().implied:
                pass
        elif kind == "KeyToken" and not self.depth:
            if self.levels and self.levels[-1].implied:
                self.levels.pop()
            self.key_next = True
        elif kind == "BlockEntryToken" and not (self.levels and self.levels[-1].is_list):
            self._open(True, token.start_mark.column, implied=True)
        start, end = token.start_mark.index, token.end_mark.index
        if kind in _UNSEEN or start == end:
            return
        if kind in _CLOSE:
            self.depth -= 1
        self._place(kind, start)
        self._write(kind, token, self.text[start:end])
        self.at, self.last = end, kind
        self.key_next = False
        if kind in _OPEN:
            self.depth += 1
        self.before, self.deep = [*self.levels], self.depth

    def _open(self, is_list: bool, column: int, implied: bool = False) -> None:
        new = self.levels[-1].new + STEP if self.levels else 0
        self.levels.append(_Level(is_list, column, new, implied))

    def _place(self, kind: str, start: int) -> None:
        """Go to where the next token stands: on this line, or on one of its own."""
        gap = self.text[self.at : start]
        self._gap(gap, False)
        if self.fresh:
            if self.blank and self.lines:
                self.lines.append(_Line(""))
            self.lines.append(_Line(" " * self._column(kind)))
            self.fresh = self.blank = False
        elif kind in (*_CLOSE, "FlowEntryToken"):
            self._append(" " if self.last == "ValueToken" else "")
        elif kind == "ValueToken":
            self._append(" " if self.last in _NAMED else "")
        elif self.last not in _OPEN:
            self._append(" ")

    def _column(self, kind: str) -> int:
        """Where a token stands that begins a line."""
        if not self.levels:
            return STEP * self.depth
        top = self.levels[-1]
        if self.depth or kind in _CLOSE:
            return top.new + STEP * (self.depth + top.is_list)
        begins = kind == "BlockEntryToken" or self.key_next or kind in ("ValueToken", "KeyToken")
        return top.new if begins else top.new + STEP

    def _append(self, text: str) -> None:
        self.lines[-1].text += text

    def _write(self, kind: str, token: Any, text: str) -> None:
        style = getattr(token, "style", None)
        inner = (self.levels[-1].new if self.levels else -STEP) + STEP
        first, *rest = _BREAK.split(text)
        if kind == "ScalarToken" and style in ("|", ">"):
            self._write_block(first, rest, token.start_mark.index, inner)
            return
        self._append(first)
        for line in rest:
            stripped = line.lstrip(" \t")
            self.lines.append(_Line(" " * inner + stripped if stripped else ""))

    def _write_block(self, head: str, body: list[str], start: int, inner: int) -> None:
        """A literal or folded scalar: its lines as they are, further in or out as a whole."""
        given = re.match(r"[|>]([-+]?)([1-9]?)([-+]?)", head)
        keeps = given is not None and "+" in given.group(0)
        lead, _, comment = head.partition("#")
        self._append(lead.rstrip())
        if comment:
            column = start - self._line_start(start) + len(lead)
            self.lines[-1].comment, self.lines[-1].column = f"#{comment}".rstrip(), column
        first = next((line for line in body if line.strip(" ")), "")
        old = len(first) - len(first.lstrip(" "))
        if given is not None and given.group(2):
            outer = [level for level in self.levels if not level.implied]
            old = (outer[-1].old if outer else 0) + int(given.group(2))
            inner += int(given.group(2)) - STEP
        self.ended = not body or body[-1] == "" or len(body[-1].strip(" ")) == 0
        if body and self.ended:
            body = body[:-1]  # what comes after the last break
        blanks = 0
        if not keeps:
            while body and not body[-1][old:] and not body[-1].strip(" "):
                body, blanks = body[:-1], blanks + 1
        for line in body:
            held = line[old:]
            self.lines.append(_Line(" " * inner + held if held else ""))
        self.fresh, self.blank = True, blanks > 0

    def _line_start(self, index: int) -> int:
        return max((m.end() for m in _BREAK.finditer(self.text, 0, index)), default=0)

    # --- what lies between them -------------------------------------------------------------------

    def _gap(self, gap: str, ends: bool) -> None:
        """Comments and line breaks between two tokens, or after the last one."""
        pieces = _BREAK.split(gap)
        if not self.fresh:
            trailing = pieces.pop(0)
            if "#" in trailing:
                column = self.at - self._line_start(self.at) + trailing.index("#")
                line = self.lines[-1]
                line.comment, line.column = trailing[trailing.index("#") :].rstrip(), column
            if pieces or (ends and trailing):
                self.fresh = True
                self.ended = True
        for number, piece in enumerate(pieces):
            if "#" in piece:
                if self.blank and self.lines:
                    self.lines.append(_Line(""))
                column = self._comment_column(piece.index("#"))
                self.lines.append(_Line(" " * column + piece.strip(" \t").rstrip()))
                self.blank = False
                self.ended = True
            elif number < len(pieces) - 1:
                self.blank = True

    def _comment_column(self, old: int) -> int:
        """Where a comment stands that has a line of its own: with the collection it stood with."""
        if self.deep:
            outer = self.before[-1] if self.before else _Level(False, 0, 0)
            return outer.new + STEP * (self.deep + outer.is_list)
        levels = self.before + [one for one in self.levels if one not in self.before]
        fitting = [level for level in levels if level.old <= old]
        return max(fitting, key=lambda level: level.old).new if fitting else 0
