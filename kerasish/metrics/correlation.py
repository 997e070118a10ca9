"""How well predictions follow the targets: correlations and the coefficient of determination."""

from __future__ import annotations

import warnings
from typing import Annotated, Any

from kerasish import ops
from kerasish.arguments.rules import offering
from kerasish.config import epsilon
from kerasish.errors import ArgumentError, told
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.losses.align import aligned
from kerasish.metrics.metric import Metric, add_to, check_columns
from kerasish.metrics.reduction import MeanMetricWrapper

_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")
Aggregation = Annotated[str | None, offering(*_AGGREGATIONS)]
_STATE = ("squared_sum", "sum", "residual", "count")


def _centred(x: Tensor, axis: int) -> Tensor:
    return x - ops.mean(x, axis=axis, keepdims=True)


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """cov(y_true, y_pred) / (std(y_true) std(y_pred)) along `axis`."""
    y_true, y_pred = aligned(y_true, y_pred, "pearson_correlation")
    a, b = _centred(y_true, axis), _centred(y_pred, axis)
    spread = ops.sqrt(ops.mean(a * a, axis=axis)) * ops.sqrt(ops.mean(b * b, axis=axis))
    return ops.mean(a * b, axis=axis) / spread


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """2 cov / (var(y_true) + var(y_pred) + (difference of means)^2) along `axis` (Lin, 1989)."""
    y_true, y_pred = aligned(y_true, y_pred, "concordance_correlation")
    a, b = _centred(y_true, axis), _centred(y_pred, axis)
    shift = ops.mean(y_true, axis=axis) - ops.mean(y_pred, axis=axis)
    spread = ops.mean(a * a, axis=axis) + ops.mean(b * b, axis=axis) + ops.square(shift)
    return 2 * ops.mean(a * b, axis=axis) / (spread + epsilon())


class PearsonCorrelation(MeanMetricWrapper, of=pearson_correlation):
    """The mean Pearson correlation of the rows of y_true and y_pred.

    Args:
        axis: along which the correlation is taken.
    """

    direction = "up"


class ConcordanceCorrelation(MeanMetricWrapper, of=concordance_correlation):
    """The mean concordance correlation of the rows of y_true and y_pred.

    Args:
        axis: along which the correlation is taken.
    """

    direction = "up"


class R2Score(Metric, name="r2_score"):
    """1 - (sum of squared errors) / (sum of squared deviations from the mean), per output.

    Args:
        class_aggregation: "uniform_average", "variance_weighted_average", or None for one score
            per output.
        num_regressors: number of independent variables, for the adjusted score; 0 for the plain.
    """

    direction = "up"
    in_floatx = True

    class_aggregation: Aggregation = "uniform_average"
    num_regressors: int = 0

    def __post_init__(self) -> None:
        if self.class_aggregation not in _AGGREGATIONS:
            raise ArgumentError(
                "class_aggregation",
                expected=f"one of {_AGGREGATIONS}",
                received=repr(self.class_aggregation),
            )
        if self.num_regressors < 0:
            raise ArgumentError(
                "num_regressors", expected="0 or more", received=self.num_regressors
            )
        self.num_samples = self.add_variable(name="num_samples")
        self._built = False

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = aligned(
            convert_to_tensor(y_true, self.compute_dtype),
            convert_to_tensor(y_pred, self.compute_dtype),
            "R2Score",
        )
        if not self._built:
            self._build(y_true, y_pred)
        weight = convert_to_tensor(
            1.0 if sample_weight is None else sample_weight, self.compute_dtype
        )
        if weight.ndim == 1:
            weight = ops.expand_dims(weight, axis=1)
        weight = ops.broadcast_to(weight, y_true.shape)
        parts = (y_true * y_true, y_true, ops.square(y_true - y_pred), None)
        for field, part in zip(_STATE, parts, strict=True):
            weighted = weight if part is None else part * weight
            add_to(getattr(self, field), ops.sum(weighted, axis=0))
        add_to(self.num_samples, convert_to_tensor(float(y_true.size), self.compute_dtype))

    def _build(self, y_true: Tensor, y_pred: Tensor) -> None:
        check_columns("R2Score", "outputs", y_true, y_pred)
        self._add_states((y_pred.shape[-1],), *_STATE)
        self._built = True

    def result(self) -> Tensor:
        squares, total, residual, count = (getattr(self, field).value for field in _STATE)
        deviation = squares - total * (total / count)
        scores = 1 - residual / deviation
        scores = ops.where(ops.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = ops.mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            scores = ops.sum(deviation * scores) / ops.sum(deviation)
        scores = self._adjusted(scores) if self.num_regressors else scores
        return ops.cast(scores, self.compute_dtype)

    def _adjusted(self, score: Tensor) -> Tensor:
        """1 - (1 - r2) (n - 1) / (n - p - 1)."""
        n = self.num_samples.value
        if not n.is_symbolic and float(n) <= self.num_regressors + 1:
            warnings.warn(
                told(
                    "R2Score",
                    expected=f"more samples than num_regressors + 1 = {self.num_regressors + 1}",
                    received=int(n),
                    fix="The plain score is given.",
                ),
                stacklevel=3,
            )
            return score
        return 1 - (1 - score) * (n - 1) / (n - self.num_regressors - 1)
