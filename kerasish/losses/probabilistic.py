"""Losses of class probabilities: cross-entropies and divergences."""

from __future__ import annotations

import warnings
from typing import Any

from kerasish import ops, registry
from kerasish.config import epsilon
from kerasish.errors import ArgumentError, ShapeError, told
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.losses.align import aligned, as_floats, as_labels, floats, same_shape
from kerasish.losses.base import LossFunctionWrapper, ReductionName, of_labels

MEAN = "sum_over_batch_size"


def _one_hot_pair(y_true: Any, y_pred: Any, name: str, axis: int) -> tuple[Tensor, Tensor]:
    if isinstance(axis, bool):
        raise ArgumentError(f"{name}: axis", expected="an int", received=repr(axis))
    y_true, y_pred = floats(y_true, y_pred)
    if not same_shape(y_true.shape, y_pred.shape):
        raise ShapeError(
            name,
            expected=f"y_true of the shape of y_pred, {y_pred.shape}",
            received=f"y_true of shape {y_true.shape}",
            fix="Integer labels need sparse_categorical_crossentropy, or "
            "kerasish.utils.to_categorical.",
        )
    if y_pred.shape[axis] == 1:
        warnings.warn(
            told(
                f"{name} over one class is always the same",
                expected="y_pred with 2 or more classes",
                received=f"shape {y_pred.shape}",
                fix="Use binary_crossentropy for two classes.",
            ),
            SyntaxWarning,
            stacklevel=4,
        )
    return y_true, y_pred


def _smoothed(y_true: Tensor, label_smoothing: float, classes: int) -> Tensor:
    """(1 - s) y + s / classes (Szegedy et al., 2016, section 7)."""
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / classes


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """-sum(y_true log(y_pred)) over the classes, for one-hot targets.

    Args:
        y_true: probabilities of the shape of `y_pred`.
        y_pred: probabilities, or logits with `from_logits=True`.
        from_logits: whether a softmax is still to be taken.
        label_smoothing: share of every target that is spread over all classes, 0 to 1.
        axis: the axis of the classes.
    """
    y_true, y_pred = _one_hot_pair(y_true, y_pred, "categorical_crossentropy", axis)
    y_true = _smoothed(y_true, label_smoothing, y_true.shape[axis])
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """-sum(alpha (1 - p)^gamma y_true log(p)) over the classes (Lin et al., 2017).

    Args:
        alpha: weight, one number or one per class.
        gamma: how strongly well-predicted classes are faded out.
    """
    y_true, y_pred = _one_hot_pair(y_true, y_pred, "categorical_focal_crossentropy", axis)
    y_true = _smoothed(y_true, label_smoothing, y_true.shape[axis])
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    p = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    p = ops.clip(p, epsilon(), 1.0 - epsilon())
    weight = convert_to_tensor(alpha, p.dtype) * ops.power(1.0 - p, gamma)
    return ops.sum(weight * (-y_true * ops.log(p)), axis=axis)


@of_labels
def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Tensor:
    """-log(y_pred[y_true]), for integer labels.

    Args:
        y_true: labels of the shape of `y_pred` without the class axis, or with 1 there.
        y_pred: probabilities, or logits with `from_logits=True`.
        from_logits: whether a softmax is still to be taken.
        ignore_class: a label whose positions do not count.
        axis: the axis of the classes.
    """
    y_pred = as_floats(y_pred)
    name, fix = "sparse_categorical_crossentropy", "One-hot targets need categorical_crossentropy."
    y_true = ops.cast(as_labels(y_true, y_pred, name, axis, fix), "int32")
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(
            y_true, y_pred, from_logits=from_logits, axis=axis
        )
    valid = ops.not_equal(y_true, ignore_class)
    losses = ops.sparse_categorical_crossentropy(
        ops.where(valid, y_true, 0),
        ops.where(ops.expand_dims(valid, axis=axis), y_pred, 0.0),
        from_logits=from_logits,
        axis=axis,
    )
    losses = ops.where(valid, losses, 0.0)
    losses.mask = valid
    return losses


@registry.entry("loss", "bce", "BCE")
def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """mean(-y log(p) - (1 - y) log(1 - p)) over `axis`.

    Args:
        y_true: probabilities, or 0 and 1.
        y_pred: probabilities, or logits with `from_logits=True`.
        label_smoothing: share of every target that moves towards 0.5.
    """
    y_true, y_pred = aligned(y_true, y_pred, "binary_crossentropy")
    y_true = _smoothed(y_true, label_smoothing, 2)
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Binary cross-entropy times (1 - p_t)^gamma (Lin et al., 2017).

    Args:
        apply_class_balancing: whether positives weigh `alpha` and negatives 1 - `alpha`.
        gamma: how strongly well-predicted samples are faded out.
    """
    y_true, y_pred = aligned(y_true, y_pred, "binary_focal_crossentropy")
    y_true = _smoothed(y_true, label_smoothing, 2)
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    losses = ops.binary_crossentropy(y_true, y_pred, from_logits=False)
    p_t = y_true * y_pred + (1 - y_true) * (1 - y_pred)
    losses = ops.power(1.0 - p_t, gamma) * losses
    if apply_class_balancing:
        losses = (y_true * alpha + (1 - y_true) * (1 - alpha)) * losses
    return ops.mean(losses, axis=axis)


@registry.entry("loss", "kld", "KLD")
def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """sum(y_true log(y_true / y_pred)) over the last axis (Kullback and Leibler, 1951)."""
    y_true, y_pred = aligned(y_true, y_pred, "kl_divergence")
    y_true = ops.clip(y_true, epsilon(), 1)
    y_pred = ops.clip(y_pred, epsilon(), 1)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


@of_labels
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Tensor:
    """(1 - p^q) / q for the probability p of the true class (Zhang and Sabuncu, 2018).

    Args:
        y_true: integer labels.
        q: from 0 (cross-entropy) to 1 (mean absolute error), neither included.
    """
    y_pred = as_floats(y_pred)
    labels = as_labels(y_true, y_pred, "categorical_generalized_cross_entropy")
    labels = ops.cast(labels, "int32")
    hot = ops.cast(ops.one_hot(labels, y_pred.shape[-1]), y_pred.dtype)
    p = ops.sum(y_pred * hot, axis=-1)
    return (1 - ops.power(p, q)) / q


class CategoricalCrossentropy(LossFunctionWrapper, of=categorical_crossentropy):
    """Cross-entropy with one-hot targets; see `categorical_crossentropy` and `Loss`."""


class CategoricalFocalCrossentropy(LossFunctionWrapper, of=categorical_focal_crossentropy):
    """Focal loss with one-hot targets; see `categorical_focal_crossentropy` and `Loss`."""


class SparseCategoricalCrossentropy(
    LossFunctionWrapper,
    of=sparse_categorical_crossentropy,
    order="from_logits ignore_class reduction axis name dtype",
):
    """Cross-entropy with integer labels; see `sparse_categorical_crossentropy` and `Loss`."""


class BinaryCrossentropy(LossFunctionWrapper, of=binary_crossentropy):
    """Cross-entropy of independent yes/no outputs; see `binary_crossentropy` and `Loss`."""


class BinaryFocalCrossentropy(LossFunctionWrapper, of=binary_focal_crossentropy):
    """Focal loss of yes/no outputs; see `binary_focal_crossentropy` and `Loss`."""


class KLDivergence(LossFunctionWrapper, of=kl_divergence):
    """sum(y_true log(y_true / y_pred)); see `Loss` for the arguments."""


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """(1 - p^q) / q, which tolerates wrong labels; see `Loss` for the other arguments.

    Args:
        q: from 0 (cross-entropy) to 1 (mean absolute error), neither included.
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: ReductionName = MEAN,
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise ArgumentError("q", expected="a number between 0 and 1", received=repr(q))
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
