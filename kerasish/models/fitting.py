"""Values in the form that an input of a model asks for."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.errors import ArgumentError, DTypeError, ShapeError
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.ops.symbol import KerasTensor
from kerasish.spec import TEXT, no_numbers
from kerasish.texts import as_texts, is_text


def fitted(value: Any, symbol: KerasTensor, any_size: bool = False) -> Any:
    """A value in the dtype and rank of an input, a last axis of 1 added or taken away.

    Raises:
        ShapeError: the shape does not fit.
        DTypeError: a complex value for a real input, or text for numbers.
    """
    if value is None:
        if getattr(symbol.history.operation, "optional", False):
            return None
        raise ArgumentError(f"Input {symbol.name!r}", expected="a tensor", received="None")
    mask = getattr(value, "mask", None)
    dtype = str(getattr(value, "dtype", ""))
    if dtype.startswith("complex") and not symbol.dtype.startswith("complex"):
        raise DTypeError(
            f"Input {symbol.name!r}",
            expected=symbol.dtype,
            received=f"{dtype}, whose imaginary part would be lost",
            fix=f"Give real and imaginary parts as two channels, or say Input(dtype={dtype!r}).",
        )
    if TEXT in (symbol.dtype, dtype) or is_text(value):
        if symbol.dtype != TEXT:
            raise no_numbers(f"Input {symbol.name!r}")
        return _fitted_text(value, symbol)
    x: Any = convert_to_tensor(value, symbol.dtype)
    wanted = symbol.shape
    if x.ndim == len(wanted) + 1 and x.shape[-1] == 1:
        x = ops.squeeze(x, axis=-1)
    elif x.ndim == len(wanted) - 1 and wanted[-1] == 1:
        x = ops.expand_dims(x, axis=-1)
    _check(symbol, x.shape, any_size)
    if x.mask is None:
        x.mask = mask
    return x


def _fitted_text(value: Any, symbol: KerasTensor) -> Any:
    """Texts in the rank of an input; symbols of a trace as they are."""
    if isinstance(value, Tensor) and value.is_symbolic:
        return value
    texts, wanted = as_texts(value, f"Input {symbol.name!r}"), symbol.shape
    if texts.ndim == len(wanted) + 1 and texts.shape[-1] == 1:
        texts = texts[..., 0]
    elif texts.ndim == len(wanted) - 1 and wanted[-1] == 1:
        texts = texts[..., None]
    _check(symbol, texts.shape, False)
    return convert_to_tensor(texts, TEXT)


def _check(symbol: KerasTensor, shape: Any, any_size: bool) -> None:
    wanted = symbol.shape
    fits = len(shape) == len(wanted) and all(
        any_size or w is None or d is None or w == d
        for w, d in zip(wanted[1:], shape[1:], strict=True)
    )
    if not fits:
        raise ShapeError(
            f"Input {symbol.name!r}", expected=f"shape {wanted}", received=f"shape {shape}"
        )
