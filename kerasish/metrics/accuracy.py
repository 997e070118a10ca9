"""How often predictions equal the targets."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.config import floatx
from kerasish.errors import ShapeError
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.losses.align import as_floats, as_labels, of_one_shape, same_shape
from kerasish.metrics.reduction import MeanMetricWrapper


def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where y_true equals y_pred."""
    y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    y_true, y_pred = of_one_shape(y_true, y_pred, "accuracy")
    return ops.cast(ops.equal(y_true, y_pred), floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """1 where y_pred lies on the side of `threshold` that y_true says."""
    y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    y_true, y_pred = of_one_shape(y_true, y_pred, "binary_accuracy")
    positive = ops.cast(ops.greater(as_floats(y_pred), threshold), "int32")
    return ops.cast(ops.equal(y_true, positive), floatx())


def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the largest entry of y_pred stands where that of the one-hot y_true does."""
    y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    _check_one_hot(y_true, y_pred, "categorical_accuracy")
    hit = ops.equal(ops.argmax(y_true, axis=-1), ops.argmax(y_pred, axis=-1))
    return ops.cast(hit, floatx())


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the largest entry of y_pred stands at the integer label y_true."""
    y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    labels = as_labels(y_true, y_pred, "sparse_categorical_accuracy")
    best = ops.argmax(y_pred, axis=-1)
    hit = ops.cast(ops.equal(labels, best), floatx())
    return hit if hit.shape == y_true.shape else ops.reshape(hit, y_true.shape)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """1 where the class of the one-hot y_true is among the `k` largest entries of y_pred."""
    y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    _check_one_hot(y_true, y_pred, "top_k_categorical_accuracy")
    return _in_top(ops.argmax(y_true, axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Tensor:
    """1 where the integer label y_true is among the `k` largest entries of y_pred.

    Args:
        k: how many entries count.
        from_sorted_ids: whether y_pred holds class ids, best first, instead of scores.
    """
    y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    labels = as_labels(y_true, y_pred, "sparse_top_k_categorical_accuracy")
    if from_sorted_ids:
        same = ops.equal(ops.expand_dims(labels, -1), y_pred[..., :k])
        hit = ops.cast(ops.any(same, axis=-1), floatx())
    else:
        hit = _in_top(labels, y_pred, k)
    return hit if hit.shape == y_true.shape else ops.reshape(hit, y_true.shape)


def _in_top(labels: Tensor, y_pred: Tensor, k: int) -> Tensor:
    """Fewer than `k` entries beat the labelled one; ties count as hits, as in Keras."""
    flat = ops.reshape(as_floats(y_pred), (-1, y_pred.shape[-1]))
    hit = ops.in_top_k(ops.reshape(ops.cast(labels, "int32"), (-1,)), flat, k=k)
    return ops.reshape(ops.cast(hit, floatx()), labels.shape)


def _check_one_hot(y_true: Tensor, y_pred: Tensor, name: str) -> None:
    if not same_shape(y_true.shape, y_pred.shape):
        raise ShapeError(
            name,
            expected=f"one-hot targets of shape {y_pred.shape}",
            received=f"y_true of shape {y_true.shape}",
            fix=f"Integer labels need sparse_{name}.",
        )


class Accuracy(MeanMetricWrapper, of=accuracy):
    """The share of predictions that equal the targets."""

    direction = "up"


class BinaryAccuracy(MeanMetricWrapper, of=binary_accuracy):
    """The share of yes/no predictions on the right side of `threshold`."""

    direction = "up"


class CategoricalAccuracy(MeanMetricWrapper, of=categorical_accuracy):
    """The share of samples whose likeliest class is that of the one-hot target."""

    direction = "up"


class SparseCategoricalAccuracy(MeanMetricWrapper, of=sparse_categorical_accuracy):
    """The share of samples whose likeliest class is the integer label."""

    direction = "up"


class TopKCategoricalAccuracy(
    MeanMetricWrapper, of=top_k_categorical_accuracy, order="k name dtype"
):
    """The share of samples whose one-hot target is among the `k` likeliest classes."""

    direction = "up"


class SparseTopKCategoricalAccuracy(
    MeanMetricWrapper,
    of=sparse_top_k_categorical_accuracy,
    order="k name dtype from_sorted_ids",
):
    """The share of samples whose integer label is among the `k` likeliest classes."""

    direction = "up"
