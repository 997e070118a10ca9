"""Names of layers that blocks write out: the name of the use, and the layer's own in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kerasish.arguments.contract import contract_of
from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.ops import is_op
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value
from kerasish.naming import snake_case


class Namer:
    """Names as layers get them that nobody named: `conv2d`, `conv2d_1`, ...

    Args:
        taken: names that are given otherwise.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def fresh(self, base: str) -> str:
        """`base` with the next number that makes a name nobody has."""
        while True:
            number = self._next.get(base, 0)
            self._next[base] = number + 1
            name = f"{base}_{number}" if number else base
            if name not in self._taken:
                self._taken.add(name)
                return name


def is_layer(name: str) -> bool:
    """Whether a name in a file means a layer, and not an op."""
    return vocabulary.contains("layer", name) and not is_op(name)


def head_of(item: Value) -> Entry | None:
    """Class and arguments of a layer item; None for what is none."""
    if isinstance(item, Scalar) and isinstance(item.value, str):
        return Entry(item.value, item.mark, Scalar(None, item.mark))
    return next(iter(item)) if isinstance(item, Mapping) and len(item) == 1 else None


def given_name(item: Value) -> Scalar | None:
    """The name that a layer item was given."""
    head = head_of(item)
    name = head.value.get("name") if head and isinstance(head.value, Mapping) else None
    return name if isinstance(name, Scalar) and isinstance(name.value, str) else None


def base_name(item: Value) -> str:
    """What a layer item is called where nobody named it."""
    head = head_of(item)
    return snake_case(head.key) if head and head.key.isidentifier() else "layer"


def with_name(item: Value, name: str, mark: Mark | None = None) -> Value:
    """The item with its layer named; as it is where it cannot be named."""
    head = head_of(item)
    if head is None:
        return item
    given = given_name(item)
    place = given.mark if given else mark or head.mark
    entry = Entry("name", place, Scalar(name, place))
    arguments = _arguments(head, given is not None)
    if arguments is None:
        return item
    return Mapping.of([replace(head, value=arguments.with_entry(entry))], item.mark)


def _arguments(head: Entry, is_named: bool) -> Mapping | None:
    """The arguments of an item as a mapping; None where they cannot be one, or take no name."""
    value = head.value
    if is_named and isinstance(value, Mapping):
        return value
    if not is_layer(head.key):
        return None
    contract = contract_of(vocabulary.lookup("layer", head.key))
    if not contract.is_open and "name" not in contract.fields:
        return None
    if isinstance(value, Mapping):
        return value
    if isinstance(value, Scalar) and value.value is None:
        return Mapping({}, value.mark)
    if contract.first is None:
        return None
    first = Entry(contract.first.name, head.mark, value)
    return Mapping.of([first], value.mark if isinstance(value, Sequence) else head.mark)
