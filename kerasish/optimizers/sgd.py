"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.errors import ArgumentError
from kerasish.graph import Variable
from kerasish.optimizers.optimizer import Optimizer
from kerasish.optimizers.state import Variables


class SGD(Optimizer, learning_rate=0.01):
    """w <- w - lr g; with momentum v <- momentum v - lr g and w <- w + v.

    Args:
        learning_rate: a number or a schedule.
        momentum: share of the last step that is kept, 0 to 1 (Polyak, 1964).
        nesterov: whether to look ahead along the momentum (Sutskever et al., 2013).
        options: see `Optimizer`.
    """

    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        given = self.momentum
        if type(given) is bool or not isinstance(given, (int, float)) or not 0 <= given <= 1:
            raise ArgumentError("momentum", expected="a number in [0, 1]", received=repr(given))
        self.momentums: list[Variable | None] = []

    def _add_slots(self, variables: Variables) -> None:
        if self.momentum:
            self.momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        step = ops.cast(gradient, variable.dtype) * ops.cast(learning_rate, variable.dtype)
        if not self.momentum:
            self.assign_sub(variable, step)
            return
        m = self.slot(self.momentums, variable)
        velocity = m.value * self.momentum - step
        self.assign(m, velocity)
        self.assign_add(variable, velocity * self.momentum - step if self.nesterov else velocity)
