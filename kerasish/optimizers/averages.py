"""Exponential moving averages of the weights, which an optimizer keeps with `use_ema`."""

from __future__ import annotations

from typing import Any

from kerasish import ops
from kerasish.graph import Variable
from kerasish.optimizers.state import OptimizerState, Variables


class MovingAverages(OptimizerState):
    """The part of `Optimizer` that averages the weights; see there for the arguments."""

    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    iterations: Any
    _trainable_variables: list[Variable]
    _model_variables_moving_average: list[Variable | None]

    def _average(self) -> None:
        """average <- momentum * average + (1 - momentum) * weight; the first step takes weight."""
        started = ops.not_equal(ops.convert_to_tensor(self.iterations), 0)
        every = self.ema_overwrite_frequency
        overwrite: Any = None
        if every:
            overwrite = ops.equal(ops.mod(ops.convert_to_tensor(self.iterations) + 1, every), 0)
        for variable, average in self.averages():
            momentum = ops.cast(started, variable.dtype) * self.ema_momentum
            average.assign(momentum * average.value + (1 - momentum) * variable.value)
            if overwrite is not None:
                variable.assign(ops.where(overwrite, average.value, variable.value))

    def averages(self) -> list[tuple[Variable, Variable]]:
        """Pairs (weight, its moving average)."""
        pairs = zip(self._trainable_variables, self._model_variables_moving_average, strict=True)
        return [(variable, average) for variable, average in pairs if average is not None]

    @property
    def finalizes(self) -> bool:
        """Whether `finalize_variable_values` does anything: who asks need not look for weights."""
        own = type(self).finalize_variable_values is MovingAverages.finalize_variable_values
        return self.use_ema or not own

    def finalize_variable_values(self, var_list: Variables) -> None:
        """After training: the weights become their moving averages, where these are kept."""
        wanted = set(var_list)
        for variable, average in self.averages() if self.use_ema else ():
            if variable in wanted:
                variable.assign(average.value)
