"""Sums and means over all samples seen, and metrics that are the mean of a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish import ops
from kerasish.arguments.rules import DTypeOrPolicy
from kerasish.errors import ArgumentError
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.losses.align import squeeze_or_expand_to_same_rank, weights_like
from kerasish.losses.base import OfFunction, divide_no_nan, masked_weight
from kerasish.metrics.metric import Metric, add_to
from kerasish.ops.stateful import one_tensor


def samplewise(
    values: Any, sample_weight: Any, reduce: Callable[..., Tensor], dtype: str
) -> tuple[Tensor, Tensor | None]:
    """Values and weights of one number per sample; every value is weighted first."""
    values = convert_to_tensor(values)
    mask = values.mask
    values = ops.cast(values, dtype)
    if sample_weight is not None:
        weight = convert_to_tensor(sample_weight, dtype)
        if mask is not None:
            weight = masked_weight(weight, mask, dtype, "sum")
        values, weight = squeeze_or_expand_to_same_rank(values, weight)
        if values.ndim > weight.ndim:
            values = reduce(values, axis=tuple(range(weight.ndim, values.ndim)))
        values, weight = weights_like(values, weight)
        weight = ops.broadcast_to(weight, values.shape if values.ndim else weight.shape)
        values = values * weight
        sample_weight = weight
        if weight.ndim > 1:
            sample_weight = reduce(weight, axis=tuple(range(1, weight.ndim)))
    if values.ndim > 1:
        values = reduce(values, axis=tuple(range(1, values.ndim)))
    return values, sample_weight


class Sum(Metric, name="sum"):
    """The weighted sum of all values."""

    def __post_init__(self) -> None:
        self.total = self.add_variable(name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, _ = samplewise(values, sample_weight, ops.sum, self.compute_dtype)
        add_to(self.total, ops.sum(values))

    def result(self) -> Tensor:
        return ops.cast(self.total.value, self.compute_dtype)


class Mean(Metric, name="mean"):
    """The weighted mean of all values, sample by sample."""

    def __post_init__(self) -> None:
        self.total = self.add_variable(name="total")
        self.count = self.add_variable(name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, weight = samplewise(values, sample_weight, ops.mean, self.compute_dtype)
        add_to(self.total, ops.sum(values))
        if weight is not None:
            number = ops.sum(weight)
        else:
            rows = values.shape[0] if values.ndim else 1
            number = convert_to_tensor(float(rows), self.state_dtype)
        add_to(self.count, number)

    def result(self) -> Tensor:
        return ops.cast(divide_no_nan(self.total.value, self.count.value), self.compute_dtype)


class MeanMetricWrapper(OfFunction, Mean):
    """The mean of `fn(y_true, y_pred, **kwargs)` over all samples.

    Args:
        fn: a function that gives one value per sample (or per position), such as a loss.
        dtype: dtype of the state.
        kwargs: further arguments of `fn`.
    """

    hands_on = True
    _order = "name dtype *"

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        dtype: DTypeOrPolicy = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name or "", dtype)
        if not callable(fn):
            raise ArgumentError("fn", expected="a function", received=repr(fn))
        self.fn = fn
        self.fn_kwargs = kwargs
        if getattr(type(self).__init__, "around", None) is fn:
            vars(self).update(kwargs)  # as Keras's: `metric.threshold`

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        mask = getattr(y_pred, "mask", None)
        values = one_tensor(self.name, "a value for every sample", self._of(y_true, y_pred))
        super().update_state(values, masked_weight(sample_weight, mask, self.compute_dtype, "sum"))
