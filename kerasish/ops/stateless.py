"""StatelessScope: variables read from, and written to, values that are handed in and out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any, Self

from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.node import Node, constant
from kerasish.graph.tensor import Tensor, convert_to_tensor, node_of, tensor_of
from kerasish.graph.trace import Trace, current_trace, entered
from kerasish.graph.variable import Variable


class _Overlay(Trace):
    """What variables hold in a scope where ops run eagerly: values, not symbols."""

    def read(self, variable: Any, start: Any) -> Node:
        return super().read(variable, _present)

    def peek(self, variable: Variable) -> Node:
        return self.layers[self.depth(variable)].setdefault(variable, _present(variable))


def _present(variable: Variable) -> Node:
    return constant(variable.array.copy(), variable.spec)


class StatelessScope:
    """Context manager: variables hold the given values, and what is assigned stays in the scope.

    The variables themselves do not change. Works on values and while a function is traced.

    Args:
        state_mapping: pairs (variable, value).
        collect_losses: whether `add_loss` keeps what it is given in `losses`.
        initialize_variables: accepted for compatibility; variables made inside are always made.

    Raises:
        ShapeError: a value has another shape than its variable.

    Example:
        >>> import kerasish as keras
        >>> v = keras.Variable(1.0)
        >>> with keras.StatelessScope([(v, 5.0)]) as scope:
        ...     _ = v.assign_add(2.0)
        >>> float(scope.get_current_value(v)), float(v)
        (7.0, 1.0)
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Variable, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self.losses: list[Any] = []
        self._values: dict[Variable, Tensor] = {}
        self._trace: Trace | None = None
        self._stack = ExitStack()
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ArgumentError(
                    "StatelessScope",
                    expected="pairs (variable, value)",
                    received=f"{type(variable).__name__} in place of a variable",
                )
            held = convert_to_tensor(value, variable.dtype)
            if held.shape != variable.shape:
                raise ShapeError(
                    f"StatelessScope, {variable.path!r}",
                    expected=f"shape {variable.shape}",
                    received=f"shape {held.shape}",
                )
            self._values[variable] = held

    def __enter__(self) -> Self:
        given = {variable: node_of(value) for variable, value in self._values.items()}
        trace = current_trace()
        if trace is None:
            trace = _Overlay()
            self._stack.enter_context(entered(trace))
        self._assigned = self._stack.enter_context(trace.part(given))
        self._trace = trace
        return self

    def __exit__(self, *error: Any) -> None:
        self._values |= {variable: tensor_of(node) for variable, node in self._assigned.items()}
        self._trace = None
        self._stack.close()

    def get_current_value(self, variable: Variable) -> Tensor | None:
        """What a variable holds in the scope; None where it was neither given nor assigned."""
        if self._trace is not None and variable in self._assigned:
            return tensor_of(self._trace.peek(variable))
        return self._values.get(variable)

    def current_values(self, variables: Iterable[Variable]) -> list[Tensor]:
        """What the variables hold in the scope; their own values where they were not touched."""
        found = [(v, self.get_current_value(v)) for v in variables]
        return [v.value if value is None else value for v, value in found]

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Let a variable hold a value in the scope: a pair (variable, value)."""
        variable, value = update
        if self._trace is not None:
            variable.assign(value)
        else:
            self._values[variable] = convert_to_tensor(value, variable.dtype)

    def add_loss(self, loss: Any) -> None:
        """Keep a loss in `losses`, if the scope collects them."""
        if self.collect_losses:
            self.losses.append(loss)


def paired(
    what: str, variables: Sequence[Variable], values: Sequence[Any]
) -> list[tuple[Variable, Any]]:
    """Pairs for a scope.

    Raises:
        ArgumentError: another number of values than of variables.
    """
    if len(variables) != len(values):
        raise ArgumentError(what, expected=f"{len(variables)} values", received=len(values))
    return list(zip(variables, values, strict=True))
