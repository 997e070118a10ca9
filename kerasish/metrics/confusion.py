"""Counts of true and false positives and negatives at thresholds, and ratios of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from kerasish import ops, tables
from kerasish.arguments.rules import Numbers
from kerasish.config import epsilon
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.losses.align import aligned, squeeze_or_expand_to_same_rank, weights_like
from kerasish.losses.base import divide_no_nan
from kerasish.metrics.metric import Metric, add_to

NEG_INF = -1e10


class Counts(NamedTuple):
    """Weighted counts, one per threshold (and per label, where labels are kept apart)."""

    true_positives: Tensor
    false_positives: Tensor
    true_negatives: Tensor
    false_negatives: Tensor


def as_thresholds(thresholds: Any, default: float) -> list[float]:
    """Thresholds as a list.

    Raises:
        ArgumentError: one is not in [0, 1].
    """
    if thresholds is None:
        return [default]
    values = list(thresholds) if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]
    if any(t is None or not 0 <= t <= 1 for t in values):
        raise ArgumentError("thresholds", expected="numbers in [0, 1]", received=repr(thresholds))
    return values


def spread_thresholds(count: int) -> list[float]:
    """`count` thresholds at equal distances from 0 to 1; 0.5 alone."""
    tables.numbers(count)
    return [0.5] if count == 1 else [i / (count - 1) for i in range(count)]


def is_even(thresholds: Sequence[float]) -> bool:
    """Whether thresholds divide [0, 1] into equal parts, so that a histogram counts for all."""
    return len(thresholds) >= 3 and np.allclose(
        thresholds, tables.linspace(0, 1, len(thresholds)), rtol=1e-5, atol=epsilon()
    )


def count_at(
    thresholds: Sequence[float],
    y_true: Any,
    y_pred: Any,
    sample_weight: Any = None,
    *,
    dtype: str,
    top_k: int | None = None,
    class_id: int | None = None,
    keep_labels: bool = False,
    label_weights: Any = None,
) -> Counts:
    """Count predictions above each threshold against the targets.

    Args:
        thresholds: a prediction is positive where it is larger.
        y_true: targets; what is not 0 is positive.
        y_pred: scores of the same shape.
        sample_weight: weights of samples, or of every prediction.
        top_k: only the `top_k` largest scores of a row may be positive.
        class_id: only this column counts.
        keep_labels: whether (n, labels) scores are counted label by label.
        label_weights: weights of the columns.
    """
    y_true, y_pred = aligned(ops.cast(y_true, dtype), ops.cast(y_pred, dtype), "A confusion matrix")
    if top_k is not None:
        y_pred = _only_top(y_pred, top_k)
    if class_id is not None:
        if y_pred.ndim < 2:
            raise ShapeError(
                "class_id",
                expected="y_pred of shape (samples, classes)",
                received=f"shape {y_pred.shape}",
            )
        y_true = y_true[..., class_id : class_id + 1]
        y_pred = y_pred[..., class_id : class_id + 1]
    positive = ops.cast(ops.not_equal(y_true, 0), dtype)
    weight = _weights(y_pred, sample_weight, label_weights, dtype)
    width = y_pred.shape[-1] if keep_labels else 1
    trues, falses = positive, 1.0 - positive
    if weight is not None:
        trues, falses = trues * weight, falses * weight
    trues, falses, scores = (ops.reshape(t, (-1, width)) for t in (trues, falses, y_pred))
    above = _histogram if is_even(thresholds) else _compare
    tp, fp = above(trues, falses, scores, thresholds)
    fn = ops.sum(trues, axis=0) - tp
    tn = ops.sum(falses, axis=0) - fp
    counts = Counts(tp, fp, tn, fn)
    if keep_labels:
        return counts
    return Counts._make(ops.reshape(t, (len(thresholds),)) for t in counts)


def _only_top(scores: Tensor, k: int) -> Tensor:
    _, best = ops.top_k(scores, k)
    kept = ops.sum(ops.one_hot(best, scores.shape[-1], dtype=scores.dtype), axis=-2)
    return scores * kept + NEG_INF * (1 - kept)


def _weights(like: Tensor, sample_weight: Any, label_weights: Any, dtype: str) -> Tensor | None:
    weight = None
    if sample_weight is not None:
        given = convert_to_tensor(sample_weight, dtype)
        if given.ndim > like.ndim:
            _, given = squeeze_or_expand_to_same_rank(like, given, expand_rank_1=False)
        _, weight = weights_like(like, given)
        weight = ops.broadcast_to(weight, like.shape)
    if label_weights is not None:
        labels = ops.broadcast_to(convert_to_tensor(label_weights, dtype), like.shape)
        weight = labels if weight is None else weight * labels
    return weight


def _compare(
    trues: Tensor, falses: Tensor, scores: Tensor, thresholds: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """Sums over all samples whose score lies above each threshold."""
    limits = convert_to_tensor(np.asarray(thresholds, "float64"), scores.dtype)
    above = ops.greater(ops.expand_dims(scores, 0), ops.reshape(limits, (-1, 1, 1)))
    above = ops.cast(above, scores.dtype)
    return ops.sum(above * trues, axis=1), ops.sum(above * falses, axis=1)


def _histogram(
    trues: Tensor, falses: Tensor, scores: Tensor, thresholds: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """The same for evenly spaced thresholds, in one pass: buckets, then sums from above.

    Bucket b holds the scores above threshold b - 1 and not above threshold b; bucket 0 is below
    all. Thresholds that begin under 0 have every score above the first.
    """
    count = len(thresholds)
    width = scores.shape[-1]
    bucket = ops.ceil(ops.clip(scores, 0.0, 1.0) * float(count - 1))
    if thresholds[0] < 0.0:
        bucket = ops.maximum(bucket, 1.0)
    column = convert_to_tensor(tables.arange(width), "int32")
    index = ops.reshape(ops.cast(bucket, "int32") * width + column, (-1,))

    def above(values: Tensor) -> Tensor:
        sums = ops.segment_sum(ops.reshape(values, (-1,)), index, num_segments=(count + 1) * width)
        by_bucket = ops.reshape(sums, (count + 1, width))[1:]
        return ops.flip(ops.cumsum(ops.flip(by_bucket, axis=0), axis=0), axis=0)

    return above(trues), above(falses)


class _Counting(Metric):
    """Some of the four counts, at one or several thresholds."""

    in_floatx = True
    counted: ClassVar[dict[str, str]] = {}  # the variables, and which counts these add up
    thresholds: Numbers = None
    top_k: int | None = None
    class_id: int | None = None

    def __post_init__(self) -> None:
        usual = 0.5 if self.top_k is None else NEG_INF
        self.thresholds = as_thresholds(self.thresholds, usual)
        self._add_states((len(self.thresholds),), *self.counted)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        counts = count_at(
            self.thresholds,
            y_true,
            y_pred,
            sample_weight,
            dtype=self.compute_dtype,
            top_k=self.top_k,
            class_id=self.class_id,
        )
        for name, count in self.counted.items():
            add_to(getattr(self, name), getattr(counts, count))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self._given.get("thresholds")}

    def _counts(self) -> list[Tensor]:
        return [getattr(self, name).value for name in self.counted]

    def _shown(self, values: Tensor) -> Tensor:
        values = ops.cast(values, self.compute_dtype)
        return values[0] if len(self.thresholds) == 1 else values


class _Count(_Counting):
    """One of the four counts."""

    top_k = class_id = None

    def result(self) -> Tensor:
        (count,) = self._counts()
        return self._shown(count)


class TruePositives(_Count):
    """How many positives were predicted as such."""

    counted = {"accumulator": "true_positives"}


class FalsePositives(_Count):
    """How many negatives were predicted positive."""

    counted = {"accumulator": "false_positives"}


class TrueNegatives(_Count):
    """How many negatives were predicted as such."""

    counted = {"accumulator": "true_negatives"}


class FalseNegatives(_Count):
    """How many positives were predicted negative."""

    counted = {"accumulator": "false_negatives"}


class _Share(_Counting):
    """True positives as a share of themselves and another count."""

    direction = "up"

    def result(self) -> Tensor:
        hits, others = self._counts()
        return self._shown(divide_no_nan(hits, hits + others))


class Precision(_Share):
    """The share of true ones among predicted positives.

    Args:
        thresholds: a number, or several for one result each; 0.5 by default.
        top_k: count only the `top_k` largest scores of a row as predicted.
        class_id: only this class counts.
    """

    counted = {name: name for name in ("true_positives", "false_positives")}


class Recall(_Share):
    """The share of positives that were predicted; see `Precision` for the arguments."""

    counted = {name: name for name in ("true_positives", "false_negatives")}
