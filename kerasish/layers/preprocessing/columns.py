"""Layers that mend the columns of a table: missing numbers filled, values replaced by numbers."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from kerasish import config, ops
from kerasish.arguments.rules import one_of, taking
from kerasish.errors import DataError
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.layers.base.layer import Layer
from kerasish.layers.preprocessing.adapting import check_end, number_batches
from kerasish.ops.symbol import KerasTensor
from kerasish.spec import TEXT
from kerasish.texts import as_texts, is_text

STRATEGIES = ("mean", "median", "most_frequent", "constant")


class FillMissing(Layer):
    """Numbers in the place of NaN: one per column, given or learned by `adapt`.

    Args:
        strategy: "mean", "median", "most_frequent" (the smallest of them), each learned by
            `adapt` from the numbers that are there, or "constant".
        value: what is filled in, a number or one per column; with a learned strategy `adapt` sets
            it.

    Example:
        >>> import numpy as np
        >>> import kerasish as keras
        >>> fill = keras.layers.FillMissing("median")
        >>> fill.adapt(np.array([[1.0], [2.0], [np.nan], [9.0]]))
        >>> fill(np.array([[np.nan]])).numpy().tolist()
        [[2.0]]
    """

    strategy: Annotated[str, one_of(*STRATEGIES)] = "mean"
    value: Any = None
    supports_masking = True

    def __post_init__(self) -> None:
        if self.strategy == "constant" and self.value is None:
            raise self._refusal("value, with strategy='constant'", "none")

    @property
    def adaptable(self) -> bool:
        """Whether `adapt` has still to be called."""
        return self.value is None

    def adapt(self, data: Any) -> None:
        """Learn the values from an array (n, columns), or from an iterable of batches.

        Raises:
            DataError: there are no data, or a column holds no number.
        """
        check_end(data, "FillMissing.adapt")
        batches = list(number_batches(data, "FillMissing.adapt"))
        if not batches:
            raise DataError("FillMissing.adapt", expected="at least one batch", received="none")
        rows = np.concatenate([np.atleast_2d(np.asarray(b, np.float64)) for b in batches])
        columns = rows.reshape(-1, rows.shape[-1])
        held = [column[~np.isnan(column)] for column in columns.T]
        for place, column in enumerate(held):
            if not len(column):
                raise DataError(
                    "FillMissing.adapt", expected=f"numbers in column {place}", received="none"
                )
        self.value = [self._learned(column) for column in held]

    def _learned(self, column: np.ndarray) -> float:
        if self.strategy == "most_frequent":
            values, counts = np.unique(column, return_counts=True)
            return float(values[counts.argmax()])
        return float(np.mean(column) if self.strategy == "mean" else np.median(column))

    def call(self, inputs: Tensor) -> Tensor:
        if self.value is None:
            raise self._refusal("a layer that has learned", "none", "Call adapt(data).")
        x = ops.cast(inputs, self.compute_dtype)
        return ops.where(ops.isnan(x), convert_to_tensor(self.value, self.compute_dtype), x)


class ValueMap(Layer):
    """A number for each value of a column, as a table says.

    Args:
        keys: the values, texts or integers.
        values: the numbers that they become; several keys may have the same.
        default: what other values become; None refuses them.
        names: what the numbers 0, 1, ... mean, where they are those of classes.

    Returns:
        The input's shape; int64 where all numbers are whole, else floatx.

    Example:
        >>> import kerasish as keras
        >>> keras.layers.ValueMap(["no", "yes"], [0, 1])(["yes", "no"]).numpy().tolist()
        [1, 0]
    """

    keys: Any
    values: Any
    default: Any = None
    names: Annotated[Any, taking("array", "null")] = None
    states_spec = True
    runs_on_host = True
    _positional_values = True

    def __post_init__(self) -> None:
        self.keys, self.values = list(self.keys), list(self.values)
        if len(self.keys) != len(self.values) or not self.keys:
            raise self._refusal(
                "as many values as keys, and at least one",
                f"{len(self.keys)} keys and {len(self.values)} values",
            )

    @property
    def result_dtype(self) -> str:
        """int64 where all numbers are whole, else floatx."""
        numbers = [*self.values, *([] if self.default is None else [self.default])]
        return "int64" if all(isinstance(n, int) for n in numbers) else config.floatx()

    def _table(self) -> dict[Any, Any]:
        return dict(zip(self.keys, self.values, strict=True))

    def call(self, inputs: Any) -> Any:
        array = as_texts(inputs, self.name) if is_text(inputs) else np.asarray(inputs)
        table, found = self._table(), []
        for place, value in enumerate(array.reshape(-1).tolist()):
            number = table.get(value, self.default)
            if number is None:
                shown = ", ".join(map(repr, self.keys[:8])) + ", ..." * (len(self.keys) > 8)
                refused = DataError(
                    f"ValueMap {self.name!r}, row {place}",
                    expected=f"one of {shown}",
                    received=repr(value),
                    fix=f"Give a value for {value!r} too.",
                )
                refused.row = place // (array[:1].size or 1)
                raise refused
            found.append(number)
        return np.array(found, self.result_dtype).reshape(array.shape)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """The symbol of what a call gives."""
        return KerasTensor(inputs.shape, self.result_dtype)

    @property
    def input_dtype(self) -> str | None:
        """Texts where the keys are."""
        return TEXT if isinstance(self.keys[0], str) else None
