"""`MultiOptimizer`: an optimizer for some variables, others for others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from kerasish import budget
from kerasish import serialization as _serialization
from kerasish.errors import ArgumentError
from kerasish.graph import Variable
from kerasish.optimizers.loss_scale import LossScaleOptimizer
from kerasish.optimizers.optimizer import Optimizer
from kerasish.optimizers.state import Variables
from kerasish.refusals import refusing

_NO_RATE = "A MultiOptimizer has no learning rate: read and set those of its `optimizers`."
_NO_RATES = "A MultiOptimizer has no rates of layers: set `rates` of its `optimizers`."


class OptimizerMap(MutableMapping[str, Optimizer]):
    """Optimizers by the paths of variables: a key is a path, or a regular expression for all of it.

    Called with a variable, it gives the variable's optimizer: that of the key that is its path,
    else that of the only expression that fits, else the default.

    Args:
        default_optimizer: for variables that no key fits.
        optimizer_map: the first entries.

    Example:
        >>> import kerasish as keras
        >>> chosen = keras.optimizers.OptimizerMap(keras.optimizers.SGD(0.1))
        >>> chosen["encoder/.*"] = keras.optimizers.Adam()
        >>> chosen["encoder/dense/kernel"].name, chosen["head/kernel"].name
        ('adam', 'sgd')
    """

    keras_module = "keras.optimizers"

    @refusing
    def __init__(
        self,
        default_optimizer: Optimizer,
        optimizer_map: dict[str, Optimizer] | None = None,
    ) -> None:
        if not isinstance(default_optimizer, Optimizer):
            raise _TypeToo(
                "default_optimizer", expected="an optimizer", received=repr(default_optimizer)
            )
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise _TypeToo(
                "optimizer_map", expected="a dict of optimizers", received=repr(optimizer_map)
            )
        self._default_optimizer = default_optimizer
        self._optimizer_map: dict[str, Optimizer] = {}
        self.update(optimizer_map or {})

    @property
    def default_optimizer(self) -> Optimizer:
        """The optimizer of variables that no key fits."""
        return self._default_optimizer

    def __getitem__(self, key: str) -> Optimizer:
        held = self._optimizer_map
        if key in held:
            return held[key]
        fitting = [pattern for pattern in held if re.fullmatch(pattern, key)]
        if len(fitting) > 1:
            raise ArgumentError(
                f"OptimizerMap, {key!r}", expected="one key that fits", received=f"{fitting}"
            )
        return held[fitting[0]] if fitting else self._default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        what = f"OptimizerMap[{key!r}]"
        if not isinstance(key, str):
            raise ArgumentError(what, expected="a text as key", received=repr(key))
        if key in self._optimizer_map:
            raise ArgumentError(
                what, expected="a new key", received=f"one that has {self._optimizer_map[key]!r}"
            )
        self._optimizer_map[key] = _plain(optimizer, what)

    def __delitem__(self, key: str) -> None:
        del self._optimizer_map[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizer_map)

    def __len__(self) -> int:
        return len(self._optimizer_map)

    def __call__(self, variable: Variable) -> Optimizer:
        """The optimizer of a variable, by its path."""
        return self[variable.path]

    def get_config(self) -> dict[str, Any]:
        """The default, and the entries."""
        write = _serialization.serialize_keras_object
        return {
            "default_optimizer": write(self._default_optimizer),
            "optimizer_map": write(self._optimizer_map),
        }

    @classmethod
    @budget.reads_config(budget.FREE_VARIABLES)
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Self:
        """The map that `get_config` described."""
        return cls(
            *(
                _serialization.deserialize_keras_object(
                    config[key], custom_objects, kind="optimizer"
                )
                for key in ("default_optimizer", "optimizer_map")
            )
        )


class MultiOptimizer(Optimizer):
    """Gives every variable to the optimizer that is chosen for it.

    It has no learning rate of its own: read and set those of `optimizers`.

    Args:
        optimizer_map: an `OptimizerMap`, or a function of a variable that returns its optimizer.
        loss_scale_factor: takes the place of the one of every optimizer.
        name: "multi_optimizer" by default.
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        if not callable(optimizer_map):
            raise ArgumentError(
                "optimizer_map",
                expected="an OptimizerMap, or a function of a variable",
                received=repr(optimizer_map),
            )
        self._inner_optimizers: list[Optimizer] = []
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._optimizer_map = optimizer_map
        self._chosen: dict[Variable, int] = {}
        if isinstance(optimizer_map, OptimizerMap):
            held = list(optimizer_map._optimizer_map.values())
            for optimizer in (*held, optimizer_map.default_optimizer):
                self._number(_plain(optimizer, "optimizer_map"))

    def _number(self, optimizer: Optimizer) -> int:
        """The place of an optimizer among all, where it is entered if it is new."""
        for number, known in enumerate(self._inner_optimizers):
            if known is optimizer:
                return number
        optimizer.loss_scale_factor = self.loss_scale_factor
        self._inner_optimizers.append(optimizer)
        return len(self._inner_optimizers) - 1

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers, in the order of the map, the default last."""
        return self._inner_optimizers

    @property
    def loss_scale_factor(self) -> float | None:
        """What the loss is multiplied, and every optimizer's gradients are divided, by."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value: float | None) -> None:
        self._loss_scale_factor = value
        for optimizer in self._inner_optimizers:
            optimizer.loss_scale_factor = value

    @property
    def learning_rate(self) -> Any:
        raise AttributeError(_NO_RATE)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise AttributeError(_NO_RATE)

    @property
    def rates(self) -> dict[str, float]:
        return {}

    @rates.setter
    def rates(self, value: Mapping[str, float]) -> None:
        raise AttributeError(_NO_RATES)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name == "learning_rate":  # Python asks here again when the property has raised
                raise AttributeError(_NO_RATE)
            return super().__getattr__(name)

    def build(self, variables: Variables) -> None:
        if self.built:
            return
        for variable in variables:
            optimizer = _plain(self._optimizer_map(variable), f"optimizer_map({variable.path})")
            self._chosen[variable] = self._number(optimizer)
        for optimizer, own in self._shares(variables, variables):
            optimizer.build([variable for variable, _ in own])
        super().build(variables)

    def _shares(
        self, variables: Variables, values: Sequence[Any]
    ) -> list[tuple[Optimizer, list[tuple[Variable, Any]]]]:
        """Every optimizer that has some of the variables, with these and what goes with each."""
        shares: list[list[tuple[Variable, Any]]] = [[] for _ in self._inner_optimizers]
        for variable, value in zip(variables, values, strict=True):
            shares[self._chosen[variable]].append((variable, value))
        pairs = zip(self._inner_optimizers, shares, strict=True)
        return [(optimizer, share) for optimizer, share in pairs if share]

    @property
    def variables(self) -> list[Variable]:
        return [*self._state(), *(v for inner in self._inner_optimizers for v in inner.variables)]

    def keyed_variables(self) -> list[tuple[Variable | None, str, Variable]]:
        found = super().keyed_variables()
        for number, inner in enumerate(self._inner_optimizers):
            for weight, label, variable in inner.keyed_variables():
                unbound = f"optimizer_{number}_{label}"
                found.append((weight, unbound if weight is None else label, variable))
        return found

    def _apply(self, grads: Sequence[Any], trainable_variables: Variables | None) -> None:
        variables = self._known(grads, trainable_variables)
        given = self._with_gradient(grads, variables)
        gradients, variables = [g for g, _ in given], [v for _, v in given]
        for optimizer, share in self._shares(variables, gradients):
            optimizer.apply([g for _, g in share], [v for v, _ in share])
        self._iterations.assign(self._iterations.value + 1)

    @property
    def keeps_averages(self) -> bool:
        return any(optimizer.keeps_averages for optimizer in self._inner_optimizers)

    def averages(self) -> list[tuple[Variable, Variable]]:
        kept = [optimizer for optimizer in self._inner_optimizers if optimizer.keeps_averages]
        return [pair for optimizer in kept for pair in optimizer.averages() if optimizer.built]

    @property
    def finalizes(self) -> bool:
        return any(optimizer.finalizes for optimizer in self._inner_optimizers)

    def finalize_variable_values(self, var_list: Variables) -> None:
        for optimizer, share in self._shares(var_list, var_list):
            optimizer.finalize_variable_values([variable for variable, _ in share])

    def get_config(self) -> dict[str, Any]:
        return {
            "optimizer_map": _serialization.serialize_keras_object(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    @budget.reads_config(budget.FREE_VARIABLES)
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Self:
        given = config["optimizer_map"]
        if isinstance(given, Mapping) and given.get("class_name") == "OptimizerMap":
            given = OptimizerMap.from_config(given["config"], custom_objects)
        elif isinstance(given, Mapping) and not isinstance(given, OptimizerMap):
            given = _serialization.deserialize_keras_object(given, custom_objects)
        return cls(**{**config, "optimizer_map": given})


class _TypeToo(ArgumentError, TypeError):
    """Keras raises a TypeError here."""


def _plain(optimizer: Any, what: str) -> Optimizer:
    """An optimizer that can be one of several."""
    if not isinstance(optimizer, Optimizer):
        raise ArgumentError(what, expected="an optimizer", received=repr(optimizer))
    if isinstance(optimizer, (LossScaleOptimizer, MultiOptimizer)):
        raise ArgumentError(
            what,
            expected="an optimizer that holds no other",
            received=f"a {type(optimizer).__name__}",
            fix="Give the loss_scale_factor to the MultiOptimizer.",
        )
    return optimizer
