"""What optimizers do to weights beside their updates: moving averages (`use_ema`), and decoupled
weight decay."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from kerasish import ops
from kerasish.errors import ArgumentError
from kerasish.graph import Tensor, Variable
from kerasish.optimizers.rates import LayerRates
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
    def keeps_averages(self) -> bool:
        """Whether moving averages of weights are kept."""
        return self.use_ema

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


class WeightDecay(LayerRates):
    """The part of `Optimizer` that shrinks weights; see there for the arguments."""

    weight_decay: float | None
    _not_decayed: frozenset[Variable] = frozenset()
    _not_decayed_names: str | None = None

    def _decay(self, variables: Variables, rate: Tensor) -> None:
        """Weights shrink by weight_decay * learning_rate (Loshchilov and Hutter, 2019)."""
        for variable in variables:
            decay = self._decay_of(variable)
            if decay is not None:
                value, own = variable.value, self._rate_for(variable, rate)
                variable.assign(value - value * (decay * ops.cast(own, variable.dtype)))

    def _decay_of(self, variable: Variable) -> float | None:
        pattern = self._not_decayed_names
        named = pattern is not None and re.search(pattern, variable.name) is not None
        return None if variable in self._not_decayed or named else self.weight_decay

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Leave variables out of weight decay.

        Args:
            var_list: these variables.
            var_names: variables in whose name one of these (regular expressions) is found.
        """
        if self.built:
            raise ArgumentError(
                "exclude_from_weight_decay",
                expected="to be called before the first step",
                received="an optimizer that is built",
            )
        self._not_decayed = frozenset(var_list or ())
        self._not_decayed_names = "|".join(var_names) if var_names else None
