"""`Function`: the calls between symbols as one operation."""

from __future__ import annotations

from typing import Any

from kerasish import tree
from kerasish.config import floatx
from kerasish.errors import ArgumentError
from kerasish.models.network import Network
from kerasish.ops.operation import Operation
from kerasish.ops.symbol import KerasTensor
from kerasish.ops.symbolic import symbols


class Function(Operation):
    """The operations that lead from some symbols to others, repeated on other inputs.

    A functional model without what models have: it keeps no weights and cannot be trained.

    Args:
        inputs: symbols, or a structure of them.
        outputs: symbols that depend on nothing but `inputs`, or a structure of them.
        name: its name.

    Raises:
        ArgumentError: something is no symbol.
        GraphError: an output depends on an Input that is not among `inputs`.

    Example:
        >>> import kerasish as keras
        >>> x = keras.KerasTensor((2, 3))
        >>> total = keras.Function(x, keras.ops.sum(x * 2))
        >>> float(total(keras.ops.ones((2, 3))))
        12.0
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self._network = Network(inputs, outputs, self.name)

    @property
    def operations(self) -> list[Any]:
        """The operations in the order in which they run, inputs included."""
        return list(self._network.operations)

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbols that it begins with, in flat order."""
        return list(self._network.inputs)

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbols that it leads to, in flat order."""
        return list(self._network.outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of every output for inputs of these shapes, in their structure."""
        found = self.compute_output_spec(symbols(input_shape, floatx()))
        return tree.map_structure(lambda symbol: symbol.shape, found)

    def call(self, inputs: Any) -> Any:
        """The values of the outputs for these inputs, in their structure."""
        return self._network.run(inputs)

    def get_config(self) -> dict[str, Any]:
        """Raises: symbols have no config; a Model has."""
        raise ArgumentError(
            "Function",
            expected="a Model, which has a config",
            received="a Function",
            fix="Make a kerasish.Model of the same inputs and outputs.",
        )
