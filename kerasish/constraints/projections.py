"""Projections of weights after an update, under Keras's names: callables from tensor to tensor."""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish.arguments.configured import Configured
from kerasish.config import epsilon
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.ops.basic.elementwise import maximum, minimum, sqrt, square
from kerasish.ops.basic.reduction import sum as sum_all


class Constraint(Configured):
    """A projection: `constraint(w) -> w`. A subclass writes `__call__`; this one allows all."""

    registry_kind: ClassVar[str] = "constraint"

    def __call__(self, w: Any) -> Tensor:
        """The allowed weight next to `w`."""
        return convert_to_tensor(w)


def _norm(w: Tensor, axis: Any) -> Tensor:
    return sqrt(sum_all(square(w), axis=axis, keepdims=True))


class MaxNorm(Constraint):
    """Scales weights down to a norm of at most `max_value`.

    Args:
        max_value: the largest norm.
        axis: axis or axes that one norm is taken over; 0 is the inputs of a Dense kernel.

    Source: Srivastava et al., "Dropout" (2014), section 5.1.
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Tensor:
        w = convert_to_tensor(w)
        norm = _norm(w, self.axis)
        return w * (minimum(norm, self.max_value) / (norm + epsilon()))


class MinMaxNorm(Constraint):
    """Moves norms towards [min_value, max_value].

    Args:
        min_value, max_value: the interval.
        rate: 1 puts norms into the interval at once; less, step by step.
        axis: axis or axes that one norm is taken over.
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0
    ) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Tensor:
        w = convert_to_tensor(w)
        norm = _norm(w, self.axis)
        inside = minimum(maximum(norm, self.min_value), self.max_value)
        wanted = self.rate * inside + (1 - self.rate) * norm
        return w * (wanted / (norm + epsilon()))


class NonNeg(Constraint):
    """Sets negative weights to zero."""

    def __call__(self, w: Any) -> Tensor:
        return maximum(w, 0.0)


class UnitNorm(Constraint):
    """Scales weights to a norm of 1.

    Args:
        axis: axis or axes that one norm is taken over.
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        w = convert_to_tensor(w)
        return w / (_norm(w, self.axis) + epsilon())
