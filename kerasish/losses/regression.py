"""Losses of real-valued targets. Each is the mean over the last axis unless it says otherwise."""

from __future__ import annotations

import math
from typing import Any

from kerasish import ops, registry
from kerasish.config import epsilon
from kerasish.graph import Tensor
from kerasish.losses.align import aligned
from kerasish.losses.base import LossFunctionWrapper


@registry.entry("loss", "mse", "MSE")
def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean((y_true - y_pred)^2)."""
    y_true, y_pred = aligned(y_true, y_pred, "mean_squared_error")
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@registry.entry("loss", "mae", "MAE")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean(|y_true - y_pred|)."""
    y_true, y_pred = aligned(y_true, y_pred, "mean_absolute_error")
    return ops.mean(ops.absolute(y_true - y_pred), axis=-1)


@registry.entry("loss", "mape", "MAPE")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """100 mean(|y_true - y_pred| / max(|y_true|, epsilon))."""
    y_true, y_pred = aligned(y_true, y_pred, "mean_absolute_percentage_error")
    scale = ops.maximum(ops.absolute(y_true), epsilon())
    return 100.0 * ops.mean(ops.absolute((y_true - y_pred) / scale), axis=-1)


@registry.entry("loss", "msle", "MSLE")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean((log(y_true + 1) - log(y_pred + 1))^2), both at least epsilon."""
    y_true, y_pred = aligned(y_true, y_pred, "mean_squared_logarithmic_error")
    first = ops.log(ops.maximum(y_pred, epsilon()) + 1.0)
    second = ops.log(ops.maximum(y_true, epsilon()) + 1.0)
    return ops.mean(ops.square(first - second), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2 (Huber, 1964)."""
    y_true, y_pred = aligned(y_true, y_pred, "huber")
    error = y_pred - y_true
    size = ops.absolute(error)
    inner = 0.5 * ops.square(error)
    outer = delta * size - 0.5 * delta * delta
    return ops.mean(ops.where(size <= delta, inner, outer), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """mean(log(cosh(y_pred - y_true))), as x + softplus(-2x) - log(2)."""
    y_true, y_pred = aligned(y_true, y_pred, "log_cosh")
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(error * -2.0) - math.log(2.0), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """-sum(unit(y_true) * unit(y_pred)) over `axis`: -1 for equal directions."""
    y_true, y_pred = aligned(y_true, y_pred, "cosine_similarity")
    return -ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """mean(y_pred - y_true log(y_pred + epsilon))."""
    y_true, y_pred = aligned(y_true, y_pred, "poisson")
    return ops.mean(y_pred - y_true * ops.log(y_pred + epsilon()), axis=-1)


class MeanSquaredError(LossFunctionWrapper, of=mean_squared_error):
    """mean((y_true - y_pred)^2); see `Loss` for the arguments."""


class MeanAbsoluteError(LossFunctionWrapper, of=mean_absolute_error):
    """mean(|y_true - y_pred|); see `Loss` for the arguments."""


class MeanAbsolutePercentageError(LossFunctionWrapper, of=mean_absolute_percentage_error):
    """100 mean(|y_true - y_pred| / |y_true|); see `Loss` for the arguments."""


class MeanSquaredLogarithmicError(LossFunctionWrapper, of=mean_squared_logarithmic_error):
    """mean((log(y_true + 1) - log(y_pred + 1))^2); see `Loss` for the arguments."""


class Huber(LossFunctionWrapper, of=huber, name="huber_loss"):
    """Quadratic up to `delta`, linear beyond; see `Loss` for the other arguments.

    Args:
        delta: where the error changes from quadratic to linear.
    """


class LogCosh(LossFunctionWrapper, of=log_cosh):
    """mean(log(cosh(y_pred - y_true))); see `Loss` for the arguments."""


class CosineSimilarity(LossFunctionWrapper, of=cosine_similarity):
    """-cos of the angle between y_true and y_pred; see `Loss` for the other arguments.

    Args:
        axis: the axis along which a vector lies.
    """


class Poisson(LossFunctionWrapper, of=poisson):
    """mean(y_pred - y_true log(y_pred)); see `Loss` for the arguments."""
