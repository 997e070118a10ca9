"""The state of an optimizer: its variables, one slot per weight and name, saving and loading."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.changes import Versioned, held
from kerasish.errors import ArgumentError
from kerasish.graph import Variable
from kerasish.naming import is_automatic
from kerasish.ops.stateful import Stateful

Variables = Sequence[Variable]


def per_update(method: Callable[..., Any]) -> Any:
    """Decorator: what a method of an optimizer gives for the same plain arguments is worked out
    once within an update, for all variables."""

    @functools.wraps(method)
    def shared(self: OptimizerState, *args: Any) -> Any:
        if self._shared is None:
            return method(self, *args)
        key = (method.__name__, *args)
        if key not in self._shared:
            self._shared[key] = method(self, *args)
        return self._shared[key]

    return shared


class OptimizerState(Versioned, Stateful):
    """Base of `Optimizer`: everything about its variables and nothing about updates."""

    untracked = Stateful.untracked | {"_trainable_variables", "_slots_of"}
    _index: dict[Variable, int]
    _slots_of: dict[Variable, tuple[Variable, str]]  # slot -> its weight, and what it is
    _shared: dict[Any, Any] | None = None  # within an update: see `per_update`
    unversioned = frozenset(("_shared",))

    def __setattr__(self, name: str, value: Any) -> None:
        before = held(self, name)
        super().__setattr__(name, value)
        self._noted(name, before, value)

    @property
    def variables(self) -> list[Variable]:
        """All state, in the order of Keras's files: iteration, learning rate, then what `build`
        made or set; variables of the model that are set as attributes are none of it."""
        return self._state()

    def _state(self) -> list[Variable]:
        return [v for v in super()._state() if v not in self._index]

    def add_variable(
        self,
        shape: tuple[int, ...],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """A new variable of the optimizer's state; `aggregation` and `layout` change nothing."""
        return self._make(shape, initializer, dtype, name)

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """A slot of the shape and dtype of a model's variable."""
        path = reference_variable.path.replace("/", "_")
        label: str = name or "variable"
        made = self.add_variable(
            reference_variable.shape,
            initializer,
            reference_variable.dtype,
            name=f"{path}_{label}",
        )
        self._slots_of[made] = (reference_variable, label)
        return made

    def keyed_variables(self) -> list[tuple[Variable | None, str, Variable]]:
        """All state as (the weight that it belongs to or None, what it is, the variable)."""
        found: list[tuple[Variable | None, str, Variable]] = []
        for variable in self._state():
            # A number that counts over the program is none by which a file finds a variable.
            own = is_automatic(variable.name, "variable")
            unbound = (None, "variable" if own else variable.name)
            weight, label = self._slots_of.get(variable, unbound)
            found.append((weight, label, variable))
        return found

    def add_optimizer_variables(
        self, trainable_variables: Variables, name: Any, initializer: Any = "zeros"
    ) -> Any:
        """A slot per variable; with several names a tuple of lists, made variable by variable."""
        names = [name] if isinstance(name, str) else list(name)
        given = list(initializer) if isinstance(initializer, (list, tuple)) else [initializer]
        starts = given * len(names) if len(given) == 1 else given
        slots: tuple[list[Any], ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            for column, label, start in zip(slots, names, starts, strict=True):
                skip = variable.overwrite_with_gradient
                column.append(
                    None if skip else self.add_variable_from_reference(variable, label, start)
                )
        return slots[0] if isinstance(name, str) else slots

    def slot(self, slots: Sequence[Variable | None], variable: Variable) -> Variable:
        """The entry of `slots` that belongs to `variable`."""
        if not isinstance(slots, (list, tuple)):
            raise ArgumentError(
                f"{type(self).__name__}.slot",
                expected="the list that add_optimizer_variables gave, then the variable",
                received=repr(slots),
                fix='Keep it: self.means = self.add_optimizer_variables(variables, "mean").',
            )
        found = slots[self._index[variable]]
        if found is None:
            raise ArgumentError(f"The variable {variable.path!r} has no slot.")
        return found

    def _get_variable_index(self, variable: Variable) -> int:
        """The position of `variable` in every list of slots (Keras's name for it)."""
        return self._index[variable]

    def assign(self, variable: Variable, value: Any) -> None:
        """Set a variable."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add to a variable."""
        variable.assign(variable.value + value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract from a variable."""
        variable.assign(variable.value - value)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set all state, in the order of `variables`."""
        if len(weights) != len(self.variables):
            raise ArgumentError(
                "set_weights", expected=f"{len(self.variables)} arrays", received=len(weights)
            )
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)

    def get_weights(self) -> list[Any]:
        """All state as numpy arrays, in the order of `variables`."""
        return [v.numpy() for v in self.variables]

    def save_own_variables(self, store: Any) -> None:
        """Put all state into `store` under "0", "1", ..."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Take all state from `store`."""
        if len(store.keys()) != len(self.variables):
            raise ArgumentError(
                f"The state of optimizer {self.name!r}",
                expected=f"{len(self.variables)} arrays",
                received=len(store.keys()),
                fix="Build the optimizer for the model before loading.",
            )
        for i, variable in enumerate(self.variables):
            variable.assign(store[str(i)])
