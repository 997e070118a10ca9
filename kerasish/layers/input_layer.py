"""Input: where a functional model begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.errors import ArgumentError
from kerasish.layers.base.layer import Layer
from kerasish.ops.symbol import KerasTensor
from kerasish.ops.symbolic import CallRecord
from kerasish.spec import dtype_name


class InputLayer(Layer):
    """The entry of a model: shape and dtype of one input.

    Args:
        shape: shape without the batch dimension, None for any size.
        batch_size: size of the batch, None for any.
        dtype: name of the dtype; floatx by default.
        sparse: only False is supported.
        batch_shape: shape with the batch dimension, instead of `shape` and `batch_size`.
        input_tensor: a symbol whose shape and dtype to take.
        optional: whether None may be passed for it.
        name: name of the input.
    """

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
        shape = kwargs.pop("input_shape", shape)  # older names, of files too
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        if input_tensor is not None:
            batch_shape, dtype = input_tensor.shape, input_tensor.dtype
        if sparse or ragged:
            raise ArgumentError("Input", expected="a dense input", received="sparse or ragged=True")
        if batch_shape is None:
            if shape is None:
                raise ArgumentError("Input", expected="shape or batch_shape", received="neither")
            batch_shape = (batch_size, *_checked(shape))
        elif shape is not None or batch_size is not None:
            raise ArgumentError(
                "Input", expected="either batch_shape, or shape with batch_size", received="both"
            )
        super().__init__(name=name, dtype=dtype_name(dtype), **kwargs)
        self.batch_shape = _checked(batch_shape)
        self.optional = optional
        self.built = True
        self._record()

    def _record(self) -> None:
        CallRecord(self, (), {}, KerasTensor(self.batch_shape, self.dtype, name=self.name))

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if not self._calls:
            self._record()

    def _rename(self, name: str) -> None:
        super()._rename(name)
        if self._calls:
            self.output.name = name

    def call(self) -> None:
        """Never called: its output is fed."""
        raise ArgumentError("An InputLayer cannot be called. Use the tensor that Input() returns.")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "batch_shape": list(self.batch_shape),
            "dtype": self.dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": self.optional,
        }


def _checked(shape: Any) -> tuple[int | None, ...]:
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(d is not None and (not isinstance(d, int) or d < 0) for d in sizes):
        raise ArgumentError("Input", expected="a shape of ints and None", received=shape)
    return sizes


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
        dtype: name of the dtype; floatx by default.
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
