"""Findings about a declarative file: collected while checking, reported all at once.

One finding prints as

    cnn.yaml:14:23: K203 Conv2D has no argument 'filter'
       |         - Conv2D: {filter: 32, kernel_size: 3}
       |                    ^^^^^^      did you mean 'filters'?
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from kerasish.budget import KINDS
from kerasish.declarative.text.source import Mapping, Mark, Scalar, Sequence, Value
from kerasish.declarative.text.words import meant
from kerasish.errors import ConfigError, LimitError, clip, told
from kerasish.registry import hint

CODES: dict[str, str] = {
    "K101": "the YAML syntax is wrong",
    "K102": "a key is given twice",
    "K103": "a tag is refused",
    "K104": "a tab is used for indentation",
    "K105": "the file is too large, too deep, or expands too far",
    "K106": "a file cannot be read, or lies outside the project",
    "K107": "Python is written where YAML is meant",
    "K110": "a section is unknown, missing or of the wrong kind",
    "K120": "an override cannot be read",
    "K121": "an override points at nothing",
    "K201": "a layer is unknown",
    "K202": "an argument is missing",
    "K203": "an argument is unknown",
    "K204": "a value has the wrong type or range",
    "K205": "a name of another kind (activation, loss, optimizer, ...) is unknown",
    "K206": "a layer item is not one layer",
    "K301": "a variable is unknown",
    "K302": "variables refer to each other in a cycle",
    "K303": "an expression is not allowed or has no value",
    "K401": "a reference is undefined",
    "K402": "the graph has a cycle",
    "K403": "a node or layer is never used",
    "K404": "a name is used twice, or is not a valid name",
    "K410": "shapes do not fit",
    "K420": "the loss does not fit the labels or the outputs",
    "K421": "labels and predictions would broadcast",
    "K501": "a data file is missing or its hash differs",
    "K502": "an array is not in the data file, or does not fit the others",
    "K503": "the data hold NaN or infinite values",
    "K601": "the parameter budget is exceeded",
    "K602": "something opens connections to other machines, which is not allowed",
    "K701": "the loss does not fit the last activation or the target",
    "K702": "the classes are out of balance",
    "K703": "parts share rows or groups, or an input says the target",
    "K704": "inputs or targets are not scaled",
    "K705": "gradients explode",
    "K706": "a few rows cannot be learned by heart",
    "K707": "units give the same for all rows",
    "K708": "labels tell no more than shuffled ones",
}

MAX_FINDINGS = 200
_LINE_WIDTH = 160
_SHOWN_USES = 4


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: a code of `CODES`, what is wrong, where, and how to mend it."""

    code: str
    message: str
    mark: Mark
    hint: str = ""
    details: tuple[str, ...] = ()
    about: tuple[str, str] | None = None

    def __str__(self) -> str:
        head = f"{self.mark}: {self.code} {self.message}"
        details = [f"   {line}" for line in self.details]
        details += [f"   used at {use}" for use in self.mark.uses[:_SHOWN_USES]]
        return "\n".join([head, *_excerpt(self.mark, self.hint), *details])


class Failed(Exception):
    """A part of a file could not be worked out; the finding is recorded already."""


class Diagnostics:
    """A collector: stages add findings, and the run stops only after all of a stage are known.

    Args:
        command: whether someone at the command line reads them, not a program.
    """

    def __init__(self, command: bool = False) -> None:
        self.command = command
        self._found: dict[tuple[str, str, int, int, str], Diagnostic] = {}
        self._unknown: set[_Place] = set()
        self.variables: set[str] = set()  # that the file has
        self.blocks: set[str] = set()
        self._hidden: set[_Place] = set()
        self._excused: set[tuple[str, str]] = set()

    def add(
        self,
        code: str,
        message: str,
        mark: Mark,
        hint: str = "",
        details: Iterable[str] = (),
        about: tuple[str, str] | None = None,
    ) -> None:
        """Record a finding; the same one at the same place is kept once.

        One at a place whose value is not known (`unknown`) is dropped.

        Args:
            code: one of `CODES`.
            message: what is wrong; one of `must_be` brings a hint along.
            mark: where.
            hint: how to mend it.
            details: lines below.
            about: section and key, of a finding that `excuse` may take back.

        Raises:
            ConfigError: it is the last of as many as anyone reads.
        """
        if _place(mark) not in self._unknown | self._hidden:
            self._keep(code, message, mark, hint, details, about)

    def _keep(
        self,
        code: str,
        message: str,
        mark: Mark,
        hint: str,
        details: Iterable[str],
        about: tuple[str, str] | None = None,
    ) -> None:
        if code not in CODES:
            raise KeyError(
                told("Unknown diagnostic code", expected="one of CODES", received=repr(code)),
            )
        hint = hint or getattr(message, "mend", "")
        if not hint and mark.text in self.variables and code in ("K204", "K205", "K201"):
            hint = f"write ${mark.text}"
        found = Diagnostic(code, str(message), mark, hint, tuple(details), about)
        self._found.setdefault((mark.source.name, code, mark.line, mark.column, message), found)
        if len(self._found) >= MAX_FINDINGS:
            raise self.error()

    def unknown(self, mark: Mark) -> None:
        """Say that the value at `mark` is a stand-in: what is found exactly there from now on is
        no finding."""
        self._unknown.add(_place(mark))

    def hide(self, mark: Mark) -> None:
        """Say that what is found exactly at `mark` from now on follows from what is found there
        already."""
        self._hidden.add(_place(mark))

    def begin_again(self) -> None:
        """Say that the document is resolved once more: no place is unknown."""
        self._unknown.clear()

    def stop(
        self, code: str, message: str, mark: Mark, hint: str = "", details: Iterable[str] = ()
    ) -> NoReturn:
        """Record a finding after which nothing more can be checked, and raise."""
        self._keep(code, message, mark, hint, details)
        raise self.error()

    def fail(
        self, code: str, message: str, mark: Mark, hint: str = "", details: Iterable[str] = ()
    ) -> NoReturn:
        """Record a finding and give up on this part; the rest is still checked.

        Raises:
            Failed: always.
        """
        self.add(code, message, mark, hint, details)
        raise Failed

    def told(self, program: str, command: str) -> str:
        """The one of two hints that says what its reader can do."""
        return command if self.command else program

    def excuse(self, section: str, key: str) -> None:
        """A key of a section is missing because it stands elsewhere, which is a finding already."""
        self._excused.add((section, key))

    def retract(self, follows: Callable[[Diagnostic], bool]) -> None:
        """Take back the findings that follow from what is recorded now."""
        self._found = {key: one for key, one in self._found.items() if not follows(one)}

    def forget(self, known: int) -> None:
        """Take back all findings but the first `known`."""
        self._found = dict(list(self._found.items())[:known])

    def __len__(self) -> int:
        return len(self._found)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """The findings by source, line and column; sources in the order they first appear."""
        order: dict[str, int] = {}
        for found in self._found.values():
            order.setdefault(found.mark.source.name, len(order))
        return tuple(
            sorted(
                (one for one in self._found.values() if one.about not in self._excused),
                key=lambda d: (order[d.mark.source.name], d.mark.line, d.mark.column, d.code),
            )
        )

    def error(self) -> ConfigError:
        """The error that holds all findings; its text is what a user should read."""
        found = self.sorted()
        return ConfigError("\n\n".join(str(one) for one in found), found)

    @contextmanager
    def limited(self, mark: Mark) -> Iterator[None]:
        """Context manager: what goes over the account inside is a finding at `mark`, the last."""
        try:
            yield
        except LimitError as error:
            message = f"the file takes more than a file may: {KINDS[error.kind][2]}"
            wider = self.told("Options(allowance=...)", "--allowance")
            self.stop("K105", message, mark, f"raise the limits with {wider}")

    def raise_with(self, leftovers: Iterable[Diagnostic]) -> None:
        """Raise `ConfigError` with every finding; with `leftovers` where there is no other."""
        self.raise_if_any()
        for one in leftovers:
            self.add(one.code, one.message, one.mark, one.hint, one.details)
        self.raise_if_any()

    def raise_if_any(self) -> None:
        """Raise `ConfigError` with every finding if there is one."""
        if self._found:
            raise self.error()


_Place = tuple[tuple[str, int, int], ...]


def _place(mark: Mark) -> _Place:
    """The place, and the uses of the blocks that it lies in."""
    return tuple((one.source.name, one.line, one.column) for one in (mark, *mark.uses))


def describe(value: Value) -> str:
    """What the value is, for an error message: `'64' (text)`, `a list of 3`, ..."""
    if isinstance(value, Sequence):
        return _describe_list(value)
    if isinstance(value, Mapping):
        keys = list(value.entries)
        shown = ", ".join(clip(key, 40) for key in keys[:3])
        more = ", ..." if len(keys) > 3 else ""
        return f"a mapping of {shown}{more}" if keys else "an empty mapping"
    held = value.value
    if held is None:
        return "nothing (null)"
    if isinstance(held, bool):
        return f"{str(held).lower()} (true/false)"
    if isinstance(held, int):
        return f"{held} (integer)"
    if isinstance(held, float):
        return f"{held!r} (number)"
    return f"{clip(held, 60)!r} (text)"


def _describe_list(value: Sequence) -> str:
    """Short lists of plain values are shown, others are counted."""
    held = [item.value for item in value.items if isinstance(item, Scalar)]
    if len(held) < len(value.items) or not 0 < len(held) <= 6:
        return f"a list of {len(value.items)}"
    return clip(f"{['null' if one is None else one for one in held]}", 80) + " (list)"


class Wrong(str):
    """A message about a value that knows how the value is to be written, where that is known."""

    mend: str = ""


def must_be(what: str, expected: str, value: Value) -> Wrong:
    """The message about a value of the wrong type or range; a finding of it has the mend."""
    message = Wrong(f"{what} must be {expected}, received {describe(value)}")
    message.mend = meant(value, expected)
    return message


def did_you_mean(name: str, choices: Iterable[str], listing: bool = True) -> str:
    """The hint for an unknown name: the nearest choices, else the list of them."""
    known = list(choices)
    near = hint(clip(name, 100), known, 3)
    if near:
        return near[0].lower() + near[1:] + _foreign(name)
    if not known or not listing:
        return ""
    shown = ", ".join(known[:8])
    return f"known: {shown}{', ...' if len(known) > 8 else ''}"


def _foreign(name: str) -> str:
    """That a name has a letter that looks like one of the Latin alphabet, and is none."""
    odd = next((c for c in name if c.isalpha() and not c.isascii()), "")
    kind = unicodedata.name(odd, "").split(" ")[0].title() if odd else ""
    return f"  its '{odd}' is a {kind} letter" if kind not in ("", "Latin") else ""


def _excerpt(mark: Mark, hint: str) -> list[str]:
    """The source line, and the carets with the hint under it; nothing outside the text."""
    line = mark.source.line(mark.line)
    start = min(mark.column - 1, len(line))
    first = max(0, start - _LINE_WIDTH // 2) if len(line) > _LINE_WIDTH else 0
    shown = line[first : first + _LINE_WIDTH]
    cut = "".join(c if c.isprintable() else " " for c in shown)
    if not cut.strip():
        return [f"   = {hint}"] if hint else []
    before, marked = cut[: start - first], cut[start - first : start - first + mark.width]
    carets = " " * _columns(before) + "^" * max(1, _columns(marked.rstrip()))
    return [f"   | {cut.rstrip()}", f"   | {carets}" + (f"      {hint}" if hint else "")]


def _columns(text: str) -> int:
    """Terminal columns that `text` takes: wide characters two, combining ones none."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) != 0 for c in text)
