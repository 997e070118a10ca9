"""A text as a file has it -> one that can be read, and findings about what had to be mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kerasish.declarative.text.candidates import candidates
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.mending import Mend, Text
from kerasish.declarative.text.mistakes import FINDERS
from kerasish.declarative.text.scan import scan
from kerasish.declarative.text.source import Mark, Source

# Characters of a text that is searched for mistakes, characters read in the search for what is
# wrong, and how many mistakes are mended one after another.
_MAX_SEARCHED = 200_000
_MAX_READ = 1_500_000
_MAX_MENDS = 25


class Mender:
    """Mends a text, and records what it mends.

    Args:
        source: the text as it was written.
        diagnostics: receives K101, K104 and K107.
    """

    def __init__(self, source: Source, diagnostics: Diagnostics) -> None:
        self.source = source
        self.diagnostics = diagnostics

    def known(self, text: Text) -> Text:
        """The text without the mistakes that can be seen whether or not it can be read."""
        if sum(map(len, text.lines)) > _MAX_SEARCHED:
            return text
        lines = scan(text.lines)
        for finder in FINDERS:
            found = list(finder(lines))
            for one in found:
                self._record(text, one)
                if one.final:
                    raise self.diagnostics.error()
            if found:
                text = text.mended(edit for one in found for edit in one.edits)
                lines = scan(text.lines)
        return text

    def tried(self, text: Text) -> Text:
        """A text that cannot be read, with mends that let it be read further; as it is where there
        are none."""
        left, failure = _MAX_READ, _failure(str(text))
        for _ in range(_MAX_MENDS):
            size = sum(map(len, text.lines))
            best: tuple[tuple[int, int], Mend, Text, _Failure | None] | None = None
            for mend in candidates(scan(text.lines), *failure) if failure else ():
                left -= size
                if left < 0 or size > _MAX_SEARCHED or not failure:
                    break
                changed = text.mended(mend.edits)
                after = _failure(str(changed))
                reached = (len(text.lines) + 1, 0) if after is None else after[:2]
                further = reached[0] > max(failure[0], mend.line)
                if further and (best is None or reached > best[0]):
                    best = reached, mend, changed, after
                if after is None:
                    break
            if best is None:
                break
            self._record(text, best[1])
            text, failure = best[2], best[3]
        return text

    def _record(self, text: Text, mend: Mend) -> None:
        start = text.column(mend.line, mend.start)
        width = text.column(mend.line, mend.start + mend.width) - start
        mark = Mark(self.source, mend.line + 1, start + 1, max(1, width))
        self.diagnostics.add(mend.code, mend.message, mark, mend.hint)
        if mend.hides:
            self.diagnostics.hide(mark)


_Failure = tuple[int, int, tuple[int, int] | None]


def _failure(text: str) -> _Failure | None:
    """Line and column where reading fails, and where what is open there was opened."""
    import yaml

    reader: Any = None
    try:
        reader = yaml.SafeLoader(text)
        for _ in _read(reader):
            pass
    except (yaml.YAMLError, ValueError, OverflowError, IndexError) as error:
        opened: Any = getattr(error, "context_mark", None)
        mark: Any = getattr(error, "problem_mark", None) or opened
        if mark is None and reader is not None:
            mark = reader.get_mark()
        if mark is None:
            return None  # a character that no text may hold
        return mark.line, mark.column, (opened.line, opened.column) if opened else None
    finally:
        if reader is not None:
            reader.dispose()
    return None


def _read(reader: Any) -> Iterator[Any]:
    while reader.check_event():
        yield reader.get_event()
