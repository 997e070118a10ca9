"""An object written in another tool's way: what it is called here, and how it is written.

Everything found here is one finding with the line to write; the object is then read as it was
meant, so that what else is wrong with it is found too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Mapping_
from dataclasses import replace
from math import isfinite
from typing import Any

from kerasish.arguments.contract import Field, contract_of
from kerasish.arguments.rules import Rule
from kerasish.declarative.check import vocabulary
from kerasish.declarative.text import python
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value, plain
from kerasish.declarative.text.synonyms import CONFIG_KEYS, INPUT_FIRST, NAMES, NEEDLESS, TYPE_KEYS
from kerasish.declarative.text.words import short
from kerasish.errors import KerasishError
from kerasish.registry import alike

_SIZES = {"units": "64", "filters": "32", "kernel_size": "3", "rate": "0.3", "pool_size": "2",
          "input_dim": "1000", "output_dim": "64", "num_heads": "4", "key_dim": "16",
          "target_shape": "[8, 8, 1]", "function": "relu", "activation": "relu",
          "scale": "0.00392", "monitor": "val_loss", "initial_learning_rate": "0.001",
          "decay_steps": "1000", "filepath": "best.keras"}  # fmt: skip
# Arguments that a program may give any number, and a file one inside of bounds, as a schema has it.
_FROM_0: Mapping_[str, float] = {"minimum": 0}
_SHARE: Mapping_[str, float] = {"minimum": 0, "exclusiveMaximum": 1}
BOUNDS: Mapping_[str, Mapping_[str, float]] = {
    "learning_rate": _FROM_0, "initial_learning_rate": _FROM_0, "patience": _FROM_0,
    "weight_decay": _FROM_0, "epsilon": _FROM_0, "min_delta": _FROM_0, "cooldown": _FROM_0,
    "decay_rate": _FROM_0, "max_value": _FROM_0,
    "beta_1": _SHARE, "beta_2": _SHARE, "rho": _SHARE,
    "label_smoothing": {"minimum": 0, "maximum": 1},
    "delta": {"exclusiveMinimum": 0}, "k": {"minimum": 1},
}  # fmt: skip
_SIGNS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
# Arguments that may be NaN: what stands for a value that is missing.
_ANY_NUMBER = ("mask_value", "value", "pad_value")


def known_name(kind: str, name: str) -> str | None:
    """The name of a kind that `name` is meant for; None where that is open."""
    if vocabulary.contains(kind, name):
        return name
    last = re.split(r"[./:]", name)[-1]
    for one in (name, last):
        if one in NAMES.get(kind, {}):
            return NAMES[kind][one].partition(":")[0]
        lower = {key.lower(): value for key, value in NAMES.get(kind, {}).items()}
        if vocabulary.contains(kind, one):
            return one
        if one.lower() in lower:
            return lower[one.lower()].partition(":")[0]
    return alike(last, vocabulary.names(kind))


def is_foreign(head: Entry, kind: str, known: str) -> bool:
    """Whether an item is another tool's, by its name or by the names of its arguments."""
    names = NAMES.get(kind, {})
    last = re.split(r"[./:]", head.key)[-1]
    if head.key in names or last in names or (last != head.key and last == known):
        return True
    if not isinstance(head.value, Mapping) or not vocabulary.contains(kind, known):
        return False
    return [one.key for one in renamed(known, kind, head.value)] != list(head.value.entries)


def says_all(name: str, kind: str) -> bool:
    """Whether the line to write for another tool's name is a whole one, whatever was given."""
    return ":" in NAMES.get(kind, {}).get(name, "")


def translated(head: Entry, kind: str, known: str) -> Entry:
    """An item under another tool's name with its arguments under ours, as far as they have some."""
    if not is_foreign(head, kind, known):
        return head
    whole = NAMES.get(kind, {}).get(head.key, "")
    value = head.value
    normal = "Norm" in head.key and head.key in INPUT_FIRST
    if ":" in whole or (not isinstance(value, Mapping) and normal):
        return Entry(known, head.mark, Scalar(None, head.mark))
    if isinstance(value, Mapping):
        value = Mapping.of(renamed(known, kind, value), value.mark)
    return Entry(known, head.mark, value)


def whole(head: Entry, kind: str, known: str) -> str:
    """The line to write for an item under another tool's name."""
    line = NAMES.get(kind, {}).get(head.key, "")
    if ":" in line:
        return line
    value = translated(head, kind, known).value
    if isinstance(value, Mapping):
        return item_text(shown_name(kind, known), value)
    return known if _is_null(value) else f"{known}: {short(value)}"


def shown_name(kind: str, name: str) -> str:
    """A name as it is written with arguments: the class's, where there is one."""
    found = vocabulary.lookup(kind, name)
    return str(found.__name__) if isinstance(found, type) else name


def item_text(name: str, arguments: Iterable[Entry], more: Iterable[str] = ()) -> str:
    """`Dense: {units: 3}` as one item of a list; `more` are arguments as they are written."""
    shown = ", ".join([*(f"{one.key}: {short(one.value)}" for one in arguments), *more])
    return f"{name}: {{{shown}}}" if shown else name


def in_place(text: str, mark: Mark) -> str:
    """An item as it is written at a place: in braces where it is a value, not one of a list."""
    before = mark.source.line(mark.line)[: mark.column - 1].rstrip()
    return f"{{{text}}}" if ": " in f"{text} " and before.endswith(":") else text


def with_type_key(value: Mapping, kind: str) -> tuple[Entry, str] | None:
    """Name and arguments of `{type: Dropout, rate: 0.3}` and its like, and how it is written.

    None where it is no such form.
    """
    for key in TYPE_KEYS:
        entry = value.entries.get(key)
        held = entry.value.value if entry and isinstance(entry.value, Scalar) else None
        name = known_name(kind, held) if isinstance(held, str) else None
        if entry is None or name is None:
            continue
        rest = [one for one in value if one.key != key and one.key not in NEEDLESS]
        arguments = list(_unwrapped(rest))
        made = renamed(shown_name(kind, name), kind, arguments)
        whole = Mapping.of(made, value.mark)
        lacking = _lacking(shown_name(kind, name), kind, made)
        shown = shown_name(kind, name) if made or lacking else name
        return Entry(name, entry.value.mark, whole), item_text(shown, made, lacking)
    return None


def _lacking(name: str, kind: str, made: Iterable[Entry]) -> list[str]:
    """The arguments that must be given and are not, with examples."""
    given = {one.key for one in made}
    required = contract_of(vocabulary.lookup(kind, name)).required if _has(kind, name) else ()
    return [f"{one.name}: {example(one)}" for one in required if one.name not in given]


def _unwrapped(entries: list[Entry]) -> Iterator[Entry]:
    """The arguments, out of `config: {...}` too."""
    for one in entries:
        if one.key in CONFIG_KEYS and isinstance(one.value, Mapping):
            yield from one.value
        else:
            yield one


def renamed(name: str, kind: str, arguments: Iterable[Entry]) -> list[Entry]:
    """Arguments by the names that the object has for them; those that it needs not are left out."""
    known = contract_of(vocabulary.lookup(kind, name)).fields if _has(kind, name) else {}
    kept = [one for one in arguments if one.key in known or one.key not in NEEDLESS]
    return [replace(one, key=python.known_argument(one.key, known)) for one in kept]


def _has(kind: str, name: str) -> bool:
    return vocabulary.contains(kind, name)


def not_indented(value: Mapping, kind: str) -> tuple[Entry, str] | None:
    """`{Dense: null, units: 64}`: arguments that stand beside their name, and the right form."""
    head, *rest = value
    if not vocabulary.contains(kind, head.key):
        return None
    factory = vocabulary.lookup(kind, head.key)
    contract = contract_of(factory)
    if any(one.key not in contract.fields and vocabulary.contains(kind, one.key) for one in rest):
        return None
    given = list(head.value) if isinstance(head.value, Mapping) else []
    lone = not isinstance(head.value, Mapping) and not _is_null(head.value)
    if lone and contract.first is not None:
        given = [Entry(contract.first.name, head.value.mark, head.value)]
    made = {one.key: one for one in renamed(head.key, kind, [*given, *rest])}.values()
    return replace(head, value=Mapping.of(made, value.mark)), item_text(head.key, made)


def _is_null(value: Value) -> bool:
    return isinstance(value, Scalar) and value.value is None


def text_item(text: str, kind: str) -> str | None:
    """What a text such as `Dense(3)`, `Dense:3` or `Dense 3` is as an item; None for a name."""
    if python.CALL.match(text):
        return python.item(text)
    found = re.fullmatch(r"([A-Za-z_][\w.]*)\s*(?::|=|,|\s)\s*(\S.*)", text)
    name = known_name(kind, found[1]) if found else None
    if found is None or name is None or not vocabulary.contains(kind, name):
        return None
    value = found[2].strip()
    if found[0][found.end(1) :].lstrip()[:1] == "," and not value[:1].isdigit():
        return None
    first = contract_of(vocabulary.lookup(kind, name)).first
    if kind == "optimizer" and value[:1].isdigit() and first is not None:
        value = f"{{{first.name}: {value}}}"
    if re.fullmatch(r"\w+=.+", value):
        named = re.sub(r"(\w+)=", r"\1: ", value)
        value = f"{{{named}}}"
    elif not re.fullmatch(r"[\w.$+-]+|\[.*\]|\{.*\}", value):
        return None
    return f"{shown_name(kind, name)}: {value}"


def by_position(value: Sequence, kind: str, name: str) -> str | None:
    """`Conv2D: [32, 3]` with its arguments named."""
    fields = list(contract_of(vocabulary.lookup(kind, name)).fields)
    if not 1 < len(value.items) <= len(fields):
        return None
    pairs = zip(fields, value.items, strict=False)
    return item_text(name, (Entry(key, one.mark, one) for key, one in pairs))


def out_of_bounds(name: str, value: Value) -> str:
    """What a number must be that a program may give, and that no one means in a file; "" where it
    is that."""
    number = value.value if isinstance(value, Scalar) else None
    if isinstance(number, bool) or not isinstance(number, int | float):
        return ""
    held = float(number)
    bounds = BOUNDS.get(name, {})
    if held != held:
        return "" if name in _ANY_NUMBER else "a number"
    tests = {
        "minimum": held.__ge__, "exclusiveMinimum": held.__gt__,
        "maximum": held.__le__, "exclusiveMaximum": held.__lt__,
    }  # fmt: skip
    fits = all(tests[key](bound) for key, bound in bounds.items())
    if fits and (not bounds or isfinite(held)):
        return ""
    finite = "" if isfinite(held) else "finite "
    return f"a {finite}number " + ", ".join(f"{_SIGNS[key]} {one:g}" for key, one in bounds.items())


def example(field: Field) -> str:
    """A value of the kind that a field takes."""
    expected = field.rule.expected
    if field.kind == "layer":
        return "[...]" if "list" in expected else "{LSTM: 16}"
    if re.search(r"\bint\b|integer", expected):
        return _SIZES.get(field.name, "8")
    return _SIZES.get(field.name, "0.5" if "number" in expected else "...")


def listed_arguments(factory: Any, value: Value) -> list[Entry] | None:
    """The arguments out of `[{units: 3}, {activation: relu}]`; None where it is no such list."""
    items = value.items if isinstance(value, Sequence) else ()
    entries = [entry for one in items if isinstance(one, Mapping) for entry in one]
    fields = contract_of(factory).fields
    if not entries or len(entries) != len(items):
        return None
    return entries if all(entry.key in fields for entry in entries) else None


def stands_for_arguments(first: Field, value: Sequence) -> bool:
    """Whether a list holds an argument each, though one argument is meant."""
    if len(value.items) < 2 or first.kind is not None:
        return False
    return not _fits(first.rule, value) and _fits(first.rule, value.items[0])


def _fits(rule: Rule, value: Value) -> bool:
    try:
        rule.convert(plain(value))
    except (KerasishError, ValueError, TypeError):
        return False
    return True


def some(names: Iterable[str]) -> str:
    held = [one for one in names if one not in ("name", "dtype", "trainable")]
    return f"{', '.join(held[:12])}{', ...' if len(held) > 12 else ''}"
