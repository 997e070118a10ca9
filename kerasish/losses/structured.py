"""Losses over whole masks, embeddings and sequences: Dice, Tversky, circle, CTC."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.config import epsilon
from kerasish.errors import ShapeError
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.losses.align import aligned, as_floats
from kerasish.losses.base import LossFunctionWrapper, of_labels, of_sequences


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Tensor:
    """1 - 2 sum(y_true y_pred) / (sum(y_true) + sum(y_pred)) (Milletari et al., 2016).

    Args:
        axis: what is summed over; None means everything, and gives one number.
    """
    y_true, y_pred = aligned(y_true, y_pred, "dice")
    both = ops.sum(y_true * y_pred, axis=axis)
    total = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1 - 2.0 * both / (total + epsilon())


def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None
) -> Tensor:
    """1 - tp / (tp + alpha fp + beta fn) (Salehi et al., 2017).

    `alpha` weighs y_true (1 - y_pred) and `beta` weighs y_pred (1 - y_true), as Keras has it.

    Args:
        axis: what is summed over; None means everything, and gives one number.
    """
    y_true, y_pred = aligned(y_true, y_pred, "tversky")
    both = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum((1 - y_pred) * y_true, axis=axis)
    extra = ops.sum(y_pred * (1 - y_true), axis=axis)
    return 1 - both / (both + missed * alpha + extra * beta + epsilon())


@of_labels
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Tensor:
    """Pair similarity with self-paced weights (Sun et al., 2020, equation 6).

    Args:
        y_true: integer labels (n,) or (n, 1).
        y_pred: embeddings (n, d) of length 1.
        ref_labels: labels of the references; those of the batch by default.
        ref_embeddings: references; the batch itself by default.
        remove_diagonal: whether a sample is no pair with itself.
        gamma: scale of the similarities.
        margin: relaxation, 0 to 1.
    """
    y_pred = as_floats(y_pred)
    labels = ops.reshape(ops.cast(y_true, "int32"), (-1, 1))
    others = y_pred if ref_embeddings is None else convert_to_tensor(ref_embeddings, y_pred.dtype)
    ref = labels if ref_labels is None else ops.reshape(ops.cast(ref_labels, "int32"), (-1, 1))
    distance = ops.maximum(1 - ops.matmul(y_pred, ops.transpose(others)), 0.0)
    same = ops.equal(labels, ops.transpose(ref))
    positive, negative = same, ops.logical_not(same)
    if remove_diagonal:
        diagonal = ops.eye(same.shape[0], same.shape[1], dtype="bool")
        positive = ops.logical_and(positive, ops.logical_not(diagonal))
    near = ops.maximum(margin + distance, 0.0) * (margin - distance) * -gamma
    far = ops.maximum(1 + margin - distance, 0.0) * (1 - margin - distance) * gamma
    p_loss = ops.logsumexp(ops.where(positive, near, float("-inf")), axis=1)
    n_loss = ops.logsumexp(ops.where(negative, far, float("-inf")), axis=1)
    losses = ops.softplus(p_loss + n_loss)
    losses.mask = losses > 0
    return losses


@of_labels
@of_sequences
def ctc(y_true: Any, y_pred: Any) -> Tensor:
    """Connectionist temporal classification (Graves et al., 2006); label 0 is the blank.

    Args:
        y_true: integer labels (n, length), padded with 0.
        y_pred: logits (n, time, classes); steps that a mask of theirs leaves out are passed over.
    """
    mask = getattr(y_pred, "mask", None)
    y_pred = as_floats(y_pred)
    labels = ops.cast(y_true, "int32")
    if labels.ndim != 2 or y_pred.ndim != 3:
        raise ShapeError(
            "ctc",
            expected="y_true (batch, length) and y_pred (batch, time, classes)",
            received=f"{labels.shape} and {y_pred.shape}",
        )
    lengths = ops.cast(ops.sum(ops.not_equal(labels, 0), axis=-1), "int32")
    if mask is None:
        times = ops.full((y_pred.shape[0],), y_pred.shape[1], dtype="int32")
    else:
        # The steps that count come first, in their order, wherever the padding stands.
        times = ops.cast(ops.sum(mask, axis=-1), "int32")
        order = ops.argsort(ops.cast(ops.logical_not(mask), "int32"), axis=-1)
        y_pred = ops.take_along_axis(y_pred, ops.expand_dims(order, axis=-1), axis=1)
    return ops.ctc_loss(labels, y_pred, lengths, times, mask_index=0)


class Dice(LossFunctionWrapper, of=dice, order="reduction name axis dtype"):
    """1 - the Dice coefficient; see `dice` and `Loss`."""


class Tversky(LossFunctionWrapper, of=tversky, order="alpha beta reduction name axis dtype"):
    """1 - the Tversky index; see `tversky` and `Loss`."""


class Circle(
    LossFunctionWrapper,
    of=circle,
    order="gamma margin remove_diagonal reduction name dtype",
    gamma=80.0,
):
    """Circle loss of embeddings; see `circle` and `Loss`.

    Keras takes the embeddings as they are; so does this: scale them to length 1 in the model.
    """


class CTC(LossFunctionWrapper, of=ctc):
    """Connectionist temporal classification; see `ctc` and `Loss`."""
