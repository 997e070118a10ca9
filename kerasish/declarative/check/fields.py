"""Reading the keys of one section: each with its check, the unknown ones with a suggestion."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from kerasish.declarative.check.specification import Reference
from kerasish.declarative.language.keys import Keys
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean, must_be
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value
from kerasish.errors import ArgumentError
from kerasish.registry import nearest

T = TypeVar("T")
_SHOWN_CHOICES = 5


class Fields:
    """The entries of the mapping under a section, taken one by one.

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
        if not isinstance(value, Mapping):
            hint = f"its keys: {', '.join(allowed)}"
            diagnostics.add("K110", must_be(title, "a mapping", value), value.mark, hint)
            return
        for entry in value:
            if entry.key in allowed:
                self.entries[entry.key] = entry
            else:
                message = f"{title} has no key '{clip(entry.key, 60)}'"
                diagnostics.add("K110", message, entry.mark, did_you_mean(entry.key, allowed))
                self._meant.update(nearest(clip(entry.key, 60), list(allowed), 1))

    def value(self, key: str) -> Value | None:
        """The value under `key`; null counts as absent."""
        entry = self.entries.get(key)
        if entry is None or (isinstance(entry.value, Scalar) and entry.value.value is None):
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
        """The value under `key`; its absence is recorded, unless a key is it, misspelt."""
        found = self.value(key)
        if found is None and key not in self._meant:
            self.diagnostics.add("K202", f"{self.title} needs '{key}'", self.place(key), hint)
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
        """The items of a list."""
        found = self.value(key)
        if found is None:
            return ()
        if not isinstance(found, Sequence):
            self._wrong(key, "a list", found)
            return ()
        return found.items

    def mapping(self, key: str) -> Mapping | None:
        """A mapping."""
        found = self.value(key)
        if found is None or isinstance(found, Mapping):
            return found
        self._wrong(key, "a mapping", found)
        return None

    def _wrong(self, key: str, expected: str, value: Value, hint: str = "") -> None:
        self.diagnostics.add("K204", must_be(key, expected, value), value.mark, hint)
