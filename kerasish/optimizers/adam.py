"""Adam and its relatives: AdamW, Adamax, Nadam, Lamb, ScheduleFreeAdamW."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.config import floatx
from kerasish.errors import ArgumentError
from kerasish.graph import Tensor, Variable
from kerasish.optimizers.optimizer import Optimizer
from kerasish.optimizers.state import Variables


def towards(old: Tensor, new: Tensor, share: float) -> Tensor:
    """`old` moved by `share` of the way to `new`: an exponential moving average."""
    return old + (new - old) * share


class _Moments(Optimizer, learning_rate=0.001):
    """Keeps an average m of the gradient, and of its square, or its largest one, v."""

    second = "velocity"  # what v is called in files

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def _add_slots(self, variables: Variables) -> None:
        self._momentums, self._velocities = self.add_optimizer_variables(
            variables, ["momentum", self.second]
        )

    def moments(self, gradient: Tensor, variable: Variable) -> tuple[Tensor, Tensor]:
        """Move both averages and return them."""
        slot_m = self.slot(self._momentums, variable)
        slot_v = self.slot(self._velocities, variable)
        m = towards(slot_m.value, gradient, 1 - self.beta_1)
        v = towards(slot_v.value, ops.square(gradient), 1 - self.beta_2)
        self.assign(slot_m, m)
        self.assign(slot_v, v)
        return m, v


class Adam(_Moments):
    """w <- w - lr m / (sqrt(v) + epsilon), bias-corrected (Kingma and Ba, 2015, section 2).

    Args:
        learning_rate: a number or a schedule.
        beta_1: share of the old average of gradients that is kept, below 1.
        beta_2: share of the old average of squares that is kept, below 1.
        epsilon: added to the denominator ("epsilon hat" of the paper).
        amsgrad: whether v never falls (Reddi et al., 2018).
        options: see `Optimizer`.
    """

    amsgrad: bool = False

    def _add_slots(self, variables: Variables) -> None:
        super()._add_slots(variables)
        if self.amsgrad:
            self._velocity_hats = self.add_optimizer_variables(variables, "velocity_hat")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        dtype = variable.dtype
        rate = ops.cast(learning_rate, dtype)
        alpha = rate * ops.sqrt(self.decayed(self.beta_2, dtype)) / self.decayed(self.beta_1, dtype)
        m, v = self.moments(ops.cast(gradient, dtype), variable)
        if self.amsgrad:
            slot = self.slot(self._velocity_hats, variable)
            v = ops.maximum(slot.value, v)
            self.assign(slot, v)
        self.assign_sub(variable, m * alpha / (ops.sqrt(v) + self.epsilon))


class AdamW(Adam, order="learning_rate weight_decay * **"):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019); see `Adam`.

    Args:
        weight_decay: share of the learning rate by which weights shrink at every step.
    """

    weight_decay: float | None = 0.004

    def __post_init__(self) -> None:
        if self.weight_decay is None:
            raise ArgumentError(
                "weight_decay",
                expected="a number, 0.0 for none",
                received="None",
                fix="Adam has no weight decay unless it is given.",
            )


class Adamax(_Moments):
    """Adam with the largest instead of the squared gradient (Kingma and Ba, 2015, section 7.1).

    See `Adam` for the arguments.
    """

    second = "norm"

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        dtype = variable.dtype
        g = ops.cast(gradient, dtype)
        alpha = ops.cast(learning_rate, dtype) / self.decayed(self.beta_1, dtype)
        slot_m = self.slot(self._momentums, variable)
        slot_u = self.slot(self._velocities, variable)
        m = towards(slot_m.value, g, 1 - self.beta_1)
        u = ops.maximum(slot_u.value * self.beta_2, ops.absolute(g))
        self.assign(slot_m, m)
        self.assign(slot_u, u)
        self.assign_sub(variable, m * alpha / (u + self.epsilon))


class Nadam(_Moments):
    """Adam with Nesterov momentum, its momentum rising over time (Dozat, 2016).

    See `Adam` for the arguments.
    """

    DECAY = 0.96  # of the momentum schedule, fixed as in the paper

    def _add_slots(self, variables: Variables) -> None:
        super()._add_slots(variables)
        dtype = variables[0].dtype if variables else floatx()
        self._u_product = self.add_variable((), "ones", dtype, name="u_product")

    def _momentum_at(self, step: Tensor) -> Tensor:
        power = ops.power(ops.convert_to_tensor(self.DECAY, step.dtype), step)
        return self.beta_1 * (1.0 - 0.5 * power)

    def prepare_step(self, learning_rate: Tensor) -> None:
        now = self._momentum_at(self.step_number(self._u_product.dtype))
        self.assign(self._u_product, self._u_product.value * now)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        dtype = variable.dtype
        g = ops.cast(gradient, dtype)
        step = self.step_number(dtype)
        now, following = self._momentum_at(step), self._momentum_at(step + 1)
        product = ops.cast(self._u_product.value, dtype)
        rate = ops.cast(learning_rate, dtype)
        of_m = rate * following / (1 - product * following)
        of_g = rate * (1 - now) / (1 - product)
        correction = self.decayed(self.beta_2, dtype)
        m, v = self.moments(g, variable)
        update = (of_m * m + of_g * g) / (ops.sqrt(v / correction) + self.epsilon)
        self.assign_sub(variable, update)


class Lamb(_Moments):
    """Adam steps scaled layer by layer to the norm of the weights (You et al., 2020).

    See `Adam` for the arguments.
    """

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        dtype = variable.dtype
        m, v = self.moments(ops.cast(gradient, dtype), variable)
        m_hat = m / self.decayed(self.beta_1, dtype)
        root = ops.sqrt(v / self.decayed(self.beta_2, dtype)) + self.epsilon
        update = m_hat / root
        w_norm = ops.sqrt(ops.sum(ops.square(variable.value)))
        u_norm = ops.sqrt(ops.sum(ops.square(update)))
        both = ops.logical_and(w_norm > 0, u_norm > 0)
        ratio = ops.where(both, w_norm / ops.where(both, u_norm, 1.0), 1.0)
        self.assign_sub(variable, ratio * ops.cast(learning_rate, dtype) * update)


class ScheduleFreeAdamW(_Moments, learning_rate=0.0025):
    """Adam steps on z, weights between z and the running mean of z (Defazio et al., 2024).

    Args:
        learning_rate: a number or a schedule.
        beta_1: share of the mean in the weights.
        beta_2: share of the old average of squares that is kept.
        epsilon: added to the denominator.
        warmup_steps: over how many steps the rate rises to `learning_rate`.
        options: see `Optimizer`.
    """

    epsilon: float = 1e-8
    warmup_steps: int = 0

    def _add_slots(self, variables: Variables) -> None:
        super()._add_slots(variables)
        for slot, variable in zip(self._momentums, variables, strict=True):
            if slot is not None:
                slot.assign(variable.numpy())

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        dtype = variable.dtype
        g = ops.cast(gradient, dtype)
        step = self.step_number(dtype)
        rate = ops.cast(learning_rate, dtype)
        if self.warmup_steps:
            rate = rate * ops.minimum(step / float(self.warmup_steps), 1.0)
        slot_z, slot_v = self.slot(self._momentums, variable), self.slot(self._velocities, variable)
        v = towards(slot_v.value, ops.square(g), 1 - self.beta_2)
        old, keep = slot_z.value, self.beta_1
        root = ops.sqrt(v / self.decayed(self.beta_2, dtype)) + self.epsilon
        z = old - rate * g / root
        mean = (variable.value - (1 - keep) * old) / keep
        mean = (1 - 1.0 / step) * mean + (1.0 / step) * z
        self.assign(slot_v, v)
        self.assign(slot_z, z)
        self.assign(variable, (1 - keep) * z + keep * mean)
