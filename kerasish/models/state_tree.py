"""The state of a model as nested dicts: a key per part of a variable's path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.variable import Variable
from kerasish.hints import one_of

FORMATS = ("backend_tensor", "numpy_array")


class StateTree:
    """Mixin of `Model`: `get_state_tree` and `set_state_tree`."""

    optimizer: Any
    trainable_variables: list[Variable]
    non_trainable_variables: list[Variable]
    metrics_variables: list[Variable]

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """All state of a model: trainable, non_trainable, optimizer and metrics `..._variables`.

        Args:
            value_format: "backend_tensor" or "numpy_array", what stands at the ends.

        Raises:
            ArgumentError: another format, or two variables with one path.
        """
        arrays = one_of("value_format", value_format, FORMATS) == "numpy_array"
        return {
            kind: _nested({path: v.numpy() if arrays else v.value for path, v in held.items()})
            for kind, held in self._state_by_path().items()
        }

    def set_state_tree(self, state_tree: Mapping[str, Any]) -> None:
        """Set what a tree of `get_state_tree` holds, all of it or nothing.

        Raises:
            ArgumentError: a key that stands for no state.
            ShapeError: a value of another shape.
        """
        held = self._state_by_path()
        plan: list[tuple[Variable, Any]] = []
        for kind, tree in state_tree.items():
            if kind not in held:
                raise ArgumentError("set_state_tree", expected=", ".join(held), received=repr(kind))
            for path, value in _flat(tree):
                variable = held[kind].get(path)
                if variable is None:
                    raise ArgumentError(
                        f"set_state_tree, {kind}",
                        expected="paths of this model, such as "
                        f"{', '.join(list(held[kind])[:3]) or 'none'}",
                        received=repr(path),
                    )
                if tuple(np.shape(value)) != variable.shape:
                    raise ShapeError(
                        f"set_state_tree, {path}",
                        expected=f"shape {variable.shape}",
                        received=tuple(np.shape(value)),
                    )
                plan.append((variable, value))
        for variable, value in plan:
            variable.assign(value)

    def _state_by_path(self) -> dict[str, dict[str, Variable]]:
        optimizer = [] if self.optimizer is None else self.optimizer.variables
        return {
            "trainable_variables": _by_path(self.trainable_variables),
            "non_trainable_variables": _by_path(self.non_trainable_variables),
            "optimizer_variables": _by_path(optimizer),
            "metrics_variables": _by_path(self.metrics_variables),
        }


def _by_path(variables: Sequence[Variable]) -> dict[str, Variable]:
    found: dict[str, Variable] = {}
    for variable in variables:
        if variable.path in found:
            raise ArgumentError(
                "State tree",
                expected="a path of its own for every variable",
                received=f"{variable.path!r} twice",
                fix="Give the layers different names.",
            )
        found[variable.path] = variable
    return found


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        *parts, last = path.split("/")
        here = tree
        for part in parts:
            here = here.setdefault(part, {})
        here[last] = value
    return tree


def _flat(tree: Mapping[str, Any], path: str = "") -> list[tuple[str, Any]]:
    found = []
    for key, value in tree.items():
        here = f"{path}/{key}" if path else key
        found += _flat(value, here) if isinstance(value, Mapping) else [(here, value)]
    return found
