"""Entries of `data.x` and `data.y`: nodes over columns, in the grammar of a model's nodes."""

from __future__ import annotations

from typing import Any

from kerasish.declarative.check.fields import Fields
from kerasish.declarative.check.items import Checker, Item
from kerasish.declarative.check.specification import DataEntry, Reference, Step
from kerasish.declarative.sections import data_keys
from kerasish.declarative.sections.steps import read_step
from kerasish.declarative.text.errors import Diagnostics, clip, must_be
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value, plain

REST = "rest"
# FeatureSpace's names of kinds, and the layers that do them.
KINDS = {
    "float": "Identity",
    "float_normalized": "Normalization",
    "float_rescaled": "Rescaling",
    "float_discretized": "Discretization",
    "integer_categorical": "IntegerLookup",
    "string_categorical": "StringLookup",
    "integer_hashed": "Hashing",
    "string_hashed": "Hashing",
}
_ONE_HOT = ("float_discretized", "integer_categorical", "string_categorical", "integer_hashed",
            "string_hashed")  # fmt: skip
BODIES = (*(key.name for key in data_keys.BODIES), *KINDS)
# Other tools' words for what stands in for missing values.
_FILLS = {
    "zero": "0", "zeros": "0", "average": "mean", "avg": "mean", "mode": "most_frequent",
    "most_common": "most_frequent", "ffill": "previous", "forward": "previous",
    "last": "previous", "pad": "previous",
}  # fmt: skip
_FORM = "write {from: column}, {from: column, Layer: {...}} or {from: column, seq: [...]}"


def read_entries(value: Value, key: str, checker: Checker) -> tuple[DataEntry, ...]:
    """The entries of `x` or `y`, checked.

    Args:
        value: a column, a list of columns, one entry, or entries by name.
        key: "x" or "y", the name of what has none.
        checker: reads the layers.
    """
    reader = _Reader(checker, key == "y")
    if isinstance(value, Sequence) and not value.items:
        checker.diagnostics.add("K204", f"data.{key} is empty", value.mark, f"write {key}: column")
        return ()
    if not isinstance(value, Mapping) or "from" in value.entries:
        alone = value.value if isinstance(value, Scalar) else None
        name = alone if isinstance(alone, str) and alone != REST else key
        one = reader.entry(name, value.mark, value)
        return () if one is None else (one,)
    found = []
    for entry in value:
        name = checker.name(Scalar(entry.key, entry.mark))
        one = None if name is None else reader.entry(name, entry.mark, entry.value)
        if one is not None:
            found.append(one)
    if not len(value):
        checker.diagnostics.add("K204", f"data.{key} is empty", value.mark, _FORM)
    return tuple(found)


class _Reader:
    def __init__(self, checker: Checker, is_target: bool) -> None:
        self.checker = checker
        self.is_target = is_target
        self.diagnostics: Diagnostics = checker.diagnostics

    def entry(self, name: str, mark: Mark, value: Value) -> DataEntry | None:
        """One entry; None where nothing can be made of it, which is recorded."""
        if not isinstance(value, Mapping):
            sources = self._sources(value)
            alone = isinstance(value, Scalar)
            return None if sources == () else DataEntry(name, mark, sources, alone=alone)
        source = value.get("from")
        if source is None:
            self.diagnostics.add("K202", f"entry '{name}' needs 'from'", mark, _FORM)
            return None
        sources = self._sources(source)
        offsets = self._offsets(value)
        rest = [one for one in value if one.key not in ("from", "offsets")]
        if len(rest) > 1:
            given = " and ".join(f"'{clip(one.key, 40)}'" for one in rest[:3])
            message = f"entry '{name}' may hold one layer, 'seq' or 'use', received {given}"
            hint = "several in turn: seq: [" + ", ".join(one.key for one in rest) + "]"
            self.diagnostics.add("K206", message, rest[1].mark, hint)
            return None
        if sources == ():
            return None
        steps, shared = self._body(rest[0], len(sources or ())) if rest else ([], None)
        alone = isinstance(source, Scalar)
        return DataEntry(name, mark, sources, tuple(steps), shared, offsets, alone)

    def _sources(self, value: Value) -> tuple[Reference, ...] | None:
        """Columns or entries; None for all the rest, () where something is wrong."""
        if isinstance(value, Scalar) and value.value == REST:
            return None
        items = value.items if isinstance(value, Sequence) else (value,)
        found = []
        for item in items:
            if isinstance(item, Scalar) and isinstance(item.value, str):
                found.append(Reference(item.value, item.mark))
            else:
                message = must_be("from", "names of columns", item)
                number = item.value if isinstance(item, Scalar) else None
                hint = _FORM
                if type(number) is int:
                    hint = f"columns without names are column_1, ...: write column_{number + 1}"
                self.diagnostics.add("K204", message, item.mark, hint)
        return tuple(found)

    def _offsets(self, value: Mapping) -> tuple[int, int] | None:
        given = value.get("offsets")
        if given is None:
            return None
        held: Any = plain(given)
        fits = isinstance(held, list) and len(held) == 2 and all(type(n) is int for n in held)
        if not fits or held[0] >= held[1]:
            message = must_be("offsets", "two row numbers, [from, to]", given)
            hint = "offsets: [-128, 0] are the 128 rows before a moment"
            self.diagnostics.add("K204", message, given.mark, hint)
            return None
        return held[0], held[1]

    def _body(self, body: Entry, taken: int) -> tuple[list[Item | Step], Reference | None]:
        if body.key == "use":
            if isinstance(body.value, Scalar) and isinstance(body.value.value, str):
                return [], Reference(body.value.value, body.value.mark)
            message = must_be("use", "the name of an entry", body.value)
            self.diagnostics.add("K204", message, body.value.mark)
            return [], None
        values: tuple[Value, ...] = (Mapping.of([body], body.mark),)
        if body.key == "seq":
            values = body.value.items if isinstance(body.value, Sequence) else ()
            if not values:
                message = must_be("seq", "a list of layers", body.value)
                self.diagnostics.add("K204", message, body.value.mark)
        steps = [self._step(value, 1 if i else taken) for i, value in enumerate(values)]
        return [step for step in steps if step is not None], None

    def _step(self, value: Value, taken: int) -> Item | Step | None:
        """A layer, or what only data have."""
        entry = None
        if isinstance(value, Mapping) and len(value) == 1:
            entry = next(iter(value))
        elif isinstance(value, Scalar) and isinstance(value.value, str):
            entry = Entry(value.value, value.mark, Scalar(None, value.mark))
        if entry is None or entry.key not in BODIES:
            return read_step(value, self.checker, taken, others=BODIES)
        if entry.key == "map":
            return self._map(entry)
        if entry.key == "fill":
            if self.is_target:
                message = "a target is not filled: rows without one are left out"
                self.diagnostics.add("K206", message, entry.mark, "leave fill out")
                return None
            return self._fill(entry)
        if entry.key == "pad":
            return self._pad(entry)
        if entry.key == "FeatureSpace":
            if not isinstance(entry.value, Scalar) or entry.value.value != "auto":
                message = must_be("FeatureSpace", "auto", entry.value)
                hint = "kinds are written by column: {from: age, float_normalized: {}}"
                self.diagnostics.add("K204", message, entry.value.mark, hint)
            return Step("auto", None, entry.mark)
        return self._kind(entry)

    def _kind(self, entry: Entry) -> Item | None:
        """One of FeatureSpace's kinds: its layer, one-hot unless the file says otherwise."""
        value = entry.value
        if entry.key in _ONE_HOT:
            given = value if isinstance(value, Mapping) else Mapping.of([], entry.mark)
            if isinstance(value, Scalar) and value.value is not None:
                return self.checker.item(Mapping.of([entry], entry.mark), "layer")
            if "output_mode" not in given.entries:
                usual = Entry("output_mode", entry.mark, Scalar("one_hot", entry.mark))
                given = given.with_entry(usual)
            value = given
        layer = Entry(KINDS[entry.key], entry.mark, value)
        return self.checker.item(Mapping.of([layer], entry.mark), "layer")

    def _map(self, entry: Entry) -> Item | None:
        table = entry.value
        if not isinstance(table, Mapping) or not len(table):
            message = must_be("map", data_keys.MAP.expected, table)
            self.diagnostics.add("K204", message, table.mark, "map: {ham: 0, spam: 1}")
            return None
        held = [one.value.value if isinstance(one.value, Scalar) else None for one in table]
        names = sorted({text for text in held if isinstance(text, str)})
        for one, value in zip(table, held, strict=True):
            fits = isinstance(value, str if names else (int, float))
            if not fits or isinstance(value, bool):
                what = "a name, as others are" if names else "a number, or the name of a class"
                message = must_be(f"map.{clip(one.key, 40)}", what, one.value)
                self.diagnostics.add("K204", message, one.value.mark)
                return None
        keys = Sequence(tuple(Scalar(one.key, one.mark) for one in table), entry.mark)
        values = Sequence(tuple(one.value for one in table), entry.mark)
        arguments = [Entry("keys", entry.mark, keys), Entry("values", entry.mark, values)]
        if names:  # numbers in the order of the names
            at = {name: number for number, name in enumerate(names)}
            numbers = tuple(Scalar(at[str(v)], o.mark) for v, o in zip(held, table, strict=True))
            arguments[1] = Entry("values", entry.mark, Sequence(numbers, entry.mark))
            known = Sequence(tuple(Scalar(one, entry.mark) for one in names), entry.mark)
            arguments.append(Entry("names", entry.mark, known))
        made = Entry("ValueMap", entry.mark, Mapping.of(arguments, entry.mark))
        return self.checker.item(Mapping.of([made], entry.mark), "layer")

    def _fill(self, entry: Entry) -> Item | Step | None:
        held = entry.value.value if isinstance(entry.value, Scalar) else None
        if held == "previous":
            return Step("previous", None, entry.mark)
        number = isinstance(held, (int, float)) and not isinstance(held, bool)
        form = data_keys.FILL
        if form.takes is None or not form.takes(held):
            message = must_be("fill", form.expected, entry.value)
            word = _FILLS.get(str(held).lower(), "")
            hint = f"write {word}" if word else ""
            self.diagnostics.add("K204", message, entry.value.mark, hint)
            return None
        strategy = Scalar("constant" if number else held, entry.mark)
        arguments = [Entry("strategy", entry.mark, strategy)]
        if number:
            arguments.append(Entry("value", entry.mark, entry.value))
        made = Entry("FillMissing", entry.mark, Mapping.of(arguments, entry.mark))
        return self.checker.item(Mapping.of([made], entry.mark), "layer")

    def _pad(self, entry: Entry) -> Step:
        value = entry.value
        if isinstance(value, Scalar) and type(value.value) is int:
            length = Entry("length", value.mark, value)
            value = Mapping.of([length], value.mark)
        fields = Fields(value, "pad", data_keys.PAD, self.diagnostics)
        fields.require("length", "pad: {length: 8000}")
        found = {"length": fields.given("length") or 1, "at": fields.given("at")}
        found["value"] = plain(fields.entries["value"].value) if "value" in fields.entries else 0
        return Step("pad", found, entry.mark)
