"""Muon: orthogonal steps for matrices, Adam's for what is none."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.errors import ShapeError
from kerasish.graph import Tensor, Variable
from kerasish.optimizers.adam import towards
from kerasish.optimizers.optimizer import Optimizer
from kerasish.optimizers.state import Variables


class Muon(
    Optimizer,
    learning_rate=0.001,
    order="learning_rate adam_beta_1 adam_beta_2 adam_weight_decay epsilon weight_decay clipnorm "
    "clipvalue global_clipnorm use_ema ema_momentum ema_overwrite_frequency loss_scale_factor "
    "gradient_accumulation_steps name *",
):
    """Momentum steps made orthogonal by Newton-Schulz iterations (Jordan et al., 2024).

    Matrices are treated so; vectors, higher ranks, embeddings and excluded layers by AdamW.

    Args:
        learning_rate: a number or a schedule.
        adam_beta_1: beta_1 of the AdamW part.
        adam_beta_2: beta_2 of the AdamW part.
        adam_weight_decay: weight decay of the AdamW part.
        epsilon: epsilon of the AdamW part.
        weight_decay: weight decay of the matrices.
        exclude_layers: regular expressions of paths that AdamW treats.
        exclude_embeddings: whether AdamW treats embeddings.
        muon_a, muon_b, muon_c: coefficients of the iteration x <- a x + (b A + c A^2) x, A = x x'.
        adam_lr_ratio: learning rate of AdamW as a share of `learning_rate`.
        momentum: share of the last direction that is kept.
        ns_steps: number of iterations.
        nesterov: whether to look ahead along the momentum.
        rms_rate: size of a step relative to AdamW's (Liu et al., 2025); None for none.
        options: see `Optimizer`.
    """

    adam_beta_1: float = 0.9
    adam_beta_2: float = 0.999
    adam_weight_decay: float | None = 0.004
    epsilon: float = 1e-7
    weight_decay: float | None = 0.004
    exclude_layers: Sequence[str] | None = None
    exclude_embeddings: bool = True
    muon_a: float = 3.4445
    muon_b: float = -4.775
    muon_c: float = 2.0315
    adam_lr_ratio: float = 1
    momentum: float = 0.95
    ns_steps: int = 5
    nesterov: bool = True
    rms_rate: float | None = 0.2

    def __post_init__(self) -> None:
        self.exclude_layers = list(self.exclude_layers or [])

    def _by_adam(self, variable: Variable) -> bool:
        if variable.ndim != 2:
            return True
        if self.exclude_embeddings and "embedding" in variable.path.lower():
            return True
        return any(re.search(pattern, variable.path) for pattern in self.exclude_layers or ())

    def _add_slots(self, variables: Variables) -> None:
        self.momentums: list[Variable | None] = []
        self.adam_velocities: list[Variable | None] = []
        for variable in variables:
            skip = variable.overwrite_with_gradient
            add = self.add_variable_from_reference
            self.momentums.append(None if skip else add(variable, "momentum"))
            by_adam = not skip and self._by_adam(variable)
            self.adam_velocities.append(add(variable, "velocity") if by_adam else None)

    def _decay_of(self, variable: Variable) -> float | None:
        if super()._decay_of(variable) is None and self.weight_decay is not None:
            return None
        return self.adam_weight_decay if self._by_adam(variable) else self.weight_decay

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        g = ops.cast(gradient, variable.dtype)
        rate = ops.cast(learning_rate, variable.dtype)
        if self._by_adam(variable):
            self._adam_step(g, variable, rate * self.adam_lr_ratio)
            return
        slot = self.slot(self.momentums, variable)
        m = slot.value + (g + slot.value * (self.momentum - 1))
        self.assign(slot, m)
        ahead = g + self.momentum * m if self.nesterov else m
        direction = self.zeropower_via_newtonschulz5(ahead, self.ns_steps)
        self.assign_sub(variable, self.lr_adjust(rate * direction))

    def _adam_step(self, g: Tensor, variable: Variable, rate: Tensor) -> None:
        first = self.decayed(self.adam_beta_1, variable.dtype)
        second = self.decayed(self.adam_beta_2, variable.dtype)
        slot_m = self.slot(self.momentums, variable)
        slot_v = self.slot(self.adam_velocities, variable)
        m = towards(slot_m.value, g, 1 - self.adam_beta_1)
        v = towards(slot_v.value, ops.square(g), 1 - self.adam_beta_2)
        self.assign(slot_m, m)
        self.assign(slot_v, v)
        alpha = rate * ops.sqrt(second) / first
        self.assign_sub(variable, m * alpha / (ops.sqrt(v) + self.epsilon))

    def lr_adjust(self, x: Any) -> Tensor:
        """A step for a matrix (m, n), scaled by rms_rate * sqrt(max(m, n))."""
        if self.rms_rate is None:
            return ops.convert_to_tensor(x)
        return ops.convert_to_tensor(x) * (math.sqrt(max(x.shape)) * self.rms_rate)

    def transpose_last_axis(self, X: Any) -> Tensor:
        """X (..., m, n) as (..., n, m)."""
        return ops.swapaxes(X, -1, -2)

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Tensor:
        """The nearest matrix with orthogonal rows or columns, roughly.

        Args:
            x: matrices (..., m, n).
            steps: number of iterations.

        Raises:
            ShapeError: no matrices.
        """
        x = ops.convert_to_tensor(x)
        if x.ndim < 2:
            raise ShapeError("Muon", expected="matrices (..., m, n)", received=x.shape)
        tall = x.shape[-2] > x.shape[-1]
        x = self.transpose_last_axis(x) if tall else x
        x = x / (ops.sqrt(ops.sum(ops.square(x), axis=(-2, -1), keepdims=True)) + 1e-7)
        for _ in range(steps):
            a = ops.matmul(x, self.transpose_last_axis(x))
            b = self.muon_b * a + ops.matmul(self.muon_c * a, a)
            x = self.muon_a * x + ops.matmul(b, x)
        return self.transpose_last_axis(x) if tall else x
