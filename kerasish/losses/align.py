"""Bringing targets, predictions and weights to fitting shapes, and refusing what does not fit."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.errors import ShapeError
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.spec import Shape


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


def aligned(y_true: Any, y_pred: Any, name: str) -> tuple[Tensor, Tensor]:
    """Targets in the dtype of the predictions, and both in one shape.

    (n,) meets (n, 1), as in Keras. Any other difference would be broadcast in silence and give a
    loss of something else, so it is refused.

    Raises:
        ShapeError: the shapes differ otherwise.
    """
    y_pred = convert_to_tensor(y_pred)
    y_true = convert_to_tensor(y_true, y_pred.dtype)
    given = y_true.shape
    y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
    if not same_shape(y_true.shape, y_pred.shape):
        raise ShapeError(
            f"{name}. Expected: y_true of the shape of y_pred, {y_pred.shape}. "
            f"Received: y_true of shape {given}. {_hint(given, y_pred.shape)}"
        )
    return y_true, y_pred


def _hint(target: Shape, prediction: Shape) -> str:
    if len(target) == len(prediction) and prediction and target[:-1] == prediction[:-1]:
        return (
            f"Give the last layer {target[-1]} units, or pass targets with {prediction[-1]} in "
            "their last axis (one-hot targets for integer labels)."
        )
    return "Reshape the targets, or change the output of the model."


def weights_like(values: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """`values` and `weights` so that they multiply: weights of leading axes reach the others.

    Raises:
        ShapeError: the weights fit neither the values nor their leading axes.
    """
    values, weights = squeeze_or_expand_to_same_rank(values, weights)
    missing = values.ndim - weights.ndim
    fits = weights.ndim == 0 or all(
        w in (v, 1) or v is None or w is None
        for v, w in zip(values.shape, weights.shape, strict=False)
    )
    if missing < 0 or not fits:
        raise ShapeError(
            f"sample_weight. Expected: one weight per sample, or the shape of the losses "
            f"{values.shape} or of its leading axes. Received: shape {weights.shape}."
        )
    if missing and weights.ndim:
        weights = ops.reshape(weights, (*_sizes(weights.shape), *(1,) * missing))
    return values, weights


def _sizes(shape: Shape) -> tuple[int, ...]:
    return tuple(-1 if d is None else d for d in shape)
