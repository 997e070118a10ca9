"""From columns to what a model reads: layers called on columns, adapted on the training part."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kerasish import layers, tree
from kerasish.data.sequence import pad_sequences
from kerasish.errors import DataError
from kerasish.models import Model
from kerasish.models.feature_space import learns
from kerasish.ops.symbol import KerasTensor
from kerasish.preparation.table import Table, column_of, nowhere
from kerasish.preparation.windows import in_series
from kerasish.spec import TEXT, is_int

Padding = tuple[int | None, str, Any]  # the length, the side that is filled up, what with


class Columns:
    """The columns of a table as symbols; layers learn from its rows when they are applied.

    Args:
        table: the training part.

    Example:
        >>> import numpy as np
        >>> import kerasish as keras
        >>> from kerasish import preparation as prep
        >>> table = prep.Table({"age": prep.column_of(np.array([20.0, 40.0]))})
        >>> columns = prep.Columns(table)
        >>> columns.apply(keras.layers.Normalization(), columns["age"])
        <KerasTensor shape=(None, 1), dtype=float32>
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self._symbols: dict[str, KerasTensor] = {}
        self.padding: dict[str, Padding] = {}
        self.filled: dict[str, str] = {}

    def __getitem__(self, name: str) -> KerasTensor:
        """The symbol of a column.

        Raises:
            DataError: there is no such column, or its rows differ in length.
        """
        if name not in self._symbols:
            spec = self.table.spec(name)
            if None in spec.shape:
                raise DataError(
                    f"The column {name!r}",
                    expected="rows of one shape",
                    received="rows of different lengths",
                    fix="Bring them to one with pad: {length: ...}.",
                )
            self._symbols[name] = _symbol(name, spec.shape or (1,), spec.dtype)
        return self._symbols[name]

    def number(self, name: str) -> KerasTensor:
        """The symbol of a column as floats, so that whole numbers may be missing in other files."""
        if name not in self._symbols and is_int(self.table.spec(name).dtype):
            spec = self.table.spec(name)
            self._symbols[name] = _symbol(name, spec.shape or (1,), "float32")
        return self[name]

    def classes(self, name: str) -> list[str]:
        """The different texts of a column, or of the lists in it, in sorted order."""
        values = self.table.values(name).tolist()
        if self.table.spec(name).shape:
            values = [text for row in values for text in row]
        return sorted(set(values) - {""})

    def padded(self, name: str, length: int | None, at: str = "end", value: Any = 0) -> KerasTensor:
        """The symbol of a column whose rows are brought to one length.

        Args:
            name: the column.
            length: of every row: longer ones are cut at the same side; None for the longest among
                those that are read together, for layers that do not tell how many there are.
            at: "end" or "start", where short rows are filled up.
            value: what with.
        """
        spec = self.table.spec(name)
        self.padding[name] = (length, at, value)
        self._symbols[name] = _symbol(name, (length, *spec.shape[1:]), spec.dtype)
        return self._symbols[name]

    def previous(self, name: str) -> KerasTensor:
        """The symbol of a column whose gaps hold the value of a row before, in one series.

        It is a column of its own, `name.previous`; see `with_filled`.
        """
        made = f"{name}.previous"
        if made not in self._symbols:
            self.filled[made] = name
            self.table = with_filled(self.table, {made: name})
            spec = self.table.spec(made)
            self._symbols[made] = _symbol(made, spec.shape or (1,), spec.dtype)
        return self._symbols[made]

    def apply(self, layer: Any, inputs: Any) -> Any:
        """The layer called on symbols; one that has to learn does so from the training rows first.

        Returns:
            What the layer gives.
        """
        if learns(layer):
            names = self.inputs({"inputs": inputs})
            if self.table.at_hand(names):
                (column,) = self.run({"inputs": inputs}, self.table).values()
                layer.adapt(_to_learn(layer, column))
            else:
                layer.adapt(_Batches(self, inputs, layer))
        return layer(inputs)

    def model(self, outputs: Mapping[str, Any]) -> Model:
        """The functional model from the columns that are read to the outputs."""
        return Model(self.inputs(outputs), dict(outputs))

    def inputs(self, outputs: Any) -> dict[str, KerasTensor]:
        """The columns that some symbols come from, by name."""
        found: dict[str, KerasTensor] = {}
        waiting = list(tree.flatten(outputs))
        seen: set[int] = set()
        while waiting:
            symbol = waiting.pop()
            if id(symbol) in seen:
                continue
            seen.add(id(symbol))
            record = symbol.history.record
            if isinstance(record.operation, layers.InputLayer):
                found[column_name(record.operation)] = symbol
            waiting.extend(record.inputs)
        return {name: found[name] for name in self._symbols if name in found}

    def sources(self, outputs: Any) -> list[str]:
        """The columns of the file that some symbols come from."""
        return list(dict.fromkeys(self.filled.get(name, name) for name in self.inputs(outputs)))

    def run(self, outputs: Mapping[str, Any], table: Table) -> dict[str, np.ndarray]:
        """What symbols are for the rows of a table, as arrays."""
        table = with_filled(table, self.filled)
        made = {name: s for name, s in outputs.items() if not self._is_column(s)}
        found = {
            name: self.read(column_name(s.history.record.operation), table)
            for name, s in outputs.items()
            if name not in made
        }
        if made:
            parts: dict[str, list[np.ndarray]] = {name: [] for name in made}
            for chunk in self.chunks(made, table):
                for name, value in chunk.items():
                    parts[name].append(value)
            found |= {name: np.concatenate(held) for name, held in parts.items()}
        return {name: found[name] for name in outputs}

    def chunks(self, outputs: Mapping[str, Any], table: Table) -> Iterator[dict[str, np.ndarray]]:
        """What symbols are, some rows at a time."""
        table = with_filled(table, self.filled)
        names = list(self.inputs(outputs))
        make = self.maker(outputs)
        for start, batch in table.chunks(names):
            yield make(batch, lambda row, start=start: table.where(start + row))

    def maker(self, outputs: Mapping[str, Any]) -> Made:
        """What makes symbols of a batch of columns as they are held."""
        made = {name: s for name, s in outputs.items() if not self._is_column(s)}
        plain = {
            name: column_name(s.history.record.operation)
            for name, s in outputs.items()
            if name not in made
        }
        specs = {name: self.table.spec(name).dtype for name in self.padding}
        return Made(self.model(made) if made else None, plain, dict(self.padding), specs)

    def read(self, name: str, table: Table) -> np.ndarray:
        """A column's values in a table, padded where it is."""
        return padded(table.values(name), self.padding.get(name), self.table.spec(name).dtype)

    def _is_column(self, symbol: Any) -> bool:
        return isinstance(symbol.history.record.operation, layers.InputLayer)


def _symbol(name: str, shape: tuple[int | None, ...], dtype: str) -> KerasTensor:
    dtype = {"float64": "float32"}.get(dtype, dtype)
    return layers.Input(shape, dtype=dtype, name=_encoded(name))


def column_name(layer: Any) -> str:
    """The column that an input layer stands for."""
    return _decoded(layer.name)


def _encoded(name: str) -> str:
    """A name of a column as one that layers may have: other characters as `@` code `@`."""
    kept = re.sub(r"[^\w.\-+:>() ]", lambda found: f"@{ord(found[0]):x}@", name)
    return kept if kept.strip(". ") else "".join(f"@{ord(c):x}@" for c in name)


def _decoded(name: str) -> str:
    return re.sub(r"@([0-9a-f]{1,6})@", lambda found: chr(int(found[1], 16)), name)


def with_filled(table: Table, filled: Mapping[str, str]) -> Table:
    """A table with columns whose gaps hold the last value before, in the order of the file.

    Args:
        table: where a group says so, values stay within it.
        filled: names of the new columns, each with the column that it is made of.
    """
    absent = {new: old for new, old in filled.items() if new not in table.columns}
    if not absent:
        return table
    whole = in_series(replace(table, rows=None))
    columns = dict(table.columns)
    for new, old in absent.items():
        values = whole.values(old)
        gaps = missing(whole, old)
        begins = np.zeros(len(values), bool)
        if table.group is not None:
            names = whole.values(table.group)
            begins[1:] = names[1:] != names[:-1]
        last = np.maximum.accumulate(np.where(gaps & ~begins, 0, np.arange(len(values))))
        made = values[last]
        if whole.rows is not None:
            made = made[np.argsort(whole.rows)]
        columns[new] = column_of(made)
    return replace(table, columns=columns)


def missing(table: Table, name: str) -> np.ndarray:
    """Which values of a column are missing: NaN, or an empty text."""
    values = table.values(name)
    if values.dtype == object and table.spec(name).shape:  # lists, which may be empty
        return np.zeros(len(values), bool)
    if table.spec(name).dtype == TEXT and values.ndim == 1:
        return np.array([not text for text in values.tolist()], bool)
    if values.dtype.kind == "f":
        return np.isnan(values.reshape(len(values), -1)).any(axis=1)
    return np.zeros(len(values), bool)


def padded(values: np.ndarray, padding: Padding | None, dtype: str) -> np.ndarray:
    """Rows of different lengths brought to one; others as they are."""
    if padding is None:
        return values
    length, at, value = padding
    side = "post" if at == "end" else "pre"
    return pad_sequences(
        list(values), length, object if dtype == TEXT else dtype, side, side, value
    )


@dataclass(frozen=True)
class Made:
    """What a model reads, from a batch of columns.

    Attributes:
        model: gives what layers make; None where there is none.
        plain: outputs that are columns as they are.
        padding: columns whose rows are brought to one length.
        dtypes: of these.
    """

    model: Model | None
    plain: Mapping[str, str]
    padding: Mapping[str, Padding]
    dtypes: Mapping[str, str]

    def __call__(
        self, batch: Mapping[str, Any], place: Callable[[int], str] = nowhere
    ) -> dict[str, np.ndarray]:
        """Outputs by name; a value that a layer refuses is told with the place of its row."""
        held = {
            name: padded(values, self.padding[name], self.dtypes[name])
            if name in self.padding
            else values
            for name, values in batch.items()
        }
        found = {name: held[column] for name, column in self.plain.items()}
        if self.model is not None:
            inputs = {name: held[name] for name in map(_decoded, self.model.input_names)}
            made = _called(self.model, inputs, place)
            found |= {name: np.asarray(value) for name, value in made.items()}
        return found


class _Batches:
    """What a layer learns from, batch by batch, as often as it is gone through."""

    def __init__(self, columns: Columns, symbol: Any, layer: Any) -> None:
        self.columns, self.symbol, self.layer = columns, symbol, layer

    def __iter__(self) -> Iterator[np.ndarray]:
        for chunk in self.columns.chunks({"inputs": self.symbol}, self.columns.table):
            yield _to_learn(self.layer, chunk["inputs"])


def _called(model: Model, batch: dict[str, Any], place: Callable[[int], str]) -> dict[str, Any]:
    """The model on a batch of columns; a value that it refuses is told with its place."""
    try:
        return model(batch)
    except DataError as error:
        row = getattr(error, "row", None)
        if row is None:
            raise
        # A layer knows the row; the column is that which holds the value there.
        held = (n for n, values in batch.items() if error.received.startswith(repr(values[row])))
        name = next(held, "")
        told = "a value that the training part has too"
        raise DataError(
            place(row) + (f", column {name!r}" if name else ""),
            expected=error.expected.replace("tokens of the vocabulary", told),
            received=error.received, fix=error.fix,
            about=f"column.{name}" if name else "",
        ) from error  # fmt: skip


def _to_learn(layer: Any, column: np.ndarray) -> np.ndarray:
    """The rows (n, ...) that a layer learns from: missing numbers teach nothing."""
    rows = column[:, None] if column.ndim == 1 else column
    if rows.dtype.kind != "f" or isinstance(layer, layers.FillMissing):
        return rows
    return rows[~np.isnan(rows.reshape(len(rows), -1)).any(axis=1)]
