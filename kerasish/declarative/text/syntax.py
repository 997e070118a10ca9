"""PyYAML's syntax errors in the words of someone who writes a model file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.source import Mark

_FLOW = "'${...}' must be quoted inside { } and [ ]: \"${...}\", or write $name"
_CLOSE = "or quote text that holds special characters"

# A part of PyYAML's problem or context text, our message, the hint.
_WORDS = (
    (
        "mapping values are not allowed",
        "':' is not allowed here",
        "check the indentation here and on the line above, or quote the text",
    ),
    ("expected ',' or '}'", "a ',' or '}' is missing", f"close the '{{', {_CLOSE}"),
    ("expected ',' or ']'", "a ',' or ']' is missing", f"close the '[', {_CLOSE}"),
    ("while scanning a quoted scalar", "the quoted text is not closed", "add the closing quote"),
    ("could not find expected ':'", "a ':' is missing after the key", "write 'key: value'"),
    ("special characters are not allowed", "a control character is not allowed", "remove it"),
    (
        "expected <block end>",
        "the indentation does not match the lines above",
        "items of one list or mapping start in the same column",
    ),
)


def report_syntax_error(
    error: Exception,
    text: str,
    reader_mark: Any,
    mark_at: Callable[..., Mark],
    diagnostics: Diagnostics,
) -> NoReturn:
    """Turn a parsing error into K101, K103 or K104 and raise it with all findings so far.

    `reader_mark` is where the reader stood, for errors that carry no position of their own.
    """
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    context = str(getattr(error, "context", None) or "")
    opened: Any = getattr(error, "context_mark", None)
    mark: Any = getattr(error, "problem_mark", None) or opened or reader_mark
    if "quoted scalar" in context and opened is not None:
        mark = opened
    index, line, column = _position(error, text, mark)
    place = mark_at(line, column)
    lead = _indentation(text, index)
    if "\t" in lead and column <= len(lead):
        place = mark_at(line, lead.index("\t"))
        diagnostics.stop("K104", "a tab is used for indentation", place, "use spaces")
    if "tag handle" in problem or "scanning a tag" in context:
        diagnostics.stop("K103", "the tag is refused", place, "remove it")
    if "${" in text[max(0, index - 1) : index + 2]:
        place = mark_at(line, max(0, column - (text[index : index + 1] == "{")), 2)
        diagnostics.stop("K101", "'{' is not allowed after '$' here", place, _FLOW)
    for part, message, hint in _WORDS:
        if part in problem or part in context:
            since = (
                f"opened at {mark_at(opened.line, opened.column)}"
                if opened and "close" in hint
                else ""
            )
            diagnostics.stop("K101", message, place, hint, [since] if since else [])
    diagnostics.stop("K101", _own_words(error, problem), place)


def _position(error: Exception, text: str, mark: Any) -> tuple[int, int, int]:
    """Index, line and column (from 0) of an error; a reader error knows only its index."""
    index = getattr(error, "position", None)
    if not isinstance(index, int):
        return mark.index, mark.line, mark.column
    before = text[:index]
    return index, before.count("\n"), index - (before.rfind("\n") + 1)


def _indentation(text: str, index: int) -> str:
    """The spaces and tabs that the line around `index` starts with."""
    start = max(text.rfind(c, 0, index) for c in "\n\r") + 1
    rest = text[start:]
    return rest[: len(rest) - len(rest.lstrip(" \t"))]


def _own_words(error: Exception, problem: str) -> str:
    if type(error) in (ValueError, OverflowError, IndexError):
        return "the YAML cannot be read: a number or an escape here is out of range"
    return " ".join(problem.split()) or "the YAML cannot be read"
