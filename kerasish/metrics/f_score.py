"""F scores: the weighted harmonic mean of precision and recall."""

from __future__ import annotations

from typing import Annotated, Any

from kerasish import ops
from kerasish.arguments.rules import offering
from kerasish.config import epsilon
from kerasish.errors import ArgumentError
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.losses.align import aligned
from kerasish.metrics.metric import Metric, add_to, check_columns

_STATE = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")

Average = Annotated[str | None, offering(None, "micro", "macro", "weighted")]


class FBetaScore(Metric, name="fbeta_score"):
    """(1 + beta^2) precision recall / (beta^2 precision + recall), per class or averaged.

    Args:
        average: None (one score per class), "micro", "macro" or "weighted".
        beta: how much more recall counts than precision.
        threshold: scores above it are positive; by default the largest of a row is.
    """

    direction = "up"

    average: Average = None
    beta: float = 1.0
    threshold: float | None = None

    def __post_init__(self) -> None:
        average, beta, threshold = self.average, self.beta, self.threshold
        if average not in (None, "micro", "macro", "weighted"):
            raise ArgumentError(
                "average", expected="None, 'micro', 'macro' or 'weighted'", received=repr(average)
            )
        # Keras takes no integers here, and a boolean is one.
        if not isinstance(beta, float) or not beta > 0:
            raise ArgumentError("beta", expected="a positive float", received=repr(beta))
        if threshold is not None and not (isinstance(threshold, float) and 0 < threshold <= 1):
            raise ArgumentError("threshold", expected="a float in (0, 1]", received=repr(threshold))
        self.beta = float(beta)
        self._built = False

    def _build(self, y_true: Tensor, y_pred: Tensor) -> None:
        check_columns(type(self).__name__, "classes", y_true, y_pred)
        self._add_states(() if self.average == "micro" else (y_pred.shape[-1],), *_STATE)
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true = convert_to_tensor(y_true, self.compute_dtype)
        y_pred = convert_to_tensor(y_pred, self.compute_dtype)
        if not self._built:
            self._build(y_true, y_pred)
        y_true, y_pred = aligned(y_true, y_pred, type(self).__name__)
        if self.threshold is None:
            largest = y_pred >= ops.max(y_pred, axis=-1, keepdims=True)
            chosen = ops.logical_and(largest, ops.absolute(y_pred) > 1e-9)
        else:
            chosen = y_pred > self.threshold
        chosen = ops.cast(chosen, self.compute_dtype)
        weight = None
        if sample_weight is not None:
            weight = ops.reshape(convert_to_tensor(sample_weight, self.compute_dtype), (-1, 1))
        parts = (chosen * y_true, chosen * (1 - y_true), (1 - chosen) * y_true, y_true)
        for field, part in zip(_STATE, parts, strict=True):
            weighted = part if weight is None else part * weight
            total = ops.sum(weighted, axis=None if self.average == "micro" else 0)
            add_to(getattr(self, field), total)

    def result(self) -> Tensor:
        tp, fp, fn, weights = (getattr(self, field).value for field in _STATE)
        precision = tp / (tp + fp + epsilon())
        recall = tp / (tp + fn + epsilon())
        square = self.beta**2
        score = precision * recall / (square * precision + recall + epsilon()) * (1 + square)
        if self.average == "weighted":
            score = ops.sum(score * (weights / (ops.sum(weights) + epsilon())))
        elif self.average is not None:
            score = ops.mean(score)
        return ops.cast(score, self.compute_dtype)


class F1Score(FBetaScore, name="f1_score"):
    """The harmonic mean of precision and recall; see `FBetaScore` for the arguments."""

    beta = 1.0
