"""KerasTensor: the symbolic tensor of functional models.

A functional model is put together by calling layers and public functions on symbols. Which call
made a symbol is kept in `history`, so that the model can repeat the calls on other inputs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from kerasish import registry
from kerasish.errors import ArgumentError
from kerasish.graph.node import placeholder
from kerasish.graph.tensor import Tensor, input_tensor
from kerasish.spec import TensorSpec, input_dtype


class KerasTensor(Tensor):
    """A symbol outside any trace: shape (None where unknown), dtype, and the call that made it.

    Args:
        shape: with the batch dimension; None for what is not known.
        dtype: name of the dtype, "string" for texts.
        name: the name of the input, or "".
        sparse, ragged: only False is supported.
    """

    __slots__ = ()

    def __init__(
        self,
        shape: Iterable[int | None],
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
    ) -> None:
        """`record_history` is accepted for compatibility."""
        if sparse or ragged:
            raise ArgumentError(
                "KerasTensor",
                expected="a dense tensor",
                received=f"{'sparse' if sparse else 'ragged'}=True, which is not supported",
            )
        spec = TensorSpec(tuple(shape), input_dtype(dtype))
        super().__init__(spec, node=placeholder(spec, name or ""), name=name or "")

    sparse = ragged = False  # tensors are dense, and their rows have one length

    def __reduce_ex__(self, protocol: Any) -> Any:
        """A copy stands alone: the call that made a symbol is copied with its model."""
        mask = None if self.mask is None else self.mask.spec
        return _copied, (self.shape, self.dtype, self.name, mask)

    def __repr__(self) -> str:
        label = f", name={self.name}" if self.name else ""
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}{label}>"

    def __getitem__(self, key: Any) -> Any:
        # A list of positions is an array; files keep lists for the tuple of a key.
        key = np.asarray(key) if isinstance(key, list) else key
        return registry.lookup("function", "get_item")(self, key)

    __hash__ = object.__hash__


def _copied(shape: Any, dtype: str, name: str, mask: TensorSpec | None) -> KerasTensor:
    made = KerasTensor(shape, dtype, name=name)
    made.mask = None if mask is None else input_tensor(mask)
    return made


# The types of most arguments, none of which holds a symbol.
PLAIN = frozenset({Tensor, int, float, str, bool, type(None), np.ndarray})


def holds_symbol(value: Any) -> bool:
    """Whether `value` is a KerasTensor, or a structure with one in it."""
    if isinstance(value, (list, tuple)):
        return any(type(item) not in PLAIN and holds_symbol(item) for item in value)
    if isinstance(value, dict):
        return any(type(item) not in PLAIN and holds_symbol(item) for item in value.values())
    return isinstance(value, KerasTensor)


def has_symbol(args: Any, kwargs: Any) -> bool:
    """Whether a KerasTensor is among the arguments."""
    for value in args:
        if type(value) not in PLAIN and holds_symbol(value):
            return True
    if kwargs:
        for value in kwargs.values():
            if type(value) not in PLAIN and holds_symbol(value):
                return True
    return False
