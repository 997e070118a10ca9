"""Bringing targets, predictions and weights to fitting shapes, and refusing what does not fit."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.config import floatx
from kerasish.errors import DTypeError, ShapeError
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.spec import Shape, is_differentiable, is_float, normalize_axis


def squeeze_or_expand_to_same_rank(x1: Any, x2: Any, expand_rank_1: bool = True) -> tuple[Any, Any]:
    """Drop, or add, a last axis of size 1 where the ranks differ by one; else leave both.

    Args:
        x1: a tensor.
        x2: a tensor.
        expand_rank_1: whether a vector beside (n, 1) becomes (n, 1), or (n, 1) a vector.
    """
    if x1.ndim == x2.ndim + 1 and x1.shape[-1] == 1:
        if x2.ndim == 1 and expand_rank_1:
            return x1, ops.expand_dims(x2, axis=-1)
        return ops.squeeze(x1, axis=-1), x2
    if x2.ndim == x1.ndim + 1 and x2.shape[-1] == 1:
        if x1.ndim == 1 and expand_rank_1:
            return ops.expand_dims(x1, axis=-1), x2
        return x1, ops.squeeze(x2, axis=-1)
    return x1, x2


def same_shape(a: Shape, b: Shape) -> bool:
    """Whether two shapes are equal, an unknown dimension fitting any other."""
    return len(a) == len(b) and all(
        m == n or m is None or n is None for m, n in zip(a, b, strict=True)
    )


def floats(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Targets and predictions as floats of one dtype, in which differences cannot wrap around.

    It is that of the predictions, or where these are no floats that of the targets, else floatx.

    Raises:
        DTypeError: complex targets of real predictions, whose imaginary parts would be lost.
    """
    y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    if _is_complex(y_pred):
        return convert_to_tensor(y_true, y_pred.dtype), y_pred
    dtype = next((t.dtype for t in (y_pred, y_true) if is_float(t.dtype)), floatx())
    return as_real(y_true, dtype, "y_true"), convert_to_tensor(y_pred, dtype)


def _is_complex(t: Tensor) -> bool:
    return is_differentiable(t.dtype) and not is_float(t.dtype)


def as_real(values: Any, dtype: str | None, what: str) -> Tensor:
    """Values in a dtype of real numbers; None leaves them as they are.

    Raises:
        DTypeError: complex values, whose imaginary parts would be lost.
    """
    tensor = convert_to_tensor(values)
    if dtype is not None and _is_complex(tensor):
        raise DTypeError(
            what,
            expected=f"real numbers, for a loss of dtype {dtype}",
            received=tensor.dtype,
            fix="Give the real and imaginary parts as two columns.",
        )
    return convert_to_tensor(values, dtype)


def as_floats(values: Any) -> Tensor:
    """Values as floats; integers and bool as floatx."""
    return floats(values, values)[1]


def aligned(y_true: Any, y_pred: Any, name: str) -> tuple[Tensor, Tensor]:
    """Targets and predictions as floats of one dtype and one shape; see `of_one_shape`."""
    return of_one_shape(*floats(y_true, y_pred), name)


def of_one_shape(y_true: Tensor, y_pred: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """Targets and predictions in one shape.

    (n,) meets (n, 1), as in Keras. Any other difference would be broadcast in silence and give a
    loss of something else, so it is refused.

    Raises:
        ShapeError: the shapes differ otherwise.
    """
    given = y_true.shape
    y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
    if not same_shape(y_true.shape, y_pred.shape):
        raise ShapeError(
            name,
            expected=f"y_true of the shape of y_pred, {y_pred.shape}",
            received=f"y_true of shape {given}",
            fix=_hint(given, y_pred.shape),
        )
    return y_true, y_pred


def _hint(target: Shape, prediction: Shape) -> str:
    if len(target) == len(prediction) and prediction and target[:-1] == prediction[:-1]:
        return (
            f"Give the last layer {target[-1]} units, or pass targets with {prediction[-1]} in "
            "their last axis (one-hot targets for integer labels)."
        )
    return "Reshape the targets, or change the output of the model."


def as_labels(y_true: Any, y_pred: Tensor, name: str, axis: int = -1, fix: str = "") -> Tensor:
    """Integer labels in the shape of `y_pred` without the axis of the classes.

    Args:
        y_true: labels of that shape, or with 1 at that axis.
        y_pred: one number per class.
        name: what asks for labels, for errors.
        axis: that of the classes.
        fix: what else may be meant by targets of another shape.

    Raises:
        ShapeError: the shapes differ otherwise.
    """
    labels, at = convert_to_tensor(y_true), normalize_axis(axis, y_pred.ndim)
    given, expected = labels.shape, (*y_pred.shape[:at], *y_pred.shape[at + 1 :])
    if labels.ndim == y_pred.ndim and given[at] == 1:
        labels = ops.squeeze(labels, axis=at)
    if not same_shape(labels.shape, expected):
        raise ShapeError(
            name,
            expected=f"integer labels of shape {expected} for y_pred of shape {y_pred.shape}",
            received=f"y_true of shape {given}",
            fix=fix,
        )
    return labels


def weights_like(values: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """`values` and `weights` so that they multiply: weights of leading axes reach the others.

    One value for a whole batch, such as a Dice loss over everything, takes all weights.

    Raises:
        ShapeError: the weights fit neither the values nor their leading axes.
    """
    values, weights = squeeze_or_expand_to_same_rank(values, weights)
    if values.ndim == 0:
        return values, weights
    missing = values.ndim - weights.ndim
    fits = weights.ndim == 0 or all(
        w in (v, 1) or v is None or w is None
        for v, w in zip(values.shape, weights.shape, strict=False)
    )
    if missing < 0 or not fits:
        raise ShapeError(
            "sample_weight",
            expected=f"one weight per sample, or the shape of the losses {values.shape} or of "
            "its leading axes",
            received=f"shape {weights.shape}",
        )
    if missing and weights.ndim:
        weights = ops.reshape(weights, (*_sizes(weights.shape), *(1,) * missing))
    return values, weights


def _sizes(shape: Shape) -> tuple[int, ...]:
    return tuple(-1 if d is None else d for d in shape)
