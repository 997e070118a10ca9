"""Input: where a functional model begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.arguments.fields import modernise
from kerasish.errors import ArgumentError
from kerasish.hints import whole
from kerasish.layers.base.input_spec import as_sizes
from kerasish.layers.base.layer import Layer
from kerasish.ops.symbol import KerasTensor
from kerasish.ops.symbolic import CallRecord
from kerasish.spec import Shape, input_dtype


class InputLayer(Layer):
    """The entry of a model: shape and dtype of one input.

    Args:
        shape: shape without the batch dimension, None for any size.
        batch_size: size of the batch, None for any.
        dtype: name of the dtype; floatx by default. "string" is for texts, which go to layers
            that read text.
        sparse: only False is supported.
        batch_shape: shape with the batch dimension, instead of `shape` and `batch_size`.
        input_tensor: a symbol to be the output, whose shape and dtype count.
        optional: whether None may be passed for it.
        name: name of the input.
    """

    renamed = {"input_shape": "shape"}
    sparse = ragged = False  # tensors are dense

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Sequence[int | None] | None = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        modernise(type(self), kwargs)
        shape = kwargs.pop("shape", shape)
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)  # of older files
        for flag, value in {"sparse": sparse, "ragged": ragged}.items():
            if value:
                raise ArgumentError("Input", expected="a dense input", received=f"{flag}={value}")
        if shape is not None:
            shape = as_sizes("Input, shape", shape)
        if batch_shape is not None:
            batch_shape = as_sizes("Input, batch_shape", batch_shape)
        if batch_size is not None:
            batch_size = whole("Input, batch_size", batch_size)
        if input_tensor is not None:
            _check_like(input_tensor, shape, batch_size, batch_shape, dtype)
            batch_shape, dtype = input_tensor.shape, input_tensor.dtype
        elif batch_shape is None:
            if shape is None:
                raise ArgumentError("Input", expected="shape or batch_shape", received="neither")
            batch_shape = (batch_size, *shape)
        elif shape is not None or batch_size is not None:
            raise ArgumentError(
                "Input", expected="either batch_shape, or shape with batch_size", received="both"
            )
        super().__init__(name=name, dtype=input_dtype(dtype), **kwargs)
        self.batch_shape: Any = batch_shape
        self.optional = optional
        self.built = True
        new = input_tensor is None or input_tensor.history is not None
        self._record(None if new else input_tensor)

    def _record(self, symbol: KerasTensor | None = None) -> None:
        made = KerasTensor(self.batch_shape, self.dtype, name=self.name)
        CallRecord(self, (), {}, made if symbol is None else symbol)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise ArgumentError("An InputLayer cannot be called. Use the tensor that Input() returns.")

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if not self._calls:
            self._record()

    def _rename(self, name: str) -> None:
        super()._rename(name)
        if self._calls:
            self.output.name = name

    def call(self) -> None:
        """Nothing: its output is fed."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


def _check_like(
    symbol: Any, shape: Shape | None, batch_size: Any, batch_shape: Shape | None, dtype: Any
) -> None:
    """Raise unless what is given beside a symbol says the same as it.

    Raises:
        ArgumentError: it does not, or the symbol is none.
    """
    if not isinstance(symbol, KerasTensor):
        raise ArgumentError("Input, input_tensor", expected="a KerasTensor", received=repr(symbol))
    wanted = {
        "shape": (shape, symbol.shape[1:]),
        "batch_shape": (batch_shape, symbol.shape),
        "batch_size": (batch_size, symbol.shape[0] if symbol.shape else None),
        "dtype": (None if dtype is None else input_dtype(dtype), symbol.dtype),
    }
    for name, (given, own) in wanted.items():
        if given not in (None, own):
            expected = f"{name}={own}, as that of the given symbol"
            raise ArgumentError("Input", expected=expected, received=f"{name}={given}")


def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> KerasTensor:
    """A symbol that stands for an input of a functional model.

    Args:
        shape: shape without the batch dimension, None for any size.
        batch_size: size of the batch, None for any.
        dtype: name of the dtype; floatx by default. "string" is for texts, which go to layers
            that read text.
        sparse, ragged: only False is supported.
        batch_shape: shape with the batch dimension, instead of `shape` and `batch_size`.
        name: name of the input.
        tensor: a symbol whose shape and dtype to take.
        optional: whether None may be passed for it.

    Example:
        >>> import kerasish as keras
        >>> x = keras.Input((4,))
        >>> model = keras.Model(x, keras.layers.Dense(2)(x))
    """
    layer = InputLayer(
        shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name
    )
    return layer.output
