"""One batch: inputs, targets and sample weights, each a structure of arrays or None."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from kerasish import tree
from kerasish.errors import DataError


class Batch(NamedTuple):
    """(x, y, sample_weight) of one step; `y` and `sample_weight` are None where not given."""

    x: Any
    y: Any = None
    sample_weight: Any = None

    @property
    def leaves(self) -> list[Any]:
        """The arrays in the order of `tree.flatten`, without the parts that are None."""
        return [leaf for leaf in tree.flatten(self) if leaf is not None]

    @property
    def rows(self) -> int:
        """The number of samples in the batch."""
        return len(self.leaves[0])

    def filled(self, leaves: Iterable[Any]) -> Batch:
        """A batch of this structure with other arrays, in the order of `leaves`."""
        rest = iter(leaves)
        return tree.map_structure(lambda leaf: None if leaf is None else next(rest), self)

    def owned(self) -> Batch:
        """The same batch in memory of its own: what waits may not be written over meanwhile."""
        return self.filled(map(np.array, self.leaves))


class Prepared(NamedTuple):
    """The x of a model whose layers on the host have run; the model takes it in place of inputs."""

    values: tuple[Any, ...]


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """`x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)` as a tuple of three, None where absent.

    A list counts as a tuple, as in Keras; any other structure is `x` alone.

    Args:
        data: what a generator or `PyDataset` yields.

    Raises:
        DataError: a tuple of more than three.
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple) or isinstance(data, Prepared):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise DataError(
            "A batch",
            expected="x, (x,), (x, y) or (x, y, sample_weight)",
            received=f"a tuple of {len(data)}",
            fix="Put several inputs into a dict, or into a tuple of their own as the first "
            "element.",
        )
    return data[0], data[1] if len(data) > 1 else None, data[2] if len(data) > 2 else None


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The inverse of `unpack_x_y_sample_weight`: the shortest form that holds what is given."""
    if y is None and sample_weight is None:
        return (x,) if isinstance(x, (tuple, list)) and not isinstance(x, Prepared) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)
