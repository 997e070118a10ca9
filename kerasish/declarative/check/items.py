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
from kerasish.arguments.contract import Contract, Converted, Field, bind, contract_of
from kerasish.arguments.rules import Rule
from kerasish.declarative.check import forms, vocabulary
from kerasish.declarative.language.model import FOR, REPEAT, WHEN
from kerasish.declarative.text import python
from kerasish.declarative.text.errors import Diagnostics, clip, describe, did_you_mean, must_be
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value, plain
from kerasish.declarative.text.synonyms import NAMES, NEEDLESS, PLACES, TYPE_KEYS
from kerasish.declarative.text.words import (
    NO_FUNCTIONS,
    belongs,
    in_yaml,
    meant,
    said_in_yaml,
    short,
)
from kerasish.declarative.text.words import written as written_as
from kerasish.errors import KerasishError
from kerasish.registry import alike

VALID_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
# Kinds whose constructors take a bare name and look it up themselves.
_BY_NAME = frozenset({"activation", "initializer", "regularizer", "constraint", "loss", "metric"})
# Kinds in place of which a number stands, and what the number is.
_OR_NUMBER = {"schedule": "learning_rate"}
# A number in place of an object, and what it was meant for.
_NUMBERED = {"optimizer": "Adam: {{learning_rate: {value}}}", "regularizer": "L2: {value}"}
_CONTROL = {*REPEAT, *FOR, *WHEN} - {"layers"}  # beside the layers that they are about
# What only stands among layers and in nodes.
_AMONG_LAYERS = "it stands in 'layers', in 'seq' or in a node, not inside the arguments of a layer"
_PYTHON_WORDS = {"None": "null", "none": "null", "True": "true", "False": "false"}
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

    def item(self, value: Value, kind: str, depth: int = 0, keep: bool = False) -> Item | None:
        """The item that `value` describes; None where it does not, which is recorded, or, unless
        it is to be kept, where an argument is wrong."""
        head = self._head(value, kind)
        if head is None or (depth > MAX_NESTING and self._too_deep(head.mark)):
            return None
        name, mark = head.key, head.mark
        before = len(self.diagnostics)
        if kind == "layer" and name == "Input":
            shown = f"input: {short(head.value)}"
            hint = belongs("model", shown)
            self.diagnostics.add("K206", "the input is no layer of the list", mark, hint)
            self.diagnostics.excuse("model", "input")
            return None
        if not vocabulary.contains(kind, name):
            self.unknown(kind, name, mark, head.value)
            if kind == "layer" and name in ("load", *self.diagnostics.blocks):
                return None
            known = forms.known_name(kind, name)
            if known is None or not vocabulary.contains(kind, known):
                return None
            if forms.says_all(name, kind):
                return None
            name, head = known, forms.translated(head, kind, known)
        item = Item(kind, name, vocabulary.lookup(kind, name), mark)
        if getattr(item.factory, "opens_network", False) and not self._network:
            allow = self.diagnostics.told("Options(allow_network=True)", "--allow-network")
            message = f"{name} opens connections to other machines, which is not allowed here"
            self.diagnostics.add("K602", message, mark, f"pass {allow} to allow it")
        self._arguments(item, head.value, depth)
        return item if keep or len(self.diagnostics) == before else None

    def _too_deep(self, mark: Mark) -> bool:
        self.diagnostics.add("K105", f"items are nested over {MAX_NESTING} deep", mark)
        return True

    def _head(self, value: Value, kind: str) -> Entry | None:
        """Name and arguments of an item."""
        if isinstance(value, Scalar) and isinstance(value.value, str):
            written = None if vocabulary.contains(kind, value.value) else self._text(value, kind)
            if written:
                return None
            return Entry(value.value, value.mark, Scalar(None, value.mark))
        if isinstance(value, Mapping) and value.entries:
            return self._single(value, kind)
        expected = f"one {kind}: 'Name' or 'Name: {{arguments}}'"
        message = f"expected {expected}, received {describe(value)}"
        hint = ""
        if isinstance(value, Sequence) and value.items:
            first = value.items[0]
            named = isinstance(first, Scalar) and isinstance(first.value, str)
            rest = [written_as(one) for one in value.items[1:]]
            if named and len(rest) < 2:
                item = ": ".join([written_as(first), *rest])
                hint = f"write {forms.in_place(item, value.mark)}"
            elif len(value.items) == 1:
                hint = f"write {written_as(first)}"
        elif isinstance(value, Scalar) and type(value.value) in (int, float) and kind in _NUMBERED:
            item = _NUMBERED[kind].format(value=written_as(value))
            hint = f"write {forms.in_place(item, value.mark)}"
        elif isinstance(value, Scalar) and value.value is None:
            message = f"{_a(kind)} is missing here"
        self.diagnostics.add("K206", message, value.mark, hint)
        return None

    def _text(self, value: Scalar, kind: str) -> bool:
        """Whether a text is an item with arguments in other signs than YAML's; it is recorded."""
        text = str(value.value)
        if text in _PYTHON_WORDS:
            message = f"{text} is a word of Python"
            self.diagnostics.add("K107", message, value.mark, f"write {_PYTHON_WORDS[text]}")
            return True
        found = forms.text_item(text, kind)
        if found is None:
            return False
        call = python.CALL.match(text)
        what = "a call as in Python" if call else f"'{clip(text, 60)}' is no {kind}"
        message = f"{what} is no YAML: '{clip(text, 60)}'" if call else what
        hint = f"write {forms.in_place(found, value.mark)}"
        self.diagnostics.add("K107" if call else "K206", message, value.mark, hint)
        return True

    def _single(self, value: Mapping, kind: str) -> Entry | None:
        """The one name of a mapping; other forms are recorded, and read as they are meant."""
        first = next(iter(value))
        if len(value) == 1 and (first.key not in TYPE_KEYS or vocabulary.contains(kind, first.key)):
            return first
        other = forms.with_type_key(value, kind)
        if other:
            message = f"{_a(kind)} begins with its name: '{clip(first.key, 40)}' is none"
            hint = f"write {forms.in_place(other[1], value.mark)}"
            self.diagnostics.add("K206", message, first.mark, hint)
            self.diagnostics.hide(other[0].mark)  # what it lacks is in the hint
            return other[0]
        if len(value) == 1:
            return first
        beside = forms.not_indented(value, kind)
        if beside:
            second = list(value)[1]
            message = f"'{clip(second.key, 40)}' stands beside {first.key}, not inside of it"
            hint = f"indent it further, or write {forms.in_place(beside[1], value.mark)}"
            self.diagnostics.add("K206", message, second.mark, hint)
            self.diagnostics.hide(second.mark)
            return beside[0]
        self._two_names(value, kind)
        return None

    def _two_names(self, value: Mapping, kind: str) -> None:
        first, second = list(value)[:2]
        control = [one for one in value if alike(one.key, _CONTROL)]
        if kind == "layer" and "layers" in value.entries and control:
            message = f"an item with 'layers' has no '{clip(control[0].key, 40)}'"
            hint = did_you_mean(control[0].key, _CONTROL)
            self.diagnostics.add("K206", message, control[0].mark, hint)
            return
        named = plain(first.value)
        hint = f"start a new item with '- ' before '{clip(second.key, 40)}'"
        if isinstance(named, str) and vocabulary.contains(kind, named):
            hint = f"write {named}: {{{clip(second.key, 40)}: ...}}"
        message = f"one item holds two names: '{clip(first.key, 40)}' and '{clip(second.key, 40)}'"
        self.diagnostics.add("K206", message, second.mark, hint)
        for entry in value:
            if vocabulary.contains(kind, entry.key):
                self.item(Mapping.of([entry], entry.mark), kind)

    def unknown(self, kind: str, name: str, mark: Mark, value: Value | None = None) -> None:
        """Record a name that is none of a kind, with what may have been meant."""
        code = "K201" if kind == "layer" else "K205"
        message = f"unknown {kind} '{clip(name, 60)}'"
        hint = self._suggestion(kind, name, mark, value)
        if kind == "layer" and name in ("load", *self.diagnostics.blocks):
            what = "load" if name == "load" else f"the block '{clip(name, 60)}'"
            code, message, hint = "K206", f"{what} is no layer", _AMONG_LAYERS
        elif name == "MultiOptimizer":
            message = "MultiOptimizer chooses by objects that a file cannot hold"
            hint = "rates: {pattern: factor} under 'train' gives layers rates of their own"
        elif name.lower().startswith("lambda"):
            hint = NO_FUNCTIONS
        elif name == "layers":
            hint = "a row of layers is written seq: [...]"
        elif "," in name and all(
            vocabulary.contains(kind, one) for one in name.replace(" ", "").split(",")
        ):
            hint = f"write [{name}]"
            if kind == "layer":
                hint = f"write each as an item of its own: - {name.partition(',')[0]}"
        self.diagnostics.add(code, message, mark, hint)

    def _suggestion(self, kind: str, name: str, mark: Mark, value: Value | None) -> str:
        register = f"@kerasish.register({kind!r})"
        if vocabulary.is_unregistered(kind, name):
            return f"write {register} above the class {name}"
        known = vocabulary.names(kind)
        meant = forms.known_name(kind, name)
        near = did_you_mean(name, known, listing=len(known) <= _SHOWN)
        given = Entry(name, mark, value or Scalar(None, mark))
        if meant and (f"'{meant}'" not in near or forms.is_foreign(given, kind, meant)):
            near = f"write {forms.in_place(forms.whole(given, kind, meant), mark)}"
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
        contract = contract_of(item.factory)
        given: dict[str, Entry] = {}
        for entry in self._given(item, value):
            key = entry.key
            if key not in contract.fields and not contract.is_open:
                meant = self._unknown_argument(item, entry, contract)
                if meant is None or any(meant in held for held in (given, plain_keys(value))):
                    continue
                key = meant
            given[key] = entry
        item.arguments = bind(contract_of(item.factory), given, _Found(self, item, depth))

    def _unknown_argument(self, item: Item, entry: Entry, contract: Contract) -> str | None:
        """Record a key that is no argument; the one that it is meant for, where that is known."""
        name, fields = entry.key, contract.fields
        known = python.known_argument(name, fields)
        meant = known if known != name else alike(name, fields)
        if meant:
            hint = f"did you mean '{meant}'?"
            if known != name:
                hint = f"write {meant}: {short(entry.value)}"
        elif name in NEEDLESS and name not in PLACES:
            hint = "leave it out: it follows from what comes before"
        elif (
            (layer := forms.known_name("layer", name))
            and item.kind == "layer"
            and (name in NAMES["layer"] or vocabulary.contains("layer", name))
        ):
            shown = forms.shown_name("layer", layer)
            held = "" if plain(entry.value) in (None, True) else f": {short(entry.value)}"
            hint = f"{shown} is a layer of its own: write - {shown}{held} below"
        elif name in PLACES:
            where, _, line = PLACES[name]
            shown = line.format(value=short(entry.value), optimizer="Adam", others="")
            hint = (
                f"it belongs {f'under {where!r}' if where else 'at the top of the file'}: {shown}"
            )
        else:
            hint = did_you_mean(name, fields, listing=False)
        takes = f"its arguments: {forms.some(fields)}" if fields else "it takes none"
        message = f"{item.name} has no argument '{clip(name, 60)}'"
        self.diagnostics.add("K203", message, entry.mark, hint or takes)
        return meant

    def _given(self, item: Item, value: Value) -> Iterator[Entry]:
        """The arguments as they are written, a lone value under its parameter's name."""
        first = contract_of(item.factory).first
        lone = isinstance(value, Scalar) and value.value is True
        if isinstance(value, Mapping):
            yield from value
        elif lone and (first is None or first.name == "name"):
            message = f"{item.name} is switched on by its name alone"
            self.diagnostics.add("K203", message, value.mark, f"write {item.name}")
        elif isinstance(value, Sequence) or value.value is not None:
            if first is None:
                message = f"{item.name} takes no arguments, received {describe(value)}"
                hint = f"write {item.name}" if isinstance(item.factory, type) else ""
                self.diagnostics.add("K203", message, value.mark, hint)
            elif (named := forms.listed_arguments(item.factory, value)) is not None:
                hint = f"write {forms.in_place(forms.item_text(item.name, named), item.mark)}"
                message = must_be(f"what {item.name} takes", "a mapping", value)
                self.diagnostics.add("K204", message, value.mark, hint)
                yield from named
            elif isinstance(value, Sequence) and forms.stands_for_arguments(first, value):
                named = forms.by_position(value, item.kind, item.name)
                hint = f"write {forms.in_place(named, item.mark)}" if named else ""
                message = must_be(first.name, in_yaml(first.rule.expected), value)
                self.diagnostics.add("K204", message, value.mark, hint)
                yield from (
                    Entry(n, one.mark, one)
                    for n, one in zip(contract_of(item.factory).fields, value.items, strict=False)
                )
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
        if wanted := forms.out_of_bounds(field.name, value):
            message = must_be(field.name, wanted, value)
            self.diagnostics.add("K204", message, value.mark)
            return None
        try:
            return rule.convert(plain(value))
        except (KerasishError, ValueError, TypeError) as error:
            expected = in_yaml(rule.expected)
            fix = said_in_yaml(str(getattr(error, "fix", "")))
            message = must_be(field.name, expected, value)
            hint = message.mend or fix[:1].lower() + fix[1:]
            self.diagnostics.add("K204", message, value.mark, hint)
            return None

    def _objects(self, field: Field, rule: Rule, kind: str, value: Value, depth: int) -> Any:
        """Names and items of a kind in the lists and mappings that a rule asks for."""
        inside = rule.inside
        if _is_plain(value) or (
            inside and not isinstance(value, Mapping if rule.keyed else Sequence)
        ):
            self._converted(field, rule, value)
            return plain(value)
        if isinstance(value, Sequence) and rule.expected == _a(kind):
            message = must_be(field.name, in_yaml(rule.expected), value)
            self.diagnostics.add("K204", message, value.mark)
            return None
        if isinstance(value, Sequence):
            return [self._objects(field, inside or rule, kind, i, depth) for i in value.items]
        if isinstance(value, Mapping) and inside:
            return {e.key: self._objects(field, inside, kind, e.value, depth) for e in value}
        return self.named(value, kind, depth + 1)

    def named(self, value: Value, kind: str, depth: int = 0) -> Any:
        """An item; a bare name stays one where the kind's own look-up knows it, and a function of
        one's own is itself."""
        if isinstance(value, Scalar) and not vocabulary.contains(kind, str(value.value)):
            number = kind in _OR_NUMBER and meant(value, "a number")
            if number:
                what = _OR_NUMBER[kind]
                message = must_be(what, f"a number or a {kind}", value)
                self.diagnostics.add("K204", message, value.mark, number)
                return None
        item = self.item(value, kind, depth)
        if item is None or kind not in _BY_NAME or not isinstance(value, Scalar):
            return item
        if registry.contains(kind, item.name) or item.name in vocabulary.SPELLINGS.get(kind, ()):
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
        """None comes here: `Checker` has recorded and named them all."""

    def missing(self, field: Field, given: Any) -> None:
        message = f"{self.item.name} needs '{field.name}'"
        required = contract_of(self.item.factory).required
        example = ", ".join(f"{one.name}: {forms.example(one)}" for one in required)
        lone = len(required) == 1 and contract_of(self.item.factory).first == required[0]
        text = f"{self.item.name}: {forms.example(field)}" if lone and not given else ""
        text = text or f"{self.item.name}: {{{example}}}"
        hint = f"such as {text}" if field in required else ""
        self.checker.diagnostics.add("K202", message, self.item.mark, hint)


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def plain_keys(value: Value) -> Collection[str]:
    """The keys of a mapping; none of anything else."""
    return value.entries.keys() if isinstance(value, Mapping) else ()


def valid_name(text: str) -> bool:
    """Whether `text` may name a layer: 1 to 128 of `A-Za-z0-9_.-`, and not `.` or `..`."""
    return bool(VALID_NAME.fullmatch(text)) and text not in (".", "..")


def _is_plain(value: Value) -> TypeGuard[Scalar]:
    """Whether a value names nothing: a number, true, false or null."""
    return isinstance(value, Scalar) and not isinstance(value.value, str)
