"""`Metric`: state in variables, updated batch by batch, read as a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from kerasish import ops
from kerasish.arguments.rules import DTypeOrPolicy
from kerasish.config import floatx
from kerasish.errors import ShapeError
from kerasish.graph import Tensor, Variable
from kerasish.graph.trace import current_trace
from kerasish.hints import hinted
from kerasish.losses.base import computing_dtype
from kerasish.naming import named
from kerasish.ops.stateful import Stateful
from kerasish.ops.stateless import StatelessScope, paired
from kerasish.spec import is_float


class Metric(Stateful):
    """Base of metrics.

    A subclass makes its state with `add_variable`, changes it in `update_state` and reads it in
    `result`, all three with ops, so that a compiled step updates it too.

    Args:
        dtype: dtype of the computation and the result; floatx by default.
        name: its name in the logs; by default the class's, numbered from the second on.

    Example:
        >>> import kerasish as keras
        >>> m = keras.metrics.Mean()
        >>> m.update_state([1.0, 3.0])
        >>> float(m.result())
        2.0
    """

    registry_kind: ClassVar[str] = "metric"
    _order = "* name dtype"
    untracked = Stateful.untracked | {"_metrics"}

    direction: str | None = None  # "up" or "down": which way is better
    usual_dtype: str | None = None  # where no dtype is given; None for floatx
    in_floatx = False  # whether it computes in floatx whatever its dtype is, as Keras's counts do
    # Sums over batches are kept in float64: 1 added to a float32 of 2^24 changes nothing.
    state_dtype = "float64"

    @hinted
    def __init__(self, dtype: DTypeOrPolicy = None, name: str | None = None) -> None:
        self.name = named(name, type(self).__name__)
        self._dtype = computing_dtype(self.usual_dtype if dtype is None else dtype)
        self._variables: list[Variable] = []
        self._metrics: list[Metric] = []

    def _track(self, name: str, value: Any, around: tuple[int, ...] = ()) -> None:
        if not isinstance(value, Metric):
            super()._track(name, value, around)
        elif value not in self._metrics:
            self._metrics.append(value)

    @property
    def dtype(self) -> str:
        """The dtype of the state."""
        return self._dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of what is computed from a batch, and of results: floats in any case."""
        return floatx() if self.in_floatx or not is_float(self._dtype) else self._dtype

    @property
    def variables(self) -> list[Variable]:
        """The state, that of metrics inside this one included, in lists and dicts too."""
        inside = [v for metric in self._metrics for v in metric.variables]
        return list({id(v): v for v in (*self._state(), *inside)}.values())

    def add_variable(
        self,
        shape: tuple[int, ...] | list[int] = (),
        initializer: Any = "zeros",
        dtype: DTypeOrPolicy = None,
        aggregation: str | None = "sum",
        name: str | None = None,
    ) -> Variable:
        """A new variable of the state.

        Args:
            shape: its shape.
            initializer: a name, a config, or a callable `(shape, dtype=...)`.
            dtype: float64 by default, in which counts and sums do not stand still.
            aggregation: accepted for compatibility.
            name: its name.
        """
        dtype = self.state_dtype if dtype is None else dtype
        return self._make(shape, initializer, dtype, name)

    def add_weight(
        self,
        shape: tuple[int, ...] = (),
        initializer: Any = None,
        dtype: DTypeOrPolicy = None,
        name: str | None = None,
    ) -> Variable:
        """`add_variable` under its older name."""
        return self.add_variable(shape, initializer, dtype, name=name)

    def _add_states(self, shape: tuple[int, ...], *names: str) -> None:
        """Variables that add up over batches, as attributes of these names."""
        for name in names:
            setattr(self, name, self.add_variable(shape, name=name))

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Take one batch into account."""
        raise NotImplementedError(f"{type(self).__name__} must define update_state.")

    def result(self) -> Any:
        """The metric over everything since the last reset: a tensor, or a dict of them."""
        raise NotImplementedError(f"{type(self).__name__} must define result.")

    def reset_state(self) -> None:
        """Forget everything: all variables become 0."""
        for variable in self.variables:
            if current_trace() is None:
                variable.array[...] = 0
            else:
                variable.assign(ops.zeros(variable.shape, dtype=variable.dtype))

    def stateless_update_state(
        self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any
    ) -> list[Tensor]:
        """The state after a batch, from values for `variables`, which stay as they are."""
        with StatelessScope(self._given_state(metric_variables)) as scope:
            self.update_state(*args, **kwargs)
        return scope.current_values(self.variables)

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """The result for values of `variables`."""
        with StatelessScope(self._given_state(metric_variables)):
            return self.result()

    def stateless_reset_state(self) -> list[Tensor]:
        """The state that `reset_state` would leave."""
        with StatelessScope() as scope:
            self.reset_state()
        return scope.current_values(self.variables)

    def _given_state(self, values: Sequence[Any]) -> list[tuple[Variable, Any]]:
        return paired(f"{self.name}, metric_variables", self.variables, values)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`update_state`, then `result`."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "name": self.name, "dtype": self.dtype}


def add_to(variable: Variable, value: Tensor) -> None:
    """Add to a variable, in its dtype."""
    variable.assign(variable.value + ops.cast(value, variable.dtype))


def check_columns(owner: str, columns: str, y_true: Tensor, y_pred: Tensor) -> None:
    """Refuse what is not (samples, `columns`).

    Raises:
        ShapeError: another rank.
    """
    if y_pred.ndim != 2 or y_true.ndim != 2:
        raise ShapeError(
            owner,
            expected=f"y_true and y_pred of shape (samples, {columns})",
            received=f"{y_true.shape} and {y_pred.shape}",
        )
