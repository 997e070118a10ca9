"""A checked `data:` section -> tables, parts and what a model reads of them (`preparation`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from kerasish import layers
from kerasish.declarative.building.construct import construct
from kerasish.declarative.building.model import op_on
from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.items import Item
from kerasish.declarative.check.specification import (
    DataEntry,
    DataSection,
    Reference,
    Source,
    Step,
)
from kerasish.declarative.text.errors import Diagnostics, did_you_mean
from kerasish.declarative.text.source import Mark
from kerasish.errors import KerasishError
from kerasish.ops.symbol import KerasTensor
from kerasish.preparation import Columns, Parts, Prepared, Table, Window, column_of, split
from kerasish.preparation.auto import choose
from kerasish.preparation.columns import column_name
from kerasish.preparation.sources import FORMATS, read_table, side_by_side
from kerasish.spec import TEXT

# The columns that are read and predicted where a config says none, as the formats declare them.
_USUAL = tuple(
    tuple(dict.fromkeys(name for one in FORMATS.values() for name in getattr(one, side)))
    for side in ("x", "y")
)


# Layers that compute with numbers, whole ones too.
OF_NUMBERS = ("FillMissing", "Normalization", "Rescaling", "Discretization")


class _Failed(Exception):
    """A part could not be made; the finding is recorded."""


def prepare(
    section: DataSection,
    folder: Path,
    diagnostics: Diagnostics,
    seed: int = 0,
    fold: tuple[int, int] | None = None,
    texts: bool = False,
) -> Prepared:
    """The data of a section, read, cut and prepared.

    Args:
        section: the checked section.
        folder: where files are looked for first: the folder of the config.
        diagnostics: receives K401, K501 to K503.
        seed: by which fractions are drawn.
        fold: (k, n), to validate on part k of n of the rows that are no test rows.
        texts: whether the model reads texts itself.

    Raises:
        ConfigError: a file, a column or a value is missing or wrong; all findings at once.
    """
    maker = _Maker(section, folder, diagnostics, texts)
    try:
        parts = maker.parts(seed, fold)
        return maker.prepared(parts)
    except _Failed:
        raise diagnostics.error() from None


@contextmanager
def _told(diagnostics: Diagnostics, mark: Mark, code: str) -> Iterator[None]:
    """What goes wrong with the data inside is a finding at the line that asked for it."""
    try:
        yield
    except (KerasishError, OSError, ValueError, TypeError) as error:
        parts = getattr(error, "parts", {})
        what = parts.get("what", "") or " ".join(str(error).split())
        if parts.get("expected"):
            what += f": expected {parts['expected']}, received {parts.get('received', 'none')}"
        diagnostics.add(code, what, mark, parts.get("fix", ""))
        raise _Failed from None


class _Maker:
    def __init__(
        self, section: DataSection, folder: Path, diagnostics: Diagnostics, texts: bool
    ) -> None:
        self.texts = texts
        self.section = section
        self.folder = folder
        self.diagnostics = diagnostics

    # --- parts ------------------------------------------------------------------------------------

    def parts(self, seed: int, fold: tuple[int, int] | None = None) -> Parts:
        """The rows of every part."""
        section = self.section
        own: dict[str, Any] = {}
        table: Table | None = None
        if section.dataset is not None:
            table, own["test"] = self._dataset(section.dataset)
        elif section.sources:
            table = self._table(section.sources)
        first = section.parts.get("train")
        usual = section.sources or (first.sources if first else ())
        if first is not None and first.sources:
            table = own["train"] = self._table(first.sources)
        for name, part in section.parts.items():
            if part.sources and name not in own:
                own[name] = self._table(part.sources, usual, table)
            elif part.choice is not None:
                own[name] = part.choice
        if "train" in own and isinstance(own["train"], Table):
            table = None
        mark = next((part.mark for part in section.parts.values() if part.choice), section.mark)
        ordered = True if section.window is not None else None
        with _told(self.diagnostics, mark, "K502"):
            _load(table if table is not None else own.get("train"), section)
            return split(table, own, seed, ordered, fold)

    def _dataset(self, named: Reference) -> tuple[Table, Table]:
        with _told(self.diagnostics, named.mark, "K501"):
            train, test = vocabulary.lookup("dataset", named.name)()
        return _table_of(train, f"{named.name}, training"), _table_of(test, f"{named.name}, test")

    def _table(
        self,
        sources: tuple[Source, ...],
        usual: tuple[Source, ...] = (),
        like: Table | None = None,
    ) -> Table:
        """The table of sources; what they leave open is as in the usual ones."""
        tables = []
        for place, source in enumerate(sources):
            values = dict(source.values)
            name = next(iter(values))
            before = usual[place].values if place < len(usual) else {}
            if name in before:
                values = values | {
                    key: v for key, v in before.items() if key != "sha256" and key not in values
                }
            with _told(self.diagnostics, source.marks.get(name, source.mark), "K501"):
                tables.append(read_table(values, self.folder, like))
        with _told(self.diagnostics, sources[0].mark, "K501"):
            return side_by_side(tables)

    # --- entries ----------------------------------------------------------------------------------

    def prepared(self, parts: Parts) -> Prepared:
        """Inputs and targets, adapted on the training part."""
        section, columns = self.section, Columns(parts.train)
        given = [note for table in parts.given().values() for note in table.notes]
        notes = list(dict.fromkeys([*given, *parts.notes]))
        made = _Entries(columns, self.diagnostics, notes)
        x_entries = section.x if section.x is not None else self._usual(parts.train, 0)
        y_entries = section.y if section.y is not None else self._usual(parts.train, 1)
        made.texts = self.texts
        made.reserved = self._reserved(x_entries, y_entries)
        x = made.all(x_entries, False)
        y = made.all(y_entries, True)
        if len(self.diagnostics):
            raise _Failed
        augment = construct(list(section.augment), self.diagnostics)
        self.diagnostics.raise_if_any()
        window = None
        if section.window is not None or made.offsets:
            window = Window(**(section.window or {}), offsets=made.offsets)
        mark = section.window_mark or (x_entries[0].mark if x_entries else section.mark)
        weight = section.sample_weight
        with _told(self.diagnostics, mark if weight is None else weight.mark, "K503"):
            return Prepared(
                parts, columns, x, y,
                sample_weight=None if weight is None else weight.name,
                window=window,
                batch_size=section.batch_size,
                shuffle=section.shuffle,
                augment=augment,
                cache=self._cache(),
                notes=notes,
            )  # fmt: skip

    def _cache(self) -> bool | str:
        cache = self.section.cache
        return str(self.folder / cache) if isinstance(cache, str) else cache

    def _usual(self, table: Table, place: int) -> tuple[DataEntry, ...]:
        """The entry that is meant where a file says none."""
        name = next((one for one in _USUAL[place] if one in table.names), None)
        mark = self.section.mark
        if name is not None:
            return (DataEntry(name, mark, (Reference(name, mark),), alone=True),)
        if place == 1:
            return ()
        message = f"data needs 'x': the columns are {', '.join(table.names[:20])}"
        self.diagnostics.add("K202", message, mark, "x: rest are all that nothing else names")
        raise _Failed

    def _reserved(self, *entries: tuple[DataEntry, ...]) -> set[str]:
        """The columns that `rest` does not mean."""
        found = {one.name for side in entries for e in side for one in e.sources or ()}
        section = self.section
        if section.sample_weight is not None:
            found.add(section.sample_weight.name)
        for source in section.sources:
            times = source.values.get("time") or ()
            found |= {times} if isinstance(times, str) else set(times)
            found |= {source.values["group"]} if source.values.get("group") else set()
        for part in section.parts.values():
            choice = part.choice or {}
            found |= set(choice.get("where") or ())
            found |= {choice["group"]} if choice.get("group") else set()
        return found


def _load(table: Any, section: DataSection) -> None:
    """Read the columns that decide about rows in one pass, where a table is streamed."""
    if isinstance(table, Table):
        choices = [part.choice or {} for part in section.parts.values()]
        names = {name for choice in choices for name in choice.get("where") or ()}
        names |= {
            choice[key] for choice in choices for key in ("stratify", "group") if choice.get(key)
        }
        if section.sample_weight is not None:
            names.add(section.sample_weight.name)
        names |= {one.name for entry in section.y or () for one in entry.sources or ()}
        table.load(sorted(names))


def _table_of(pair: tuple[Any, Any], what: str) -> Table:
    columns = {name: column_of(np.asarray(v)) for name, v in zip("xy", pair, strict=True)}
    return Table(columns, lambda row: f"{what}, row {row}")


class _Entries:
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
        for entry in entries:
            try:
                with _told(self.diagnostics, entry.mark, "K503"):
                    found |= self._entry(entry, is_target)
            except _Failed:
                continue
            if entry.offsets is not None:
                self.offsets |= {name: entry.offsets for name in found if name not in self.made}
            self.made |= found
        for name, entry in ((e.name, e) for e in entries):
            if entry.offsets is not None:
                self.offsets[name] = entry.offsets
        return found

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
            return {entry.name: self._chain(entry, self._joined(entry, names), first, is_target)}
        each = {}
        for name in names:
            layer = construct(steps[0], self.diagnostics)
            each[f"{entry.name}.{name}"] = self._chain(entry, self.symbol(name), layer, is_target)
        if entry.inputs != (entry.name,) and not is_target:
            return each
        joined = list(each.values())
        return {entry.name: joined[0] if len(joined) == 1 else layers.Concatenate()(joined)}

    def _columns(self, entry: DataEntry) -> list[str]:
        """The names that an entry reads; a wrong one is recorded at its place."""
        table = self.columns.table
        if entry.sources is None:
            out = self.reserved | set(self.columns.filled)
            return [name for name in table.names if name not in out]
        for one in entry.sources:
            if one.name not in table.names and one.name not in self.made:
                listed = ", ".join(table.names[:30])
                message = f"there is no column '{one.name}'"
                hint = did_you_mean(one.name, table.names, listing=False)
                self.diagnostics.add("K502", message, one.mark, hint, [f"columns: {listed}"])
        if any(one.name not in table.names and one.name not in self.made for one in entry.sources):
            raise _Failed
        return [one.name for one in entry.sources]

    def symbol(self, name: str) -> KerasTensor:
        """A column, or another entry."""
        return self.made[name] if name in self.made else self.columns[name]

    def _joined(self, entry: DataEntry, names: list[str]) -> Any:
        """Columns side by side; a column alone, padded where the entry says so."""
        step = entry.steps[0] if entry.steps else None
        late = [one for one in entry.steps[1:] if isinstance(one, Step)]
        if late:
            message = f"{late[0].name} reads columns, it can only be the first in 'seq'"
            self.diagnostics.add("K206", message, late[0].mark)
            raise _Failed
        kind = step.name if isinstance(step, Step) else ""
        if isinstance(step, Step) and kind == "pad":
            self._one(entry, names, "pad")
            return self.columns.padded(names[0], **step.value)
        read = self.columns.previous if kind == "previous" else self.symbol
        if isinstance(step, Item) and step.name in OF_NUMBERS:
            read = self._number
        symbols = [read(name) for name in names]
        if len(symbols) == 1:
            return symbols[0]
        if isinstance(step, Item) and step.kind == "op":
            return symbols
        texts = [n for n, s in zip(names, symbols, strict=True) if s.dtype == TEXT]
        if texts:
            message = f"column '{texts[0]}' holds texts, which cannot stand beside numbers"
            hint = "say what they are, such as string_categorical: {}, in an entry of their own"
            self.diagnostics.add("K503", message, entry.mark, hint)
            raise _Failed
        return layers.Concatenate()(symbols)

    def _number(self, name: str) -> KerasTensor:
        return self.made[name] if name in self.made else self.columns.number(name)

    def _one(self, entry: DataEntry, names: list[str], what: str) -> None:
        if len(names) > 1:
            message = f"{what} reads one column, '{entry.name}' is from {len(names)}"
            self.diagnostics.add("K206", message, entry.mark)
            raise _Failed

    def _called(self, step: Item, layer: Any, symbol: Any) -> Any:
        """A layer or op called on a symbol; the layer learns first."""
        if step.kind == "op":
            return op_on(step, symbol)
        if isinstance(layer, layers.ValueMap) and symbol.dtype != TEXT:
            layer = self._keys_of(layer, symbol.dtype, step)
        return self.columns.apply(layer, symbol)

    def _keys_of(self, layer: Any, dtype: str, step: Item) -> Any:
        """A `map` whose keys are numbers or true and false, as the column's values are."""
        found = []
        for key in layer.keys:
            value = _value_of(key, dtype)
            if value is None:
                message = f"map: {key!r} is no value of a column of {dtype}"
                self.diagnostics.add("K503", message, step.mark)
                raise _Failed
            found.append(value)
        return layers.ValueMap(found, layer.values, layer.default, name=layer.name)

    def _chain(self, entry: DataEntry, symbol: Any, first: Any, is_target: bool) -> KerasTensor:
        """The steps of an entry applied in turn."""
        applied = self.layers.setdefault(entry.name, [])
        for place, step in enumerate(entry.steps):
            if isinstance(step, Step):
                continue
            layer = first if place == 0 else construct(step, self.diagnostics)
            self._raise()
            with _told(self.diagnostics, step.mark, "K503"):
                symbol = self._called(step, layer, symbol)
            applied.append(step if step.kind == "op" else layer)
        if symbol.dtype == TEXT and is_target:
            column = column_name(symbol.history.record.operation)
            known = sorted(set(self.columns.table.values(column).tolist()) - {""})
            layer = layers.StringLookup(vocabulary=known, num_oov_indices=0)
            applied.append(layer)
            return layer(symbol)
        if symbol.dtype == TEXT and not self.texts:
            message = f"'{entry.name}' holds texts, which a model cannot compute with"
            hint = "say how they are read, such as TextVectorization: {} or string_categorical: {}"
            self.diagnostics.add("K503", message, entry.mark, hint)
            raise _Failed
        return symbol

    def _shared(self, entry: DataEntry, names: list[str]) -> KerasTensor:
        """An entry that uses the layers of another."""
        reference = entry.shared
        if reference is None or reference.name not in self.layers:
            name, mark = (reference.name, reference.mark) if reference else ("", entry.mark)
            message = f"entry '{entry.name}' uses '{name}' (undefined)"
            hint = did_you_mean(name, sorted(self.layers))
            self.diagnostics.add("K401", message, mark, hint)
            raise _Failed
        symbol = self._joined(entry, names)
        for layer in self.layers[reference.name]:
            symbol = op_on(layer, symbol) if isinstance(layer, Item) else layer(symbol)
        return symbol

    def _auto(self, entry: DataEntry, names: list[str]) -> KerasTensor:
        """Columns by the kinds that their values say."""
        found: list[KerasTensor] = []
        for name in names:
            chosen = choose(self.columns.table, name)
            if not chosen.kind:
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
            self.diagnostics.add("K503", message, entry.mark)
            raise _Failed
        return found[0] if len(found) == 1 else layers.Concatenate()(found)

    def _raise(self) -> None:
        if len(self.diagnostics):
            raise _Failed


def _value_of(key: str, dtype: str) -> Any:
    """A key in YAML, which is a text, as a value of a column; None where it is none."""
    if dtype == "bool":
        return {"true": True, "false": False, "1": True, "0": False}.get(key.lower())
    try:
        return float(key) if dtype.startswith("float") else int(key)
    except ValueError:
        return None


AUTO: Mapping[str, Any] = {
    "float_normalized": layers.Normalization,
    "string_categorical": layers.StringLookup,
    "string_hashed": layers.Hashing,
    "TextVectorization": layers.TextVectorization,
}


def _is_layer(steps: tuple[Item | Step, ...]) -> bool:
    return bool(steps) and isinstance(steps[0], Item)
