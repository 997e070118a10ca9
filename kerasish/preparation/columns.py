"""From columns to what a model reads: layers called on columns, adapted on the training part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kerasish import layers, tree
from kerasish.data.sequence import pad_sequences
from kerasish.errors import DataError
from kerasish.models import Model
from kerasish.models.feature_space import learns
from kerasish.ops.symbol import KerasTensor
from kerasish.preparation.table import Table

_ROWS = 8192


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
        self.padding: dict[str, tuple[int, str, Any]] = {}

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

    def padded(self, name: str, length: int, at: str = "end", value: Any = 0) -> KerasTensor:
        """The symbol of a column whose rows are brought to one length.

        Args:
            name: the column.
            length: of every row: longer ones are cut at the same side.
            at: "end" or "start", where short rows are filled up.
            value: what with.
        """
        spec = self.table.spec(name)
        self.padding[name] = (length, at, value)
        self._symbols[name] = _symbol(name, (length, *spec.shape[1:]), spec.dtype)
        return self._symbols[name]

    def apply(self, layer: Any, inputs: Any) -> Any:
        """The layer called on symbols; one that has to learn does so from the training rows first.

        Returns:
            What the layer gives.
        """
        if learns(layer):
            (column,) = self.run({"inputs": inputs}, self.table).values()
            layer.adapt(_to_learn(layer, column))
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
                found[record.operation.name] = symbol
            waiting.extend(record.inputs)
        return {name: found[name] for name in self._symbols if name in found}

    def run(self, outputs: Mapping[str, Any], table: Table) -> dict[str, np.ndarray]:
        """What symbols are for the rows of a table, as arrays."""
        made = {name: s for name, s in outputs.items() if not self._is_column(s)}
        found = {
            name: self.read(s.history.record.operation.name, table)
            for name, s in outputs.items()
            if name not in made
        }
        if made:
            model = self.model(made)
            names = list(self.inputs(made))
            parts: dict[str, list[np.ndarray]] = {name: [] for name in made}
            for start, batch in self._batches(names, table):
                for name, value in _called(model, batch, start, table).items():
                    parts[name].append(np.asarray(value))
            found |= {name: np.concatenate(held) for name, held in parts.items()}
        return {name: found[name] for name in outputs}

    def read(self, name: str, table: Table) -> np.ndarray:
        """A column's values in a table, padded where it is."""
        values = table.values(name)
        if name in self.padding:
            length, at, value = self.padding[name]
            side = "post" if at == "end" else "pre"
            spec = self.table.spec(name)
            return pad_sequences(values, length, spec.dtype, side, side, value)
        return values

    def _batches(self, names: list[str], table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
        columns = {name: self.read(name, table) for name in names}
        for start in range(0, len(table), _ROWS):
            yield start, {name: c[start : start + _ROWS] for name, c in columns.items()}

    def _is_column(self, symbol: Any) -> bool:
        return isinstance(symbol.history.record.operation, layers.InputLayer)


def _symbol(name: str, shape: tuple[int | None, ...], dtype: str) -> KerasTensor:
    dtype = {"float64": "float32"}.get(dtype, dtype)
    return layers.Input(shape, dtype=dtype, name=name)


def _called(model: Model, batch: dict[str, Any], start: int, table: Table) -> dict[str, Any]:
    """The model on a batch of columns; a value that it refuses is told with its place."""
    try:
        return model(batch)
    except DataError as error:
        row = getattr(error, "row", None)
        if row is None:
            raise
        raise DataError(
            table.where(start + row), expected=error.expected, received=error.received
        ) from error


def _to_learn(layer: Any, column: np.ndarray) -> np.ndarray:
    """The rows (n, ...) that a layer learns from: missing numbers teach nothing."""
    rows = column[:, None] if column.ndim == 1 else column
    if rows.dtype.kind != "f" or isinstance(layer, layers.FillMissing):
        return rows
    return rows[~np.isnan(rows.reshape(len(rows), -1)).any(axis=1)]
