"""`Name`, `Name: value` and `Name: {arguments}`: one object of a registered kind, checked.

The name is looked up first and only then are the arguments held against that one constructor, so
an error speaks about the layer that was meant and never lists every layer there is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from kerasish import registry
from kerasish.arguments.contract import Converted, Field, bind, contract_of
from kerasish.arguments.rules import Rule
from kerasish.declarative.check import vocabulary
from kerasish.declarative.text.errors import Diagnostics, clip, describe, did_you_mean, must_be
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value, plain
from kerasish.errors import KerasishError
from kerasish.registry import nearest

VALID_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
# Kinds whose constructors take a bare name and look it up themselves.
_BY_NAME = frozenset({"activation", "initializer", "regularizer", "constraint", "loss", "metric"})
MAX_NESTING = 16
_SHOWN = 8  # names that a hint lists


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
    """Turns values into items; everything wrong goes to `diagnostics`.

    Args:
        diagnostics: receives the findings.
        missing: modules that the file asks for and nobody imported.
        network: whether items may open connections to other machines.
    """

    def __init__(
        self, diagnostics: Diagnostics, missing: Collection[str] = (), network: bool = False
    ) -> None:
        self.diagnostics = diagnostics
        self._missing = missing
        self._network = network

    def item(self, value: Value, kind: str, depth: int = 0) -> Item | None:
        """The item that `value` describes; None where it does not, which is recorded."""
        head = self._head(value, kind)
        if head is None or (depth > MAX_NESTING and self._too_deep(head.mark)):
            return None
        name, mark = head.key, head.mark
        if not vocabulary.contains(kind, name):
            self.unknown(kind, name, mark)
            return None
        item = Item(kind, name, vocabulary.lookup(kind, name), mark)
        before = len(self.diagnostics)
        if getattr(item.factory, "opens_network", False) and not self._network:
            allow = self.diagnostics.told("Options(allow_network=True)", "--allow-network")
            message = f"{name} opens connections to other machines, which is not allowed here"
            self.diagnostics.add("K602", message, mark, f"pass {allow} to allow it")
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
        named = plain(first.value)
        hint = f"start a new item with '- ' before '{clip(second.key, 40)}'"
        if vocabulary.contains(kind, first.key) and not vocabulary.contains(kind, second.key):
            hint = f"is '{clip(second.key, 40)}' an argument of {first.key}? indent it further"
        elif isinstance(named, str) and vocabulary.contains(kind, named):
            hint = f"write {named}: {{{clip(second.key, 40)}: ...}}"
        message = f"one item holds two names: '{clip(first.key, 40)}' and '{clip(second.key, 40)}'"
        self.diagnostics.add("K206", message, second.mark, hint)

    def unknown(self, kind: str, name: str, mark: Mark) -> None:
        """Record a name that is none of a kind, with what may have been meant."""
        code = "K201" if kind == "layer" else "K205"
        self.diagnostics.add(
            code, f"unknown {kind} '{clip(name, 60)}'", mark, self._meant(kind, name)
        )

    def _meant(self, kind: str, name: str) -> str:
        if name in ("None", "True", "False"):
            return f"write {name.lower().replace('none', 'null')}"
        head = name.partition("(")[0]
        if head != name and vocabulary.contains(kind, head):
            return f"write {head}: {{argument: value}}"
        register = f"@kerasish.register({kind!r})"
        if vocabulary.is_unregistered(kind, name):
            return f"write {register} above the class {name}"
        known = vocabulary.names(kind)
        near = did_you_mean(name, known, listing=len(known) <= _SHOWN)
        if self._missing:
            first = next(iter(self._missing))
            more = self.diagnostics.told(f"import {first} first", f"pass --allow {first}")
            return f"{near}  or a name of {first}, which the file asks for? {more}".strip()
        if near:
            return near
        other = vocabulary.kind_of(name)
        if other:
            return f"it is a name of another kind: {other}"
        module = self.diagnostics.told("import its module first", "name its module: --allow MODULE")
        return f"one of your own? write {register} above it, and {module}"

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

    def argument(self, field: Field, value: Value, depth: int = 0) -> Any:
        """The value of an argument: converted by the rule of its field, or names and `Item`s.

        What names are for is made with the object, so only its constructor converts such a value.
        """
        if field.name == "name":
            return self.name(value)
        if field.kind is not None and not _is_plain(value):
            return self._objects(field, field.rule, field.kind, value, depth)
        converted = self._converted(field, field.rule, value)
        return Converted(converted) if field.declared else converted

    def _converted(self, field: Field, rule: Rule, value: Value) -> Any:
        """The value by a rule; what it refuses is recorded."""
        try:
            return rule.convert(plain(value))
        except (KerasishError, ValueError, TypeError) as error:
            expected = in_yaml(rule.expected)
            hint = _quoting_hint(value, expected) or getattr(error, "fix", "")
            hint = hint[:1].lower() + hint[1:]
            self.diagnostics.add("K204", must_be(field.name, expected, value), value.mark, hint)
            return None

    def _objects(self, field: Field, rule: Rule, kind: str, value: Value, depth: int) -> Any:
        """Names and items of a kind in the lists and mappings that a rule asks for."""
        inside = rule.inside
        if _is_plain(value) or (
            inside and not isinstance(value, Mapping if rule.keyed else Sequence)
        ):
            self._converted(field, rule, value)
            return plain(value)
        if isinstance(value, Sequence):
            return [self._objects(field, inside or rule, kind, i, depth) for i in value.items]
        if isinstance(value, Mapping) and inside:
            return {e.key: self._objects(field, inside, kind, e.value, depth) for e in value}
        return self.named(value, kind, depth + 1)

    def named(self, value: Value, kind: str, depth: int = 0) -> Any:
        """An item; a bare name stays one where the kind's own look-up knows it, and a function of
        one's own is itself."""
        item = self.item(value, kind, depth)
        if item is None or kind not in _BY_NAME or not isinstance(value, Scalar):
            return item
        if registry.contains(kind, item.name):
            return item.name
        return item if isinstance(item.factory, type) else item.factory

    def name(self, value: Value) -> str | None:
        """A name for a layer, node or model: no path, nothing that could leave a folder."""
        text = value.value if isinstance(value, Scalar) else value
        if text is None:
            return None
        if not isinstance(text, str) or not valid_name(text):
            message = must_be("a name", "letters, digits, '_', '-' or '.'", value)
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
        contract = contract_of(self.item.factory)
        unknown = [] if contract.is_open else [n for n in given if n not in contract.fields]
        if any(field.name in nearest(clip(n, 100), list(contract.fields)) for n in unknown):
            return  # it is misspelt, which is told
        message = f"{self.item.name} needs '{field.name}'"
        hint = f"{self.item.name}{contract}"
        self.checker.diagnostics.add("K202", message, self.item.mark, hint)


def valid_name(text: str) -> bool:
    """Whether `text` may name a layer: 1 to 128 of `A-Za-z0-9_.-`, and not `.` or `..`."""
    return bool(VALID_NAME.fullmatch(text)) and text not in (".", "..")


def _is_plain(value: Value) -> TypeGuard[Scalar]:
    """Whether a value names nothing: a number, true, false or null."""
    return isinstance(value, Scalar) and not isinstance(value.value, str)


# The words of rules, which speak of Python, for what is written in a file.
_WORDS = (
    (r", or None\b", " or null"),
    (r"\bTrue or False\b", "true or false"),
    (r"\ba list or tuple\b|\ba tuple\b", "a list"),
    (r"\ban int\b", "an integer"),
    (r"\bints\b", "integers"),
    (r"of which each is (an |a )(integer|number)\b", r"of \2s"),
    (r"of (\d+): an integer(, an integer)*$", r"of \1 integers"),
    (r"\ba string\b", "text"),
    (r"\ba dict\b", "a mapping"),
    (r"\ba function\b", "a function, which a file cannot hold"),
    (r"\ban array\b", "numbers in lists of one length, or {value: lists, dtype: name}"),
)


def in_yaml(expected: str) -> str:
    """What a rule expects, in the words of YAML."""
    for python, yaml in _WORDS:
        expected = re.sub(python, yaml, expected)
    return expected


def _quoting_hint(value: Value, expected: str) -> str:
    """For `'64'` where a number is expected: the quotes are the mistake."""
    if not isinstance(value, Scalar) or not isinstance(value.value, str):
        return ""
    quoted_number = value.quoted and re.fullmatch(r"[-+0-9.eE]+", value.value)
    if quoted_number and re.search(r"\bint\b|integer|number", expected):
        return "remove the quotes"
    if value.value in ("yes", "no", "on", "off") and "true" in expected:
        return "write true or false"
    return ""
