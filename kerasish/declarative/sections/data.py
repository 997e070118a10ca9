"""The `data:` section: sources, rows of each part, inputs and targets, batches. Opens nothing.

A part (`train`, `validation`, `test`) is a source of its own or a choice of rows. Entries of `x`
and `y` are read in `data_entries`.
"""

from __future__ import annotations

import re
from typing import Any

from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.fields import Fields
from kerasish.declarative.check.items import Checker
from kerasish.declarative.check.specification import DataSection, PartChoice, Source
from kerasish.declarative.language.keys import Keys
from kerasish.declarative.sections.data_entries import read_entries
from kerasish.declarative.sections.data_keys import DATA, SOURCES, WINDOW
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean, must_be
from kerasish.declarative.text.source import Mapping, Scalar, Sequence, Value, marks_in, plain
from kerasish.preparation import FORMATS
from kerasish.preparation.parts import CHOICES, PARTS

_SOURCE_FORM = "source: {csv: file.csv}"
_PART_FORM = "validation: {split: 0.1}"
_MORE = {"split": ("stratify", "group"), "every": ("from",)}


def read_data(value: Value, checker: Checker) -> DataSection:
    """The checked data section; nothing is opened."""
    found = checker.diagnostics
    fields = Fields(value, "data", DATA, found)
    dataset = fields.text("dataset")
    if dataset is not None and not vocabulary.contains("dataset", dataset.name):
        message = f"unknown dataset '{clip(dataset.name, 60)}'"
        hint = did_you_mean(dataset.name, vocabulary.names("dataset"))
        found.add("K205", message, dataset.mark, hint)
    written = fields.value("source")
    sources = () if written is None else _sources(written, found)
    parts: dict[str, PartChoice] = {}
    for name in PARTS:
        part = fields.value(name)
        read = None if part is None else _part(part, name, found)
        if read is not None:
            parts[name] = read
    given = [key for key in ("source", "dataset") if key in fields.entries]
    own = fields.value("train")
    if isinstance(own, Mapping) and _formats(own):
        given.append("train")
    if len(given) > 1:
        message = f"data has both '{given[0]}' and '{given[1]}'"
        found.add("K110", message, fields.place(given[1]), "keep one")
    elif not given and fields.is_mapping:
        hint = f"dataset: digits, or {_SOURCE_FORM}"
        message, about = "data needs 'dataset' or 'source'", ("data", "source")
        found.add("K202", message, fields.mark, hint, about=about)
    x, y = fields.value("x"), fields.value("y")
    window = fields.value("window")
    return DataSection(
        fields.mark,
        dataset,
        sources,
        parts,
        None if window is None else _window(window, found),
        None if window is None else fields.place("window"),
        None if x is None else read_entries(x, "x", checker),
        None if y is None else read_entries(y, "y", checker),
        fields.text("sample_weight"),
        tuple(
            item
            for one in fields.items("augment")
            if (item := checker.item(one, "layer")) is not None
        ),
        fields.given("batch_size"),
        fields.given("shuffle"),
        _cache(fields),
    )


def _cache(fields: Fields) -> bool | str:
    value = fields.value("cache")
    held = value.value if isinstance(value, Scalar) else None
    if value is not None and not isinstance(held, (bool, str)):
        message = must_be("cache", "true, false or the name of a folder", value)
        fields.diagnostics.add("K204", message, value.mark)
        return False
    return held if isinstance(held, (bool, str)) else False


# --- sources ------------------------------------------------------------------------------------


def _formats(value: Mapping) -> list[str]:
    return [key for key in value.entries if key in FORMATS]


def _sources(value: Value, found: Diagnostics) -> tuple[Source, ...]:
    """One source, or several side by side."""
    several = value.items if isinstance(value, Sequence) else (value,)
    if not several:
        found.add("K204", "source must name a file, it is empty", value.mark, _SOURCE_FORM)
    return tuple(one for item in several if (one := _source(item, found)) is not None)


def _source(value: Value, found: Diagnostics) -> Source | None:
    if not isinstance(value, Mapping):
        named = plain(value)
        suffix = _format_of(named) if isinstance(named, str) else ""
        hint = f"source: {{{suffix}: {named}}}" if suffix else _SOURCE_FORM
        found.add("K110", must_be("source", "a mapping", value), value.mark, hint)
        return None
    formats = _formats(value)
    if len(formats) != 1:
        entry = next(iter(value), None)
        key = "" if entry is None else entry.key
        hint = did_you_mean(key, FORMATS) if not formats else "keep one; a list joins several"
        if key == "dataset":
            hint = f"write dataset: {plain(entry.value) if entry else 'digits'} in its place"
        message = f"source must name one format, received {', '.join(formats) or clip(key, 60)!r}"
        found.add("K110", message, value.mark if entry is None else entry.mark, hint)
        return None
    (name,) = formats
    keys = SOURCES[name]
    fields = Fields(value, keys.name, keys, found)
    marks = marks_in(value)
    values = {name: _files(fields, name, found)}
    for key, entry in fields.entries.items():
        form = keys[key].form
        held = plain(entry.value)
        if key == name or held is None:
            continue
        if form.takes is not None and not form.takes(held):
            message = must_be(key, form.expected, entry.value)
            found.add("K204", message, entry.value.mark, _example(keys, key))
        values[key] = held
    _check_digest(fields, found)
    return Source(values, value.mark, marks)


def _example(keys: Keys, key: str) -> str:
    example = keys[key].example
    return f"such as {key}: {example}" if example else ""


def _format_of(path: str) -> str:
    """The format that a file's name says."""
    name = path.lower().removesuffix(".gz")
    known = ((one, end) for one, made in FORMATS.items() for end in made.suffixes)
    return next((one for one, end in known if name.endswith((f".{end}", f"-{end}"))), "")


def _files(fields: Fields, name: str, found: Diagnostics) -> Any:
    """A file, a list of files, or files by column."""
    value = fields.value(name)
    if value is None:
        found.add("K204", f"{name} must name a file", fields.place(name), _SOURCE_FORM)
        return ""
    each = (value,)
    if isinstance(value, Sequence):
        each = value.items
    elif isinstance(value, Mapping):
        each = tuple(entry.value for entry in value)
    for one in each:
        held = one.value if isinstance(one, Scalar) else None
        if not isinstance(held, str) or not held:
            found.add("K204", must_be(name, "the name of a file", one), one.mark)
        elif "://" in held or "\0" in held:
            message = f"{name} must be a file, received {clip(held, 60)!r}"
            found.add("K204", message, one.mark, "nothing is downloaded: fetch it first")
    return plain(value)


def _check_digest(fields: Fields, found: Diagnostics) -> None:
    value = fields.value("sha256")
    several = value.items if isinstance(value, Sequence) else () if value is None else (value,)
    for one in several:
        held = str(one.value) if isinstance(one, Scalar) else ""
        if not re.fullmatch(r"[0-9a-fA-F]{64}", held):
            message = f"sha256 must be 64 hexadecimal digits, received '{clip(held, 70)}'"
            found.add("K204", message, one.mark)


# --- parts --------------------------------------------------------------------------------------


def _part(value: Value, name: str, found: Diagnostics) -> PartChoice | None:
    """A part: a source of its own, or a choice of rows."""
    if isinstance(value, Sequence):
        return PartChoice(value.mark, _sources(value, found))
    if isinstance(value, Scalar) and isinstance(value.value, (int, float)):
        share = value.value if 0 < value.value < 1 else value.value / 100
        share = share if 0 < share < 1 else 0.1
        message = must_be(f"data.{name}", "a mapping", value)
        found.add("K110", message, value.mark, f"write {name}: {{split: {share:g}}}")
        return None
    if isinstance(value, Mapping) and _formats(value):
        source = _source(value, found)
        return None if source is None else PartChoice(value.mark, (source,))
    forms = [key for key in CHOICES if isinstance(value, Mapping) and key in value.entries]
    extra = _MORE.get(forms[0], ()) if len(forms) == 1 else ()
    fields = Fields(value, f"data.{name}", (*CHOICES, *extra, *FORMATS), found)
    if not isinstance(value, Mapping):
        return None
    if len(forms) != 1:
        if set(value.entries) <= set(CHOICES):
            message = f"data.{name} must be one of {', '.join(CHOICES)}, or a source"
            found.add("K110", message, value.mark, _PART_FORM)
        return None
    choice = _choice(fields, forms[0], name, found)
    return None if choice is None else PartChoice(value.mark, (), choice, marks_in(value))


def _choice(fields: Fields, form: str, part: str, found: Diagnostics) -> dict[str, Any] | None:
    value = fields.value(form)
    held = None if value is None else plain(value)
    expected = ""
    if form == "split" and not (isinstance(held, float) and 0.0 < held < 1.0):
        expected = "a number between 0 and 1"
    elif form == "every" and not (type(held) is int and held > 1):
        expected = "an integer ≥ 2"
    elif form == "rows" and not _is_range(held):
        expected = "two row numbers, [from, to]"
    elif form == "where" and not (isinstance(held, dict) and held):
        expected = "a mapping from columns to values"
    if part == "train" and form == "split":
        message = "data.train cannot be a split"
        found.add("K110", message, fields.place(form), "say which part is held out: " + _PART_FORM)
        return None
    if expected and value is not None:
        percent = held if isinstance(held, (int, float)) and form == "split" else 0
        hint = f"write {percent / 100:g}" if 1 <= percent < 100 else ""
        found.add("K204", must_be(form, expected, value), value.mark, hint)
        return None
    for key in ("stratify", "group"):
        if key in fields.entries and fields.text(key) is None:
            return None
    return {key: plain(entry.value) for key, entry in fields.entries.items()}


def _is_range(held: Any) -> bool:
    if not isinstance(held, list) or len(held) != 2 or type(held[0]) is not int:
        return False
    return held[1] is None or (type(held[1]) is int and held[0] < held[1])


def _window(value: Value, found: Diagnostics) -> dict[str, int]:
    fields = Fields(value, "data.window", WINDOW, found)
    return {key: fields.given(key) for key in WINDOW}
