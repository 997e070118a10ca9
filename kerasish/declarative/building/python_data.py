"""A checked `data:` section -> the statements of a program that make `data` as a run does.

What only the files say (which columns are left for `rest`, the kinds of columns that nobody
described, labels that are texts) is taken from the data as they were read, and written out.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import Any

from kerasish import layers
from kerasish.declarative.building.entries import AUTO, OF_NUMBERS, TAGS, keys_of
from kerasish.declarative.building.expressions import Call, Text
from kerasish.declarative.building.python import Program, quoted
from kerasish.declarative.check.items import Item
from kerasish.declarative.check.specification import DataEntry, DataSection, Step
from kerasish.preparation import Prepared
from kerasish.preparation.auto import choose
from kerasish.preparation.learning import symbols_of

_PAIR = "x y"


class DataProgram:
    """Writes the statements of a data section.

    Args:
        program: takes the statements.
        section: the checked section.
        data: the data, read and prepared.
        seed: of the fractions.
        fold: (k, n) where part k of n is validated on.
    """

    def __init__(
        self,
        program: Program,
        section: DataSection,
        data: Prepared,
        seed: int,
        fold: tuple[int, int] | None = None,
    ) -> None:
        self.program, self.section, self.data = program, section, data
        self.seed, self.fold = seed, fold
        self._lent = {
            entry.shared.name
            for entry in (*(section.x or ()), *(section.y or ()))
            if entry.shared is not None
        }
        self._layers: dict[str, list[str]] = {}  # of entries whose layers others use
        self._made: dict[str, str] = {}  # the variables of entries
        self._open: set[str] = set()  # entries that are being looked up
        symbols = [one for made in (*data.x.values(), *data.y.values()) for one in symbols_of(made)]
        records = [symbol.history.record for symbol in symbols]
        self._maps = [one for one in records if isinstance(one.operation, layers.ValueMap)]

    def write(self) -> None:
        """The statements; `data` is what they make."""
        program, section = self.program, self.section
        program.imports.add("from kerasish import preparation as prep")
        self._parts()
        program.say("columns = prep.Columns(parts.train)")
        x = self._entries(section.x, self.data.x, False)
        y = self._entries(section.y, self.data.y, True)
        given: list[tuple[str, Text]] = [("", "parts"), ("", "columns"), ("x=", x), ("y=", y)]
        if section.sample_weight is not None:
            given.append(("sample_weight=", quoted(section.sample_weight.name)))
        if self.data.window is not None:
            given.append(("window=", self._window()))
        given += [("batch_size=", str(section.batch_size)), ("shuffle=", str(section.shuffle))]
        if section.cache:
            given.append(("cache=", self.program.value(section.cache)))
        if section.augment:
            given.append(("augment=", program.value(list(section.augment))))
        program.set("data", Call("prep.Prepared(", ")", given))

    # --- parts ------------------------------------------------------------------------------------

    def _parts(self) -> None:
        program, section = self.program, self.section
        own: dict[str, Text] = {}
        table = "None"
        if section.dataset is not None:
            program.say(f"train, test = keras.datasets.{section.dataset.name}.load_data()")
            for name in ("train", "test"):
                columns = [
                    (f'"{column}": ', f"prep.column_of({name}[{place}])")
                    for place, column in enumerate(_PAIR.split())
                ]
                program.set(
                    f"{name}_table",
                    Call("prep.Table(", ")", [("", Call("{", "}", list(columns)))]),
                )
            table, own["test"] = "train_table", "test_table"
        elif section.sources:
            table = "table"
            program.set(table, self._read(section.sources, ()))
        for name, part in section.parts.items():
            if part.sources:
                like = "" if name == "train" else "table" if section.sources else "train_table"
                program.set(f"{name}_table", self._read(part.sources, section.usual, like))
                own[name] = f"{name}_table"
            else:
                own[name] = program.value(part.choice)
        given: list[tuple[str, Text]] = [("", table)]
        given.append(("", Call("{", "}", [(f'"{key}": ', one) for key, one in own.items()])))
        given.append(("seed=", str(self.seed)))
        if section.window is not None:
            given.append(("ordered=", "True"))
        if self.fold is not None:
            given.append(("fold=", str(self.fold)))
        program.set("parts", Call("prep.split(", ")", given))

    def _read(self, sources: Any, usual: Any, like: str = "") -> Text:
        """A table of files; what a part's sources leave open is as in the usual ones."""
        pairs = zip_longest(sources, usual[: len(sources)])
        found = [source.read_as(before) for source, before in pairs]
        program = self.program
        given: list[tuple[str, Text]] = [
            ("", program.value(found[0] if len(found) == 1 else found)),
            ("", quoted(program.folder or ".")),
        ]
        given += [("like=", like)] if like else []
        return Call("prep.read_table(", ")", given)

    def _window(self) -> Text:
        window = self.data.window
        given: list[tuple[str, Text]] = [
            (f"{key}=", str(value)) for key, value in (self.section.window or {}).items()
        ]
        if window is not None and window.offsets:
            given.append(("offsets=", self.program.value(dict(window.offsets))))
        return Call("prep.Window(", ")", given)

    # --- entries ----------------------------------------------------------------------------------

    def _entries(self, entries: Any, made: Any, is_target: bool) -> Text:
        """The statements of some entries, and the mapping from their names to symbols."""
        if entries is None:  # columns as they are, by their usual names
            found = {name: f"columns[{quoted(name)}]" for name in made}
            if is_target:
                found = {name: self._label(name, text, []) for name, text in found.items()}
        else:
            found = {}
            for entry in entries:
                one = self._entry(entry, is_target)
                self._made |= one
                found |= one
        return Call("{", "}", [(f"{quoted(name)}: ", text) for name, text in found.items()])

    def _entry(self, entry: DataEntry, is_target: bool) -> dict[str, str]:
        """The variables of an entry, by the names of inputs or targets."""
        names = self._names(entry, is_target)
        if any(isinstance(step, Step) and step.name == "auto" for step in entry.steps):
            return {entry.name: self._auto(entry, names)}
        if entry.shared is not None:
            text = self._joined(entry, names)
            for layer in self._layers.get(entry.shared.name, []):
                text = Call(f"{layer}(", ")", [("", text)])
            return {entry.name: self._held(entry.name, text)}
        if not entry.by_column:
            text = self._chain(entry, self._joined(entry, names), is_target, entry.name)
            return {entry.name: text}
        each = {
            f"{entry.name}.{name}": self._chain(
                entry, self._symbol(name), is_target, f"{entry.name}.{name}"
            )
            for name in names
        }
        if next(iter(each)) in (*self.data.x, *self.data.y):
            return each
        joined = list(each.values())
        if len(joined) == 1:
            return {entry.name: joined[0]}
        return {entry.name: self._held(entry.name, _beside(joined))}

    def _names(self, entry: DataEntry, is_target: bool) -> list[str]:
        """The columns, or other entries, that an entry reads."""
        if entry.sources is not None:
            return [one.name for one in entry.sources]
        made = self.data.y if is_target else self.data.x
        own = {
            name: symbol
            for name, symbol in made.items()
            if name == entry.name or name.startswith(f"{entry.name}.")
        }
        used = self.data.columns.inputs(own)
        return [name for name in self.data.columns.table.names if name in used]

    def _symbol(self, name: str) -> str:
        return self._made.get(name, f"columns[{quoted(name)}]")

    def _number(self, name: str) -> str:
        return self._made.get(name, f"columns.number({quoted(name)})")

    def _joined(self, entry: DataEntry, names: list[str]) -> Any:
        step = entry.steps[0] if entry.steps else None
        if isinstance(step, Step) and step.name == "pad":
            given = [(f"{key}=", self.program.value(v)) for key, v in step.value.items()]
            return Call("columns.padded(", ")", [("", quoted(names[0])), *given])
        if self.data.columns.padding.get(names[0], (0,))[0] is None:  # lists of labels
            return Call("columns.padded(", ")", [("", quoted(names[0])), ("", "None"),
                                                 ("value=", quoted(""))])  # fmt: skip
        symbols: list[Text] = [self._symbol(name) for name in names]
        if isinstance(step, Item) and step.name in OF_NUMBERS:
            symbols = [self._number(name) for name in names]
        if isinstance(step, Step) and step.name == "previous":
            symbols = [Call("columns.previous(", ")", [("", quoted(name))]) for name in names]
        if len(symbols) > 1 and isinstance(step, Item) and step.kind == "op":
            return symbols
        return symbols[0] if len(symbols) == 1 else _beside(symbols)

    def _chain(self, entry: DataEntry, text: Any, is_target: bool, name: str) -> str:
        """The steps of an entry applied in turn; the variable that holds the result."""
        lent: list[str] = []
        for step in entry.steps:
            if not isinstance(step, Item):
                continue
            if step.kind == "op":
                made = self.program.call(step, f"keras.ops.{step.name}", text, {})
                text = self._held(name, made)
                continue
            layer = self.program.object(self._with_keys(step, entry))
            if entry.name in self._lent:
                lent.append(self.program.name(f"{name} layer {len(lent) + 1}"))
                self.program.set(lent[-1], layer)
                layer = lent[-1]
            applied = Call("columns.apply(", ")", [("", layer), ("", text)])
            text = self._held(name, applied)
        if is_target:
            text = self._label(name, text, lent)
        self._layers.setdefault(entry.name, []).extend(lent)
        return text if isinstance(text, str) else self._held(name, text)

    def _with_keys(self, step: Item, entry: DataEntry) -> Item:
        """A `map` with the keys as they are in the column: numbers, true and false."""
        if step.factory is not layers.ValueMap:
            return step
        read = self._columns_of(entry.name)
        for record in self._maps:
            if set(self.data.columns.inputs(record.outputs)) == read:
                keys = keys_of(step.arguments["keys"].value, record.inputs[0].dtype)
                return replace(step, arguments=step.arguments | {"keys": keys})
        return step

    def _columns_of(self, name: str) -> set[str]:
        """The columns that an entry, or a column, comes from."""
        entries = {one.name: one for one in (*(self.section.x or ()), *(self.section.y or ()))}
        if name not in entries or name in self._open:
            return {name}
        self._open.add(name)
        found = {c for one in entries[name].sources or () for c in self._columns_of(one.name)}
        self._open.discard(name)
        return found

    def _label(self, name: str, text: Text, lent: list[str]) -> str:
        """Labels that are texts become classes in sorted order."""
        symbol = self.data.y.get(name)
        if symbol is None:
            return str(text)
        operation = symbol.history.record.operation
        classes = isinstance(operation, layers.StringLookup) and not operation.num_oov_indices
        if not classes or "StringLookup" in str(self._items_of(name)):
            return str(text) if isinstance(text, str) else self._held(name, text)
        column = next(iter(self.data.columns.inputs({name: symbol})))
        known = f"columns.classes({quoted(column)})"
        given = [("vocabulary=", known), ("num_oov_indices=", "0")]
        if operation.output_mode == TAGS["output_mode"]:
            given += [(f"{key}=", self.program.value(value)) for key, value in TAGS.items()]
        layer: Text = Call("keras.layers.StringLookup(", ")", list(given))
        if name in self._lent:
            lent.append(self.program.name(f"{name} layer"))
            self.program.set(lent[-1], layer)
            layer = lent[-1]
        variable = self.program.name(name)
        self.program.set(variable, Call(f"{layer}(", ")", [("", text)]))
        return variable

    def _items_of(self, name: str) -> list[str]:
        """The names of the layers of a target's entry."""
        entry = next((one for one in self.section.y or () if one.name == name), None)
        steps = () if entry is None else entry.steps
        return [step.name for step in steps if isinstance(step, Item)]

    def _auto(self, entry: DataEntry, names: list[str]) -> str:
        """Columns by the kinds that were chosen for them."""
        found: list[Text] = []
        for name in names:
            chosen = choose(self.data.columns.table, name)
            if not chosen.kind:
                continue
            text: Text = self._number(name) if chosen.fill else self._symbol(name)
            if chosen.fill:
                filled = f"keras.layers.FillMissing({quoted(chosen.fill)})"
                text = Call("columns.apply(", ")", [("", filled), ("", text)])
            given = [(f"{key}=", self.program.value(v)) for key, v in chosen.arguments.items()]
            layer = Call(f"keras.layers.{AUTO[chosen.kind].__name__}(", ")", given)
            variable = self.program.name(f"{entry.name} {name}")
            self.program.set(variable, Call("columns.apply(", ")", [("", layer), ("", text)]))
            found.append(variable)
        return self._held(entry.name, found[0] if len(found) == 1 else _beside(found))

    def _held(self, name: str, text: Text) -> str:
        """A variable that holds an expression."""
        variable = self.program.name(name)
        if text != variable:
            self.program.set(variable, text)
        return variable


def _beside(texts: Any) -> Text:
    """Columns side by side."""
    parts = [("", text) for text in texts]
    return Call("keras.layers.Concatenate()(", ")", [("", Call("[", "]", parts))])
