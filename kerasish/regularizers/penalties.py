"""Penalties on weights and outputs, under Keras's names: callables from a tensor to a scalar."""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish import registry
from kerasish.arguments.configured import Configured
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.primitives import transpose
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.hints import one_of
from kerasish.ops.basic.elementwise import absolute, sqrt, square
from kerasish.ops.basic.matmul import matmul
from kerasish.ops.basic.reduction import sum as sum_all


def _penalty(value: Any, name: str) -> float:
    if not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise ArgumentError(name, expected="a finite number >= 0", received=repr(value))
    return float(value)


class Regularizer(Configured):
    """A penalty: `regularizer(x) -> scalar`. A subclass writes `__call__`."""

    registry_kind: ClassVar[str] = "regularizer"

    def __call__(self, x: Any) -> Tensor:
        """The penalty on `x`."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(x).")


@registry.entry("regularizer", "l1_l2")
class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x**2).

    Args:
        l1, l2: factors, at least 0.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _penalty(0.0 if l1 is None else l1, "l1")
        self.l2 = _penalty(0.0 if l2 is None else l2, "l2")

    def __call__(self, x: Any) -> Tensor:
        x = convert_to_tensor(x)
        total = convert_to_tensor(0.0, x.dtype)
        if self.l1:
            total = total + self.l1 * sum_all(absolute(x))
        if self.l2:
            total = total + self.l2 * sum_all(square(x))
        return total


class L1(Regularizer):
    """l1 * sum(|x|).

    Args:
        l1: factor, at least 0.
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _penalty(0.01 if l1 is None else l1, "l1")

    def __call__(self, x: Any) -> Tensor:
        return self.l1 * sum_all(absolute(x))


class L2(Regularizer):
    """l2 * sum(x**2).

    Args:
        l2: factor, at least 0.
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _penalty(0.01 if l2 is None else l2, "l2")

    def __call__(self, x: Any) -> Tensor:
        return self.l2 * sum_all(square(x))


class OrthogonalRegularizer(Regularizer):
    """factor * mean |cosine| between different rows (or columns), each pair counted once.

    Args:
        factor: of the penalty.
        mode: "rows" or "columns".

    Raises:
        ArgumentError: another mode.
        ShapeError: the tensor has no two dimensions.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = _penalty(factor, "factor")
        self.mode = one_of("mode", mode, ("rows", "columns"))

    def __call__(self, x: Any) -> Tensor:
        x = convert_to_tensor(x)
        if x.ndim != 2:
            raise ShapeError(
                "OrthogonalRegularizer", expected="a tensor of rank 2", received=f"shape {x.shape}"
            )
        rows = x if self.mode == "rows" else transpose(x, axes=(1, 0))
        unit = rows / sqrt(sum_all(square(rows), axis=1, keepdims=True))
        product = matmul(unit, transpose(unit, axes=(1, 0)))
        size = rows.shape[0]
        off_diagonal = sum_all(absolute(product)) - sum_all(sum_all(square(unit), axis=1))
        pairs = max(size * (size - 1) / 2, 1)
        return self.factor * 0.5 * off_diagonal / pairs
