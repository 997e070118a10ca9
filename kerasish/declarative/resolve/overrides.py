"""`--set` arguments: `a.b=1` sets, `a.list+=item` appends, `~a.b` removes.

A path is keys joined by `.`, with list items in brackets by index or by layer name:
`model.layers[probs].units=100`. A step into a layer item goes to its arguments. In errors the
arguments look like a file named `--set` whose n-th line is the n-th argument.
"""

from __future__ import annotations

import re
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass

from kerasish.declarative.text.errors import Diagnostics, Failed, clip, describe, did_you_mean
from kerasish.declarative.text.loader import parse
from kerasish.declarative.text.scalars import MAX_DEPTH
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Source, Value
from kerasish.errors import ConfigError

_STEP = re.compile(r"\[(?P<item>[^\[\]]*)\]|\.?(?P<key>[^.\[\]=~+]+)")
_FORM = "write key.key=value, key.list+=item or ~key.key"


@dataclass(frozen=True, slots=True)
class _Step:
    """One step of a path: a key, or an item of a list by index or layer name."""

    name: str
    in_list: bool
    mark: Mark


@dataclass(frozen=True, slots=True)
class _Override:
    """A parsed `--set` argument; `value` is None for a removal."""

    steps: tuple[_Step, ...]
    value: Value | None
    append: bool


def apply_overrides(
    document: Mapping, arguments: SequenceOf[str], diagnostics: Diagnostics
) -> Mapping:
    """The document with every `--set` argument applied in order; K120 and K121 are recorded."""
    source = Source("--set", tuple(" ".join(one.splitlines()) for one in arguments))
    for number, text in enumerate(source.lines, start=1):
        try:
            override = _parse(source, number, text, diagnostics)
            changed = _change(document, override, 0, diagnostics)
        except (Failed, ConfigError):
            # The finding is in `diagnostics`; the other arguments are still checked.
            continue
        if isinstance(changed, Mapping):
            document = changed
    return document


def _parse(source: Source, number: int, text: str, diagnostics: Diagnostics) -> _Override:
    whole = Mark(source, number, 1, len(text))
    if text.startswith("~"):
        return _Override(_steps(text[1:], whole, 1, diagnostics), None, False)
    path, equals, written = text.partition("=")
    if not equals:
        diagnostics.fail("K120", "an override needs '='", whole, _FORM)
    append = path.endswith("+")
    steps = _steps(path.removesuffix("+"), whole, 0, diagnostics)
    column = len(path) + 2
    if not written.strip():
        return _Override(steps, Scalar(None, Mark(source, number, column)), append)
    return _Override(steps, parse(source, written, diagnostics, number, column), append)


def _steps(path: str, whole: Mark, start: int, diagnostics: Diagnostics) -> tuple[_Step, ...]:
    steps, position = [], 0
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None or (position == 0 and path[0] in ".["):
            mark = whole.part(start + position, len(path) - position)
            diagnostics.fail("K120", "the path cannot be read", mark, _FORM)
        group = "key" if found.group("key") is not None else "item"
        name = found.group(group)
        mark = whole.part(start + found.start(group), len(name))
        steps.append(_Step(name.strip(), group == "item", mark))
        position = found.end()
    if not steps or len(steps) > MAX_DEPTH:
        diagnostics.fail("K120", "the path is empty or too long", whole, _FORM)
    return tuple(steps)


def _change(value: Value, override: _Override, at: int, diagnostics: Diagnostics) -> Value:
    """`value` with the rest of the override, from step `at` on, applied inside it."""
    step = override.steps[at]
    if step.in_list:
        return _change_item(value, override, at, diagnostics)
    holder = _arguments(value, step)
    if holder is None:
        return _change_key(value, override, at, diagnostics)
    # A layer item: the change goes into the mapping of its arguments.
    name, arguments = holder
    changed = _change_key(arguments, override, at, diagnostics)
    return Mapping.of([Entry(name.key, name.mark, changed)], value.mark)


def _change_key(value: Value, override: _Override, at: int, diagnostics: Diagnostics) -> Value:
    step = override.steps[at]
    if not isinstance(value, Mapping):
        hint = "write its arguments as a mapping first" if isinstance(value, Scalar) else ""
        message = f"there is no '{step.name}' in {describe(value)}"
        diagnostics.fail("K121", message, step.mark, hint)
    held, is_last = value.entries.get(step.name), at + 1 == len(override.steps)
    begins = override.append and is_last and bool(step.name)
    if held is None and (override.value is None or (override.append and not begins)):
        hint = did_you_mean(step.name, value.entries)
        diagnostics.fail("K121", f"there is no '{step.name}'", step.mark, hint)
    if is_last:
        return _last_key(value, held, override, step, diagnostics)
    inner = Mapping({}, step.mark) if held is None else held.value
    changed = _change(inner, override, at + 1, diagnostics)
    return value.with_entry(Entry(step.name, held.mark if held else step.mark, changed))


def _last_key(
    value: Mapping, held: Entry | None, override: _Override, step: _Step, diagnostics: Diagnostics
) -> Mapping:
    if override.value is None:
        return value.without(step.name)
    if not override.append:
        return value.with_entry(Entry(step.name, step.mark, override.value))
    items = held.value if held else Sequence((), step.mark)
    if not isinstance(items, Sequence):
        message = f"'{step.name}' is {describe(items)}, not a list to append to"
        diagnostics.fail("K121", message, step.mark)
    longer = Sequence((*items.items, override.value), items.mark)
    return value.with_entry(Entry(step.name, held.mark if held else step.mark, longer))


def _change_item(value: Value, override: _Override, at: int, diagnostics: Diagnostics) -> Value:
    step = override.steps[at]
    if not isinstance(value, Sequence):
        message = f"'[{clip(step.name, 40)}]' needs a list, this is {describe(value)}"
        diagnostics.fail("K121", message, step.mark)
    index = _index(value, step, diagnostics)
    before, item, after = value.items[:index], value.items[index], value.items[index + 1 :]
    if at + 1 < len(override.steps):
        changed: tuple[Value, ...] = (_change(item, override, at + 1, diagnostics),)
    elif override.append:
        diagnostics.fail("K121", "a single item cannot be appended to", step.mark)
    else:
        changed = () if override.value is None else (override.value,)
    return Sequence((*before, *changed, *after), value.mark)


def _index(value: Sequence, step: _Step, diagnostics: Diagnostics) -> int:
    if re.fullmatch(r"-?[0-9]{1,9}", step.name):
        index = int(step.name)
        if -len(value.items) <= index < len(value.items):
            return index % len(value.items)
        message = f"the list has {len(value.items)} items, there is no [{index}]"
        diagnostics.fail("K121", message, step.mark)
    names = [_item_name(item) for item in value.items]
    if names.count(step.name) == 1:
        return names.index(step.name)
    if step.name in names:
        message = f"several items are named '{step.name}'"
        diagnostics.fail("K121", message, step.mark, "use an index")
    message = f"no item is named '{clip(step.name, 60)}'"
    choices = [name for name in names if name]
    diagnostics.fail("K121", message, step.mark, did_you_mean(step.name, choices))


def _item_name(item: Value) -> str:
    """The layer name of an item; without one, the name of the class it is written with."""
    if isinstance(item, Scalar):
        return str(item.value)
    if not isinstance(item, Mapping) or len(item) != 1:
        return ""
    (entry,) = item
    name = entry.value.get("name") if isinstance(entry.value, Mapping) else None
    return str(name.value) if isinstance(name, Scalar) else entry.key


def _arguments(value: Value, step: _Step) -> tuple[Entry, Mapping | Scalar] | None:
    """The one key of a layer item and its arguments, unless `step` names that key itself."""
    if isinstance(value, Scalar) and isinstance(value.value, str):
        name = Entry(value.value, value.mark, Mapping({}, value.mark))
    elif isinstance(value, Mapping) and len(value) == 1:
        (name,) = value
    else:
        return None
    if not name.key[:1].isupper() or name.key == step.name:
        return None
    held = name.value
    if isinstance(held, Scalar) and held.value is None:
        return name, Mapping({}, held.mark)
    return (name, held) if isinstance(held, Mapping | Scalar) else None
