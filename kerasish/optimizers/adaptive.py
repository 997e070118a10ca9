"""Optimizers that scale every element by the history of its gradients: RMSprop, Adagrad, Adadelta,
Ftrl; and Lion, whose steps go by the signs of its momentum."""

from __future__ import annotations

from typing import Any

from kerasish import initializers, ops
from kerasish.errors import ArgumentError
from kerasish.graph import Tensor, Variable
from kerasish.optimizers.optimizer import Optimizer
from kerasish.optimizers.state import Variables


class RMSprop(Optimizer, learning_rate=0.001):
    """w <- w - lr g / sqrt(v + epsilon), v the moving average of g^2 (Hinton, 2012).

    Args:
        learning_rate: a number or a schedule.
        rho: share of the old average that is kept.
        momentum: share of the last step that is kept.
        epsilon: added under the root.
        centered: whether v is the variance: the squared average of g is taken off (Graves, 2013).
        options: see `Optimizer`.
    """

    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7
    centered: bool = False

    def _add_slots(self, variables: Variables) -> None:
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        self._momentums: list[Variable | None] = []
        self._average_gradients: list[Variable | None] = []
        if self.momentum > 0:
            self._momentums = self.add_optimizer_variables(variables, "momentum")
        if self.centered:
            self._average_gradients = self.add_optimizer_variables(variables, "average_gradient")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        g = ops.cast(gradient, variable.dtype)
        slot = self.slot(self._velocities, variable)
        velocity = slot.value * self.rho + ops.square(g) * (1 - self.rho)
        self.assign(slot, velocity)
        if self.centered:
            slot = self.slot(self._average_gradients, variable)
            average = slot.value * self.rho + g * (1 - self.rho)
            self.assign(slot, average)
            velocity = velocity - ops.square(average)
        step = ops.cast(learning_rate, variable.dtype) * g / ops.sqrt(velocity + self.epsilon)
        if self.momentum > 0:
            slot = self.slot(self._momentums, variable)
            step = slot.value * self.momentum + step
            self.assign(slot, step)
        self.assign_sub(variable, step)


class Adagrad(Optimizer, learning_rate=0.001):
    """w <- w - lr g / sqrt(a + epsilon), a the sum of g^2 (Duchi et al., 2011).

    Args:
        learning_rate: a number or a schedule.
        initial_accumulator_value: what the sums start with.
        epsilon: added under the root.
        options: see `Optimizer`.
    """

    initial_accumulator_value: float = 0.1
    epsilon: float = 1e-7

    def _add_slots(self, variables: Variables) -> None:
        start = initializers.Constant(self.initial_accumulator_value)
        self._accumulators_of_squares = self.add_optimizer_variables(
            variables, "accumulator", start
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        g = ops.cast(gradient, variable.dtype)
        slot = self.slot(self._accumulators_of_squares, variable)
        total = slot.value + ops.square(g)
        self.assign(slot, total)
        rate = ops.cast(learning_rate, variable.dtype)
        self.assign_sub(variable, rate * g / ops.sqrt(total + self.epsilon))


class Adadelta(Optimizer, learning_rate=0.001):
    """w <- w - lr g rms(last steps) / rms(gradients) (Zeiler, 2012).

    Args:
        learning_rate: a number or a schedule; the paper's method has 1.0.
        rho: share of the old averages that is kept.
        epsilon: added under the roots.
        options: see `Optimizer`.
    """

    rho: float = 0.95
    epsilon: float = 1e-7

    def _add_slots(self, variables: Variables) -> None:
        self._accumulated_grads, self._accumulated_delta_vars = self.add_optimizer_variables(
            variables, ["accumulated_grad", "accumulated_delta_var"]
        )

    def _rms(self, x: Tensor) -> Tensor:
        return ops.sqrt(x + self.epsilon)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        g = ops.cast(gradient, variable.dtype)
        rho = self.rho
        slot_g = self.slot(self._accumulated_grads, variable)
        slot_d = self.slot(self._accumulated_delta_vars, variable)
        squares = slot_g.value * rho + ops.square(g) * (1 - rho)
        delta = self._rms(slot_d.value) * g / self._rms(squares)
        self.assign(slot_g, squares)
        self.assign(slot_d, slot_d.value * rho + ops.square(delta) * (1 - rho))
        self.assign_sub(variable, ops.cast(learning_rate, variable.dtype) * delta)


class Ftrl(Optimizer, learning_rate=0.001):
    """Follow the regularized leader, proximal (McMahan et al., 2013, algorithm 1).

    Args:
        learning_rate: a number or a schedule.
        learning_rate_power: 0 or less; how the rate falls with the sum of squares.
        initial_accumulator_value: what the sums of squares start with.
        l1_regularization_strength: 0 or more.
        l2_regularization_strength: 0 or more.
        l2_shrinkage_regularization_strength: a penalty on the size of the gradient, 0 or more.
        beta: added to the rate's denominator.
        options: see `Optimizer`.
    """

    learning_rate_power: float = -0.5
    initial_accumulator_value: float = 0.1
    l1_regularization_strength: float = 0.0
    l2_regularization_strength: float = 0.0
    l2_shrinkage_regularization_strength: float = 0.0
    beta: float = 0.0

    def __post_init__(self) -> None:
        if self.learning_rate_power > 0:
            raise ArgumentError(
                "learning_rate_power", expected="0 or less", received=repr(self.learning_rate_power)
            )
        for label in (
            "initial_accumulator_value",
            "l1_regularization_strength",
            "l2_regularization_strength",
            "l2_shrinkage_regularization_strength",
        ):
            if (value := getattr(self, label)) < 0:
                raise ArgumentError(label, expected="0 or more", received=repr(value))

    def _add_slots(self, variables: Variables) -> None:
        start = initializers.Constant(self.initial_accumulator_value)
        self._sums, self._linears = self.add_optimizer_variables(
            variables, ["accumulator", "linear"], [start, "zeros"]
        )

    def _power(self, x: Tensor) -> Tensor:
        exponent = -self.learning_rate_power
        return ops.sqrt(x) if exponent == 0.5 else ops.power(x, exponent)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        g = ops.cast(gradient, variable.dtype)
        rate = ops.cast(learning_rate, variable.dtype)
        slot_n, slot_z = self.slot(self._sums, variable), self.slot(self._linears, variable)
        w, n = variable.value, slot_n.value
        shrunk = g + w * (2 * self.l2_shrinkage_regularization_strength)
        total = n + ops.square(g)
        sigma = (self._power(total) - self._power(n)) / rate
        z = slot_z.value + shrunk - sigma * w
        l2 = self.l2_regularization_strength + self.beta / (2.0 * rate)
        quadratic = self._power(total) / rate + 2 * l2
        l1 = self.l1_regularization_strength
        self.assign(variable, (ops.minimum(ops.maximum(z, -l1), l1) - z) / quadratic)
        self.assign(slot_n, total)
        self.assign(slot_z, z)


class Lion(Optimizer, learning_rate=0.001):
    """w <- w - lr sign(b1 m + (1 - b1) g), m <- b2 m + (1 - b2) g (Chen et al., 2023).

    Args:
        learning_rate: a number or a schedule; 3 to 10 times smaller than Adam's.
        beta_1: share of the average in the step, above 0, at most 1.
        beta_2: share of the average that is kept.
        options: see `Optimizer`.
    """

    beta_1: float = 0.9
    beta_2: float = 0.99

    def __post_init__(self) -> None:
        if not 0 < self.beta_1 <= 1:
            raise ArgumentError("beta_1", expected="a number in (0, 1]", received=repr(self.beta_1))

    def _add_slots(self, variables: Variables) -> None:
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        g = ops.cast(gradient, variable.dtype)
        rate = ops.cast(learning_rate, variable.dtype)
        slot = self.slot(self._momentums, variable)
        direction = ops.sign(slot.value * self.beta_1 + g * (1.0 - self.beta_1))
        self.assign_sub(variable, rate * direction)
        self.assign(slot, slot.value * self.beta_2 + g * (1.0 - self.beta_2))
