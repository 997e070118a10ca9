"""Adafactor: second moments kept as row and column averages."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.graph import Tensor, Variable
from kerasish.optimizers.optimizer import Optimizer
from kerasish.optimizers.state import Variables


class Adafactor(Optimizer, learning_rate=0.001):
    """Steps scaled by factored second moments and clipped by their size (Shazeer, Stern, 2018).

    Args:
        learning_rate: a number or a schedule; an upper bound with `relative_step`.
        beta_2_decay: exponent of the step in the share of old moments.
        epsilon_1: added to the squared gradient.
        epsilon_2: smallest scale of a variable.
        clip_threshold: largest root mean square of a step before the learning rate.
        relative_step: whether the rate falls like 1 / sqrt(step).
        options: see `Optimizer`.
    """

    beta_2_decay: float = -0.8
    epsilon_1: float = 1e-30
    epsilon_2: float = 1e-3
    clip_threshold: float = 1.0
    relative_step: bool = True

    def _add_slots(self, variables: Variables) -> None:
        self._r: list[Variable | None] = []
        self._c: list[Variable | None] = []
        self._v: list[Variable | None] = []
        for variable in variables:
            row = column = velocity = None
            if not variable.overwrite_with_gradient:
                shapes, dtype = _factor_shapes(variable.shape), variable.dtype
                if shapes is None:
                    # Unused, but Keras's files have them.
                    shapes, dtype = ((), ()), "int32"
                row, column = (
                    self.add_variable(shape, dtype=dtype, name=variable.name) for shape in shapes
                )
                self._slots_of |= {row: (variable, "row"), column: (variable, "column")}
                velocity = self.add_variable_from_reference(variable, "velocity")
            self._r.append(row)
            self._c.append(column)
            self._v.append(velocity)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        dtype = variable.dtype
        g = ops.cast(gradient, dtype)
        step = self.step_number(dtype)
        rate = ops.minimum(ops.cast(learning_rate, dtype), 1 / ops.sqrt(step))
        scale = ops.maximum(_rms(variable.value), self.epsilon_2)
        keep = 1 - ops.power(step, self.beta_2_decay)
        squares = ops.square(g) + self.epsilon_1
        slot = self.slot(self._v, variable)
        if variable.ndim >= 2:
            v = self._factored(squares, variable, keep)
        else:
            v = keep * slot.value + (1 - keep) * squares
        self.assign(slot, v)
        update = g / ops.sqrt(v)
        clipped = update / ops.maximum(_rms(update) / self.clip_threshold, 1.0)
        self.assign_sub(variable, rate * scale * clipped)

    def _factored(self, squares: Tensor, variable: Variable, keep: Tensor) -> Tensor:
        slot_r, slot_c = self.slot(self._r, variable), self.slot(self._c, variable)
        r = keep * slot_r.value + (1 - keep) * ops.mean(squares, axis=-1)
        c = keep * slot_c.value + (1 - keep) * ops.mean(squares, axis=-2)
        self.assign(slot_r, r)
        self.assign(slot_c, c)
        share = r / ops.mean(r, axis=-1, keepdims=True)
        return ops.expand_dims(share, axis=-1) * ops.expand_dims(c, axis=-2)


def _factor_shapes(shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The shapes of the row and column averages of a matrix; None for a vector."""
    if len(shape) < 2:
        return None
    return shape[:-1], (*shape[:-2], shape[-1])


def _rms(x: Tensor) -> Tensor:
    return ops.sqrt(ops.mean(ops.square(x)))
