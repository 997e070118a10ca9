"""Decoupled weight decay: which weights shrink with every update, and by how much."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kerasish import ops
from kerasish.errors import ArgumentError
from kerasish.graph import Tensor, Variable
from kerasish.optimizers.state import OptimizerState, Variables


class WeightDecay(OptimizerState):
    """The part of `Optimizer` that shrinks weights; see there for the arguments."""

    weight_decay: float | None
    built: bool
    _not_decayed: frozenset[Variable] = frozenset()
    _not_decayed_names: str | None = None

    def _decay(self, variables: Variables, rate: Tensor) -> None:
        """Weights shrink by weight_decay * learning_rate (Loshchilov and Hutter, 2019)."""
        for variable in variables:
            decay = self._decay_of(variable)
            if decay is not None:
                value = variable.value
                variable.assign(value - value * (decay * ops.cast(rate, variable.dtype)))

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
