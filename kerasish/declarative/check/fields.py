"""Reading the keys of one section: each with its check, the unknown ones with what was meant."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, TypeVar

from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.specification import Reference
from kerasish.declarative.language.keys import Keys
from kerasish.declarative.text.emit import flow
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean, must_be
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value, plain
from kerasish.declarative.text.synonyms import FORMS, KEYS, LISTS, NOTHING, PLACES, TOP
from kerasish.declarative.text.words import belongs, meant, short, written
from kerasish.errors import ArgumentError
from kerasish.preparation import FORMATS
from kerasish.registry import alike, nearest

T = TypeVar("T")
_SHOWN_CHOICES = 5
# Sections of which a key may belong to another one.
_SECTIONS = (TOP, "model", "data", "train", "validation", "data.validation", "data.test")
_OUTER = ("model", "data", "train")  # of which none stands inside of another
_LONG_PLACES = tuple(one for one in PLACES if len(one) > 3)


class Fields:
    """The entries of the mapping under a section, taken one by one.

    A key that is meant for another one of the section is a finding, and read as that one, so that
    nothing follows from it and its value is checked too.

    Args:
        value: the section as written; anything but a mapping is recorded and read as empty.
        title: the section's name in errors.
        allowed: the keys it may have; `Keys` say besides what their values may be (`given`).
        diagnostics: receives K110, K202 and K204.
    """

    def __init__(
        self, value: Value, title: str, allowed: Collection[str], diagnostics: Diagnostics
    ) -> None:
        self.title = title
        self.allowed = allowed
        self.mark = value.mark
        self.diagnostics = diagnostics
        self.entries: dict[str, Entry] = {}
        self._meant: set[str] = set()  # by keys that are misspelt
        self.is_mapping = isinstance(value, Mapping)
        if not isinstance(value, Mapping):
            hint = _form(title, value) or f"its keys: {', '.join(allowed)}"
            diagnostics.add("K110", must_be(title, "a mapping", value), value.mark, hint)
            return
        unknown = []
        if title == TOP:
            self._whole(value)
        for entry in value:
            if entry.key in allowed:
                self.entries[entry.key] = entry
            else:
                unknown.append(entry)
        inside = self._indented_too_far(value, unknown)
        for entry in unknown:
            if entry not in inside:
                self._unknown(entry, value, allowed)

    def _indented_too_far(self, value: Mapping, unknown: list[Entry]) -> list[Entry]:
        """The keys of a section of the file that begins in this one; that is one finding."""
        for head in value:
            if self.title not in _OUTER or head.key not in _OUTER or not _is_null(head.value):
                continue
            inside = [one for one in unknown if PLACES.get(one.key, ("",))[0] == head.key]
            if inside:
                self.entries.pop(head.key, None)
                message = f"'{head.key}' stands inside of '{self.title}'"
                hint = (
                    f"write {head.key}: at the beginning of the line: it is a section of the file"
                )
                self.diagnostics.add("K110", message, head.mark, hint)
                return [*inside, *([head] if head in unknown else [])]
        return []

    def _whole(self, value: Mapping) -> None:
        """Files that other tools wrote end here."""
        if "class_name" in value.entries and "config" in value.entries:
            message = "this is a model's config as Keras writes it"
            hint = "kerasish from-keras makes a file of it"
            self.diagnostics.stop("K110", message, value.entries["class_name"].mark, hint)

    def _unknown(self, entry: Entry, section: Mapping, allowed: Collection[str]) -> None:
        key, title = entry.key, self.title
        left = [one for one in allowed if one not in self.entries]
        name = self.allowed.name if isinstance(self.allowed, Keys) else title
        word = KEYS.get(title, KEYS.get(name, {})).get(key)
        near, place = word if word in left else None, None
        if near is None:
            place = PLACES.get(key) if title in _SECTIONS else None
            near = alike(key, left) if place is None else None
        if near is None and place is None and title in _SECTIONS:
            place = PLACES.get(alike(key, _LONG_PLACES) or "")
        message = f"{title} has no key '{clip(key, 60)}'"
        if near:
            one = near in LISTS and _is_one(key, entry.value)
            held = Sequence((entry.value,), entry.value.mark) if one else entry.value
            file = _file(near, entry.value)
            held = held if file is None else file
            self.entries[near] = replace(entry, key=near, value=held)
            hint = did_you_mean(key, [near]) or f"did you mean '{near}'?"
            if near == "base":
                self.diagnostics.excuse(title, "model")  # the base has it
            if (title, near) == (TOP, "kerasish"):
                hint = f"write {near}: 1"
                self.entries[near] = replace(entry, key=near, value=Scalar(1, entry.value.mark))
            elif word == near:
                shown = f"[{short(entry.value)}]" if one else short(entry.value)
                shown = shown if file is None else flow(plain(file))
                hint = f"write {near}: {shown}".removesuffix(" ...")
        elif place and (place[0] or TOP, place[1]) != (title, key):
            where, target, line = place
            self.diagnostics.excuse(where or TOP, target)
            hint = _elsewhere(entry, section, where, line)
            if where == title:
                hint = f"write {hint.partition(': ')[2]}"
        elif word is not None and word in allowed:
            hint = f"'{word}' means it, and is there already"
            if isinstance(entry.value, Mapping):
                hint = f"write its keys under '{word}:'"
            self.diagnostics.excuse(title, word)
        elif key in NOTHING and title not in ("source csv", "pad"):
            hint = NOTHING[key]
        elif (kind := vocabulary.kind_of(key)) and key[:1].isupper():
            hint = f"{key} is a name of the kind {kind}"
            if kind == "layer":
                item = key if _is_null(entry.value) else f"{key}: {short(entry.value)}"
                hint = f"{key} is a layer: write it under 'layers:' as - {item}"
        else:
            hint = did_you_mean(key, allowed)
            if title.startswith("source ") and (word := KEYS["data"].get(key)):
                hint = belongs("data", f"{word}: {short(entry.value)}")
            self._meant.update(nearest(clip(key, 60), list(allowed), 1))
        self.diagnostics.add("K110", message, entry.mark, hint)

    def value(self, key: str) -> Value | None:
        """The value under `key`; null counts as absent."""
        entry = self.entries.get(key)
        if entry is None or _is_null(entry.value):
            return None
        return entry.value

    def given(self, key: str) -> Any:
        """The plain value under a key of `Keys`, or its default; what its form does not take is
        recorded as K204 and read as absent."""
        keys = self.allowed
        if not isinstance(keys, Keys):
            raise ArgumentError(f"{self.title}: {key}", expected="keys that are declared")
        declared = keys[key]
        form = declared.form
        if form.choices:
            return self.choice(key, form.choices, declared.default)
        if form.takes is None:
            raise ArgumentError(f"{self.title}: {key}", expected="the form of a plain value")
        found = self._held(key, form.expected, form.takes)
        return declared.default if found is None else found.value

    def read(self, key: str, make: Callable[[Value], T]) -> T | None:
        """What `make` gives of the value under `key`; None where there is none."""
        found = self.value(key)
        return None if found is None else make(found)

    def place(self, key: str) -> Mark:
        """Where `key` is written, else where the section is."""
        entry = self.entries.get(key)
        return entry.mark if entry else self.mark

    def require(self, key: str, hint: str = "") -> Value | None:
        """The value under `key`; its absence is recorded, unless a key is it, misspelt, or the
        section is no mapping."""
        found = self.value(key)
        if found is None and self.is_mapping and key not in self._meant:
            message = f"{self.title} needs '{key}'"
            if key in self.entries:
                message = f"{key} is empty" if self.title == TOP else f"{self.title}.{key} is empty"
            about = self.title, key
            self.diagnostics.add("K202", message, self.place(key), hint, about=about)
        return found

    def integer(self, key: str, default: Any, least: int = 1) -> Any:
        """An integer of at least `least`."""
        found = self._held(key, f"an integer ≥ {least}", lambda v: type(v) is int and v >= least)
        return default if found is None else found.value

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        found = self._held(key, "true or false", lambda held: isinstance(held, bool))
        return default if found is None else bool(found.value)

    def text(self, key: str) -> Reference | None:
        """A text with its mark."""
        found = self._held(key, "text", lambda held: isinstance(held, str))
        return None if found is None else Reference(str(found.value), found.mark)

    def _held(self, key: str, expected: str, fits: Callable[[Any], bool]) -> Scalar | None:
        found = self.value(key)
        if found is None or (isinstance(found, Scalar) and fits(found.value)):
            return found
        self._wrong(key, expected, found)
        return None

    def choice(self, key: str, choices: Collection[str], default: Any) -> Any:
        """One of a few words."""
        found = self.value(key)
        if found is None:
            return default
        held = found.value if isinstance(found, Scalar) else None
        if held in choices:
            return str(held)
        few = len(choices) <= _SHOWN_CHOICES
        hint = did_you_mean(held, choices, listing=not few) if isinstance(held, str) else ""
        self._wrong(key, " or ".join(choices) if few else f"the name of a {key}", found, hint)
        return default

    def items(self, key: str) -> tuple[Value, ...]:
        """The items of a list; what is written as one item or a mapping is read as its items."""
        found = self.value(key)
        if found is None:
            return ()
        if isinstance(found, Sequence):
            return found.items
        if isinstance(found, Scalar):
            self._wrong(key, "a list", found, f"write {key}: [{written(found)}]")
            return (found,) if isinstance(found.value, str) else ()
        keys = found.entries
        first = next(iter(found), None)
        if first is None:
            self._wrong(key, "a list", found)
            return ()
        item = first.key if _is_null(first.value) else f"{first.key}: {short(first.value)}"
        hint = (
            f"write {key}: [{item}]" if len(keys) == 1 else f"begin every item with '- ': - {item}"
        )
        self._wrong(key, "a list", found, hint)
        self.diagnostics.retract(
            lambda one: (
                one.code == "K102"
                and one.mark.column == first.mark.column
                and one.mark.line > first.mark.line
                and one.mark.text in keys
            )
        )
        return tuple(Mapping.of([entry], entry.mark) for entry in found)

    def mapping(self, key: str) -> Mapping | None:
        """A mapping."""
        found = self.value(key)
        if found is None or isinstance(found, Mapping):
            return found
        items = found.items if isinstance(found, Sequence) else ()
        named = [one for one in items if isinstance(one, Mapping) and len(one) == 1]
        if not named or len(named) < len(items):
            self._wrong(key, "a mapping", found)
            return None
        first = next(iter(named[0]))
        hint = f"write its keys without '- ': {first.key}: {short(first.value)}"
        self._wrong(key, "a mapping", found, hint)
        return Mapping.of([entry for one in named for entry in one], found.mark)

    def _wrong(self, key: str, expected: str, value: Value, hint: str = "") -> None:
        self.diagnostics.add("K204", must_be(key, expected, value), value.mark, hint)


def _file(key: str, value: Value) -> Mapping | None:
    """A file's name in the place of a source or a part, as it is written there."""
    named = value.value if isinstance(value, Scalar) else None
    if key not in ("source", "train", "validation", "test") or not isinstance(named, str):
        return None
    form = named.lower().removesuffix(".gz").rpartition(".")[2]
    return Mapping.of([Entry(form, value.mark, value)], value.mark) if form in FORMATS else None


def _is_one(key: str, value: Value) -> bool:
    """Whether one item is written where a list belongs."""
    if isinstance(value, Scalar):
        return not _is_null(value)
    return isinstance(value, Mapping) and len(value) == 1 and not key.endswith("s")


def _is_null(value: Value) -> bool:
    return isinstance(value, Scalar) and value.value is None


def _elsewhere(entry: Entry, section: Mapping, where: str, line: str) -> str:
    """The hint for a key that belongs to another section, with the line to write."""
    name, others = _optimizer(section)
    value = short(entry.value)
    if value in ("true", "yes") and "patience" in line:
        value = "3"
    written_as = line.format(value=value, optimizer=name, others=others)
    if "\n" in value or value == "...":
        written_as = written_as.replace("...", "", 1).rstrip() + " ..."
    return belongs(where, written_as)


def _optimizer(section: Mapping) -> tuple[str, str]:
    """The optimizer of a file or its train section, and its arguments but the rate."""
    train = section.get("train")
    held = (train if isinstance(train, Mapping) else section).get("optimizer")
    arguments: Value | None = None
    if isinstance(held, Mapping) and len(held) == 1:
        (entry,) = held
        held, arguments = Scalar(entry.key, entry.mark), entry.value
    name = held.value if isinstance(held, Scalar) else None
    if not isinstance(name, str) or not vocabulary.contains("optimizer", name):
        return "Adam", ""
    rest = arguments if isinstance(arguments, Mapping) else ()
    others = [f"{e.key}: {short(e.value)}, " for e in rest if e.key != "learning_rate"]
    return str(vocabulary.lookup("optimizer", name).__name__), "".join(others)


def _form(title: str, value: Value) -> str:
    """What to write for a section that is a lone value or a list."""
    kind = "list" if isinstance(value, Sequence) else "number"
    place = title.removeprefix("data.")
    if file := _file(place, value):
        return f"write {place}: {flow(plain(file))}"
    if isinstance(value, Scalar):
        kind = "nothing" if value.value is None else kind
        kind = "text" if isinstance(value.value, str) else kind
        kind = "flag" if isinstance(value.value, bool) else kind
    text = short(value)
    part = meant(value, "a number between 0 and 1").removeprefix("write ")
    if part and ("validation" in title or "test" in title):
        kind, text = "number", part
    sizes = meant(value, "a list of integers").removeprefix("write ")
    if title == "input" and sizes.startswith("["):
        return f"write input: {sizes}"
    line = FORMS.get(f"{title} {kind}", "")
    return line.format(value=text) and f"write {line.format(value=text)}"
