"""KerasTensor: the symbolic tensor of functional models.

A functional model is put together by calling layers and public functions on symbols. Which call
made a symbol is kept in `history`, so that the model can repeat the calls on other inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from kerasish import registry
from kerasish.errors import ArgumentError
from kerasish.graph.node import placeholder
from kerasish.graph.tensor import Tensor, input_tensor
from kerasish.spec import TensorSpec, dtype_name


class KerasTensor(Tensor):
    """A symbol outside any trace: shape (None where unknown), dtype, and the call that made it.

    Args:
        shape: with the batch dimension; None for what is not known.
        dtype: name of the dtype.
        name: the name of the input, or "".
        sparse, ragged: only False is supported.
    """

    __slots__ = ()

    def __init__(
        self,
        shape: Iterable[int | None],
        dtype: Any = None,
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
        spec = TensorSpec(tuple(shape), dtype_name(dtype))
        super().__init__(spec, node=placeholder(spec, name or ""), name=name or "")

    @property
    def sparse(self) -> bool:
        """False: tensors are dense."""
        return False

    @property
    def ragged(self) -> bool:
        """False: rows have one length."""
        return False

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


# --- operators ------------------------------------------------------------------------------------

_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide",
    "floordiv": "floor_divide", "mod": "mod", "pow": "power", "matmul": "matmul",
    "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor", "lshift": "left_shift",
    "rshift": "right_shift", "lt": "less", "le": "less_equal", "gt": "greater",
    "ge": "greater_equal", "eq": "equal", "ne": "not_equal", "neg": "negative",
    "abs": "absolute", "invert": "bitwise_not",
}  # fmt: skip


def _operator(public: str, flip: bool = False) -> Callable[..., Any]:
    # On booleans `&`, `|`, `^` and `~` are the logical functions, as Keras names them in files.
    logical = public.replace("bitwise", "logical")

    def method(self: KerasTensor, *other: Any) -> Any:
        if other and other[0] is None:
            return NotImplemented
        operands = (*other, self) if flip else (self, *other)
        truth = all(isinstance(x, bool) or getattr(x, "dtype", None) == "bool" for x in operands)
        return registry.lookup("function", logical if truth else public)(*operands)

    return method


for _name, _public in _OPERATORS.items():
    setattr(KerasTensor, f"__{_name}__", _operator(_public))
    if hasattr(Tensor, f"__r{_name}__"):
        setattr(KerasTensor, f"__r{_name}__", _operator(_public, flip=True))
