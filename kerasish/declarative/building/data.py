"""A checked `data:` section -> tables, parts and what a model reads of them (`preparation`)."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.declarative.building.construct import construct
from kerasish.declarative.building.entries import Entries
from kerasish.declarative.building.named import (
    BY_COLUMN,
    check_named,
    no_column,
    read_columns,
)
from kerasish.declarative.building.telling import Failed, told
from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.specification import (
    DataEntry,
    DataSection,
    Reference,
    Source,
)
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.source import Mark
from kerasish.layers import Input
from kerasish.preparation import Columns, Parts, Prepared, Table, Window, column_of, split
from kerasish.preparation.sources import FORMATS, read_table, side_by_side

# The columns that are read and predicted where a config says none, as the formats declare them.
_USUAL = tuple(
    tuple(dict.fromkeys(name for one in FORMATS.values() for name in getattr(one, side)))
    for side in ("x", "y")
)


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
    except Failed:
        raise diagnostics.error() from None


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
            table = self._table(section.sources, ())
        first = section.parts.get("train")
        if first is not None and first.sources:
            table = own["train"] = self._table(first.sources, section.usual)
        for name, part in section.parts.items():
            if part.sources and name not in own:
                own[name] = self._table(part.sources, section.usual, table)
            elif part.choice is not None:
                own[name] = part.choice
        if "train" in own and isinstance(own["train"], Table):
            table = None
        mark = next((part.mark for part in section.parts.values() if part.choice), section.mark)
        ordered = True if section.window is not None else None
        base = table if table is not None else own.get("train")
        if isinstance(base, Table):
            self._check_names(base, own)
        with told(self.diagnostics, mark, "K502", self._marks(), self.folder):
            _load(base, section)
            return split(table, own, seed, ordered, fold)

    def _marks(self) -> dict[str, Mark]:
        """Where everything that the data are asked for stands, as errors are about it."""
        section, found = self.section, dict[str, Mark]()
        first = section.parts.get("train")
        for source in (*section.sources, *(first.sources if first else ())):
            found = source.marks | found
        for name, part in section.parts.items():
            found[name] = part.mark
            found |= {f"{name}.{key}": mark for key, mark in part.marks.items()}
        for entry in (*(section.y or ()), *(section.x or ())):
            for one in entry.sources or ():
                found.setdefault(f"column.{one.name}", one.mark)
        if section.sample_weight is not None:
            found["sample_weight"] = section.sample_weight.mark
        return found

    def _check_names(self, table: Table, own: dict[str, Any]) -> None:
        """Every column that the section names must be there, in every part."""
        section, found = self.section, self.diagnostics
        generated = bool(table.names) and table.names[0] == "column_1"
        first = [str(v) for n in table.names for v in table.head(n, 1)] if generated else []
        check_named(section, table.names, found, first)
        for name, other in own.items():
            part = section.parts.get(name)
            if not isinstance(other, Table) or other is table or part is None or not part.sources:
                continue
            for one, _ in read_columns(section):
                if one in table.columns and one not in other.columns:
                    no_column(found, one, part.mark, other.names)
        if len(found):
            raise Failed

    def _dataset(self, named: Reference) -> tuple[Table, Table]:
        with told(self.diagnostics, named.mark, "K501"):
            train, test = vocabulary.lookup("dataset", named.name)()
        return _table_of(train, f"{named.name}, training"), _table_of(test, f"{named.name}, test")

    def _table(
        self,
        sources: tuple[Source, ...],
        usual: tuple[Source, ...],
        like: Table | None = None,
    ) -> Table:
        """The table of sources; what they leave open is as in the usual ones."""
        tables = []
        for source, before in zip_longest(sources, usual[: len(sources)]):
            values = source.read_as(before)
            mark = source.marks.get(f"{next(iter(values))}=", source.mark)
            with told(self.diagnostics, mark, "K501", source.marks, self.folder):
                tables.append(read_table(values, self.folder, like))
        with told(self.diagnostics, sources[0].mark, "K501"):
            return side_by_side(tables)

    # --- entries ----------------------------------------------------------------------------------

    def prepared(self, parts: Parts) -> Prepared:
        """Inputs and targets, adapted on the training part."""
        section, columns = self.section, Columns(parts.train)
        given = [note for table in parts.given().values() for note in table.notes]
        notes = list(dict.fromkeys([*given, *parts.notes]))
        made = Entries(columns, self.diagnostics, notes)
        x_entries = section.x if section.x is not None else self._usual(parts.train, 0)
        y_entries = section.y if section.y is not None else self._usual(parts.train, 1)
        made.texts = self.texts
        made.reserved = self._reserved(x_entries, y_entries)
        x = made.all(x_entries, False)
        y = made.all(y_entries, True)
        inner = {one.name for one in x_entries if section.is_inner(one)}
        x = {name: symbol for name, symbol in x.items() if name.partition(".")[0] not in inner}
        if len(self.diagnostics):
            raise Failed
        augment = construct(list(section.augment), self.diagnostics)
        self.diagnostics.raise_if_any()
        window = None
        if section.window is not None or made.offsets:
            window = Window(**(section.window or {}), offsets=made.offsets)
        mark = section.window_mark or (x_entries[0].mark if x_entries else section.mark)
        mark = section.augment[0].mark if section.augment else mark
        weight = section.sample_weight
        with told(self.diagnostics, mark, "K503", self._marks(), self.folder):
            whole = Prepared(
                parts, columns, x, y,
                sample_weight=None if weight is None else weight.name,
                window=window,
                batch_size=section.batch_size,
                shuffle=section.shuffle,
                augment=augment,
                cache=self._cache(),
                notes=notes,
            )  # fmt: skip
            self._check_augment(augment, whole)
            for name in parts.given():  # what is wrong in any of them is told with its line
                whole.part(name)
            return whole

    def _check_augment(self, augment: list[Any], data: Prepared) -> None:
        """Changed copies have the shape of what they are made of."""
        if not augment or len(data.x) != 1:
            return
        shape = data.shape(next(iter(data.x)))
        symbol: Any = Input(shape)
        for item, layer in zip(self.section.augment, augment, strict=True):
            with told(self.diagnostics, item.mark, "K410"):
                symbol = layer(symbol)
            if tuple(symbol.shape[1:]) != tuple(shape):
                message = f"{item.label} makes {list(symbol.shape[1:])} of {list(shape)}, "
                message += "which the model does not read"
                hint = "put it into data.x, where all parts get it"
                self.diagnostics.add("K410", message, item.mark, hint)
                raise Failed

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
        raise Failed

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
        names |= {choice[key] for choice in choices for key in BY_COLUMN if choice.get(key)}
        if section.sample_weight is not None:
            names.add(section.sample_weight.name)
        names |= {one.name for entry in section.y or () for one in entry.sources or ()}
        table.load(sorted(names))


def _table_of(pair: tuple[Any, Any], what: str) -> Table:
    columns = {name: column_of(np.asarray(v)) for name, v in zip("xy", pair, strict=True)}
    return Table(columns, lambda row: f"{what}, row {row}")
