"""A file laid over its base: sections merge key by key, an object is replaced by another.

Where one object stands (an optimizer, a loss, a layer, the body of a node, a source of data),
another in the file above takes its place; the same one keeps the arguments that it is not given.
A block is one thing, and so is the way a part of the data is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from kerasish.declarative.check import vocabulary
from kerasish.declarative.text.source import Entry, Mapping, Scalar, Sequence, Value
from kerasish.preparation.parts import CHOICES
from kerasish.preparation.sources import FORMATS

Merge = Callable[[Mapping, Mapping], Mapping]

_BESIDE = ("from", "call", "offsets", "for", "when", "index")
_CHOICES = (*CHOICES, *FORMATS)
_GRAPH = ("inputs", "nodes", "outputs")


def merge(lower: Mapping, upper: Mapping) -> Mapping:
    """The document `upper` laid over `lower`; null removes what the base has there."""
    return _keys(lower, upper, _SECTIONS)


def _value(lower: Value | None, entry: Entry, inner: Merge) -> Entry | None:
    """What stands under a key that both have; None where it is taken away."""
    if isinstance(lower, Mapping) and isinstance(entry.value, Mapping):
        return Entry(entry.key, entry.mark, inner(lower, entry.value))
    null = isinstance(entry.value, Scalar) and entry.value.value is None
    return None if null and lower is not None else entry


def _each(lower: Mapping, upper: Mapping, inner: Merge) -> Mapping:
    """Key by key, with one rule for all values."""
    entries = dict(lower.entries)
    for entry in upper:
        merged = _value(lower.get(entry.key), entry, inner)
        if merged is None:
            entries.pop(entry.key)
        else:
            entries[entry.key] = merged
    return Mapping(entries, upper.mark)


def _keys(lower: Mapping, upper: Mapping, rules: dict[str, Merge]) -> Mapping:
    """Key by key, with a rule for some."""
    entries = dict(lower.entries)
    for entry in upper:
        merged = _value(lower.get(entry.key), entry, rules.get(entry.key, _plain))
        if merged is None:
            entries.pop(entry.key)
        else:
            entries[entry.key] = merged
    return Mapping(entries, upper.mark)


def _plain(lower: Mapping, upper: Mapping) -> Mapping:
    return _each(lower, upper, _plain)


def _whole(lower: Mapping, upper: Mapping) -> Mapping:
    return upper


def _object(lower: Mapping, upper: Mapping) -> Mapping:
    """`{Name: arguments}`: the same name keeps arguments, another replaces."""
    if len(lower) == len(upper) == 1 and lower.entries.keys() == upper.entries.keys():
        return _each(lower, upper, _arguments)
    return upper


def _arguments(lower: Mapping, upper: Mapping) -> Mapping:
    return _each(lower, upper, _object)


def _by_output(kind: str) -> Merge:
    """One object, or a mapping from outputs to objects."""

    def merged(lower: Mapping, upper: Mapping) -> Mapping:
        names = [*lower.entries, *upper.entries]
        if any(vocabulary.contains(kind, name) for name in names):
            return _object(lower, upper)
        return _each(lower, upper, _object)

    return merged


def _node(lower: Mapping, upper: Mapping) -> Mapping:
    """A node: another body replaces the body, whatever else it holds stays."""
    bodies = [key for key in upper.entries if key not in _BESIDE]
    kept = [one for one in lower if not bodies or one.key in (*_BESIDE, *bodies)]
    rules: dict[str, Merge] = {key: _arguments for key in bodies} | {"from": _whole}
    return _keys(Mapping.of(kept, lower.mark), upper, rules)


def _nodes(lower: Mapping, upper: Mapping) -> Mapping:
    return _each(lower, upper, _node)


def _entries(lower: Mapping, upper: Mapping) -> Mapping:
    """`data.x`: one entry, or entries by name."""
    if ("from" in lower.entries) is not ("from" in upper.entries):
        return upper
    return (_node if "from" in upper.entries else _nodes)(lower, upper)


def _alternatives(lower: Mapping, upper: Mapping, choices: Collection[str]) -> Mapping:
    """Key by key where both choose the same, else the one above."""
    chosen = {key for key in upper.entries if key in choices}
    if chosen and not chosen & lower.entries.keys():
        return upper
    return _plain(lower, upper)


def _part(lower: Mapping, upper: Mapping) -> Mapping:
    return _alternatives(lower, upper, _CHOICES)


def _source(lower: Mapping, upper: Mapping) -> Mapping:
    """A source of data, whose first key names its format."""
    first = next(iter(upper.entries), None)
    return _plain(lower, upper) if first in lower.entries else upper


def _data(lower: Mapping, upper: Mapping) -> Mapping:
    for one, other in (("dataset", "source"), ("source", "dataset")):
        if one in upper.entries and one not in lower.entries:
            lower = lower.without(other)
    return _keys(lower, upper, _DATA)


def _model(lower: Mapping, upper: Mapping) -> Mapping:
    """A list of layers over a graph, or the other way about, replaces it."""
    sides = [_is_graph(one) for one in (lower, upper)]
    if None not in sides and sides[0] is not sides[1]:
        kept = {k: e for k, e in lower.entries.items() if k == "name"}
        lower = Mapping(kept, lower.mark)
    return _keys(lower, upper, _MODEL)


def _is_graph(model: Mapping) -> bool | None:
    """Whether a model section is a graph; None where its keys leave it open."""
    if any(key in model.entries for key in _GRAPH):
        return True
    return False if "input" in model.entries or isinstance(model.get("layers"), Sequence) else None


def _layers(lower: Mapping, upper: Mapping) -> Mapping:
    return _each(lower, upper, _object)


def _blocks(lower: Mapping, upper: Mapping) -> Mapping:
    return _each(lower, upper, _whole)


def _train(lower: Mapping, upper: Mapping) -> Mapping:
    return _keys(lower, upper, _TRAIN)


_TRAIN: dict[str, Merge] = {
    "optimizer": _object,
    "loss": _by_output("loss"),
    "metrics": _by_output("metric"),
}
_MODEL: dict[str, Merge] = {"layers": _layers, "nodes": _nodes}
_DATA: dict[str, Merge] = {
    "source": _source,
    "train": _part,
    "validation": _part,
    "test": _part,
    "x": _entries,
    "y": _entries,
}
_SECTIONS: dict[str, Merge] = {
    "train": _train,
    "model": _model,
    "data": _data,
    "blocks": _blocks,
}
