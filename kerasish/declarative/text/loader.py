"""YAML text -> a tree of marked values; every way that can fail is a finding, never a crash.

Built from PyYAML's *events* rather than its node tree: composing nodes recurses, so a file nested
ten thousand deep would overflow the stack before anything could be checked. Aliases share the
value they name; the number of values they stand for is counted against a budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from kerasish import budget, registry
from kerasish.declarative.text import scalars
from kerasish.declarative.text.errors import Diagnostics, clip
from kerasish.declarative.text.mending import Text
from kerasish.declarative.text.readable import Mender
from kerasish.declarative.text.scalars import MAX_DEPTH, MAX_TEXT
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Source, Value
from kerasish.declarative.text.syntax import report_syntax_error

MAX_BYTES = 1024 * 1024


def load(data: bytes | str, name: str, diagnostics: Diagnostics, path: str | None = None) -> Value:
    """The document in `data`, shown as `name` in errors.

    What can be mended is a finding and is read as it was meant, so that what is wrong elsewhere is
    found as well: the caller raises (`Diagnostics.raise_if_any`) when it has found all it can.

    Raises:
        ConfigError: the text is not one YAML document within the limits; all findings at once.
    """
    text = _decode(data, name, diagnostics)
    source = Source.of_text(name, text, path)
    mender = Mender(source, diagnostics)
    made = mender.known(Text.of(text))
    known = len(diagnostics)
    try:
        return _read(_Builder(source, diagnostics, 0, 0, made))
    except _Unreadable:
        diagnostics.forget(known)
        made = mender.tried(made)
    return _read_or_report(_Builder(source, diagnostics, 0, 0, made))


def parse(
    source: Source, text: str, diagnostics: Diagnostics, line: int = 1, column: int = 1
) -> Value:
    """The document in `text`, which stands at `line` and `column` of `source`.

    Raises:
        ConfigError: as `load`.
    """
    known = len(diagnostics)
    value = _read_or_report(_Builder(source, diagnostics, line - 1, column - 1, Text.of(text)))
    if len(diagnostics) > known:
        raise diagnostics.error()
    return value


class _Unreadable(Exception):
    """PyYAML cannot read the text: its error, and where it stood."""

    def __init__(self, error: Exception, where: Any) -> None:
        super().__init__(error)
        self.error = error
        self.where = where


def _read_or_report(builder: _Builder) -> Value:
    try:
        return _read(builder)
    except _Unreadable as failed:
        text = str(builder.text)
        report_syntax_error(failed.error, text, failed.where, builder.mark_at, builder.diagnostics)


def _read(builder: _Builder) -> Value:
    """The value of the text.

    Raises:
        _Unreadable: it is no YAML.
        ConfigError: it goes over a limit, or holds nothing.
    """
    with budget.opened(builder.source.name):
        for event in _events(str(builder.text)):
            builder.take(event)
    if builder.root is None:
        hint = "start the file with 'kerasish: 1' and a 'model:' section; kerasish init writes one"
        builder.diagnostics.stop("K101", "there is no content", builder.mark_at(0, 0), hint)
    return builder.root


def _decode(data: bytes | str, name: str, diagnostics: Diagnostics) -> str:
    here = Mark(Source.of_text(name, ""), 1, 1)
    if len(data) > MAX_BYTES:
        diagnostics.stop("K105", f"the file is larger than {MAX_BYTES // 1024} KiB", here)
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data.count(b"\0") * 3 > len(data):
        diagnostics.stop("K101", "the file is UTF-16, not UTF-8 text", here, "save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        lines = data[: error.start].decode("utf-8", "replace").split("\n")
        place = Mark(Source.of_text(name, ""), len(lines), len(lines[-1]) + 1)
        diagnostics.stop("K101", "the file is not UTF-8 text", place, "save it as UTF-8")


def _both(first: Value, second: Value) -> Value:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return Mapping({**second.entries, **first.entries}, first.mark)
    return first


def _events(text: str) -> Iterator[Any]:
    """PyYAML's events of `text`."""
    import yaml

    try:
        reader = yaml.SafeLoader(text)
    except yaml.YAMLError as error:
        raise _Unreadable(error, None) from None
    try:
        while reader.check_event():
            yield reader.get_event()
    except (yaml.YAMLError, ValueError, OverflowError, IndexError) as error:
        # PyYAML leaks ValueError for impossible escapes and version numbers.
        raise _Unreadable(error, reader.get_mark()) from None
    finally:
        reader.dispose()


@dataclass(slots=True)
class _Frame:
    """A collection whose end has not been seen yet."""

    event: Any
    is_mapping: bool
    items: list[Value] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    merges: list[Value] = field(default_factory=list)
    key: tuple[str, Mark, bool] | None = None


class _Builder:
    """Turns events into values with an explicit stack."""

    def __init__(
        self, source: Source, diagnostics: Diagnostics, line: int, column: int, text: Text
    ) -> None:
        self.source = source
        self.text = text
        self.diagnostics = diagnostics
        self.root: Value | None = None
        self._line, self._column = line, column
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Value | None] = {}

    def mark_at(self, line: int, column: int, width: int = 1) -> Mark:
        """The mark of PyYAML's zero-based position."""
        shift = self._column if line == 0 else 0
        start = self.text.column(line, column)
        width = self.text.column(line, column + width) - start
        return Mark(self.source, line + 1 + self._line, start + 1 + shift, max(1, width))

    def take(self, event: Any) -> None:
        """Consume the next event."""
        kind = type(event).__name__
        if kind in ("ScalarEvent", "MappingStartEvent", "SequenceStartEvent"):
            self._refuse_tag(event)
        if kind == "ScalarEvent":
            self._take_scalar(event)
        elif kind == "AliasEvent":
            self._take_alias(event)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._open(event, kind == "MappingStartEvent")
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._close(event)
        elif kind == "DocumentStartEvent" and self.root is not None:
            mark = self._mark(event)
            self.diagnostics.stop("K101", "a second document starts here", mark, "keep one")

    def _mark(self, event: Any, end: Any = None) -> Mark:
        start, stop = event.start_mark, (end or event).end_mark
        if stop.line == start.line:
            width = stop.column - start.column
        else:
            width = len(self.text.lines[start.line].rstrip()) - start.column
        return self.mark_at(start.line, start.column, width)

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is None:
            return
        shown = clip(event.tag.replace("tag:yaml.org,2002:", "!!"), 80)
        mark = self.mark_at(event.start_mark.line, event.start_mark.column)
        written = mark.source.line(mark.line)[mark.column - 1 :].split(" ")[0]
        mark = mark.part(0, len(written))
        message = f"the tag '{shown}' is refused"
        self.diagnostics.add("K103", message, mark, "a file holds plain values only: remove it")
        self.diagnostics.hide(mark)  # what the value is without it is another question

    def _take_scalar(self, event: Any) -> None:
        quoted = event.style is not None
        mark, text = self._mark(event), event.value
        if len(text) > MAX_TEXT:
            self.diagnostics.stop("K105", f"a text is longer than {MAX_TEXT} characters", mark)
        if self._is_key():
            self._stack[-1].key = (text, mark, quoted)
            self._check_key(text, mark, quoted)
            self._anchor(event, Scalar(text, mark, quoted))
            return
        value = text if quoted else scalars.resolve(text)
        self._finish(event, Scalar(value, mark, quoted))

    def _check_key(self, text: str, mark: Mark, quoted: bool) -> None:
        frame = self._stack[-1]
        if text == "<<" and not quoted:
            return
        if text == "":
            self.diagnostics.add("K101", "a key is missing before ':'", mark)
        elif text in frame.entries:
            first = frame.entries[text].mark.line
            message = f"key '{clip(text, 60)}' is given twice"
            self.diagnostics.add("K102", message, mark, f"first given at line {first}: keep one")

    def _take_alias(self, event: Any) -> None:
        name, mark = event.anchor, self._mark(event)
        if name not in self._anchors:
            hint = f"&{name} names a value above; a variable is written ${name}"
            if near := registry.hint(clip(name, 60), self._anchors):
                hint = near[:1].lower() + near[1:].replace("'", "'*", 1)
            message = f"the anchor '&{clip(name, 60)}' is not defined"
            self.diagnostics.stop("K101", message, mark, hint)
        value = self._anchors[name]
        if value is None:
            message = f"'*{clip(name, 60)}' stands inside itself"
            self.diagnostics.stop("K105", message, mark, "write out what is meant")
        if not self._is_key():
            self._finish(event, value)
        elif isinstance(value, Scalar) and isinstance(value.value, str):
            self._stack[-1].key = (value.value, mark, True)
            self._check_key(value.value, mark, True)
        else:
            self.diagnostics.stop("K101", "a key must be text", mark)

    def _open(self, event: Any, is_mapping: bool) -> None:
        mark = self.mark_at(event.start_mark.line, event.start_mark.column)
        if self._is_key():
            self.diagnostics.stop("K101", "a key must be text, not a collection", mark, _BRACES)
        if len(self._stack) >= MAX_DEPTH:
            self.diagnostics.stop("K105", f"nesting is deeper than {MAX_DEPTH} levels", mark)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._stack.append(_Frame(event, is_mapping))

    def _close(self, event: Any) -> None:
        frame = self._stack.pop()
        mark = self._mark(frame.event, event)
        if not frame.is_mapping:
            value: Value = Sequence(tuple(frame.items), mark)
        else:
            value = Mapping({**self._merged(frame), **frame.entries}, mark)
        self._finish(frame.event, value)

    def _merged(self, frame: _Frame) -> dict[str, Entry]:
        """The entries that `<<` brings in; an earlier mapping wins over a later one."""
        brought: dict[str, Entry] = {}
        for value in frame.merges:
            for one in value.items if isinstance(value, Sequence) else (value,):
                if isinstance(one, Mapping):
                    brought = {**one.entries, **brought}
                else:
                    hint = "write <<: *name, where &name stands before a mapping above"
                    self.diagnostics.add("K101", "'<<' merges mappings only", one.mark, hint)
        return brought

    def _finish(self, event: Any, value: Value) -> None:
        """Put a completed value where it belongs."""
        mark = self._mark(event)
        with self.diagnostics.limited(mark):
            count = value.size if type(event).__name__ == "AliasEvent" else 1
            budget.spend("values", count, "the file")
        if len(self._stack) + value.height > MAX_DEPTH:
            self.diagnostics.stop("K105", f"nesting is deeper than {MAX_DEPTH} levels", mark)
        self._anchor(event, value)
        if not self._stack:
            self.root = value
            return
        frame = self._stack[-1]
        if not frame.is_mapping:
            frame.items.append(value)
        elif frame.key is not None:
            key, key_mark, quoted = frame.key
            frame.key = None
            if key == "<<" and not quoted:
                frame.merges.append(value)
                return
            first = frame.entries.setdefault(key, Entry(key, key_mark, value))
            if first.value is not value and isinstance(first.value, Mapping | Sequence):
                # Given twice: what the second one says is checked as well.
                frame.entries[key] = replace(first, value=_both(first.value, value))

    def _anchor(self, event: Any, value: Value) -> None:
        if event.anchor is not None and type(event).__name__ != "AliasEvent":
            self._anchors[event.anchor] = value

    def _is_key(self) -> bool:
        return bool(self._stack) and self._stack[-1].is_mapping and self._stack[-1].key is None


_BRACES = "text with '{' or '[' must be quoted"
