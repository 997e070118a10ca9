"""A layer on every row of windows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.layers.wrappers import Wrapper
from kerasish.ops.symbol import KerasTensor


class EachRow(Wrapper):
    """A layer called on every row of windows: what prepares rows prepares their windows.

    Unlike `TimeDistributed` it takes columns by name, and texts. It runs when a batch is made.

    Args:
        layer: takes columns (batch, ...), an array or a dict of them, and gives such.

    Returns:
        What the layer gives, (batch, rows, ...), for columns (batch, rows, ...).

    Example:
        >>> import numpy as np
        >>> import kerasish as keras
        >>> lookup = keras.layers.StringLookup(vocabulary=["a", "b"])
        >>> keras.layers.EachRow(lookup)(np.array([["a", "b"], ["b", "b"]])).numpy().tolist()
        [[1, 2], [2, 2]]
    """

    runs_on_host = True
    states_spec = True
    _positional_values = True

    def build(self, input_shape: Any = None) -> None:
        """The layer inside builds itself when it is called."""

    def call(self, inputs: Any) -> Any:
        columns = {n: np.asarray(v) for n, v in _named(inputs).items()}
        lead = next(iter(columns.values())).shape[:2]
        rows = {n: v.reshape((-1, *v.shape[2:])) for n, v in columns.items()}
        made = self.layer(rows if isinstance(inputs, Mapping) else rows[""])
        return tree.map_structure(lambda v: np.asarray(v).reshape((*lead, *v.shape[1:])), made)

    def compute_output_spec(self, inputs: Any) -> Any:
        """The symbols of what a call gives."""
        columns = _named(inputs)
        lead = next(iter(columns.values())).shape[:2]
        rows = {n: KerasTensor((None, *v.shape[2:]), v.dtype) for n, v in columns.items()}
        made = self.layer(rows if isinstance(inputs, Mapping) else rows[""])
        return tree.map_structure(lambda v: KerasTensor((*lead, *v.shape[1:]), v.dtype), made)


def _named(inputs: Any) -> Mapping[str, Any]:
    return inputs if isinstance(inputs, Mapping) else {"": inputs}
