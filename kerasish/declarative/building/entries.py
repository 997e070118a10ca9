"""Checked entries of `data.x` and `data.y` -> symbols over columns, their layers adapted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerasish import layers
from kerasish.declarative.building.construct import construct
from kerasish.declarative.building.model import op_on
from kerasish.declarative.building.telling import Failed, told
from kerasish.declarative.check.items import Item
from kerasish.declarative.check.specification import DataEntry, Step
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean
from kerasish.declarative.text.source import Mark
from kerasish.layers.merging import Merge
from kerasish.ops.symbol import KerasTensor
from kerasish.preparation import Columns
from kerasish.preparation.auto import choose, strays
from kerasish.preparation.columns import column_name
from kerasish.spec import TEXT

# Layers that compute with numbers, whole ones too.
OF_NUMBERS = ("FillMissing", "Normalization", "Rescaling", "Discretization")

# How a list of texts is looked up as labels, of which any are true.
TAGS: Mapping[str, Any] = {"mask_token": "", "output_mode": "multi_hot"}


class Entries:
    """Makes the symbols of entries; other entries and their layers are found by name."""

    def __init__(self, columns: Columns, diagnostics: Diagnostics, notes: list[str]) -> None:
        self.columns = columns
        self.diagnostics = diagnostics
        self.notes = notes
        self.made: dict[str, KerasTensor] = {}
        self.layers: dict[str, list[Any]] = {}
        self.offsets: dict[str, tuple[int, int]] = {}
        self.reserved: set[str] = set()
        self.texts = False

    def all(self, entries: tuple[DataEntry, ...], is_target: bool) -> dict[str, KerasTensor]:
        """The symbols of some entries, by the names of inputs or targets."""
        found: dict[str, KerasTensor] = {}
        for entry in entries if is_target else self._in_order(entries):
            try:
                with told(self.diagnostics, entry.mark, "K503"):
                    found |= self._entry(entry, is_target)
            except Failed:
                continue
            if entry.offsets is not None:
                self.offsets |= {name: entry.offsets for name in found if name not in self.made}
            self.made |= found
        for name, entry in ((e.name, e) for e in entries):
            if entry.offsets is not None:
                self.offsets[name] = entry.offsets
        return {n: found[n] for e in entries for n in found if n == e.name or n in e.inputs}

    def _in_order(self, entries: tuple[DataEntry, ...]) -> list[DataEntry]:
        """The entries, each behind those that it reads; a circle is recorded."""
        columns = self.columns.table.names
        by_name = {one.name: one for one in entries if one.name not in columns}
        done: dict[str, DataEntry] = {}
        waiting = list(entries)
        while waiting:
            ready = [
                one
                for one in waiting
                if all(s.name in done or s.name not in by_name for s in one.sources or ())
            ]
            if not ready:
                message = "entries read each other in a circle: "
                message += ", ".join(one.name for one in waiting)
                reads = next(s for s in waiting[0].sources or () if s.name in by_name)
                hint = "one of them must be made of columns alone"
                self.diagnostics.add("K402", message, reads.mark, hint)
                raise Failed
            done |= {one.name: one for one in ready}
            waiting = [one for one in waiting if one not in ready]
        return list(done.values())

    def _entry(self, entry: DataEntry, is_target: bool) -> dict[str, KerasTensor]:
        names = self._columns(entry)
        if any(isinstance(step, Step) and step.name == "auto" for step in entry.steps):
            return {entry.name: self._auto(entry, names)}
        steps = entry.steps
        if entry.shared is not None:
            return {entry.name: self._shared(entry, names)}
        first = construct(steps[0], self.diagnostics) if _is_layer(steps) else None
        self._raise()
        if not entry.by_column:
            joined = self._joined(entry, names, is_target)
            return {entry.name: self._chain(entry, joined, first, is_target)}
        each = {}
        for name in names:
            layer = construct(steps[0], self.diagnostics)
            each[f"{entry.name}.{name}"] = self._chain(entry, self.symbol(name), layer, is_target)
        if entry.inputs != (entry.name,) and not is_target:
            return each
        joined = list(each.values())
        return {entry.name: joined[0] if len(joined) == 1 else layers.Concatenate()(joined)}

    def _columns(self, entry: DataEntry) -> list[str]:
        """The names that an entry reads."""
        table = self.columns.table
        if entry.sources is None:
            out = self.reserved | set(self.columns.filled)
            return [name for name in table.names if name not in out]
        if any(one.name not in table.names and one.name not in self.made for one in entry.sources):
            raise Failed  # of an entry that could not be made
        return [one.name for one in entry.sources]

    def symbol(self, name: str) -> KerasTensor:
        """A column, or another entry."""
        return self.columns[name] if name in self.columns.table.names else self.made[name]

    def _tags(self, entry: DataEntry, *names: str) -> bool:
        """Whether a target is a column of lists of texts, the labels that hold of a row."""
        if entry.steps or entry.shared is not None or len(names) != 1:
            return False
        column = self.columns.table.columns.get(names[0])
        return column is not None and column.spec.dtype == TEXT and None in column.spec.shape

    def _joined(self, entry: DataEntry, names: list[str], is_target: bool = False) -> Any:
        """Columns side by side; a column alone, padded where the entry says so."""
        step = entry.steps[0] if entry.steps else None
        late = [one for one in entry.steps[1:] if isinstance(one, Step)]
        if late:
            message = f"{late[0].name} reads columns, it can only be the first in 'seq'"
            self.diagnostics.add("K206", message, late[0].mark)
            raise Failed
        kind = step.name if isinstance(step, Step) else ""
        if isinstance(step, Step) and kind == "pad":
            self._one(entry, names, "pad")
            if None not in self.columns.table.spec(names[0]).shape[:1]:
                message = f"pad makes rows of many lengths one length, '{names[0]}' has one already"
                self.diagnostics.add("K503", message, step.mark, "leave it out")
                raise Failed
            return self.columns.padded(names[0], **step.value)
        if is_target and self._tags(entry, *names):
            return self.columns.padded(names[0], None, value="")
        read = self.columns.previous if kind == "previous" else self.symbol
        if isinstance(step, Item) and step.name in OF_NUMBERS:
            read = self._number
        symbols = [read(name) for name in names]
        if len(symbols) == 1:
            return symbols[0]
        if isinstance(step, Item) and (step.kind == "op" or _takes_a_list(step)):
            return symbols
        texts = [n for n, s in zip(names, symbols, strict=True) if s.dtype == TEXT]
        if texts:
            places = {one.name: one.mark for one in entry.sources or ()}
            hint = "say what they are, such as string_categorical: {}, in an entry of their own"
            hint = hint if entry.sources else "write {from: rest, FeatureSpace: auto}"
            for name in texts if entry.sources else texts[:1]:
                more = "" if entry.sources or len(texts) == 1 else f", as {len(texts) - 1} more do"
                message = f"column '{name}' holds texts, which cannot stand beside numbers{more}"
                self._texts(name, message, places.get(name, entry.mark), hint)
            raise Failed
        return layers.Concatenate()(symbols)

    def _texts(self, name: str, message: str, mark: Mark, hint: str) -> None:
        """Record that a column holds texts; where few of its values are none of numbers, these."""
        table, details = self.columns.table, list[str]()
        stray = strays(table, name) if name in table.names else None
        if stray is not None:
            row, value, alike = stray
            details = [f"{table.where(row, name)}: {clip(value, 40)!r} is no number, others are"]
            if alike:
                hint = f'write missing: "{value}" in the source, if it means that one is missing'
            if alike and table.where(row).endswith(", line 1"):
                hint = "the first line has names of columns: names: {new: old} leaves it that"
        self.diagnostics.add("K503", message, mark, hint, details)

    def _number(self, name: str) -> KerasTensor:
        return self.columns.number(name) if name in self.columns.table.names else self.made[name]

    def _one(self, entry: DataEntry, names: list[str], what: str) -> None:
        if len(names) > 1:
            message = f"{what} reads one column, '{entry.name}' is from {len(names)}"
            self.diagnostics.add("K206", message, entry.mark)
            raise Failed

    def _called(self, step: Item, layer: Any, symbol: Any) -> Any:
        """A layer or op called on a symbol; the layer learns first."""
        if step.kind == "op":
            return op_on(step, symbol)
        if isinstance(layer, layers.ValueMap) and symbol.dtype != TEXT:
            layer = self._keys_of(layer, symbol.dtype, step)
        return self.columns.apply(layer, symbol)

    def _keys_of(self, layer: Any, dtype: str, step: Item) -> Any:
        """A `map` whose keys are numbers or true and false, as the column's values are."""
        found = keys_of(layer.keys, dtype)
        if None in found:
            wrong = layer.keys[found.index(None)]
            message = f"map: {wrong!r} is no value of a column of {dtype}"
            self.diagnostics.add("K503", message, step.mark)
            raise Failed
        return layers.ValueMap(found, layer.values, layer.default, layer.names, name=layer.name)

    def _chain(self, entry: DataEntry, symbol: Any, first: Any, is_target: bool) -> KerasTensor:
        """The steps of an entry applied in turn."""
        applied = self.layers.setdefault(entry.name, [])
        for place, step in enumerate(entry.steps):
            if isinstance(step, Step):
                continue
            layer = first if place == 0 else construct(step, self.diagnostics)
            self._raise()
            self._check_kind(step, layer, symbol, entry)
            with told(self.diagnostics, step.mark, "K503", self._marks(entry)):
                symbol = self._called(step, layer, symbol)
            applied.append(step if step.kind == "op" else layer)
        if symbol.dtype == TEXT and is_target:
            column = column_name(symbol.history.record.operation)
            known = self.columns.classes(column)
            several = TAGS if self._tags(entry, column) else {}
            layer = layers.StringLookup(vocabulary=known, num_oov_indices=0, **several)
            applied.append(layer)
            return layer(symbol)
        if symbol.dtype == TEXT and not self.texts:
            message = f"'{entry.name}' holds texts, which a model cannot compute with"
            hint = "say how they are read, such as TextVectorization: {} or string_categorical: {}"
            column = next((one.name for one in entry.sources or ()), entry.name)
            self._texts(column, message, entry.mark, hint)
            raise Failed
        return symbol

    def _check_kind(self, step: Item, layer: Any, symbol: Any, entry: DataEntry) -> None:
        """Refuse a layer that learns of numbers before texts, and the other way round."""
        if isinstance(symbol, list) or step.kind == "op":
            return
        is_text = symbol.dtype == TEXT
        column = next((one.name for one in entry.sources or ()), entry.name)
        if is_text and step.name in OF_NUMBERS:
            word = "fill" if step.name == "FillMissing" else step.label
            message = f"column '{column}' holds texts, {word} takes numbers"
            hint = "string_categorical: {} makes numbers of kinds, TextVectorization: {} of words"
            if step.name == "FillMissing":
                hint = "leave it out: a text that is missing is a kind of its own"
            self._texts(column, message, step.mark, hint)
            raise Failed
        if not is_text and isinstance(layer, (layers.StringLookup, layers.TextVectorization)):
            message = f"column '{column}' holds numbers, {step.label} takes texts"
            hint = f"write types: {{{column}: text}} in the source, if its numbers are names"
            self.diagnostics.add("K503", message, step.mark, hint)
            raise Failed

    def _marks(self, entry: DataEntry) -> dict[str, Mark]:
        return {f"column.{one.name}": one.mark for one in entry.sources or ()}

    def _shared(self, entry: DataEntry, names: list[str]) -> KerasTensor:
        """An entry that uses the layers of another."""
        reference = entry.shared
        if reference is None or reference.name not in self.layers:
            name, mark = (reference.name, reference.mark) if reference else ("", entry.mark)
            message = f"entry '{entry.name}' uses '{name}' (undefined)"
            hint = did_you_mean(name, sorted(self.layers))
            self.diagnostics.add("K401", message, mark, hint)
            raise Failed
        symbol = self._joined(entry, names)
        for layer in self.layers[reference.name]:
            symbol = op_on(layer, symbol) if isinstance(layer, Item) else layer(symbol)
        return symbol

    def _auto(self, entry: DataEntry, names: list[str]) -> KerasTensor:
        """Columns by the kinds that their values say."""
        found: list[KerasTensor] = []
        left: list[str] = []
        for name in names:
            chosen = choose(self.columns.table, name)
            if not chosen.kind:
                left.append(f"{name}: {chosen.why}")
                self.notes.append(f"{name}: left out, {chosen.why}")
                continue
            self.notes.append(f"{name}: {chosen.kind} ({chosen.why})")
            symbol = self._number(name) if chosen.fill else self.symbol(name)
            if chosen.fill:
                symbol = self.columns.apply(layers.FillMissing(chosen.fill), symbol)
            layer = AUTO[chosen.kind](**chosen.arguments)
            found.append(self.columns.apply(layer, symbol))
        if not found:
            message = f"entry '{entry.name}' has no column that tells anything"
            self.diagnostics.add("K503", message, entry.mark, "; ".join(left[:12]))
            raise Failed
        return found[0] if len(found) == 1 else layers.Concatenate()(found)

    def _raise(self) -> None:
        if len(self.diagnostics):
            raise Failed


def keys_of(keys: Sequence[str], dtype: str) -> list[Any]:
    """Keys of a `map`, which are texts in YAML, as values of a column; None for what is none."""
    return [key if dtype == TEXT else _value_of(key, dtype) for key in keys]


def _value_of(key: str, dtype: str) -> Any:
    """A key in YAML, which is a text, as a value of a column; None where it is none."""
    if dtype == "bool":
        return {"true": True, "false": False, "1": True, "0": False}.get(key.lower())
    try:
        return float(key) if dtype.startswith("float") else int(key)
    except ValueError:
        return None


AUTO: Mapping[str, Any] = {
    "DateFeatures": layers.DateFeatures,
    "float_normalized": layers.Normalization,
    "string_categorical": layers.StringLookup,
    "string_hashed": layers.Hashing,
    "TextVectorization": layers.TextVectorization,
}


def _takes_a_list(step: Item) -> bool:
    """Whether a layer reads its inputs as a list, such as Concatenate."""
    return isinstance(step.factory, type) and issubclass(step.factory, Merge)


def _is_layer(steps: tuple[Item | Step, ...]) -> bool:
    return bool(steps) and isinstance(steps[0], Item)
