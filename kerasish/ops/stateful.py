"""What runs inside compiled steps: what changes from step to step is in variables."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar

from kerasish.arguments.configured import Configured
from kerasish.errors import ArgumentError, DTypeError, GraphError, ShapeError
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.graph.trace import current_trace
from kerasish.graph.variable import Variable
from kerasish.refusals import received


def one_tensor(owner: str, expected: str, value: Any) -> Tensor:
    """What code of a user's returned, as one tensor of real numbers.

    Args:
        owner: whose code.
        expected: what it should return.

    Raises:
        ArgumentError: None, several tensors, or no real numbers.
    """
    several = isinstance(value, (list, tuple, dict))
    if value is not None and not (
        several and (isinstance(value, dict) or any(isinstance(one, Tensor) for one in value))
    ):
        with suppress(DTypeError, ShapeError):
            found = convert_to_tensor(value)
            if not found.dtype.startswith("complex"):
                return found
    fix = "Return ops.abs, ops.real or ops.imag of it."
    if several:
        fix = "Return one of them, their sum, or ops.stack of them."
    elif value is None:
        fix = "Let it end with `return`."
    elif not isinstance(value, Tensor):
        fix = ""
    raise ArgumentError(owner, expected=f"{expected}, returned", received=received(value), fix=fix)


class InSteps(Configured):
    """Base of losses, metrics, optimizers and schedules: steps that they run in are traced.

    Raises:
        GraphError: an attribute is set to a tensor of a trace, or a variable to any tensor.
    """

    _makes_state: ClassVar[str] = "kerasish.Variable(..., trainable=False)"

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Tensor):
            variable = isinstance(vars(self).get(name), Variable)
            if variable or value.is_symbolic:
                raise self._lost(name, value, variable)
        object.__setattr__(self, name, value)

    def _lost(self, name: str, value: Tensor, variable: bool) -> GraphError:
        made = f"Make self.{name} = {self._makes_state} in __init__ or build. "
        return GraphError(
            f"{type(self).__name__}.{name} would not change with the steps",
            expected="state in a variable",
            received=f"{value}, kept in an attribute",
            fix=f"{'' if variable else made}Change it with self.{name}.assign(...).",
        )


class Stateful(InSteps):
    """Base of metrics and optimizers: their state is what `add_variable` made, and every variable
    that is set as an attribute, alone or in lists, tuples and dicts."""

    # Attributes that hold bookkeeping or what belongs to someone else.
    _makes_state = "self.add_variable(...)"
    untracked: ClassVar[frozenset[str]] = frozenset(("_variables", "_given"))
    name: str
    _variables: list[Variable]

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name not in self.untracked:
            self._track(name, value)

    def _track(self, name: str, value: Any, around: tuple[int, ...] = ()) -> None:
        """Count the variables in a value among the state.

        Args:
            name: the attribute that holds it.
            around: the containers around it; a container may hold itself.

        Raises:
            GraphError: a container holds a tensor of a trace that has ended.
        """
        if isinstance(value, Variable):
            if not any(value is held for held in self._variables):
                self._variables.append(value)
        elif isinstance(value, (list, tuple, dict)) and id(value) not in around:
            for item in value.values() if isinstance(value, dict) else value:
                self._track(name, item, (*around, id(value)))
        elif around and isinstance(value, Tensor) and value.is_symbolic and not current_trace():
            raise self._lost(name, value, False)

    def _state(self) -> list[Variable]:
        """The variables, also those that were put into lists and dicts since these were set."""
        for name, value in list(vars(self).items()):
            if isinstance(value, (list, tuple, dict)) and name not in self.untracked:
                self._track(name, value)
        return self._variables

    def _make(self, shape: Any, initializer: Any, dtype: Any, name: str | None) -> Variable:
        """A new variable of the state."""
        if not isinstance(shape, Iterable) or isinstance(shape, str):
            raise ArgumentError(
                f"{self.name}, shape of a variable",
                expected="a tuple of ints",
                received=repr(shape),
                fix=f"Write name={shape!r}." if isinstance(shape, str) else "",
            )
        variable = Variable(
            "zeros" if initializer is None else initializer,
            tuple(shape),
            dtype,
            trainable=False,
            name=name or "variable",
        )
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable
