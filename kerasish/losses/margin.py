"""Hinge losses: targets of -1 and 1, or one-hot rows, and a margin of 1."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.graph import Tensor
from kerasish.losses.align import aligned
from kerasish.losses.base import LossFunctionWrapper


def _signs(y_true: Tensor) -> Tensor:
    """Targets of 0 and 1 as -1 and 1; others, if any one is neither, stay."""
    binary = ops.all(ops.logical_or(ops.equal(y_true, 0), ops.equal(y_true, 1)))
    return ops.where(binary, 2.0 * y_true - 1.0, y_true)


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean(max(1 - y_true y_pred, 0)); targets of 0 and 1 count as -1 and 1."""
    y_true, y_pred = aligned(y_true, y_pred, "hinge")
    return ops.mean(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean(max(1 - y_true y_pred, 0)^2)."""
    y_true, y_pred = aligned(y_true, y_pred, "squared_hinge")
    return ops.mean(ops.square(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """max(1 + max((1 - y_true) y_pred) - sum(y_true y_pred), 0), for one-hot targets."""
    y_true, y_pred = aligned(y_true, y_pred, "categorical_hinge")
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class Hinge(LossFunctionWrapper, of=hinge):
    """mean(max(1 - y_true y_pred, 0)); see `Loss` for the arguments."""


class SquaredHinge(LossFunctionWrapper, of=squared_hinge):
    """mean(max(1 - y_true y_pred, 0)^2); see `Loss` for the arguments."""


class CategoricalHinge(LossFunctionWrapper, of=categorical_hinge):
    """The margin between the true class and the best other one; see `Loss` for the arguments."""
