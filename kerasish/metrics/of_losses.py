"""Losses as metrics: their mean over all samples."""

from __future__ import annotations

from typing import Any

from kerasish import ops, registry
from kerasish.graph import Tensor
from kerasish.losses import (
    binary_crossentropy,
    categorical_crossentropy,
    categorical_hinge,
    hinge,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from kerasish.losses.align import aligned
from kerasish.metrics.reduction import Mean, MeanMetricWrapper


@registry.entry("metric", "mse", "MSE")
class MeanSquaredError(MeanMetricWrapper, of=mean_squared_error):
    """The mean of (y_true - y_pred)^2."""

    direction = "down"


class RootMeanSquaredError(Mean, name="root_mean_squared_error"):
    """The square root of the mean of (y_true - y_pred)^2."""

    direction = "down"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = aligned(y_true, y_pred, "root_mean_squared_error")
        super().update_state(ops.square(y_pred - y_true), sample_weight)

    def result(self) -> Tensor:
        return ops.sqrt(super().result())


@registry.entry("metric", "mae", "MAE")
class MeanAbsoluteError(MeanMetricWrapper, of=mean_absolute_error):
    """The mean of |y_true - y_pred|."""

    direction = "down"


@registry.entry("metric", "mape", "MAPE")
class MeanAbsolutePercentageError(MeanMetricWrapper, of=mean_absolute_percentage_error):
    """100 times the mean of |y_true - y_pred| / |y_true|."""

    direction = "down"


@registry.entry("metric", "msle", "MSLE")
class MeanSquaredLogarithmicError(MeanMetricWrapper, of=mean_squared_logarithmic_error):
    """The mean of (log(y_true + 1) - log(y_pred + 1))^2."""

    direction = "down"


class LogCoshError(MeanMetricWrapper, of=log_cosh, name="logcosh"):
    """The mean of log(cosh(y_pred - y_true))."""

    direction = "down"


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """The cosine of the angle between y_true and y_pred: 1 for equal directions."""
    y_true, y_pred = aligned(y_true, y_pred, "cosine_similarity")
    return ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


class CosineSimilarity(MeanMetricWrapper, of=cosine_similarity):
    """The mean cosine of the angle between y_true and y_pred."""

    direction = "up"


class KLDivergence(MeanMetricWrapper, of=kl_divergence):
    """The mean of sum(y_true log(y_true / y_pred))."""

    direction = "down"


class Poisson(MeanMetricWrapper, of=poisson):
    """The mean of y_pred - y_true log(y_pred)."""

    direction = "down"


@registry.entry("metric", "bce", "BCE")
class BinaryCrossentropy(
    MeanMetricWrapper,
    of=binary_crossentropy,
    order="name dtype from_logits label_smoothing",
    label_smoothing=0,
):
    """The mean binary cross-entropy."""

    direction = "down"


class CategoricalCrossentropy(MeanMetricWrapper, of=categorical_crossentropy, label_smoothing=0):
    """The mean cross-entropy with one-hot targets."""

    direction = "down"


class SparseCategoricalCrossentropy(MeanMetricWrapper, of=sparse_categorical_crossentropy):
    """The mean cross-entropy with integer labels."""

    direction = "down"


class Hinge(MeanMetricWrapper, of=hinge):
    """The mean hinge loss."""

    direction = "down"


class SquaredHinge(MeanMetricWrapper, of=squared_hinge):
    """The mean squared hinge loss."""

    direction = "down"


class CategoricalHinge(MeanMetricWrapper, of=categorical_hinge):
    """The mean categorical hinge loss."""

    direction = "down"
