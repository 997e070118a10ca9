"""`Name`, `Name: value` and `Name: {arguments}`: one object of a registered kind, checked.

The name is looked up first and only then are the arguments held against that one constructor, so
an error speaks about the layer that was meant and never lists every layer there is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from kerasish.arguments.contract import Field, bind, contract_of
from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.hints import check_type
from kerasish.declarative.text.errors import Diagnostics, did_you_mean
from kerasish.declarative.text.source import (
    Entry,
    Mapping,
    Mark,
    Scalar,
    Sequence,
    Value,
    clip,
    describe,
    plain,
)

VALID_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
# Kinds whose constructors take a bare name and look it up themselves.
_BY_NAME = frozenset({"activation", "initializer", "regularizer", "constraint", "loss", "metric"})
MAX_NESTING = 16


@dataclass(slots=True)
class Item:
    """A checked object: what to call with which arguments, and where each was written."""

    kind: str
    name: str
    factory: Callable[..., Any]
    mark: Mark
    arguments: dict[str, Any] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The item as errors name it: `Dense 'probs'`."""
        own = self.arguments.get("name")
        return f"{self.name} '{own}'" if isinstance(own, str) else self.name


class Checker:
    """Turns values into items; everything wrong goes to `diagnostics`."""

    def __init__(self, diagnostics: Diagnostics, plugin_hint: str = "") -> None:
        self.diagnostics = diagnostics
        self._plugin_hint = plugin_hint

    def item(self, value: Value, kind: str, depth: int = 0) -> Item | None:
        """The item that `value` describes; None where it does not, which is recorded."""
        head = self._head(value, kind)
        if head is None or (depth > MAX_NESTING and self._too_deep(head.mark)):
            return None
        name, mark = head.key, head.mark
        if not vocabulary.contains(kind, name):
            self._unknown(kind, name, mark)
            return None
        item = Item(kind, name, vocabulary.lookup(kind, name), mark)
        before = len(self.diagnostics)
        self._arguments(item, head.value, depth)
        return item if len(self.diagnostics) == before else None

    def _too_deep(self, mark: Mark) -> bool:
        self.diagnostics.add("K105", f"items are nested over {MAX_NESTING} deep", mark)
        return True

    def _head(self, value: Value, kind: str) -> Entry | None:
        """Name and arguments of an item."""
        if isinstance(value, Scalar) and isinstance(value.value, str):
            return Entry(value.value, value.mark, Scalar(None, value.mark))
        if isinstance(value, Mapping) and len(value) == 1:
            return next(iter(value))
        if isinstance(value, Mapping) and len(value) > 1:
            self._two_names(value, kind)
            return None
        expected = f"one {kind}: 'Name' or 'Name: {{arguments}}'"
        message = f"expected {expected}, received {describe(value)}"
        self.diagnostics.add("K206", message, value.mark)
        return None

    def _two_names(self, value: Mapping, kind: str) -> None:
        first, second = list(value)[:2]
        hint = f"start a new item with '- ' before '{clip(second.key, 40)}'"
        if vocabulary.contains(kind, first.key) and not vocabulary.contains(kind, second.key):
            hint = f"is '{clip(second.key, 40)}' an argument of {first.key}? indent it further"
        message = f"one item holds two names: '{clip(first.key, 40)}' and '{clip(second.key, 40)}'"
        self.diagnostics.add("K206", message, second.mark, hint)

    def _unknown(self, kind: str, name: str, mark: Mark) -> None:
        code = "K201" if kind == "layer" else "K205"
        hints = [did_you_mean(name, vocabulary.names(kind)), self._plugin_hint]
        message = f"unknown {kind} '{clip(name, 60)}'"
        self.diagnostics.add(code, message, mark, "  ".join(filter(None, hints)))

    # arguments ---------------------------------------------------------------------------

    def _arguments(self, item: Item, value: Value, depth: int) -> None:
        given = {entry.key: entry for entry in self._given(item, value)}
        item.arguments = bind(contract_of(item.factory), given, _Found(self, item, depth))

    def _given(self, item: Item, value: Value) -> Iterator[Entry]:
        """The arguments as they are written, a lone value under its parameter's name."""
        first = contract_of(item.factory).first
        if isinstance(value, Mapping):
            yield from value
        elif isinstance(value, Sequence) or value.value is not None:
            if first is None:
                message = f"{item.name} takes no arguments, received {describe(value)}"
                self.diagnostics.add("K203", message, value.mark)
            else:
                yield Entry(first.name, value.mark, value)

    def argument(self, parameter: Field, value: Value, depth: int = 0) -> Any:
        """The Python value of an argument: plain, an `Item`, or a list of them."""
        if parameter.name == "name":
            return self.name(value)
        kind = parameter.kind
        if kind is not None and not _is_none(value):
            if isinstance(value, Sequence):
                return [self.argument(parameter, one, depth) for one in value.items]
            if isinstance(value, Mapping):
                return self.item(value, kind, depth + 1)
            if isinstance(value.value, str):
                return self._named(kind, value.value, value.mark, depth)
        converted, expected = check_type(value, parameter.hint, kind)
        if expected:
            message = f"{parameter.name} must be {expected}, received {describe(value)}"
            self.diagnostics.add("K204", message, value.mark, _quoting_hint(value, expected))
        return converted

    def _named(self, kind: str, name: str, mark: Mark, depth: int) -> Any:
        if kind not in _BY_NAME:
            return self.item(Scalar(name, mark), kind, depth + 1)
        if not vocabulary.contains(kind, name):
            self._unknown(kind, name, mark)
        return name

    def name(self, value: Value) -> str | None:
        """A name for a layer, node or model: no path, nothing that could leave a folder."""
        text = plain(value) if isinstance(value, Scalar) else None
        if text is None and isinstance(value, Scalar):
            return None
        if not isinstance(text, str) or not valid_name(text):
            message = f"a name must be letters, digits, '_', '-' or '.', received {describe(value)}"
            self.diagnostics.add("K404", message, value.mark)
            return None
        return text


@dataclass(frozen=True, slots=True)
class _Found:
    """The report on the arguments of an item: findings at their places."""

    checker: Checker
    item: Item
    depth: int

    def value(self, field: Field, value: Entry) -> Any:
        self.item.marks[field.name] = value.value.mark
        return self.checker.argument(field, value.value, self.depth)

    def unknown(self, name: str, value: Entry) -> None:
        contract = contract_of(self.item.factory)
        hint = did_you_mean(name, contract.fields, listing=False)
        takes = f"{self.item.name}{contract}" if contract.fields else "it takes none"
        message = f"{self.item.name} has no argument '{clip(name, 60)}'"
        self.checker.diagnostics.add("K203", message, value.mark, f"{hint}  {takes}".strip())

    def missing(self, field: Field, given: Any) -> None:
        message = f"{self.item.name} needs '{field.name}'"
        hint = f"{self.item.name}{contract_of(self.item.factory)}"
        self.checker.diagnostics.add("K202", message, self.item.mark, hint)


def valid_name(text: str) -> bool:
    """Whether `text` may name a layer: 1 to 128 of `A-Za-z0-9_.-`, and not `.` or `..`."""
    return bool(VALID_NAME.fullmatch(text)) and text not in (".", "..")


def _is_none(value: Value) -> bool:
    return isinstance(value, Scalar) and value.value is None


def _quoting_hint(value: Value, expected: str) -> str:
    """For `'64'` where a number is expected: the quotes are the mistake."""
    if not isinstance(value, Scalar) or not isinstance(value.value, str):
        return ""
    quoted_number = value.quoted and re.fullmatch(r"[-+0-9.eE]+", value.value)
    if quoted_number and ("integer" in expected or "number" in expected):
        return "remove the quotes"
    if value.value in ("yes", "no", "on", "off") and "true" in expected:
        return "write true or false"
    return ""
