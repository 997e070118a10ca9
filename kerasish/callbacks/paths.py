"""The files that callbacks write: names with fields, and whether they can be written at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Formatter
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError
from kerasish.registry import hint
from kerasish.saving.files import atomic

# What a field may say about a number. No fill but 0, blank, _ and -, and no `c`, which could
# write a slash and so another folder than the name shows.
_SPEC = re.compile(r"([0 _-]?[<>=^])?[-+ ]?#?0?\d*[,_]?(\.\d+)?[bdeEfFgGoxX%]?")
_WIDE = re.compile(r"\d{3}")  # no name of a file is that long; refused when a name is made
_SAMPLES = {"epoch": 1, "batch": 1}


def check_fields(template: str, what: str = "filepath") -> str:
    """The template, if all its fields are names of numbers: `{epoch:02d}`, `{val_loss:.2f}`.

    Raises:
        ArgumentError: braces that do not close, attributes, indices or conversions, or a format
            that is none of numbers.
    """
    expected = "fields such as {epoch:02d} and {val_loss:.2f}"
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise ArgumentError(f"{what} {template!r}", expected=expected, received=error) from None
    for _, field, spec, conversion in parts:
        if field is None:
            continue
        plain = field != "" and not re.search(r"[.\[\]]", field) and not field.isdecimal()
        if not plain or conversion or not _SPEC.fullmatch(spec or ""):
            shown = field + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            raise ArgumentError(f"{what} {template!r}", expected=expected, received=f"{{{shown}}}")
        if not _WIDE.search(spec or ""):
            _formatted(_SAMPLES.get(field, 0.5), spec or "", what, template)
    return template


def fill(template: str, values: Mapping[str, Any], what: str = "filepath") -> str:
    """The template with its fields filled in.

    Args:
        template: as `check_fields` gave it.
        values: numbers by name, such as the logs of an epoch.
        what: the argument, for errors.

    Raises:
        ArgumentError: a field that is not among the values, or no number.
    """
    made: list[str] = []
    for text, field, spec, _ in Formatter().parse(template):
        made.append(text)
        if field is None:
            continue
        if field not in values:
            known = sorted(values)
            raise ArgumentError(
                f"{what} {template!r}",
                expected=f"fields among {', '.join(known)}",
                received=repr(field),
                fix=hint(field, known),
            )
        made.append(_formatted(values[field], spec or "", what, template))
    return "".join(made)


def _formatted(value: Any, spec: str, what: str, template: str) -> str:
    array = np.asarray(value)
    if _WIDE.search(spec):
        raise ArgumentError(
            f"{what} {template[:200]!r}",
            expected="widths of at most 99 characters",
            received=repr(spec[:80]),
        )
    if array.size == 1 and array.dtype.kind in "biufV":
        try:
            return format(array.reshape(()).item(), spec)
        except ValueError as error:
            received = str(error)
    else:
        received = repr(value)
    raise ArgumentError(
        f"{what} {template!r}", expected="a number and a format of numbers", received=received
    )


def check_target(path: str | os.PathLike[str], what: str, *, folders: bool = False) -> None:
    """Refuse a file that could not be written, before a run has begun.

    Args:
        path: the file, or a template of it.
        what: the argument, for errors.
        folders: whether missing folders will be made.

    Raises:
        ArgumentError: it is a folder, a pipe or a device, its folder is none or cannot be written.
    """
    parts = Path(path).parts
    fixed = next((i for i, part in enumerate(parts) if "{" in part), len(parts))
    known = Path(*parts[:fixed]) if fixed else Path()
    if fixed == len(parts):
        if known.exists():
            atomic.check_target(known)
        known = known.parent
    while folders and not known.exists() and known != known.parent:
        known = known.parent
    if not known.is_dir():
        received = f"{known}, which is no folder" if known.exists() else f"no folder {known}"
        raise ArgumentError(
            f"{what} {os.fspath(path)!r}",
            expected="a name in an existing folder",
            received=received,
            fix="Create it first.",
        )
    if not os.access(known, os.W_OK | os.X_OK):
        raise ArgumentError(
            f"{what} {os.fspath(path)!r}",
            expected="a folder that can be written",
            received=f"{known}, which cannot",
        )


def columns(names: Iterable[str]) -> list[str]:
    """Names of logs in the order of Keras's tables and lines: sorted, those of validation last."""
    return sorted(names, key=lambda name: (name.startswith("val_"), name))
